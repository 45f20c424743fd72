r"""Physical lines of a byte stream, and byte ranges that end at line ends.

Lines end at `\n` and nowhere else: U+2028 and U+0085 are ordinary characters of a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from toolkit.files.chunks import CHUNK
from toolkit.files.found import UnreadableError
from toolkit.files.places import Place

MAX_LINE = 64 << 20
"""Bytes of one line; more is no line but a file without line ends."""


class Range(NamedTuple):
    """A piece of a file that begins and ends at line ends.

    Attributes:
        start: First byte.
        end: Byte after the last.
        line: Number of its first line, from 1.
    """

    start: int
    end: int
    line: int


def lines(chunks: Iterable[bytes], first: int = 1) -> Iterator[tuple[int, bytes]]:
    r"""Number the lines of a stream; the line end is not part of the line.

    >>> list(lines([b"a\nb", b"b\r\n", b"c"]))
    [(1, b'a'), (2, b'bb\r'), (3, b'c')]
    >>> list(lines(["一\u2028二\n".encode()]))[0][1].decode()  # a line separator inside a text is text
    '一\u2028二'
    """
    number, rest = first, b""
    for chunk in chunks:
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        for part in parts:
            yield number, part
            number += 1
        if len(rest) > MAX_LINE:
            raise UnreadableError(f"line {number} is longer than {MAX_LINE >> 20} MiB",
                                  hint="write one value a line, or save the file as one JSON array")  # fmt: skip
    if rest:
        yield number, rest


def cut(path: Place, size: int) -> tuple[str, tuple[Range, ...]]:
    """Cut a file into ranges of at least `size` bytes and hash it, in one pass.

    Returns:
        The sha256 of the file, and its ranges; together they cover every byte once.
    """
    digest = hashlib.sha256()
    ranges: list[Range] = []
    start, first, line, at = 0, 1, 1, 0
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
            seen = 0
            while (found := block.find(b"\n", max(seen, start + size - 1 - at))) >= 0:
                line += block.count(b"\n", seen, found + 1)
                seen = found + 1
                ranges.append(Range(start, at + seen, first))
                start, first = at + seen, line
            line += block.count(b"\n", seen)
            at += len(block)
    if start < at:
        ranges.append(Range(start, at, first))
    return digest.hexdigest(), tuple(ranges)
