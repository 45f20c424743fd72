"""Plain examples, a batch at a time: most are a prompt, an input, an output, perhaps a system text, and no more.

What a format makes of a plain example, and whether its validator takes it, depends on which of the four texts are
missing, empty or filled, and on nothing else; tests hold every format to that law. So each such *shape* is judged and
laid out once, by an example whose texts are markers, and the texts of a batch are put between the parts of the line as
columns. A text that may be blank or not (spaces, signs, a NUL) has no shape: its example is looked at by itself.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.files.json_columns import escaped
from toolkit.formats import Example, dumps_line, get

TEXTS = ("prompt", "input", "output", "system")
OTHERS = ("messages", "tools", "chosen", "rejected", "desirable")
MISSING, EMPTY, FILLED = range(3)
NO_SHAPE = -1
_FILLED = "[0-9A-Za-z\\x{4E00}-\\x{9FFF}]"
_NUL = "\\x00"
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000([a-z]+)\ue001")


def shapes(batch: pa.RecordBatch) -> np.ndarray:
    """The shape of every example: a number of base 3 with a digit for each text, or `NO_SHAPE`.

    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "a", "prompt": "剂量？", "input": "", "output": "5 mg"}, {"id": "b", "prompt": "Dose?", "output": " "}]
    >>> known, unknown = shapes(columns_of(rows)).tolist()
    >>> [known // 27, known // 9 % 3, known // 3 % 3, known % 3] == [FILLED, EMPTY, FILLED, MISSING], unknown == NO_SHAPE
    (True, True)
    """
    codes = np.zeros(batch.num_rows, np.int64)
    by_itself = np.zeros(batch.num_rows, np.bool_)
    for name in OTHERS:
        by_itself |= _mask(pc.is_valid(batch.column(name)))
    for name in TEXTS:
        column = batch.column(name)
        there = _mask(pc.is_valid(column))
        codes *= 3
        if there.any():
            empty = _mask(pc.equal(column, ""))
            filled = _mask(pc.match_substring_regex(column, _FILLED)) & ~_mask(pc.match_substring_regex(column, _NUL))
            codes += np.where(filled, FILLED, there * EMPTY)
            by_itself |= there & ~empty & ~filled
    return np.where(by_itself, NO_SHAPE, codes)


def _mask(column: pa.BooleanArray) -> np.ndarray:
    mask: np.ndarray = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return mask


def specimen(shape: int) -> Example:
    """An example of a shape; its texts are markers.

    >>> from toolkit.record import columns_of
    >>> specimen(int(shapes(columns_of([{"id": "a", "prompt": "剂量？", "input": "", "output": "5 mg"}]))[0]))
    {'prompt': '\ue000prompt\ue001', 'input': '', 'output': '\ue000output\ue001'}
    """
    states = [shape // 3**power % 3 for power in reversed(range(len(TEXTS)))]
    texts = {name: _MARK.format(name) if state == FILLED else "" for name, state in zip(TEXTS, states, strict=True)}
    example: Any = {name: texts[name] for name, state in zip(TEXTS, states, strict=True) if state != MISSING}
    return cast("Example", example)


@dataclass(frozen=True)
class Layout:
    """How a target writes a shape.

    Attributes:
        parts: Literal text and names of texts in turn, literal text first and last.
        columns: The columns of the line, joined by commas.
    """

    parts: tuple[str, ...]
    columns: str


@functools.cache
def layout(target: str, shape: int) -> Layout:
    r"""Lay out the line of a shape.

    >>> from toolkit.record import columns_of
    >>> layout("alpaca", int(shapes(columns_of([{"id": "a", "prompt": "x", "output": "x"}]))[0]))
    Layout(parts=('{"instruction":"', 'prompt', '","input":"","output":"', 'output', '"}\n'), columns='instruction,input,output')
    """
    row = get(target).write(specimen(shape))
    return Layout(tuple(_MARKS.split(dumps_line(row).decode())), ",".join(row))


class Lines:
    """The lines of plain examples; each text is escaped once for all targets."""

    def __init__(self, batch: pa.RecordBatch, codes: np.ndarray) -> None:
        """Take examples that all have a shape."""
        self._texts = {name: escaped(batch.column(name)) for name in TEXTS}
        self._groups = [(int(code), pa.array(np.flatnonzero(codes == code))) for code in np.unique(codes)]

    def of(self, target: str) -> tuple[pa.StringArray, pa.StringArray]:
        """The line of every example, and the columns of each."""
        if not self._groups:
            return pa.array([], pa.string()), pa.array([], pa.string())
        groups = [self._group(target, code, rows) for code, rows in self._groups]
        if len(groups) == 1:
            return groups[0]
        lines, columns = zip(*groups, strict=True)
        back = pc.sort_indices(pa.concat_arrays([rows for _, rows in self._groups]))
        return pa.concat_arrays(lines).take(back), pa.concat_arrays(columns).take(back)

    def _group(self, target: str, code: int, rows: pa.Array) -> tuple[pa.StringArray, pa.StringArray]:
        laid = layout(target, code)
        all_rows = len(rows) == len(self._texts["prompt"])
        texts = {name: self._texts[name] if all_rows else self._texts[name].take(rows) for name in laid.parts[1::2]}
        parts = [texts[part] if n % 2 else part for n, part in enumerate(laid.parts)]
        joined = pc.binary_join_element_wise(*parts, "")
        return joined, pa.repeat(pa.scalar(laid.columns), len(rows))
