"""HTML tags to Markdown marks, one token at a time.

A parser of the whole document would repair what is no HTML: here a tag that HTML does not know is text, and so is
everything outside block elements. One pass over the tokens, no tree: linear for any input.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from toolkit.text.han import HAN

BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 head header html li main nav ol p pre section summary table tbody td tfoot th thead title tr ul".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br button caption cite code col colgroup del dfn em font hr i img input ins kbd label "
    "legend link mark meta o:p q s samp small span strike strong sub sup tt u wbr".split()
)
_DROPPED = "script|style|template|noscript|svg|iframe|object|canvas"
_NAMES = "|".join(sorted(BLOCKS | _INLINE, key=lambda name: (-len(name), name)))
_SPACE = r"[ \t\n\r\f]"
TOKEN = re.compile(
    r"(?P<gone><!--(?:(?!<!--|-->).)*-->|<!doctype[^<>]*>|<\?xml[^<>]*>"
    rf"|<(?P<dropped>{_DROPPED})(?={_SPACE}|/?>)[^<>]*>(?:(?!<(?P=dropped)[ >]).)*?</(?P=dropped){_SPACE}*>)"
    rf"|<(?P<end>/?)(?P<name>{_NAMES})(?P<attributes>(?:{_SPACE}[^<>]*)?/?)>",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([A-Za-z][A-Za-z0-9:_-]*)[ \t\n\r\f]*=[ \t\n\r\f]*(?:"([^"]*)"|'([^']*)'|([^ \t\n\r\f"'<>]+))""")
_HAN_WRAP = re.compile(rf"(?<=(?:{HAN}|[，。、；：！？）】》”])){_SPACE}*\n{_SPACE}*(?={HAN}|[（【《“])")
_MAX_SPAN = 64  # a table of 64 columns is real, `colspan=100000` is an accident
_SUPERSCRIPT = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-−()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")


def has_block_pair(text: str) -> bool:
    """Tell whether an element that makes a block opens and later closes: only then a text is HTML.

    >>> has_block_pair("<p>高血压</p>"), has_block_pair("Map<String, List<P>> a < b </p>"), has_block_pair("<b>好</b>")
    (True, False, False)
    """
    opened: set[str] = set()
    for token in TOKEN.finditer(text):
        name = (token["name"] or "").lower()
        if name in BLOCKS and token["end"] and name in opened:
            return True
        if name in BLOCKS and not token["end"]:
            opened.add(name)
    return False


def to_markdown(text: str) -> str:
    """Convert the known tags of a text to Markdown.

    >>> to_markdown("<h2>诊断</h2><ul><li>白细胞 10<sup>9</sup>/L</li><li>H<sub>2</sub>O</li></ul>")
    '## 诊断\\n\\n- 白细胞 10⁹/L\\n- H₂O'
    >>> to_markdown("<p>keep <answer> and List<String></p>")
    'keep <answer> and List<String>'
    """
    writer = _Writer()
    end = 0
    for token in TOKEN.finditer(text):
        writer.text(text[end : token.start()])
        if token["name"]:
            writer.tag(token["name"].lower(), closing=bool(token["end"]), attributes=token["attributes"] or "")
        end = token.end()
    writer.text(text[end:])
    return writer.finish()


def script_mark(text: str, table: dict[int, int], mark: str) -> str:
    """Write a superscript or subscript in Unicode where it has the characters, with a mark where not.

    >>> script_mark("-12", _SUPERSCRIPT, "^"), script_mark("max", _SUBSCRIPT, "_"), script_mark("a+b", _SUPERSCRIPT, "^")
    ('⁻¹²', '_max', '^(a+b)')
    """
    inner = " ".join(text.split())
    if not inner or all(ord(character) in table for character in inner):
        return inner.translate(table)
    return f"{mark}{inner}" if inner.isalnum() or re.fullmatch(r"\[[^\[\]]*\]", inner) else f"{mark}({inner})"


@dataclass
class _Table:
    """Rows under construction; `spans` holds what a rowspan carries down: column -> (text, rows left)."""

    rows: list[list[str]] = field(default_factory=list)
    spans: dict[int, tuple[str, int]] = field(default_factory=dict)
    colspan: int = 1
    rowspan: int = 1

    def open_row(self) -> None:
        self.rows.append([])
        self._carry()

    def add(self, text: str) -> None:
        if not self.rows:
            self.open_row()
        row = self.rows[-1]
        for _ in range(self.colspan):
            if self.rowspan > 1:
                self.spans[len(row)] = (text, self.rowspan - 1)
            row.append(text)
        self._carry()

    def _carry(self) -> None:
        row = self.rows[-1]
        while len(row) in self.spans:
            text, left = self.spans.pop(len(row))
            if left > 1:
                self.spans[len(row)] = (text, left - 1)
            row.append(text)
            if left > 1 and len(row) > len(self.spans) + _MAX_SPAN:
                return

    def markdown(self) -> str:
        rows = [row for row in self.rows if any(row)]
        width = max((len(row) for row in rows), default=0)
        if width < 2:
            return "\n\n".join(row[0].replace("\\|", "|") for row in rows)
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


class _Writer:
    """Write tokens as they come; an element whose text needs treatment as a whole collects into a buffer of its own."""

    def __init__(self) -> None:
        self.buffers: list[tuple[str, list[str]]] = [("", [])]
        self.depth = 0
        self.lists: list[int] = []
        self.tables: list[_Table] = []
        self.language = ""

    @property
    def out(self) -> list[str]:
        return self.buffers[-1][1]

    @property
    def collecting(self) -> str:
        return self.buffers[-1][0]

    def text(self, text: str) -> None:
        if not text:
            return
        if self.collecting != "pre" and self.depth > 0:
            text = re.sub(rf"{_SPACE}+", " ", _HAN_WRAP.sub("", text))
            if not self.out or self.out[-1].endswith(("\n", " ")):
                text = text.lstrip(" ")
        self.out.append(text)

    def gap(self, lines: int) -> None:
        """Make sure that what follows starts after so many line ends; within a table cell, after a space."""
        if self.collecting in {"td", "th", "caption", "sup", "sub", "code"}:
            self.text(" ")
            return
        if not self.out:
            return
        tail = self.out[-1] = self.out[-1].rstrip(" ") if self.depth else self.out[-1]
        have = len(tail) - len(tail.rstrip("\n"))
        self.out.append("\n" * max(0, lines - have)) if have < lines else None

    def tag(self, name: str, *, closing: bool, attributes: str) -> None:
        if self.collecting == "pre" and name not in {"pre", "code", "br"}:
            return
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, name, closing, attributes)
        elif name in BLOCKS:
            self.block(closing)
            self.gap(2)

    def block(self, closing: bool) -> None:
        self.depth = max(0, self.depth - 1) if closing else self.depth + 1
