"""What only a whole file shows: keys, types and shapes that differ among lines, and columns that readers misread.

`datasets` infers types from the first 10 MiB and casts what follows: a key, a list or an object that first shows later
is an error or, worse, text. Columns whose every string is an ISO date become timestamps. Each case is reproduced with
datasets 5.2.0 in tests/formats/test_format_readers.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from toolkit.formats.base import Format
from toolkit.formats.example import Row, kind, pointer
from toolkit.formats.findings import Finding
from toolkit.formats.lines import dumps_line
from toolkit.formats.table import get

WINDOW = 10 << 20
"""Bytes from which `datasets` infers the types of a JSONL file (its `chunksize`)."""

# what Arrow's JSON reader takes for a timestamp: seconds at the finest, a day at the coarsest
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}(?::[0-9]{2}(?::[0-9]{2})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|NaN")


class FileShape:
    """Gathers the shape of a file, line by line; `findings` says what its readers would stumble over.

    Attributes:
        lines: Lines taken in so far.
        leaders: Lines (from 1) that first show a key or a type: put first, they let readers infer all of the file.

    >>> shape = FileShape(get("openai-chat"), window=1)
    >>> shape.add({"messages": [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "您好"}]})
    >>> shape.add({"messages": [{"role": "assistant", "content": "Hi", "weight": 0}]})
    >>> [str(f) for f in shape.findings() if f.code == "E104"], shape.leaders
    (['E104 line 2: /messages/-/weight is a number here for the first time'], [1, 2])
    """

    def __init__(self, form: Format, *, window: int = WINDOW) -> None:
        self.lines = 0
        self.leaders: list[int] = []
        self._format = form
        self._window = window
        self._bytes = 0
        self._keys: set[str] = set()
        self._kinds: dict[str, set[str]] = {}
        self._dates = _Alike(_DATE)
        self._numbers = _Alike(_NUMBER)
        self._window_dates: list[str] | None = None
        self._found: list[Finding] = []

    def add(self, row: Row) -> None:
        """Take in the next line."""
        self.lines += 1
        if self._bytes >= self._window and self._window_dates is None:
            self._window_dates = self._dates.paths()
        self._take_keys(row)
        fresh = self._take_nodes(row)
        if fresh:
            self.leaders.append(self.lines)
        self._bytes += len(dumps_line(row))

    def _take_keys(self, row: Row) -> None:
        if self.lines == 1:
            self._keys = set(row)
        for key in sorted(self._keys.symmetric_difference(row)):
            if key in self._format.fill or key not in self._format.columns:
                here = "stands here and not on line 1" if key in row else "stands on line 1 and not here"
                self._find("E101", pointer(key), here)
                self._keys ^= {key}  # said once: from here on this line is the measure

    def _take_nodes(self, row: Row) -> set[str]:
        """Note the type of every node; give the paths that are new or of a new type."""
        fresh: set[str] = set()
        for path, value in _nodes(row, ""):
            if isinstance(value, str):
                self._dates.take(path, value)
                self._numbers.take(path, value)
            known, now = self._kinds.setdefault(path, set()), kind(value)
            # null and the empty list or object show no type: readers wait for the next line
            if now in known or value is None or value in ([], {}):
                continue
            if path.rpartition("/")[0] not in fresh:
                self._judge(path, known, now)
            known.add(now)
            fresh.add(path)
        return fresh

    def _judge(self, path: str, known: set[str], now: str) -> None:
        if self._bytes >= self._window:
            self._find("E104", path, f"is a {now} here for the first time")
        elif known and not path.startswith(self._format.mixed):
            self._find("E102", path, f"is a {now} here and a {min(known)} before")

    def _find(self, code: str, path: str, message: str) -> None:
        self._found.append(Finding(code, path, message, self.lines))

    def findings(self) -> list[Finding]:
        """Everything the file shows so far: by line first, then what holds of the whole."""
        dates = sorted({*self._dates.paths(), *(self._window_dates or ())})
        found = [Finding("E103", path, "holds nothing but dates where readers infer its type") for path in dates]
        found += [Finding("E105", path, "holds nothing but numbers, as strings") for path in self._numbers.paths()]
        if self.lines < self._format.minimum_rows:
            why = f"{self.lines} examples; {self._format.name} takes {self._format.minimum_rows} or more"
            found.append(Finding("E501", "", why))
        return self._found + found


class _Alike:
    """Knows the columns whose every string matches a pattern."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._still: dict[str, bool] = {}

    def take(self, path: str, text: str) -> None:
        if self._still.get(path, True):
            self._still[path] = self._pattern.fullmatch(text) is not None

    def paths(self) -> list[str]:
        return sorted(path for path, still in self._still.items() if still)


def _nodes(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every node below a value; the items of a list share one path, as they share one type in Arrow."""
    inner = (
        ((path + pointer(key), item) for key, item in value.items())
        if isinstance(value, dict)
        else ((f"{path}/-", item) for item in value)
        if isinstance(value, list)
        else ()
    )
    for below, item in inner:
        yield below, item
        yield from _nodes(item, below)


def check_file(name: str, rows: Iterable[Row], *, window: int = WINDOW) -> list[Finding]:
    """Check what only the whole file shows; single rows are the matter of `validator`.

    Args:
        name: The format.
        rows: The rows in the order of the file.
        window: Bytes from which readers infer types.

    >>> rows = [{"instruction": "施行日期？", "input": "民法典", "output": "2021-01-01"}]
    >>> [str(f) for f in check_file("llamafactory-alpaca", rows)]
    ['E103 /output holds nothing but dates where readers infer its type']
    >>> check_file("llamafactory-alpaca", [*rows, {"instruction": "民法典？", "input": "", "output": "见公报。"}])
    []
    """
    shape = FileShape(get(name), window=window)
    for row in rows:
        shape.add(row)
    return shape.findings()
