"""HTML to Markdown, as a row of small steps over the text.

No tree is built: a parser would repair what is no HTML, while here a tag that HTML does not know (`<answer>`,
`List<String>`) is text, and text outside block elements keeps its lines. Every step is linear in the text.
"""

from __future__ import annotations

import html
import re
from functools import partial
from itertools import zip_longest

from toolkit.text.han import HAN

_BLOCK_NAMES = (
    "address|article|aside|blockquote|body|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h1|"
    "h2|h3|h4|h5|h6|head|header|hr|html|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|title|"
    "tr|ul"
)
_INLINE_NAMES = (
    "a|abbr|acronym|b|bdi|bdo|big|br|button|caption|cite|code|col|colgroup|del|dfn|em|font|i|img|input|ins|kbd|"
    "label|legend|link|mark|meta|o:p|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var|wbr"
)
BLOCKS, INLINE = frozenset(_BLOCK_NAMES.split("|")), frozenset(_INLINE_NAMES.split("|"))
# A line end in these is a wrapped line; in a container such as div it may be a line of its own.
_FLOWING = frozenset(
    {"p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "summary", "title"}
)
_FLAGS = re.ASCII | re.IGNORECASE | re.DOTALL
_SPACE = r"[ \t\n\r\f]"


def _tags(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = "|".join(sorted(names, key=lambda name: (-len(name), name)))
    return re.compile(rf"<(?P<end>/?)(?P<name>{longest_first})(?P<attributes>(?:{_SPACE}[^<>]*)?/?)>", _FLAGS)


def _element(names: str) -> re.Pattern[str]:
    """Match an innermost element: its body holds no second opening of it, so a row of openings is read once."""
    opening = rf"<(?P<name>{names})(?=[ \t\n\r\f/>])(?P<attributes>[^<>]*)>"
    return re.compile(rf"{opening}(?P<body>(?:(?!<(?P=name)[ \t\n\r\f/>]).)*?)</(?P=name){_SPACE}*>", _FLAGS)


TAG = _tags(BLOCKS | INLINE)
_BLOCK_TAG = _tags(BLOCKS)
_TABLE_TAG = _tags(frozenset({"table", "tr", "td", "th", "tbody", "thead", "tfoot"}))
_CELL_TAG = _tags(frozenset({"tr", "td", "th"}))
_COMMENT = re.compile(r"<!--(?:(?!<!--|-->).)*-->|<!doctype[^<>]*>|<\?xml[^<>]*>", _FLAGS)
_UNSHOWN = _element("script|style|template|noscript|svg|iframe|object|canvas")
_PRE, _CODE, _SCRIPT, _TABLE = _element("pre"), _element("code|kbd|samp|tt"), _element("sup|sub"), _element("table")
_LANGUAGE = re.compile(r"lang(?:uage)?-([A-Za-z0-9+#_-]{1,20})")
_SPAN = re.compile(r"(colspan|rowspan)[ \t\n]{0,9}=[ \t\n]{0,9}[\"']?([0-9]{1,9})", re.ASCII | re.IGNORECASE)
_HAN_SIDE = rf"(?:{HAN}|[\u3001-\u3011\uff01-\uff5e\u2014\u2018-\u201d\u2026])"
_HAN_WRAP = re.compile(rf"(?<={_HAN_SIDE})[ \t]*\n{_SPACE}*(?={_HAN_SIDE})")
_BLANK = re.compile(rf"{_SPACE}+")
# Programs that write HTML: outside fences too their tags are content (20 of 4,535 real coding answers have them).
_CODE_MARK = re.compile(
    r"""['"`]<(?:!|/?(?:html|body|div|p|ul|ol|li|h[1-6]|table|tr|td|pre)[ >])|<\?(?:php|=)|<%|\{%|\{\{|className=|=\{"""
    r"|(?:[{(]|=>|\([^()\n]*\);|[\])};]['\"]?;)[ \t\r]*$|^[ \t]*[}\])]+[;,)]*[ \t\r]*$"
    r"|^[ \t]*(?:import|from|const|let|var|def|function|#include|package|using)[ \t][A-Za-z_$<{\"'*]",
    re.MULTILINE,
)
_MARKED = 20  # a program has a mark in every 20 lines, a page of prose may have a few
_SHORT_PAGE = 500
_TABLE_WIDTH = 2  # one column is a frame around text, not a table
_MAX_SPAN = 64  # a table of 64 columns is real, `colspan=100000` is an accident

# Code points without characters (see `toolkit.text.segments`): finished code waiting for its place, and a mark that
# swallows the space after it.
_SHELF, _GLUE = 0x90000, chr(0xD0000)
_GLUED = re.compile(rf"{_GLUE}(?![ \n]*(?:-|[0-9]+\.) {_GLUE})[ \n]*|{_GLUE}")
_SHELVED = re.compile(f"[{chr(_SHELF)}-{chr(0xCFFFF)}]")
_CALLED = re.compile(  # within a sentence: `the <p> tag`, 用 <p> 标签; a paragraph may begin with the word
    rf"(?<=[ 用在以把将个“\"'(（])</?(?ai:{'|'.join(sorted(BLOCKS))})(?:[ /][^<>\n]{{0,40}})?>[\"'”’]? ?"
    r"(?:(?ai:tags?|elements?)(?![A-Za-z])|标签|標籤|元素)"
)
_SUPERSCRIPT = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-−()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")


def has_block_pair(text: str) -> bool:
    """Tell whether an element that makes a block opens and later closes: only then a text is HTML.

    >>> has_block_pair("<p>高血压</p>"), has_block_pair("</p>高血压<p>"), has_block_pair("<b>好</b>")
    (True, False, False)
    >>> has_block_pair("if a < b: return List<String>"), has_block_pair("<answer>阿司匹林</answer>")
    (False, False)
    """
    opened: set[str] = set()
    for tag in _BLOCK_TAG.finditer(text):
        name = tag["name"].lower()
        if tag["end"] and name in opened:
            return True
        if not tag["end"]:
            opened.add(name)
    return False


def is_program(text: str) -> bool:
    r"""Tell whether the markup is a program's, so that the tags are what the text is about.

    Signs: a tag that is called a tag, one behind a quote or in a template, lines that end or begin like code, scripts that
    outweigh a short page.

    >>> is_program("echo '<ul>';"), is_program("<script>let a = document.body;</script><p>Loading</p>")
    (True, True)
    >>> is_program("Close every <p> tag with </p>."), is_program("用 <p> 标签包住段落，以 </p> 结束。")
    (True, True)
    >>> is_program("<p>糖尿病患者应监测血糖；</p>\n<p>Take one tablet;</p>")
    False
    """
    if _CALLED.search(text):
        return True
    shown = _PRE.sub("", _UNSHOWN.sub("", _COMMENT.sub("", text)))
    words = TAG.sub("", shown)
    marks = sum(1 for _ in _CODE_MARK.finditer(shown))
    if marks * _MARKED > sum(1 for line in shown.split("\n") if line.strip()):
        return True
    scripts = sum(len(each["body"]) for each in _UNSHOWN.finditer(text) if each["name"].lower() == "script")
    return len("".join(words.split())) < min(scripts, _SHORT_PAGE)


def to_markdown(text: str) -> str:
    r"""Convert the known tags of a text to Markdown.

    >>> to_markdown("<h2>诊断</h2><ul><li>白细胞 10<sup>9</sup>/L</li><li>H<sub>2</sub>O</li></ul>")
    '## 诊断\n\n- 白细胞 10⁹/L\n- H₂O'
    >>> to_markdown("<p>keep <answer> and List<String></p>")
    'keep <answer> and List<String>'
    """
    shelf: list[str] = []
    text = _UNSHOWN.sub("", _COMMENT.sub("", text))
    text = _PRE.sub(partial(_fence, shelf), text)
    text = _CODE.sub(partial(_code, shelf), text)
    text = _SCRIPT.sub(_script, text)
    text = _TABLE.sub(_table, _flatten_tables(_unwrap(text)))
    text = TAG.sub(_Layout(), text)
    text = _GLUED.sub("", text)
    return _SHELVED.sub(lambda held: shelf[ord(held[0]) - _SHELF], re.sub(r"\n{3,}", "\n\n", text).strip("\n"))


def script_mark(text: str, *, sub: bool = False) -> str:
    """Write a superscript or subscript in Unicode where it has the characters, with a mark where not.

    >>> script_mark("-12"), script_mark("max", sub=True), script_mark("a+b"), script_mark("[3]")
    ('⁻¹²', '_max', '^(a+b)', '^[3]')
    """
    table, mark = (_SUBSCRIPT, "_") if sub else (_SUPERSCRIPT, "^")
    inner = " ".join(text.split())
    if all(ord(character) in table for character in inner):
        return inner.translate(table)
    return f"{mark}{inner}" if inner.isalnum() or re.fullmatch(r"\[[^\[\]]*\]", inner) else f"{mark}({inner})"


def _put(shelf: list[str], text: str) -> str:
    shelf.append(text)
    return chr(_SHELF + len(shelf) - 1)


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _fence(shelf: list[str], pre: re.Match[str]) -> str:
    """Turn a pre element into fenced code: its entities are those of HTML, decoded here because code is not touched later."""
    language = _LANGUAGE.search(pre[0][: pre[0].find(">", 5) + 200])
    code = html.unescape(TAG.sub("", pre["body"])).strip("\n").replace("\r", "")
    fence = "`" * max(3, _longest_ticks(code) + 1)
    block = f"{fence}{language[1] if language else ''}\n{code}\n{fence}"
    return f"<pre>{_put(shelf, block)}</pre>"


def _code(shelf: list[str], element: re.Match[str]) -> str:
    code = _BLANK.sub(" ", html.unescape(TAG.sub("", element["body"]))).strip(" ")
    ticks = "`" * (_longest_ticks(code) + 1)
    padding = " " if code.startswith("`") or code.endswith("`") else ""
    return _put(shelf, f"{ticks}{padding}{code}{padding}{ticks}") if code else ""


def _script(element: re.Match[str]) -> str:
    return script_mark(TAG.sub("", element["body"]), sub=element["name"].lower() == "sub")


def _unwrap(text: str) -> str:
    """Undo the line wraps and the indent of HTML source, within block elements only."""
    out: list[str] = []
    end, depth, flowing = 0, 0, False
    for tag in _BLOCK_TAG.finditer(text):
        out += [_reflow(text[end : tag.start()], inside=depth > 0, flowing=flowing), tag[0]]
        name, end = tag["name"].lower(), tag.end()
        flowing = not tag["end"] and name in _FLOWING
        if name != "hr":
            depth = max(0, depth - 1) if tag["end"] else depth + 1
    return "".join([*out, text[end:]])


def _reflow(text: str, *, inside: bool, flowing: bool) -> str:
    if not inside:
        return text
    if not text.strip(" \t\n\r\f"):
        return ""
    if flowing:
        return _BLANK.sub(" ", _HAN_WRAP.sub("", text)).strip(" ")
    return "\n".join(line.strip(" \t\r\f") for line in text.split("\n")).strip("\n")


def _flatten_tables(text: str) -> str:
    """Replace the tags of a table within a table by spaces: Markdown has no nested tables."""
    depth = 0

    def flatten(tag: re.Match[str]) -> str:
        nonlocal depth
        is_table = tag["name"].lower() == "table"
        depth += is_table and not tag["end"]
        nested = depth > 1
        depth = max(0, depth - 1) if is_table and tag["end"] else depth
        return " " if nested else tag[0]

    return _TABLE_TAG.sub(flatten, text)


def _table(table: re.Match[str]) -> str:
    """Write a table; a cell that spans columns or rows is repeated, so that every row says all of it."""
    if "<pre>" in table["body"]:  # fenced code cannot stand in a row: line numbers beside a listing
        return _CELL_TAG.sub("\n\n", table["body"])
    rows = [row for row in _rows(table["body"]) if any(row)]
    width = max((len(row) for row in rows), default=0)
    if width < _TABLE_WIDTH:
        return "\n\n".join(["", *(row[0].replace("\\|", "|") for row in rows), ""])
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    caption = _cell_text(
        table["body"].split("<", 1)[0] + "".join(re.findall(r"<caption[^<>]*>([^<>]*)<", table["body"]))
    )
    return "\n".join(
        ["", "", *([caption, ""] if caption else []), lines[0], "|" + " --- |" * width, *lines[1:], "", ""]
    )


def _rows(body: str) -> list[list[str]]:
    rows: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}  # column -> (text, rows it still covers)
    tags = list(_CELL_TAG.finditer(body))
    for tag, following in zip_longest(tags, tags[1:]):
        name = tag["name"].lower()
        if name == "tr" and not tag["end"]:
            rows.append(_carried(below, []))
        if name == "tr" or tag["end"]:
            continue
        if not rows:
            rows.append([])
        row = rows[-1]
        spans = {key.lower(): min(int(value), _MAX_SPAN) for key, value in _SPAN.findall(tag["attributes"])}
        text = _cell_text(body[tag.end() : following.start() if following else len(body)])
        for _ in range(max(1, spans.get("colspan", 1))):
            if spans.get("rowspan", 1) > 1:
                below[len(row)] = (text, spans["rowspan"] - 1)
            row.append(text)
        _carried(below, row)
    return rows


def _carried(below: dict[int, tuple[str, int]], row: list[str]) -> list[str]:
    """Append the cells that reach down from rows above into the columns that come next."""
    while (covered := below.pop(len(row), None)) is not None:
        text, left = covered
        if left > 1:
            below[len(row)] = (text, left - 1)
        row.append(text)
    return row


def _cell_text(markup: str) -> str:
    text = re.sub(r"<(?:br|/p|/div|/li)[^<>]*>", " ", markup, flags=_FLAGS)
    return _BLANK.sub(" ", re.sub(r"(?<!\\)\|", r"\\|", TAG.sub("", text))).strip(" ")


class _Layout:
    """Replace each tag that is left by the line ends and marks it stands for; lists remember their depth."""

    def __init__(self) -> None:
        self.lists: list[int] = []  # per open list: 0 for bullets, else the next number

    def __call__(self, tag: re.Match[str]) -> str:
        name, closing = tag["name"].lower(), bool(tag["end"])
        if name in {"ul", "ol"}:
            return self._list(name, closing=closing)
        if name == "li":
            return "" if closing else self._item()
        if name == "img":
            alt = re.search(r"""\balt=(?:"([^"]*)"|'([^']*)')""", tag["attributes"], re.ASCII)
            return (alt[1] or alt[2] or "") if alt else ""
        if name == "br":
            return "\n"
        if name == "hr":
            return "\n\n---\n\n"
        if name in {"dt", "dd", "tr", "td", "th"}:
            return "" if closing else "\n"
        if name[0] == "h" and name[1:].isdigit() and not closing:
            return "\n\n" + "#" * int(name[1:]) + " " + _GLUE
        return "\n\n" if name in BLOCKS else ""

    def _list(self, name: str, *, closing: bool) -> str:
        if not closing:
            self.lists.append(int(name == "ol"))
        elif self.lists:
            self.lists.pop()
        return "" if self.lists and not (closing and not self.lists) else "\n\n"

    def _item(self) -> str:
        if not self.lists:
            return "\n- " + _GLUE
        number = self.lists[-1]
        self.lists[-1] += bool(number)
        indent = "".join("   " if outer else "  " for outer in self.lists[:-1])
        return f"\n{indent}{f'{number}.' if number else '-'} {_GLUE}"
