"""What only a whole file shows: keys, types and shapes that differ among lines, and columns that readers misread.

`datasets` infers types from the first 10 MiB and casts what follows: a key, a list or an object that first shows later
is an error or, worse, text. Columns whose every string is an ISO date become timestamps. Each case is reproduced with
datasets 5.2.0 in tests/formats/test_readers.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from toolkit.formats.base import Format
from toolkit.formats.example import Row, kind
from toolkit.formats.findings import Finding
from toolkit.formats.lines import dumps_line
from toolkit.formats.table import get

WINDOW = 10 << 20
"""Bytes from which `datasets` infers the types of a JSONL file (its `chunksize`)."""

# what Arrow's JSON reader takes for a timestamp: seconds at the finest, a day at the coarsest
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}(?::[0-9]{2}(?::[0-9]{2})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN")
_EMPTY = frozenset({"null", "empty array", "empty object"})


class FileShape:
    """Gathers the shape of a file, line by line.

    Attributes:
        leaders: Lines (from 1) that first show a key or a type: put first, they let readers infer all of the file.

    >>> shape = FileShape(get("openai-chat"), window=1)
    >>> shape.add({"messages": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "您好"}]})
    >>> shape.add({"messages": [{"role": "assistant", "content": "Hi", "weight": 0}]})
    >>> [str(f) for f in shape.findings()][-1], shape.leaders
    ('E104 line 2: /messages/-/weight first shows as number after the first 1 bytes', [1, 2])
    """

    def __init__(self, form: Format, *, window: int = WINDOW) -> None:
        self.format = form
        self.window = window
        self.lines = 0
        self.bytes = 0
        self.leaders: list[int] = []
        self._found: list[Finding] = []
        self._keys: frozenset[str] = frozenset()
        self._kinds: dict[str, set[str]] = {}
        self._dates: dict[str, bool] = {}
        self._numbers: dict[str, bool] = {}
        self._date_columns_of_window: list[str] | None = None

    def add(self, row: Row) -> None:
        """Take in the next line."""
        self.lines += 1
        late = self.bytes >= self.window
        if late and self._date_columns_of_window is None:
            self._date_columns_of_window = [path for path, still in self._dates.items() if still]
        self._take_keys(row)
        before = len(self._found), sum(map(len, self._kinds.values()))
        for path, value in _leaves(row, ""):
            self._take(path, value, late=late)
        if sum(map(len, self._kinds.values())) > before[1]:
            self.leaders.append(self.lines)
        self.bytes += len(dumps_line(row))
