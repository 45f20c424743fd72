"""HTML to Markdown-like text: the main content, with nothing lost that a dose, a table or a program needs.

`10<sup>9</sup>/L` is not 109/L, a `|` inside a cell is not a border, and the indentation of code is part of it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from toolkit.files.found import UnreadableError

# fmt: off
DROPPED = frozenset({
    "script", "style", "noscript", "template", "head", "nav", "footer", "aside", "menu", "dialog", "iframe", "object",
    "embed", "svg", "canvas", "audio", "video", "map", "button", "input", "select", "textarea", "option",
})
"""Elements without content, or with that of the whole site."""
BLOCKS = frozenset({
    "html", "body", "main", "article", "section", "header", "div", "center", "form", "fieldset", "address", "details",
    "summary", "figure", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "blockquote", "hr", "ul", "ol", "li",
    "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th",
})
# fmt: on
MAX_SPAN = 100
MAX_DEPTH = 200
_SPACE = re.compile(r"[ \t\n\f\r]+")
_HAN_BREAK = re.compile(
    r"(?<=[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]) *\n *(?=[\u3400-\u9fff\u3000-\u303f\uff00-\uffef])"
)
_PROLOG = re.compile(r"\s*<\?xml[^>]*\?>")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PUBLISHED = ("article:published_time", "datepublished", "date", "pubdate", "publishdate", "publish_date", "dc.date",
              "dc.date.issued", "dcterms.issued", "dcterms.date", "citation_publication_date")  # fmt: skip
_MODIFIED = (
    "article:modified_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "revised",
)
Node = Any
Spans = dict[int, tuple[int, str]]
"""Column -> rows that a cell still reaches into, and its text."""


_BREAK = "\0"
"""Stands for `<br>` until white space is folded; the parser lets no NUL through."""


class Page(NamedTuple):
    """The main content of a page, what its head says, and its title."""

    text: str
    facts: dict[str, Any]
    title: str | None


def page(html: str) -> Page:
    r"""Read a page.

    >>> page("<title>血常规 | 诊所</title><nav>首页</nav><h1>血常规</h1><p>血小板 150×10<sup>9</sup>/L</p>")
    Page(text='# 血常规\n\n血小板 150×10^9/L', facts={}, title='血常规')
    >>> page("<pre>if x &lt; 3:\n    stop()</pre>").text  # code stays as it stands
    '```\nif x < 3:\n    stop()\n```'
    """
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        tree = lxml.html.document_fromstring(_PROLOG.sub("", html, count=1).encode() or b"<p>", parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return Page("", {}, None)
    content = _main(tree)
    text = "\n\n".join(block for block in _blocks(content, 0) if block.strip())
    return Page(text, _facts(tree), _title(tree, content))


def _main(tree: Node) -> Node:
    """The element that the page itself calls its main content, or its body."""
    for name in ("main", "article"):
        found = [node for node in tree.iter(name) if not _dropped(node)]
        if len(found) == 1:
            return found[0]
    role = tree.xpath("//*[@role='main']")
    body = tree.find("body")
    return role[0] if len(role) == 1 else tree if body is None else body


def _dropped(node: Node) -> bool:
    if not isinstance(node.tag, str) or node.tag in DROPPED:
        return True
    if node.tag == "header" and not any(True for _ in node.iterancestors("main", "article")):
        return True
    return (
        node.get("hidden") is not None
        or node.get("aria-hidden") == "true"
        or bool(_HIDDEN.search(node.get("style") or ""))
    )


def _title(tree: Node, content: Node) -> str | None:
    """The one heading of the first level; else the title of the head, which often names the site too."""
    headings = [node for node in content.iter("h1") if not _dropped(node)]
    named = tree.find(".//title")
    found = headings[0] if len(headings) == 1 else named if named is not None else headings[0] if headings else None
    return " ".join(_SPACE.sub(" ", found.text_content()).split()) or None if found is not None else None


def _facts(tree: Node) -> dict[str, Any]:
    """Dates that the head states."""
    named: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = (node.get("property") or node.get("name") or node.get("itemprop") or "").strip().lower()
        if name and (node.get("content") or "").strip():
            named.setdefault(name, node.get("content").strip())
    wanted = {"published_at": _PUBLISHED, "modified_at": _MODIFIED}
    found = {field: next((named[n] for n in names if n in named), None) for field, names in wanted.items()}
    return {field: value for field, value in found.items() if value}


def _blocks(node: Node, depth: int) -> Iterator[str]:
    """The blocks inside an element, in order; text between blocks is a block of its own."""
    if depth > MAX_DEPTH:
        raise UnreadableError(f"elements are nested more than {MAX_DEPTH} deep", hint="save the page again, as text")
    run = [node.text or ""]
    for child in node:
        if _dropped(child):
            run.append(child.tail or "")
        elif child.tag in BLOCKS or _holds_blocks(child):
            yield _tidy("".join(run))
            yield from _WRITERS.get(child.tag, _blocks)(child, depth + 1)
            run = [child.tail or ""]
        else:
            run += [_inline(child, depth + 1), child.tail or ""]
    yield _tidy("".join(run))


def _holds_blocks(node: Node) -> bool:
    return any(True for _ in node.iter(*BLOCKS))


def _tidy(text: str) -> str:
    """Fold white space as a browser does, but without a space where a source line breaks between Han characters."""
    parts = (_SPACE.sub(" ", _HAN_BREAK.sub("", part)).strip(" ") for part in text.split(_BREAK))
    return "\n".join(parts).strip("\n ")


def _inline(node: Node, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise UnreadableError(f"elements are nested more than {MAX_DEPTH} deep", hint="save the page again, as text")
    if node.tag == "br":
        return _BREAK
    inner = (node.text or "") + "".join(
        ("" if _dropped(child) else _inline(child, depth + 1)) + (child.tail or "") for child in node
    )
    return _MARKS.get(node.tag, _plain)(inner)


def _plain(inner: str) -> str:
    return inner


def _code(inner: str) -> str:
    return f"`{inner}`" if inner.strip() and "`" not in inner else inner


def _power(inner: str) -> str:
    return f"^{inner.strip()}" if inner.strip() else inner


def _bold(inner: str) -> str:
    core = inner.strip()
    return inner.replace(core, f"**{core}**", 1) if core and "**" not in core and _BREAK not in core else inner


_MARKS: dict[str, Callable[[str], str]] = {
    "sup": _power,
    "code": _code,
    "tt": _code,
    "kbd": _code,
    "b": _bold,
    "strong": _bold,
}
"""How inline elements are written; all others are their text."""


def _text(node: Node, depth: int) -> str:
    """The text of an element as one line."""
    return " ".join(" ".join(block.split("\n")) for block in _blocks(node, depth) if block)


def _heading(node: Node, depth: int) -> Iterator[str]:
    text = _text(node, depth).replace("**", "")
    yield f"{'#' * int(node.tag[1])} {text}" if text else ""


def _pre(node: Node, _depth: int) -> Iterator[str]:
    for line_break in node.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    code = node.text_content().strip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    yield f"{fence}\n{code}\n{fence}" if code.strip() else ""


def _list(node: Node, depth: int) -> Iterator[str]:
    number = int(node.get("start") or 1) if (node.get("start") or "1").lstrip("-").isdigit() else 1
    items = []
    for child in node:
        if _dropped(child):
            continue
        mark = f"{number}. " if node.tag == "ol" else "- "
        body = _item(child, depth)
        if body:
            items.append(mark + textwrap.indent(body, " " * len(mark)).lstrip(" "))
            number += 1
    yield "\n".join(items)


def _item(node: Node, depth: int) -> str:
    """Blocks of an item; a nested list follows its line at once, other blocks after a blank line."""
    parts: list[str] = []
    for block in _blocks(node, depth):
        if block:
            tight = re.match(r"(?:- |[0-9]+\. )", block) and parts
            parts.append(("\n" if tight else "\n\n" if parts else "") + block)
    return "".join(parts)


def _terms(node: Node, depth: int) -> Iterator[str]:
    """`<dl>`: every term with what is said of it."""
    lines: list[str] = []
    term = ""
    for child in (child for group in node for child in (group if group.tag == "div" else [group])):
        if _dropped(child):
            continue
        text = _text(child, depth)
        if child.tag == "dt":
            if term:
                lines.append(f"- **{term}**")
            term = text.replace("**", "")
        elif text:
            lines.append(f"- **{term}**: {text}" if term else f"  {text}" if lines else f"- {text}")
            term = ""
    yield "\n".join(lines + ([f"- **{term}**"] if term else []))


def _quote(node: Node, depth: int) -> Iterator[str]:
    inner = "\n\n".join(block for block in _blocks(node, depth) if block)
    yield "\n".join(f"> {line}".rstrip() for line in inner.split("\n")) if inner else ""


def _table(node: Node, depth: int) -> Iterator[str]:
    """Rows of cells; a table that only arranges blocks on the page is written as those blocks."""
    for caption in node.iterchildren("caption"):
        yield _text(caption, depth)
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in _rows(node)]
    headed = any(cell.tag == "th" for row in rows for cell in row)
    if max(map(len, rows), default=0) <= 1 or (not headed and any(True for _ in node.iterdescendants("table"))):
        for cell in (cell for row in rows for cell in row):
            yield from _blocks(cell, depth)
        return
    yield "\n".join(_lines(_grid(rows, depth)))


def _rows(table: Node) -> Iterator[Node]:
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is table and not _dropped(row):
            yield row


def _grid(rows: list[list[Node]], depth: int) -> list[list[str]]:
    """Cells by row and column; a cell that spans rows is said in each, so that every row is true alone."""
    grid: list[list[str]] = []
    spans: Spans = {}
    for row in rows:
        line: list[str] = []
        following: Spans = {}
        for cell in row:
            _continue(line, spans, following)
            text, height = _text(cell, depth).replace("|", r"\|"), _span(cell, "rowspan")
            for part in [text, *[""] * (_span(cell, "colspan") - 1)]:
                if height > 1:
                    following[len(line)] = (height - 1, part)
                line.append(part)
        _continue(line, spans, following)
        spans = following
        grid.append(line)
    return [line for line in grid if any(line)]


def _continue(line: list[str], spans: Spans, following: Spans) -> None:
    """Cells of the rows above that reach into this one."""
    while len(line) in spans:
        left, text = spans[len(line)]
        if left > 1:
            following[len(line)] = (left - 1, text)
        line.append(text)


def _span(cell: Node, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return min(int(value), MAX_SPAN) if value.isascii() and value.isdigit() and int(value) else 1


def _lines(grid: list[list[str]]) -> Iterator[str]:
    width = max((len(line) for line in grid), default=0)
    for number, line in enumerate(grid):
        yield "| " + " | ".join(line + [""] * (width - len(line))) + " |"
        if number == 0:
            yield "|" + " --- |" * width


_WRITERS: dict[str, Callable[[Node, int], Iterator[str]]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(("ul", "ol"), _list),
    "dl": _terms,
    "pre": _pre,
    "blockquote": _quote,
    "table": _table,
}
"""How blocks are written; all others are the blocks inside them."""
