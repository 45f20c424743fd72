"""The numpy backend: whole columns as flat arrays, no compilation; right for small inputs, equal to numba on all.

A column is decoded into one array of code points; texts are told apart by offsets. Blocks bound the temporary arrays.
"""
# ruff: noqa: PLR2004 - the bit patterns of UTF-8 are clearer as numbers than under invented names

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.dedup.kernel import hashes
from toolkit.dedup.kernel.columns import (
    DROP,
    FIRST_SLOW,
    I64,
    SLOW,
    TABLE_SIZE,
    Bytes,
    fold_table,
    han_table,
    to_bytes,
    to_column,
)
from toolkit.dedup.kernel.hashes import U32, U64, Units, distinct
from toolkit.dedup.kernel.params import Params, permutations

BLOCK = 1 << 20  # code points handled at once: temporary arrays stay within some 10 MB
Mask = npt.NDArray[np.bool_]


# -- normal form ---------------------------------------------------------------------------------------------------------


def fold(texts: Bytes) -> tuple[Bytes, Mask]:
    """Return the normal forms, and which texts the table cannot decide (their form here is void)."""
    parts = [_fold_block(block) for block in _blocks(texts)]
    lengths = np.concatenate([np.diff(part.offsets) for part, _ in parts])
    data = np.concatenate([part.data for part, _ in parts])
    return Bytes(_offsets(lengths), data), np.concatenate([slow for _, slow in parts])


def _fold_block(texts: Bytes) -> tuple[Bytes, Mask]:
    offsets, codes = decode(texts)
    owners = _owners(offsets)
    folded = np.where(codes < FIRST_SLOW, codes, np.uint32(SLOW))
    small = codes < TABLE_SIZE
    folded[small] = fold_table()[codes[small]]
    slow = np.zeros(len(offsets) - 1, dtype=np.bool_)
    slow[owners[folded == SLOW]] = True
    stays = folded != DROP
    owners, folded = owners[stays], folded[stays]
    slow[_spelled(owners, folded)] = True
    stays = ~slow[owners]
    owners, kept = _punctuate(owners[stays], folded[stays])
    owners, kept = _space(owners, kept)
    return _encode(owners, kept, len(slow)), slow


def _shifted(owners: I64, codes: U32) -> tuple[U32, U32]:
    """Return for every character its neighbors in the same text, 0 at the ends."""
    before, after = np.zeros_like(codes), np.zeros_like(codes)
    same = owners[1:] == owners[:-1]
    before[1:][same] = codes[:-1][same]
    after[:-1][same] = codes[1:][same]
    return before, after


def _spelled(owners: I64, codes: U32) -> I64:
    """Return the texts with Han and two neighbors like "7 0", each alone: `normal_form` may have to join them."""
    before, after = _shifted(owners, codes)
    space = codes == ord(" ")
    alone = ~space & ((before == 0) | (before == ord(" "))) & ((after == 0) | (after == ord(" ")))
    han = han_table()[np.where(codes < FIRST_SLOW, codes, 0)]
    sign = alone & ~han
    pair = (owners[2:] == owners[:-2]) & sign[:-2] & space[1:-1] & sign[2:]
    return np.intersect1d(owners[2:][pair], owners[han])


def _punctuate(owners: I64, codes: U32) -> tuple[I64, U32]:
    before, after = _shifted(owners, codes)
    digit_before, digit_after = _between(before, "0", "9"), _between(after, "0", "9")
    letter_before, letter_after = _between(before, "a", "z"), _between(after, "a", "z")
    lost = np.isin(codes, _codes(".,:/*~'")) & ~(digit_before & digit_after)
    lost |= (codes == ord("-")) & (letter_before | ~digit_after)
    lost |= (codes == ord("#")) & ~letter_before
    lost |= (codes == ord("!")) & ~(letter_after | np.isin(after, _codes("(=")))
    stays = ~(lost & (codes == ord("'")))
    return owners[stays], np.where(lost, np.uint32(ord(" ")), codes)[stays]


def _space(owners: I64, codes: U32) -> tuple[I64, U32]:
    ink = np.flatnonzero(codes != ord(" "))
    gap = np.diff(ink, prepend=-1) > 1
    owners, codes = owners[ink], codes[ink]
    han = han_table()[codes]
    gap[1:] &= (owners[1:] == owners[:-1]) & ~han[1:] & ~han[:-1]
    gap[:1] = False
    at = np.flatnonzero(gap)
    return np.insert(owners, at, owners[at]), np.insert(codes, at, np.uint32(ord(" ")))


def _between(codes: U32, first: str, last: str) -> Mask:
    return (codes >= ord(first)) & (codes <= ord(last))


def _codes(characters: str) -> U32:
    return np.array([ord(c) for c in characters], dtype=np.uint32)


def _encode(owners: I64, codes: U32, count: int) -> Bytes:
    sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)
    lengths = np.bincount(owners, weights=sizes, minlength=count).astype(np.int64)
    data = np.frombuffer(codes.astype("<u4").tobytes().decode("utf-32-le").encode(), dtype=np.uint8)
    return Bytes(_offsets(lengths), data)


# -- hashes --------------------------------------------------------------------------------------------------------------


def exact(texts: Bytes) -> U64:
    """Return the two halves of the 128-bit keys of texts in normal form, as (texts, 2)."""
    return np.concatenate([_text_hashes(_code_units(block), hashes.EXACT_SEEDS) for block in _blocks(texts)])


def _text_hashes(units: Units, seeds: tuple[int, ...]) -> U64:
    at = np.arange(len(units.values)) - np.repeat(units.offsets[:-1], np.diff(units.offsets)) + 1
    positions = units.values + at.astype(np.uint64) * np.uint64(hashes.STEP)
    return np.stack([_sums(hashes.spread_array(positions + np.uint64(seed)), units.offsets) for seed in seeds], axis=1)


def _sums(values: U64, offsets: I64) -> U64:
    running = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    sums: U64 = running[offsets[1:]] - running[offsets[:-1]]
    return sums


def shingle_hashes(texts: Bytes, params: Params) -> Units:
    """Return the 64-bit hash of every shingle of texts in normal form, repeats included, in the order of the text."""
    units = _word_units(texts) if params.unit == "word" else _code_units(texts)
    width = params.width
    lengths = np.diff(units.offsets)
    counts = np.where(lengths >= width, lengths - width + 1, np.minimum(lengths, 1))
    out = _offsets(counts)
    starts = np.arange(out[-1]) - np.repeat(out[:-1] - units.offsets[:-1], counts)
    sizes = np.repeat(np.minimum(lengths, width), counts)
    mixed = units.values * np.uint64(hashes.UNIT_FACTOR)
    mixed ^= mixed >> np.uint64(32)
    values = np.zeros(len(starts), dtype=np.uint64)
    for at in range(width):
        inside = at < sizes
        values[inside] = values[inside] * np.uint64(hashes.BASE) + mixed[starts[inside] + at]
    return Units(out, hashes.spread_array(values))


def _code_units(texts: Bytes) -> Units:
    offsets, codes = decode(texts)
    return Units(offsets, codes.astype(np.uint64))


def _word_units(texts: Bytes) -> Units:
    offsets, codes = decode(texts)
    owners = _owners(offsets)
    han, ink = han_table()[codes], codes != ord(" ")
    starts = ink.copy()
    starts[1:] &= ~((owners[1:] == owners[:-1]) & ink[:-1] & ~han[:-1] & ~han[1:])
    words = np.cumsum(starts)[ink] - 1
    lengths = np.bincount(words, minlength=int(starts.sum()))
    values = _text_hashes(Units(_offsets(lengths), codes[ink].astype(np.uint64)), (hashes.WORD_SEED,))[:, 0]
    return Units(_offsets(np.bincount(owners[starts], minlength=len(offsets) - 1)), values)


def signatures(texts: Bytes, params: Params, only: range) -> U32:
    """Return the part of the MinHash signatures that some bands are made of; no text may be empty."""
    return np.concatenate([_signatures_block(block, params, only) for block in _blocks(texts)])


def _signatures_block(texts: Bytes, params: Params, only: range) -> U32:
    units = shingle_hashes(texts, params)
    short = hashes.scramble_array((units.values >> np.uint64(32)).astype(np.uint32))
    factors, addends = permutations(params)[:, only.start * params.rows : only.stop * params.rows]
    out = np.empty((len(units.offsets) - 1, len(factors)), dtype=np.uint32)
    for at, (factor, addend) in enumerate(zip(factors, addends, strict=True)):
        out[:, at] = np.minimum.reduceat(short * factor + addend, units.offsets[:-1])
    return out


def bands(texts: Bytes, params: Params, only: range) -> U64:
    """Return the keys of some bands of texts in normal form, none of them empty, as (texts, bands)."""
    return hashes.band_keys_array(signatures(texts, params, only), only)


# -- similarity ----------------------------------------------------------------------------------------------------------


def similarities(texts: Bytes, left: I64, right: I64, params: Params) -> npt.NDArray[np.float64]:
    """Return the exact Jaccard similarity of the shingle sets of texts `left[i]` and `right[i]`."""
    sizes = np.diff(texts.offsets)
    weights = np.cumsum(sizes[left] + sizes[right]) // BLOCK
    edges = np.flatnonzero(np.diff(weights, prepend=-1, append=-1)) if len(left) else np.zeros(1, dtype=np.int64)
    parts = [_similarities_block(texts, left[a:b], right[a:b], params) for a, b in pairwise(edges)]
    return np.concatenate([np.zeros(0), *parts])


def _similarities_block(texts: Bytes, left: I64, right: I64, params: Params) -> npt.NDArray[np.float64]:
    rows, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    units = shingle_hashes(pick(texts, rows), params)
    names, ids = np.unique(units.values, return_inverse=True)
    width = np.int64(len(names) or 1)  # ids are dense, so (text, id) is one integer without loss
    sets = distinct(_owners(units.offsets) * width + ids)
    offsets = np.searchsorted(sets, np.arange(len(rows) + 1) * width)
    lengths = np.diff(offsets)[places]
    pairs = np.tile(np.arange(len(left)), 2)
    at = np.arange(lengths.sum()) - np.repeat(_offsets(lengths)[:-1] - offsets[places], lengths)
    both = np.sort(np.repeat(pairs, lengths) * width + sets[at] % width)
    shared = np.bincount(both[1:][both[1:] == both[:-1]] // width, minlength=len(left))
    union = lengths[: len(left)] + lengths[len(left) :] - shared
    return np.divide(shared, union, out=np.zeros(len(left)), where=union > 0)


# -- flat arrays ---------------------------------------------------------------------------------------------------------


def decode(texts: Bytes) -> tuple[I64, U32]:
    """Return code point offsets and the code points of all texts."""
    codes = np.frombuffer(texts.data.tobytes().decode().encode("utf-32-le"), dtype=np.uint32)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum((texts.data & 0xC0) != 0x80)])
    return starts[texts.offsets], codes


def pick(texts: Bytes, rows: I64) -> Bytes:
    """Return some of the texts, in the order given."""
    return to_bytes(to_column(texts).take(pa.array(rows)))


def _offsets(lengths: npt.NDArray[np.integer]) -> I64:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])


def _owners(offsets: I64) -> I64:
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _blocks(texts: Bytes) -> Iterator[Bytes]:
    """Yield the texts in blocks of about `BLOCK` bytes, always at least one block."""
    first = 0
    while True:
        goal = np.searchsorted(texts.offsets, texts.offsets[first] + BLOCK, side="right") - 1
        last = min(max(int(goal), first + 1), len(texts.offsets) - 1)
        start, end = texts.offsets[first], texts.offsets[last]
        yield Bytes(texts.offsets[first : last + 1] - start, texts.data[start:end])
        if last >= len(texts.offsets) - 1:
            return
        first = last
