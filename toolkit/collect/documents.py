"""Files that are one text: plain text, Markdown with front matter, HTML. Each becomes one document."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import yaml

from toolkit.collect.sources import Source
from toolkit.files.chunks import chunks
from toolkit.files.encoding import Decoded, canonical, decode
from toolkit.files.found import UnreadableError
from toolkit.files.places import Place

MAX_BYTES = 64 << 20
_NEWLINE = re.compile(r"\r\n?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TITLE = re.compile(r" {0,3}#[ \t]+(.*?)[ \t]*#*[ \t]*")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_PLAIN_KEY = re.compile(r"([A-Za-z_][\w.-]*):[ \t]*(.*?)[ \t]*", re.ASCII)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


class Document(NamedTuple):
    r"""A text, what it says of itself, and the title that its own heading gives.

    Attributes:
        text: The text without front matter, line ends as `\n`.
        facts: Front matter, or what the head of a page says: name -> value.
        heading: The title by heading, where the facts hold none.
        fixes: What reading had to mend.
    """

    text: str
    facts: dict[str, Any]
    heading: str | None = None
    fixes: tuple[str, ...] = ()


def _bytes(path: Place) -> bytes:
    ready = bytearray()
    for part in chunks(path):
        ready += part
        if len(ready) > MAX_BYTES:
            raise UnreadableError(f"larger than {MAX_BYTES >> 20} MiB, too much for one document",
                                  hint="split it into chapters, or declare its format if it is a table")  # fmt: skip
    return bytes(ready)


def _text(path: Place, source: Source) -> Document:
    found = decode(_bytes(path), source.encoding)
    return Document(_NEWLINE.sub("\n", found.text), {}, None, found.fixes)


def _markdown(path: Place, source: Source) -> Document:
    whole = _text(path, source)
    facts, text = front_matter(whole.text)
    return Document(text, facts, first_heading(text), whole.fixes)


def _html(path: Place, source: Source) -> Document:
    from toolkit.collect.html import page

    data = _bytes(path)
    found = _decode_page(data, source.encoding)
    content = page(_NEWLINE.sub("\n", found.text))
    return Document(content.text, content.facts, content.title, found.fixes)


def _decode_page(data: bytes, declared: str | None) -> Decoded:
    """What the page says of its encoding is believed where the bytes agree; pages are saved anew and keep the old line."""
    own = _CHARSET.search(data[:4096])
    if not declared and own and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return decode(data, canonical(own.group(1).decode("ascii")))
        except UnreadableError:
            pass
    return decode(data, declared)


READERS: dict[str, Callable[[Place, Source], Document]] = {"text": _text, "markdown": _markdown, "html": _html}
"""Form -> the document of a file."""


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    r"""Take the YAML block at the beginning of a Markdown text apart from the text. Values stay as they are written.

    >>> front_matter("---\ntitle: 差旅制度\nvalid_from: 2026-01-01\n---\n\n# 差旅\n")
    ({'title': '差旅制度', 'valid_from': '2026-01-01'}, '# 差旅\n')
    >>> front_matter("---\nA rule above a paragraph\n---\n")[0]  # a thematic break is text
    {}
    """
    found = _FRONT.match(text)
    facts = _facts(found.group(1) or "") if found else None
    return ({}, text) if not found or facts is None else (facts, text[found.end() :].lstrip("\n"))


def _facts(block: str) -> dict[str, Any] | None:
    """A mapping, or None where the block is none. A colon inside a value breaks YAML but hides nothing."""
    try:
        # BaseLoader makes texts only: 2026-01-01 stays as written, and nothing is constructed
        value = yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader builds no objects
    except yaml.YAMLError:
        pairs = [_PLAIN_KEY.fullmatch(line) for line in block.splitlines() if line.strip()]
        return {p.group(1): p.group(2) for p in pairs if p} if all(pairs) else None
    if value is None or value == "":
        return {}
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def first_heading(text: str) -> str | None:
    r"""The first heading of the first level outside code.

    >>> first_heading("```sh\n# a comment\n```\n# 中华人民共和国刑法 #\n")
    '中华人民共和国刑法'
    >>> first_heading("## Only a section\n") is None
    True
    """
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence and mark.group(1).startswith(fence) else fence or mark.group(1)
        elif not fence and (found := _TITLE.fullmatch(line)) and found.group(1):
            return found.group(1)
    return None
