"""Arrow string columns as plain arrays, and the folding table the backends share."""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.text.shingles import fold_character, normal_form
from toolkit.text.shingles.fold import ALIASES, HAN_RANGES
from toolkit.text.shingles.han_variants import SIMPLIFIED

I64 = npt.NDArray[np.int64]

TABLE_SIZE = 0x20000  # above it: ideographs, which stay, then compatibility forms and tags, which are slow
FIRST_SLOW = 0x2F800
CODE = (1 << 21) - 1
"""The part of an entry of the folding table that is a code point; the marks are above it."""
SLOW, DROP, SPACE, HAN, CONDITIONAL, DIGIT, LETTER = (1 << bit for bit in range(31, 24, -1))
SPELLED = 4
"""Lone characters in a row from which on spelled-out text is joined (`toolkit.text.shingles.fold._SPELLED`)."""
_UNCHANGED = range(0xAC00, 0xF900)  # whole Hangul syllables, surrogates (not in UTF-8), private use
_HANGUL_PARTS = range(0x1100, 0x1200)


class Bytes(NamedTuple):
    """The UTF-8 bytes of a column: text i is `data[offsets[i]:offsets[i + 1]]`."""

    offsets: I64
    data: npt.NDArray[np.uint8]


def to_bytes(column: pa.Array | pa.ChunkedArray) -> Bytes:
    """Return the bytes of a string column without a Python object per text; a null is an empty text."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(
        array, pa.ChunkedArray
    ):  # more than 2 GiB of text stays in chunks unless its offsets are 64 bits wide
        array = array.cast(pa.large_string()).combine_chunks()
    if array.null_count:
        array = pc.fill_null(array, "")
    if not len(array):
        return Bytes(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8))
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    _, offset_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    return Bytes(offsets - offsets[0], data)


def to_column(texts: Bytes) -> pa.Array:
    """Return bytes as an Arrow column of type large_string; nothing is copied."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(texts.offsets)), pa.py_buffer(np.ascontiguousarray(texts.data))]
    return pa.Array.from_buffers(pa.large_string(), len(texts.offsets) - 1, buffers)


def replace_slow(forms: pa.Array, column: pa.Array, slow: npt.NDArray[np.bool_]) -> pa.Array:
    """Put in the normal form of the few texts that need more than the table: accents to compose, ß, Hangul parts."""
    rows = np.flatnonzero(slow)
    if not len(rows):
        return forms
    done = pa.array([normal_form(text) for text in column.take(pa.array(rows)).to_pylist()], pa.large_string())
    chosen = np.arange(len(forms))
    chosen[rows] = len(forms) + np.arange(len(rows))
    return pa.concat_arrays([forms, done]).take(pa.array(chosen))


_PLAIN = frozenset(str.split("Lo Cn Co Ll Lm Lu Nd Nl No So Sm Sc Sk"))
"""Categories whose characters fold to themselves if they have neither case nor width nor parts."""


@functools.cache
def fold_table() -> npt.NDArray[np.uint32]:
    """Return `fold_character` as an array: code point -> code point with marks, `DROP`, or `SLOW`.

    Most characters fold to themselves for reasons that are cheap to see; only the others are asked one by one.
    """
    table = np.arange(TABLE_SIZE, dtype=np.uint32)
    characters = list(map(chr, range(TABLE_SIZE)))
    plain = np.fromiter(map(_PLAIN.__contains__, map(unicodedata.category, characters)), np.bool_)
    plain &= ~np.fromiter(map(bool, map(unicodedata.decomposition, characters)), np.bool_)
    plain &= np.fromiter(map(str.__eq__, characters, map(str.casefold, characters)), np.bool_)
    plain[_HANGUL_PARTS] = False
    plain[[code for code in map(ord, {*SIMPLIFIED, *ALIASES}) if code < TABLE_SIZE]] = False
    plain[_UNCHANGED] = True
    others = np.flatnonzero(~plain)
    table[others] = [_entry(code) for code in others.tolist()]
    code = np.where(table <= CODE, table, 0)
    table[han_table()[code]] |= np.uint32(HAN)
    for mark, signs in _MARKED.items():
        table[np.isin(code, [ord(c) for c in signs])] |= np.uint32(mark)
    return table


_MARKED = {
    SPACE: " ",
    CONDITIONAL: ".,:/*~'-#!",
    DIGIT: "0123456789",
    LETTER: "abcdefghijklmnopqrstuvwxyz",
}


def _entry(code: int) -> int:
    character = chr(code)
    folded = fold_character(character)
    if not folded:
        return DROP
    joins = unicodedata.category(character)[0] == "M" or code in _HANGUL_PARTS
    if joins or len(folded) > 1 or not _settled(character, folded):
        return SLOW | ord(" ")
    return ord(folded)


def _settled(character: str, folded: str) -> bool:
    composed = unicodedata.is_normalized("NFC", character) and unicodedata.is_normalized("NFC", folded)
    return composed and unicodedata.category(folded)[0] != "M" and fold_character(folded) == folded


@functools.cache
def han_table() -> npt.NDArray[np.bool_]:
    """Return which code points belong to scripts without spaces between words."""
    table = np.zeros(0x110000, dtype=np.bool_)
    for first, last in HAN_RANGES:
        table[first : last + 1] = True
    return table
