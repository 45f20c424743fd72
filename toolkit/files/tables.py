"""CSV and TSV: every cell is a string, every row that does not fit the header is a fault, nothing is swallowed.

A quote that is opened and not closed makes every CSV reader take the lines after it for one cell. Here a row must be
closed properly and be as wide as the header; where it is not, reading goes on at the next line that begins such a row,
and the lines in between come out as faults.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator

from toolkit.files.encoding import as_text, splits_at_newline
from toolkit.files.found import RAW_LIMIT, Fault, Found, clip
from toolkit.files.lines import lines

DELIMITERS = (",", ";", "\t")
SNIFFED_ROWS = 64
MAX_ROW_LINES = 1000
"""Lines of one row; a quote that is still open then was never meant to be."""
MAX_CELL = 16 << 20
_EXCEL = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
Line = tuple[int, str]


def csv_rows(chunks: Iterable[bytes], encoding: str = "utf-8", delimiter: str | None = None) -> Iterator[Found | Fault]:
    r"""Read a table with a header; the first row names the columns.

    Args:
        chunks: The bytes of the file.
        encoding: As `encoding.of_lines` decided.
        delimiter: What separates the cells; None = found out among comma, semicolon and tab.

    >>> [row.value for row in csv_rows(["药名,编号\nNA,00123\n".encode()])]  # neither null nor a number
    [{'药名': 'NA', '编号': '00123'}]
    >>> rows = csv_rows([b'q,a\n1,"open\n2,x\n3,"shut"\n'])
    >>> [row.value if isinstance(row, Found) else (row.reason, row.raw) for row in rows]
    [('ragged_row', '1,"open'), {'q': '2', 'a': 'x'}, {'q': '3', 'a': 'shut'}]
    """
    source = _Lines(_text_lines(chunks, encoding))
    delimiter = _delimiter(source, delimiter)
    csv.field_size_limit(MAX_CELL)
    header: list[str] | None = None
    for found in _rows(source, delimiter):
        if isinstance(found, Fault):
            yield found
        elif header is None:
            header = column_names(found[1])
            source.width = len(header)
        else:
            yield Found(dict(zip(header, found[1], strict=True)), found[0])


def column_names(cells: list[str]) -> list[str]:
    """Names of the columns; blank ones are numbered, repeated ones too, so that no cell hides another.

    >>> column_names(["问题", "", "答案", "答案"])
    ['问题', 'column 2', '答案', '答案 (2)']
    """
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column {number}"
        numbered = (f"{name} ({n})" for n in itertools.count(2))
        names.append(name if name not in names else next(n for n in numbered if n not in names))
    return names


class _Lines:
    """Lines with a memory: what the row at hand has taken can be given back."""

    def __init__(self, numbered: Iterator[Line | Fault]) -> None:
        self._numbered = numbered
        self._again: deque[Line | Fault] = deque()
        self.taken: list[Line] = []
        self.faults: list[Fault] = []
        self.width = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MAX_ROW_LINES:
            raise StopIteration
        line = self._again.popleft() if self._again else next(self._numbered)
        while isinstance(line, Fault):
            self.faults.append(line)
            line = self._again.popleft() if self._again else next(self._numbered)
        self.taken.append(line)
        return line[1]

    def give_back(self, rest: list[Line]) -> None:
        self._again.extendleft(reversed(rest))

    def peek(self, count: int) -> list[str]:
        """The next lines, left where they are."""
        while len(self._again) < count and (line := next(self._numbered, None)) is not None:
            self._again.append(line)
        return [line[1] for line in self._again if not isinstance(line, Fault)]


def _text_lines(chunks: Iterable[bytes], encoding: str) -> Iterator[Line | Fault]:
    if not splits_at_newline(encoding):
        chunks = (text.encode() for text in as_text(chunks, encoding))
        encoding = "utf-8"
    for number, line in lines(chunks):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            detail = f"line {number}: byte 0x{line[error.start]:02X} is not {encoding}, unlike the rest of the file"
            yield Fault("unreadable_line", f"{detail}; save the whole file in one encoding", clip(line), number)
        else:
            yield number, (text.removeprefix("\ufeff") if number == 1 else text).removesuffix("\r") + "\n"


def _delimiter(source: _Lines, declared: str | None) -> str:
    head = source.peek(SNIFFED_ROWS)
    excel = _EXCEL.fullmatch(head[0]) if head else None
    if excel:
        next(source)
        source.taken.clear()
    return declared or (excel.group(1) if excel else sniff(head))


def sniff(head: list[str]) -> str:
    r"""Find the delimiter under which most rows are as wide as the first.

    >>> sniff(["药名; 用法\n", "阿司匹林, 肠溶; 每日一次\n"])
    ';'
    >>> sniff(["one column\n", "only, really\n"])
    ','
    """
    return max(DELIMITERS, key=lambda delimiter: _fit(head, delimiter))


def _fit(head: list[str], delimiter: str) -> tuple[float, int]:
    widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if row]
    if not widths or widths[0] == 1:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _rows(source: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """Rows that are closed and wide enough, with the number of their first line, and faults."""
    lost: list[Line] = []
    for cells, problem in _attempts(source, delimiter):
        yield from source.faults
        source.faults.clear()
        taken = source.taken.copy()
        if not problem and (not lost or _balanced(taken)):
            yield from _ragged(lost)
            lost.clear()
            yield taken[0][0], cells
        elif not lost and len(taken) == 1:
            yield _ragged_row(taken, problem)
        else:
            if _size(lost) + len(taken[0][1]) > RAW_LIMIT:
                yield from _ragged(lost)
                lost.clear()
            lost.append(taken[0])
            source.give_back(taken[1:])
    yield from source.faults
    yield from _ragged(lost)


def _attempts(source: _Lines, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Read row after row from where `source` stands; say what is wrong with each, or nothing."""
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield [], _explain(str(error))
            continue
        if source.width and cells and len(cells) != source.width:
            yield cells, f"{len(cells)} cells where the header has {source.width}"
        elif cells:
            yield cells, ""


def _balanced(taken: list[Line]) -> bool:
    """After an open quote, a line with an odd quote is more likely the end of that cell than a row."""
    return sum(text.count('"') for _, text in taken) % 2 == 0


def _size(taken: list[Line]) -> int:
    return sum(len(text) for _, text in taken)


def _ragged(lost: list[Line]) -> Iterator[Fault]:
    if lost:
        yield _ragged_row(lost, "a quote is opened and not closed properly")


def _ragged_row(taken: list[Line], problem: str) -> Fault:
    first, last = taken[0][0], taken[-1][0]
    where = f"line {first}" if first == last else f"lines {first}-{last}"
    raw = "".join(text for _, text in taken).rstrip("\r\n")
    return Fault("ragged_row", f"{where}: {problem}; quote cells that hold delimiters, and double the quotes in them",
                 clip(raw), first)  # fmt: skip


def _explain(error: str) -> str:
    if "expected after" in error:
        return "a quoted cell goes on after its closing quote"
    if "unexpected end" in error:
        return "a quote is opened and not closed"
    if "field larger" in error:
        return f"a cell is larger than {MAX_CELL >> 20} MiB"
    return "a carriage return stands outside quotes"
