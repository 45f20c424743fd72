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
import pyarrow.compute as pc

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
    to_bytes,
    to_column,
)
from toolkit.dedup.kernel.hashes import U32, U64, Units, distinct
from toolkit.dedup.kernel.params import Params, permutations

BLOCK = 1 << 20  # code points handled at once: temporary arrays stay within some 10 MB
CACHED = 1 << 18  # bytes whose hashes stay in the cache while all permutations pass over them
Mask = npt.NDArray[np.bool_]


# -- normal form ---------------------------------------------------------------------------------------------------------


EDGE = "\U0010ffff"
"""Stands between texts while a block of them is folded: no character, and three steps away from any that is in use."""


def fold(texts: Bytes) -> tuple[Bytes, Mask]:
    """Return the normal forms, and which texts the table cannot decide (their form here is void)."""
    parts = [_fold_block(block) for block in _blocks(texts)]
    lengths = np.concatenate([np.diff(part.offsets) for part, _ in parts])
    data = np.concatenate([part.data for part, _ in parts])
    return Bytes(_offsets(lengths), data), np.concatenate([slow for _, slow in parts])


def _fold_block(texts: Bytes) -> tuple[Bytes, Mask]:
    """Fold all texts of a block as one: what a rule of context looks at stops at the edges between them.

    Only the table is asked for every character; the rules look at the few places that bear their mark.
    """
    count = len(texts.offsets) - 1
    column = pc.binary_join_element_wise(to_column(texts), pa.scalar("", pa.large_string()), _EDGE)
    joined = to_bytes(column).data.tobytes().decode().encode("utf-32-le")
    codes = np.concatenate([_EDGES, np.frombuffer(joined, dtype=np.uint32), _EDGES])
    entries, edges = _entries(codes, count)
    slow = np.zeros(count, dtype=np.bool_)
    if edges is None:  # a text holds the edge itself
        return Bytes(np.zeros(count + 1, dtype=np.int64), np.zeros(0, dtype=np.uint8)), ~slow
    slow[np.searchsorted(edges, np.flatnonzero(entries & np.uint32(SLOW)))] = True
    slow[np.searchsorted(edges, _hidden(entries))] = True
    slow[_spelled(entries, edges)] = True
    return _encode(_space(_punctuate(entries))), slow


_EDGE = pa.scalar(EDGE, pa.large_string())
_EDGES = np.full(2, ord(EDGE), dtype=np.uint32)


def _entries(codes: U32, count: int) -> tuple[U32, I64 | None]:
    """Return the entries of the folding table without those that drop out, and the places of the edges, which are 0."""
    large = np.flatnonzero(codes >= TABLE_SIZE)
    entries = fold_table().take(codes, mode="clip")
    values = codes[large]
    entries[large] = np.where(values < FIRST_SLOW, values | np.uint32(HAN), np.uint32(SLOW | ord(" ")))
    edges = large[values == ord(EDGE)]
    entries[edges] = 0
    stays = (entries & np.uint32(DROP)) == 0
    if not stays.all():
        entries = entries[stays]
        edges = edges - np.searchsorted(np.flatnonzero(~stays), edges)
    return entries, edges[2:-2] if len(edges) == count + 4 else None


def _spelled(entries: U32, edges: I64) -> I64:
    """Return the texts in which lone characters follow each other that `normal_form` joins, like 年 龄 7 0."""
    is_space, is_han = np.uint32(SPACE), np.uint32(HAN)
    spaces = np.flatnonzero(entries & is_space)
    at = distinct(np.concatenate([spaces - 1, spaces + 1]))
    left, here, right = entries[at - 1], entries[at], entries[at + 1]
    at = at[(here != 0) & ((here & is_space) == 0) & _opens(left) & _opens(right)]
    if not len(at):
        return np.zeros(0, dtype=np.int64)
    follows = np.concatenate([[False], (np.diff(at) == 2) & ((entries[at[:-1] + 1] & is_space) != 0)])
    run = np.cumsum(~follows) - 1
    han = (entries[at] & is_han) != 0
    stays = np.concatenate([[False], ~(han[1:] | han[:-1])]) & follows
    count = np.bincount(run)
    joined = (count >= SPELLED) & (3 * np.bincount(run, han) >= count) & (np.bincount(run, stays) > 0)
    return np.asarray(np.searchsorted(edges, at[joined[run]]))


def _opens(entries: U32) -> Mask:
    opens: Mask = (entries == 0) | ((entries & np.uint32(SPACE)) != 0)
    return opens


def _hidden(entries: U32) -> I64:
    """Return the places of dashes behind an apostrophe: without it, the letter before may take the dash away."""
    at = np.flatnonzero(entries & np.uint32(CONDITIONAL))
    signs = entries[at] & np.uint32(CODE)
    dashes: I64 = at[1:][(np.diff(at) == 1) & (signs[:-1] == ord("'")) & (signs[1:] == ord("-"))]
    return dashes


def _punctuate(entries: U32) -> U32:
    """Turn conditional punctuation that carries nothing into spaces, and take such apostrophes out."""
    at = np.flatnonzero(entries & np.uint32(CONDITIONAL))
    before, sign, after = entries[at - 1], entries[at] & np.uint32(CODE), entries[at + 1]
    digits = (before & after & np.uint32(DIGIT)) != 0
    letter_before, letter_after = (before & np.uint32(LETTER)) != 0, (after & np.uint32(LETTER)) != 0
    lost = np.select(
        [sign == ord("-"), sign == ord("#"), sign == ord("!")],
        [
            letter_before | ((after & np.uint32(DIGIT)) == 0),
            ~letter_before,
            ~(letter_after | np.isin(after & np.uint32(CODE), _codes("(="))),
        ],
        ~digits,
    )
    entries[at[lost]] = SPACE | ord(" ")
    silent = at[lost & (sign == ord("'"))]
    return np.delete(entries, silent) if len(silent) else entries


def _space(entries: U32) -> U32:
    """Leave one space of a run, and none at an edge or beside Han."""
    spaces = np.flatnonzero(entries & np.uint32(SPACE))
    firsts = spaces[np.diff(spaces, prepend=-1) > 1]
    lasts = spaces[np.diff(spaces, append=len(entries)) > 1]
    left, right = entries[firsts - 1], entries[lasts + 1]
    stays = np.ones(len(entries), dtype=np.bool_)
    stays[spaces] = False
    stays[firsts[(left != 0) & (right != 0) & (((left | right) & np.uint32(HAN)) == 0)]] = True
    return entries[stays]


def _codes(characters: str) -> U32:
    return np.array([ord(c) for c in characters], dtype=np.uint32)


def _encode(entries: U32) -> Bytes:
    """Write entries between edges as UTF-8."""
    codes = (entries & np.uint32(CODE))[1:-2]  # an edge before the first text, and one after each
    data = np.frombuffer(codes.astype("<u4").tobytes().decode("utf-32-le").encode(), dtype=np.uint8)
    zeros = np.flatnonzero(data == 0)
    return Bytes(zeros - np.arange(len(zeros)), data[data != 0])


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
    starts, lengths = units.offsets[:-1], np.diff(units.offsets)
    mixed = units.values * np.uint64(hashes.UNIT_FACTOR)
    mixed ^= mixed >> np.uint64(32)
    values = np.zeros(len(mixed), dtype=np.uint64)
    running = mixed  # over the borders of texts too; what lies on one is left out
    for size in range(1, min(params.width, len(mixed)) + 1):
        if size > 1:
            running = running[:-1] * np.uint64(hashes.BASE) + mixed[size - 1 :]
        whole = starts[lengths == size]  # a text shorter than a shingle is one
        values[whole] = running[whole]
    ends = np.zeros(len(mixed), dtype=np.bool_)
    for back in range(1, params.width):
        ends[units.offsets[1:][lengths > back] - back] = True
    if params.width <= len(mixed):
        long = np.ones(len(mixed), dtype=np.bool_)
        long[starts[(lengths > 0) & (lengths < params.width)]] = False
        values[: len(running)] = np.where(long[: len(running)], running, values[: len(running)])
    counts = np.where(lengths >= params.width, lengths - params.width + 1, np.minimum(lengths, 1))
    return Units(_offsets(counts), hashes.spread_array(values[~ends]))


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
    return np.concatenate([_signatures_block(block, params, only) for block in _blocks(texts, CACHED)])


def _signatures_block(texts: Bytes, params: Params, only: range) -> U32:
    units = shingle_hashes(texts, params)
    short = hashes.scramble_array((units.values >> np.uint64(32)).astype(np.uint32))
    factors, addends = permutations(params)[:, only.start * params.rows : only.stop * params.rows]
    out = np.empty((len(units.offsets) - 1, len(factors)), dtype=np.uint32)
    images = np.empty_like(short)
    for at, (factor, addend) in enumerate(zip(factors, addends, strict=True)):
        np.multiply(short, factor, out=images)
        images += addend
        out[:, at] = np.minimum.reduceat(images, units.offsets[:-1])
    return out


def bands(texts: Bytes, params: Params, only: range) -> U64:
    """Return the keys of some bands of texts in normal form, none of them empty, as (texts, bands)."""
    return hashes.band_keys_array(signatures(texts, params, only), only)


# -- similarity ----------------------------------------------------------------------------------------------------------


def similarities(texts: Bytes, left: I64, right: I64, params: Params, least: float) -> npt.NDArray[np.float64]:
    """Return the exact Jaccard similarity of the shingle sets of texts `left[i]` and `right[i]`; 0 if less than `least`."""
    sizes = np.diff(texts.offsets)
    weights = np.cumsum(sizes[left] + sizes[right]) // BLOCK
    edges = np.flatnonzero(np.diff(weights, prepend=-1, append=-1)) if len(left) else np.zeros(1, dtype=np.int64)
    parts = [_similarities_block(texts, left[a:b], right[a:b], params) for a, b in pairwise(edges)]
    found = np.concatenate([np.zeros(0), *parts])
    found[found < least] = 0.0
    return found


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


def _blocks(texts: Bytes, size: int = BLOCK) -> Iterator[Bytes]:
    """Yield the texts in blocks of about `size` bytes, always at least one block."""
    first = 0
    while True:
        goal = np.searchsorted(texts.offsets, texts.offsets[first] + size, side="right") - 1
        last = min(max(int(goal), first + 1), len(texts.offsets) - 1)
        start, end = texts.offsets[first], texts.offsets[last]
        yield Bytes(texts.offsets[first : last + 1] - start, texts.data[start:end])
        if last >= len(texts.offsets) - 1:
            return
        first = last
