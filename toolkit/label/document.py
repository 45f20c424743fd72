r"""A document as the labeling rules see it: blocks, lines and sections with character spans.

Structure comes from markdown-it-py and never from regular expressions: a `#` in a code block is no heading. Its token map
counts lines after line ends are made equal, so our own line table splits where it does: at `\n`, `\r\n` and `\r`, nowhere else
(`str.splitlines` also splits at U+2028 and form feeds and would shift every span).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from toolkit.label.titles import clean_title, is_generic

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_LINE_END = re.compile(r"\r\n|\r|\n")
_KINDS = {
    "paragraph_open": "paragraph",
    "heading_open": "heading",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "blockquote_open": "quote",
    "fence": "code",
    "code_block": "code",
    "html_block": "html",
    "hr": "rule",
}
_LONGEST_TITLE = 60
_SENTENCE_ENDS = tuple(".。!！?？:：;；,，…")
_PROSE = frozenset({"paragraph", "heading", "list", "quote"})


class Block(NamedTuple):
    """A top-level piece of the document.

    Attributes:
        kind: heading, paragraph, list, table, quote, code, html, or rule.
        start: First character.
        end: One past the last; line ends between blocks belong to none.
        level: 1 to 6 for a heading, else 0.
        plain: What a reader sees, without markup, code blocks and images.
        linked: How many characters of `plain` are the text of links.
    """

    kind: str
    start: int
    end: int
    level: int = 0
    plain: str = ""
    linked: int = 0


class Line(NamedTuple):
    """A line of prose (in a paragraph, list, quote or heading), not blank."""

    start: int
    end: int
    level: int
    """Of the heading it is, else 0."""


class Section(NamedTuple):
    """A heading and what stands directly below it, up to the next heading of any level."""

    path: tuple[str, ...]
    """Titles from the top down to this heading, as a reader sees them; empty before the first heading."""
    level: int
    blocks: tuple[Block, ...]
    has_children: bool


@dataclass(frozen=True)
class Document:
    r"""A parsed document.

    >>> doc = Document.parse("# 手册\n\n## 清洁\n\n拔下电源。\n\n```\n# 不是标题\n```\n")
    >>> [section.path for section in doc.sections]
    [('手册',), ('手册', '清洁')]
    >>> doc.text[doc.lines[2].start:doc.lines[2].end]
    '拔下电源。'
    """

    text: str
    blocks: tuple[Block, ...]
    paragraphs: tuple[tuple[int, int], ...]
    """Spans of all paragraphs, also those in lists and quotes, from the first line to the last."""
    given_title: str = ""

    @classmethod
    def parse(cls, text: str, title: str = "", *, plain: bool = False) -> Document:
        """Parse Markdown.

        Args:
            text: The document.
            title: Its title, where something better than the first heading knows it.
            plain: The file is plain text: four spaces at the start of a line are layout, not code.
        """
        starts = [0, *(m.end() for m in _LINE_END.finditer(text)), len(text)]
        tokens = _parser(plain).parse(text)
        spans = _Spans(text, starts)
        blocks = tuple(_block(tokens[i : j + 1], spans) for i, j in _top_level(tokens))
        return cls(text, blocks, tuple(_paragraphs(tokens, spans)), title)

    @cached_property
    def headings(self) -> tuple[Block, ...]:
        """The headings, in order."""
        return tuple(b for b in self.blocks if b.kind == "heading")

    @cached_property
    def title_heading(self) -> Block | None:
        """The heading that names the whole document: the first, if no other is of its level or above."""
        first = next(iter(self.headings), None)
        return first if first and all(h.level > first.level for h in self.headings[1:]) else None

    @cached_property
    def title(self) -> str:
        """The title given, else the title heading, else the line that stands alone at the top of a plain text."""
        found = clean_title(self.given_title)
        if found or self.headings:
            return found or (clean_title(self.title_heading.plain) if self.title_heading else "")
        first = next(iter(self.blocks), None)
        alone = first and first.kind == "paragraph" and "\n" not in first.plain and len(first.plain) <= _LONGEST_TITLE
        return clean_title(first.plain) if first and alone and not first.plain.endswith(_SENTENCE_ENDS) else ""

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections, with the part before the first heading if there is one."""
        return tuple(_sections(self.blocks))

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of prose; lines of code, tables and HTML are none."""
        return tuple(_lines(self.text, self.blocks))

    def context(self, path: Sequence[str]) -> tuple[str, ...]:
        r"""The headings of a path that say more than the title and than those of any document, ready for a prompt.

        >>> doc = Document.parse("# Manual 📘\n\n## 2. Care\n\n### Cleaning\n\nUnplug it.")
        >>> doc.context(doc.sections[-1].path)
        ('Care', 'Cleaning')
        """
        below = path[1:] if self.title_heading and path and path[0] == self.title_heading.plain else path
        titles = [clean_title(t) for t in below]
        return tuple(t for t in titles if t and t != self.title and not is_generic(t))


@lru_cache(maxsize=2)
def _parser(plain: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    return parser.disable(["code", "html_block", "lheading"]) if plain else parser


class _Spans(NamedTuple):
    text: str
    starts: list[int]

    def of(self, lines: Sequence[int]) -> tuple[int, int]:
        """The span of lines [first, last), without the blank lines and line ends that trail."""
        start, end = self.starts[lines[0]], self.starts[min(lines[1], len(self.starts) - 1)]
        return start, start + len(self.text[start:end].rstrip())


def _top_level(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    opened = 0
    for i, token in enumerate(tokens):
        if token.level == 0 and token.nesting == 1:
            opened = i
        elif token.level == 0:
            yield (opened if token.nesting == -1 else i), i


def _block(tokens: Sequence[Token], spans: _Spans) -> Block:
    first = tokens[0]
    start, end = spans.of(first.map or [0, 0])
    inner = [_visible(t) for t in tokens if t.type == "inline"]
    plain = "\n".join(text for text, _ in inner)
    level = int(first.tag[1]) if first.type == "heading_open" else 0
    return Block(_KINDS.get(first.type, "html"), start, end, level, plain, sum(n for _, n in inner))


def _visible(inline: Token) -> tuple[str, int]:
    """What a reader sees of an inline token, and how much of it is link text."""
    parts, linked, depth = [], 0, 0
    for child in inline.children or ():
        if child.type in ("link_open", "link_close"):
            depth += child.nesting
        elif child.type in ("text", "code_inline"):
            parts.append(child.content)
            linked += len(child.content) if depth else 0
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
    return "".join(parts).strip(), linked


def _paragraphs(tokens: Sequence[Token], spans: _Spans) -> Iterator[tuple[int, int]]:
    for token in tokens:
        if token.type == "paragraph_open" and token.map:
            yield spans.of(token.map)


def _sections(blocks: Sequence[Block]) -> Iterator[Section]:
    path: list[tuple[int, str]] = []
    at = [i for i, b in enumerate(blocks) if b.kind == "heading"]
    if at[:1] != [0] and blocks:
        yield Section((), 0, tuple(blocks[: at[0] if at else None]), bool(at))
    for here, after in pairwise([*at, len(blocks)]):
        heading = blocks[here]
        path = [(level, title) for level, title in path if level < heading.level] + [(heading.level, heading.plain)]
        deeper = after < len(blocks) and blocks[after].level > heading.level
        yield Section(tuple(t for _, t in path), heading.level, tuple(blocks[here + 1 : after]), deeper)


def _lines(text: str, blocks: Sequence[Block]) -> Iterator[Line]:
    for block in blocks:
        if block.kind not in _PROSE:
            continue
        start = block.start
        for line in _LINE_END.split(text[block.start : block.end]):
            if line.strip():
                yield Line(start, start + len(line), block.level)
            start += len(line) + (2 if text.startswith("\r\n", start + len(line)) else 1)
