"""Files that a run is compared with and never takes records from: evaluation sets, sets to subtract."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.engine.store import file_digest
from toolkit.errors import SourceError
from toolkit.files.chunks import chunks, packing_of
from toolkit.files.encoding import as_text as decoded
from toolkit.files.encoding import of_lines
from toolkit.files.found import Fault, Found
from toolkit.files.json_stream import is_lines, json_stream
from toolkit.files.jsonl import json_lines
from toolkit.files.parquet import parquet_rows
from toolkit.files.tables import csv_rows


class Place(NamedTuple):
    """A row of a reference file, and where it stands."""

    name: str
    row: dict[str, Any]


def _json(path: Path) -> Iterator[Found | Fault]:
    encoding = of_lines(chunks(path))
    head = next(chunks(path), b"").decode(encoding, "replace")
    if is_lines(head, default=not path.name.lower().removesuffix(packing_of(path.name)).endswith(".json")):
        return json_lines(chunks(path), encoding)
    return json_stream(decoded(chunks(path), encoding))


def _csv(path: Path) -> Iterator[Found | Fault]:
    return csv_rows(chunks(path), of_lines(chunks(path)))


def _tsv(path: Path) -> Iterator[Found | Fault]:
    return csv_rows(chunks(path), of_lines(chunks(path)), "\t")


READERS: dict[str, Callable[[Path], Iterator[Found | Fault]]] = {
    ".jsonl": _json, ".ndjson": _json, ".json": _json, ".csv": _csv, ".tsv": _tsv, ".parquet": parquet_rows,
}  # fmt: skip
"""Ending, without `.gz` or `.zst` -> who reads it."""


def digests(paths: Sequence[str]) -> tuple[str, ...]:
    """Digest of every file: another content is another result.

    Raises:
        SourceError: A file is not there, or nobody reads its kind.
    """
    return tuple(file_digest(_checked(path)) for path in paths)


def _checked(given: str) -> Path:
    path = Path(given)
    if not path.is_file():
        raise SourceError(f"{given}: is no file", hint="name the file itself")
    if _ending(path) not in READERS:
        raise SourceError(f"{given}: no reader for this kind of file", hint=f"known: {' '.join(READERS)} (+ .gz .zst)")
    return path


def _ending(path: Path) -> str:
    return Path(path.name.lower().removesuffix(packing_of(path.name))).suffix


def places(given: str, *, as_text: bool = False) -> Iterator[Place]:
    """The rows of a reference file, each with a name such as `ceval.jsonl:12`.

    Args:
        given: The file.
        as_text: Take a row that cannot be read as a text, so that what it says counts all the same.

    Raises:
        SourceError: A row cannot be read. It is not passed over: what it holds would slip through.
    """
    path = _checked(given)
    for number, found in enumerate(READERS[_ending(path)](path)):
        if isinstance(found, Fault) and not as_text:
            raise SourceError(f"{given}: {found.detail}", hint="mend the file; every row of it counts")
        where = found.line if found.line is not None else found.row if found.row is not None else number
        yield Place(f"{path.name}:{where}", {"raw": found.raw} if isinstance(found, Fault) else found.value)


def strings(value: Any) -> Iterator[str]:
    """All texts in a row, at every depth.

    >>> list(strings({"question": "剂量？", "choices": [{"text": "5 mg"}, 3, None]}))
    ['剂量？', '5 mg']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(strings(v) for v in value.values())
    elif isinstance(value, list | tuple):
        yield from itertools.chain.from_iterable(strings(v) for v in value)
