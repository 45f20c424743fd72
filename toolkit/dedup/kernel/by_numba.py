"""The numba backend: one pass per text over the Arrow bytes, compiled on first use and cached on disk.

Every loop here repeats a function of `by_numpy` or `reference`; the tests hold them equal bit by bit. Traps: numba turns
`uint64 + int64` into a float, so every constant has its type; nothing checks bounds, so every buffer is sized by the
longest text before the loop; and the cache on disk knows this file only, so who changes a constant of `hashes` touches it.
"""
# ruff: noqa: PLR2004 - code points and the bit patterns of UTF-8 are clearer as numbers than under invented names
# ruff: noqa: PLR0917 - compiled functions take their buffers by position

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from toolkit.dedup.kernel import hashes
from toolkit.dedup.kernel.columns import (
    CODE,
    CONDITIONAL,
    DIGIT,
    DROP,
    FIRST_SLOW,
    HAN,
    I64,
    LETTER,
    SLOW,
    SPACE,
    SPELLED,
    TABLE_SIZE,
    Bytes,
    fold_table,
    han_table,
)
from toolkit.dedup.kernel.crowd import follow_arrays
from toolkit.dedup.kernel.hashes import U64, Units
from toolkit.dedup.kernel.params import Params, permutations

_compiled: Callable[[Any], Any] = njit(cache=True, nogil=True, boundscheck=False)
_inlined: Callable[[Any], Any] = njit(cache=True, nogil=True, inline="always")

_U = np.uint64
_STEP, _BASE, _UNIT = _U(hashes.STEP), _U(hashes.BASE), _U(hashes.UNIT_FACTOR)
_SPREAD_1, _SPREAD_2, _WORD = _U(hashes.SPREAD_1), _U(hashes.SPREAD_2), _U(hashes.WORD_SEED)
_EXACT_1, _EXACT_2 = (_U(seed) for seed in hashes.EXACT_SEEDS)
_S32, _S33 = _U(32), _U(33)
_SLOW, _DROP, _SPACE, _HAN, _CONDITIONAL, _DIGIT, _LETTER, _CODE = (
    np.uint32(mark) for mark in (SLOW, DROP, SPACE, HAN, CONDITIONAL, DIGIT, LETTER, CODE)
)
_BLANK, _APOSTROPHE, _DASH, _SHARP, _BANG = (np.uint32(ord(c)) for c in " '-#!")
_PIECE = 128  # shingles between two looks whether it is worth going on
_EPSILON = 1e-9  # a bound one too low costs a look, one too high would lose a pair
_LANES = 64  # hashes are padded to a multiple with a repeated one, so that the inner loop is whole vectors


# -- normal form ---------------------------------------------------------------------------------------------------------


def fold(texts: Bytes) -> tuple[Bytes, npt.NDArray[np.bool_]]:
    """Return the normal forms, and which texts the table cannot decide (their form here is void)."""
    count = len(texts.offsets) - 1
    offsets = np.zeros(count + 1, dtype=np.int64)
    slow = np.zeros(count, dtype=np.bool_)
    data = np.empty(len(texts.data) + (len(texts.data) >> 1) + 4, dtype=np.uint8)  # 2 bytes may fold to 3: ɐ, Ⱥ
    used = _fold(texts.offsets, texts.data, fold_table(), data, offsets, slow)
    return Bytes(offsets, data[:used]), slow


@_inlined
def _decode(data: Any, start: int, end: int, codes: Any) -> int:
    at, count = start, 0
    while at < end:
        byte = np.uint32(data[at])
        if byte < 0x80:
            codes[count] = byte
            at += 1
        elif byte < 0xE0:
            codes[count] = ((byte & 0x1F) << 6) | (data[at + 1] & 0x3F)
            at += 2
        elif byte < 0xF0:
            codes[count] = ((byte & 0x0F) << 12) | (np.uint32(data[at + 1] & 0x3F) << 6) | (data[at + 2] & 0x3F)
            at += 3
        else:
            high = ((byte & 0x07) << 18) | (np.uint32(data[at + 1] & 0x3F) << 12)
            codes[count] = high | (np.uint32(data[at + 2] & 0x3F) << 6) | (data[at + 3] & 0x3F)
            at += 4
        count += 1
    return count


@_inlined
def _encode(code: Any, data: Any, at: int) -> int:
    if code < 0x80:
        data[at] = code
        return at + 1
    if code < 0x800:
        data[at] = 0xC0 | (code >> 6)
        data[at + 1] = 0x80 | (code & 0x3F)
        return at + 2
    if code < 0x10000:
        data[at] = 0xE0 | (code >> 12)
        data[at + 1] = 0x80 | ((code >> 6) & 0x3F)
        data[at + 2] = 0x80 | (code & 0x3F)
        return at + 3
    data[at] = 0xF0 | (code >> 18)
    data[at + 1] = 0x80 | ((code >> 12) & 0x3F)
    data[at + 2] = 0x80 | ((code >> 6) & 0x3F)
    data[at + 3] = 0x80 | (code & 0x3F)
    return at + 4


@_inlined
def _fold_codes(data: Any, start: int, end: int, table: Any, codes: Any) -> tuple[int, Any]:
    """Fold a text into entries of the table, from place 2 on between empty ones; return where they end and all their marks."""
    at, count, seen = start, 2, np.uint32(0)
    while at < end:
        byte = np.uint32(data[at])
        if byte < 0x80:
            code = byte
            at += 1
        elif byte < 0xE0:
            code = ((byte & 0x1F) << 6) | (data[at + 1] & 0x3F)
            at += 2
        elif byte < 0xF0:
            code = ((byte & 0x0F) << 12) | (np.uint32(data[at + 1] & 0x3F) << 6) | (data[at + 2] & 0x3F)
            at += 3
        else:
            high = ((byte & 0x07) << 18) | (np.uint32(data[at + 1] & 0x3F) << 12)
            code = high | (np.uint32(data[at + 2] & 0x3F) << 6) | (data[at + 3] & 0x3F)
            at += 4
        if code < TABLE_SIZE:
            entry = table[code]
        elif code < FIRST_SLOW:
            entry = np.uint32(code | _HAN)
        else:
            entry = _SLOW
        codes[count] = entry
        seen |= entry
        count += (entry & _DROP) == 0
    codes[count : count + 2] = 0
    return count, seen


@_inlined
def _lost(entry: Any, before: Any, after: Any) -> Any:
    """Whether conditional punctuation carries nothing here (`toolkit.text.shingles.fold._LOST`)."""
    code = entry & _CODE
    if code == _DASH:
        return (before & _LETTER) != 0 or (after & _DIGIT) == 0
    if code == _SHARP:
        return (before & _LETTER) == 0
    if code == _BANG:
        return (after & _LETTER) == 0 and (after & _CODE) not in (40, 61)
    return (before & after & _DIGIT) == 0


@_inlined
def _hidden(codes: Any, end: int) -> bool:
    """Whether a dash stands behind an apostrophe: without it, the letter before may take the dash away."""
    for at in range(2, end - 1):  # noqa: SIM110 - compiled
        if codes[at] & _CODE == _APOSTROPHE and codes[at + 1] & _CODE == _DASH:
            return True
    return False


@_inlined
def _alone(codes: Any, at: int) -> bool:
    """Whether a character stands between spaces or edges."""
    left, here, right = codes[at - 1], codes[at], codes[at + 1]
    return here != 0 and not here & _SPACE and (left == 0 or left & _SPACE) and (right == 0 or right & _SPACE)


@_inlined
def _spelled(codes: Any, end: int) -> bool:
    """Whether lone characters follow each other that `normal_form` joins, with a space that would stay without that."""
    first = 2
    while first < end:
        if not _alone(codes, first):
            first += 1
            continue
        last, han, stays = first, codes[first] & _HAN != 0, False
        while codes[last + 1] & _SPACE and _alone(codes, last + 2):
            stays |= not (codes[last] | codes[last + 2]) & _HAN
            han += codes[last + 2] & _HAN != 0
            last += 2
        count = (last - first) // 2 + 1
        if stays and count >= SPELLED and 3 * han >= count:
            return True
        first = last + 1
    return False


@_compiled
def _fold(offsets: Any, data: Any, table: Any, out: Any, out_offsets: Any, slow: Any) -> int:
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    codes = np.zeros(longest + 4, dtype=np.uint32)
    used = 0
    for row in range(len(offsets) - 1):
        end, seen = _fold_codes(data, offsets[row], offsets[row + 1], table, codes)
        spelled = seen & _HAN and seen & _SPACE and _spelled(codes, end)
        if seen & _SLOW or spelled or (seen & _CONDITIONAL and _hidden(codes, end)):
            slow[row] = True
            end = 2
        last, pending = _HAN, False  # nothing before the first character asks for a space
        for at in range(2, end):
            entry = codes[at]
            if entry & _CONDITIONAL and _lost(entry, codes[at - 1], codes[at + 1]):
                pending |= (entry & _CODE) != _APOSTROPHE
            elif entry & _SPACE:
                pending = True
            else:
                if pending and not (last | entry) & _HAN:
                    out[used] = 32
                    used += 1
                used = _encode(entry & _CODE, out, used)
                last, pending = entry, False
        out_offsets[row + 1] = used
    return used


# -- hashes --------------------------------------------------------------------------------------------------------------


@_inlined
def _spread(value: Any) -> Any:
    value ^= value >> _S33
    value *= _SPREAD_1
    value ^= value >> _S33
    value *= _SPREAD_2
    return value ^ (value >> _S33)


def exact(texts: Bytes) -> U64:
    """Return the two halves of the 128-bit keys of texts in normal form, as (texts, 2)."""
    out = np.zeros((len(texts.offsets) - 1, 2), dtype=np.uint64)
    _exact(texts.offsets, texts.data, out)
    return out


@_compiled
def _exact(offsets: Any, data: Any, out: Any) -> None:
    codes = _buffer(offsets)
    for row in range(len(offsets) - 1):
        position, first, second = _U(0), _U(0), _U(0)
        for at in range(_decode(data, offsets[row], offsets[row + 1], codes)):
            position += _STEP
            first += _spread(_U(codes[at]) + position + _EXACT_1)
            second += _spread(_U(codes[at]) + position + _EXACT_2)
        out[row, 0] = first
        out[row, 1] = second


@_inlined
def _buffer(offsets: Any) -> Any:
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    return np.empty(longest + 1, dtype=np.uint32)


@_inlined
def _join_words(codes: Any, count: int, units: Any, han: Any) -> int:
    words, at = 0, 0
    while at < count:
        if codes[at] == _BLANK:
            at += 1
            continue
        position, value = _STEP, _spread(_U(codes[at]) + _STEP + _WORD)
        alone = han[codes[at]]
        at += 1
        while not alone and at < count and codes[at] != _BLANK and not han[codes[at]]:
            position += _STEP
            value += _spread(_U(codes[at]) + position + _WORD)
            at += 1
        units[words] = value
        words += 1
    return words


@_compiled
def _shingle(codes: Any, count: int, units: Any, values: Any, width: int, words: bool, han: Any) -> int:
    """Hash the shingles of one text into `values`; return their number, repeats included."""
    if words:
        count = _join_words(codes, count, units, han)
    for at in range(count):
        unit = units[at] if words else _U(codes[at])
        unit *= _UNIT
        units[at] = unit ^ (unit >> _S32)
    if count == 0:
        return 0
    size = min(width, count)
    number = count - size + 1
    for at in range(number):
        values[at] = units[at]
    for step in range(1, size):
        for at in range(number):
            values[at] = values[at] * _BASE + units[at + step]
    for at in range(number):
        values[at] = _spread(values[at])
    return number


def bands(texts: Bytes, params: Params, only: range) -> U64:
    """Return the keys of some bands of texts in normal form, none of them empty, as (texts, bands)."""
    out = np.empty((len(texts.offsets) - 1, len(only)), dtype=np.uint64)
    factors, addends = permutations(params)
    words, rows = params.unit == "word", params.rows
    _bands(texts.offsets, texts.data, params.width, words, han_table(), factors, addends, rows, only.start, out)
    return out


@_compiled
def _least(short: Any, count: int, factor: Any, addend: Any) -> Any:
    least = np.uint32(0xFFFFFFFF)
    for at in range(count):
        least = min(least, np.uint32(short[at] * factor + addend))
    return least


@_inlined
def _scramble(value: Any) -> Any:
    value = np.uint32(value ^ (value >> np.uint32(16)))
    value = np.uint32(value * np.uint32(0x85EBCA6B))
    value = np.uint32(value ^ (value >> np.uint32(13)))
    value = np.uint32(value * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


@_compiled
def _bands(
    offsets: Any,
    data: Any,
    width: int,
    words: bool,
    han: Any,
    factors: Any,
    addends: Any,
    rows: int,
    start: int,
    out: Any,
) -> None:
    codes = _buffer(offsets)
    units, values = np.empty(len(codes), dtype=np.uint64), np.empty(len(codes), dtype=np.uint64)
    short = np.empty(len(codes) + _LANES, dtype=np.uint32)
    for row in range(len(offsets) - 1):
        length = _decode(data, offsets[row], offsets[row + 1], codes)
        count = _shingle(codes, length, units, values, width, words, han)
        for at in range(count):
            short[at] = _scramble(np.uint32(values[at] >> _S32))
        padded = (count + _LANES - 1) // _LANES * _LANES
        short[count:padded] = short[0]
        for band in range(out.shape[1]):
            key, position = _U(0), _U(start + band)
            for at in range((start + band) * rows, (start + band + 1) * rows):
                position += _STEP
                key += _spread(_U(_least(short, padded, factors[at], addends[at])) + position)
            out[row, band] = key


def shingle_hashes(texts: Bytes, params: Params) -> Units:
    """Return the 64-bit hash of every shingle, repeats included, in the order of the text."""
    out = np.empty(len(texts.data), dtype=np.uint64)
    offsets = np.zeros(len(texts.offsets), dtype=np.int64)
    _shingles(texts.offsets, texts.data, params.width, params.unit == "word", han_table(), offsets, out)
    return Units(offsets, out[: offsets[-1]])


@_compiled
def _shingles(offsets: Any, data: Any, width: int, words: bool, han: Any, out_offsets: Any, out: Any) -> None:
    codes = _buffer(offsets)
    units, values = np.empty(len(codes), dtype=np.uint64), np.empty(len(codes), dtype=np.uint64)
    used = 0
    for row in range(len(offsets) - 1):
        length = _decode(data, offsets[row], offsets[row + 1], codes)
        count = _shingle(codes, length, units, values, width, words, han)
        out[used : used + count] = values[:count]
        used += count
        out_offsets[row + 1] = used


# -- similarity ----------------------------------------------------------------------------------------------------------


def similarities(texts: Bytes, left: I64, right: I64, params: Params, least: float) -> npt.NDArray[np.float64]:
    """Return the exact Jaccard similarity of the shingle sets of texts `left[i]` and `right[i]`; fastest sorted by left."""
    out = np.zeros(len(left))
    words = params.unit == "word"
    _similarities(texts.offsets, texts.data, left, right, params.width, words, han_table(), least, out)
    return out


@_inlined
def _mask(count: int) -> Any:
    """Return the mask of the smallest table that stays half empty: a small one stays in the processor's cache."""
    size = 1
    while size < 2 * count:
        size *= 2
    return _U(size - 1)


@_inlined
def _slot(table: Any, stamps: Any, stamp: Any, value: Any, mask: Any) -> Any:
    """Return where a hash stands, or would stand, in an open-addressing table whose live slots bear the stamp."""
    slot = value & mask
    while stamps[slot] == stamp and table[slot] != value:
        slot = (slot + _U(1)) & mask
    return slot


@_inlined
def _insert(table: Any, stamps: Any, stamp: Any, value: Any, mask: Any) -> bool:
    """Put a hash into a table; return whether it is new."""
    slot = _slot(table, stamps, stamp, value, mask)
    if stamps[slot] == stamp:
        return False
    stamps[slot] = stamp
    table[slot] = value
    return True


@_compiled
def _similarities(
    offsets: Any, data: Any, left: Any, right: Any, width: int, words: bool, han: Any, least: float, out: Any
) -> None:
    codes = _buffer(offsets)
    units, one, two = _table(len(codes)), _table(len(codes)), _table(len(codes))
    size = _mask(len(codes)) + _U(1)
    table, stamps, missed, missed_stamps = _table(size), _stamps(size), _table(size), _stamps(size)
    seen = _stamps(size)
    marks, other_marks = np.zeros(4 * size, dtype=np.uint8), np.zeros(4 * size, dtype=np.uint8)
    count, distinct, marked, stamp, mask = 0, 0, 0, np.int32(-2), _U(0)
    for pair in range(len(left)):
        now = np.int32(pair)
        if pair == 0 or left[pair] != left[pair - 1]:
            count = _decode(data, offsets[left[pair]], offsets[left[pair] + 1], codes)
            count = _shingle(codes, count, units, one, width, words, han)
            mask, distinct = _mask(count), 0
            marked = _mark(one, count, marks, _U(4) * mask)
        other = _decode(data, offsets[right[pair]], offsets[right[pair] + 1], codes)
        other = _shingle(codes, other, units, two, width, words, han)
        if not _may_reach(two, other, count, marked, marks, other_marks, _U(4) * mask, least):
            continue
        if not distinct:
            stamp = now
            for at in range(count):
                distinct += _insert(table, stamps, stamp, one[at], mask)
        missed_mask, shared, missing = _mask(other), 0, 0
        for at in range(other):
            slot = _slot(table, stamps, stamp, two[at], mask)
            if stamps[slot] == stamp:
                shared += seen[slot] != now
                seen[slot] = now
            else:
                missing += _insert(missed, missed_stamps, now, two[at], missed_mask)
        union = distinct + missing
        if union and shared / union >= least:
            out[pair] = shared / union


@_inlined
def _mark(values: Any, count: int, marks: Any, mask: Any) -> int:
    """Mark the places of some hashes; return how many places that are: no more than there are distinct hashes."""
    marks[: mask + _U(1)] = 0
    marked = 0
    for at in range(count):
        place = values[at] & mask
        marked += marks[place] == 0
        marks[place] = 1
    return marked


@_inlined
def _may_reach(
    values: Any, count: int, others: int, marked: int, marks: Any, own: Any, mask: Any, least: float
) -> bool:
    """Say whether texts may be alike by how many places only one of them marks: most candidates are far from alike.

    Two hashes may share a place, so that less is seen missing than is; never more.
    """
    own[: mask + _U(1)] = 0
    at, missing = 0, 0
    while at < count:
        end = min(at + _PIECE, count)
        while at < end:
            place = values[at] & mask
            missing += (marks[place] | own[place]) == 0
            own[place] = 1
            at += 1
        if min(others, count - missing) < (least - _EPSILON) * (marked + missing):
            return False
    return True


@_inlined
def _table(size: Any) -> Any:
    return np.empty(size, dtype=np.uint64)


@_inlined
def _stamps(size: Any) -> Any:
    return np.full(size, -1, dtype=np.int32)


# -- leaders -------------------------------------------------------------------------------------------------------------

follow: Any = _compiled(follow_arrays)
"""`follow_arrays`, compiled."""
