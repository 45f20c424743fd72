"""The plan: which task reads which files. It depends on the files alone, never on the number of workers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from toolkit.collect.find import File
from toolkit.collect.forms import form_of, json_form
from toolkit.collect.sources import Source
from toolkit.files.chunks import packing_of, sha256
from toolkit.files.encoding import splits_at_newline
from toolkit.files.found import UnreadableError
from toolkit.files.lines import Range, cut
from toolkit.files.places import place

UNIT_BYTES = 8 << 20
UNIT_FILES = 256
VERSION = "1"
"""Goes into every digest; to be raised when the same bytes begin to give other records."""


@dataclass(frozen=True)
class Part:
    """A byte range of a file of JSON lines, with what the planner learnt of the whole file."""

    range: Range
    sha256: str
    encoding: str


@dataclass(frozen=True)
class CollectUnit:
    """A few whole files of one source, or a part of one."""

    source: Source
    files: tuple[File, ...]
    part: Part | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return self.part.range.end - self.part.range.start if self.part else sum(file.size for file in self.files)

    def digest(self) -> str:
        """Content of the files, and all of the source's entry that shapes records; not where the files lie."""
        content = [[file.uri, file.refused, self._hash(file), *file.facts] for file in self.files]
        part = [*self.part.range, self.part.encoding] if self.part else []
        shape = orjson.dumps([VERSION, self.source.shape(), content, part], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(shape, digest_size=16).hexdigest()

    def _hash(self, file: File) -> str:
        if self.part:
            return self.part.sha256
        try:
            return "" if file.refused else sha256(place(file.path))
        except OSError as error:
            return f"unreadable: {error.errno}"


def plan(source: Source, files: Iterable[File], size: int = UNIT_BYTES) -> Iterator[CollectUnit]:
    """Group small files and cut large files of JSON lines, in the order of the files.

    Args:
        source: The source of all of them.
        files: Ordered by URI.
        size: Bytes of one unit.
    """
    ready: list[File] = []
    for file in files:
        parts = _parts(source, file, size) if file.size > size else ()
        if ready and (parts or sum(f.size for f in ready) + file.size > size or len(ready) == UNIT_FILES):
            yield CollectUnit(source, tuple(ready))
            ready = []
        if parts:
            yield from (CollectUnit(source, (file,), part) for part in parts)
        else:
            ready.append(file)
    if ready:
        yield CollectUnit(source, tuple(ready))


def _parts(source: Source, file: File, size: int) -> tuple[Part, ...]:
    path = place(file.path)
    if form_of(file.uri, source.format) != "json" or packing_of(file.uri):
        return ()
    try:
        form, encoding = json_form(path, source.encoding)
        if form != "lines" or not splits_at_newline(encoding):
            return ()
        digest, ranges = cut(path, size)
    except (OSError, UnreadableError):
        return ()  # the task that reads it meets the same error and quarantines the file
    return tuple(Part(r, digest, encoding) for r in ranges)
