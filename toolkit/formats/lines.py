"""One row to one line of JSON, or a refusal: what is written here loads in every reader that was tried."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import orjson

from toolkit.formats.example import Row, kind, pointer
from toolkit.formats.findings import CannotDump, Finding

# Passed through = refused: a date or a dataclass would be written as something that its reader gets back as text.
_OPTIONS = (
    orjson.OPT_APPEND_NEWLINE
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_BROKEN_TEXT = re.compile("[\x00\ud800-\udfff]")
_INT64, _UINT64 = -(2**63), 2**64


def dumps_line(row: Row) -> bytes:
    r"""Write one row as one line: UTF-8, keys in the order they stand, `\n` at the end.

    Raises:
        CannotDump: NaN or Infinity, a lone surrogate, NUL, or a value that JSON does not have.

    >>> dumps_line({"output": "第一行\n第二行\u2028"}).decode()
    '{"output":"第一行\\n第二行\u2028"}\n'
    >>> dumps_line({"output": "cut emoji \ud83d"})
    Traceback (most recent call last):
    toolkit.formats.findings.CannotDump: E007 /output has a lone surrogate or NUL
    clean the text first: a cut emoji or a NUL kills tokenizers
    """
    try:
        line = orjson.dumps(row, option=_OPTIONS)
    except TypeError as error:
        raise CannotDump(list(faults(row)) or [Finding("E003", "", str(error))]) from error
    # orjson writes NaN as null and NUL as \u0000; a text may hold either sequence, so a hit asks for a closer look
    if (b"null" in line or b"\\u0000" in line) and (found := list(faults(row))):
        raise CannotDump(found)
    return line


def faults(value: Any, *path: str | int) -> Iterator[Finding]:
    """Name every place in a value that no JSON line can say.

    >>> [str(f) for f in faults({"权重": [1, float("nan")]})]
    ['E005 /权重/1 is nan']
    """
    if isinstance(value, str):
        if _BROKEN_TEXT.search(value):
            yield Finding("E007", pointer(*path), "has a lone surrogate or NUL")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _key_faults(key, path)
            yield from faults(item, *path, key)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from faults(item, *path, index)
    else:
        yield from _scalar_faults(value, pointer(*path))


def _key_faults(key: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if not isinstance(key, str):
        yield Finding("E003", pointer(*path), f"has the key {key!r}, which is no string")
    else:
        yield from faults(key, *path)


def _scalar_faults(value: Any, place: str) -> Iterator[Finding]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            yield Finding("E005", place, f"is {value}")
    elif isinstance(value, int):
        if not _INT64 <= value < _UINT64:
            yield Finding("E009", place, "is an integer beyond 64 bits")
    else:
        yield Finding("E003", place, f"is a {kind(value)}, which JSON does not have")
