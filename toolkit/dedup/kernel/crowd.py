"""The exact answer for a crowd: who is kept and whom each other member resembles, without comparing all with all.

Greedy leader clustering in survivor order, with the filters of PPJoin (Xiao et al., "Efficient similarity joins for near
duplicate detection", WWW 2008). Shingles are ordered from the rarest in the crowd to the commonest. Two sets with
similarity >= t must share a shingle among the first |x| - t|x| + 1 of each, so only leaders that share one of *those* are
looked at; where the first shared one stands bounds what can follow, and which sizes can match at all. Boilerplate is common, hence last, hence never compared:
10,000 letters with one letterhead and different contents cost no more than 10,000 different letters. The filters lose nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import STEP, U64, Units

DF_BITS = 16
MOST_SLOTS = 1 << 21
"""Counters of shingles: where two share one, a rare shingle looks common, which costs a comparison and loses nothing."""
_STEP = np.uint64(STEP)
_CLASSES = 25.0  # leaders are listed by token and size class; sizes of a class differ by 4 %
_EPSILON = 1e-9  # a bound one too low costs a comparison, one too high would lose a pair


def rarity_tokens(units: Units) -> U64:
    """Return for every shingle hash a token that sorts by frequency in the crowd, then by hash.

    48 bits of hash tell the shingles of a crowd apart; a clash (3e-9 for two pages) can only propose a pair too many, and
    what is proposed here is measured again with 64 bits by the caller.
    """
    slots = min(max(1 << 16, 1 << len(units.values).bit_length()), MOST_SLOTS)
    places = (units.values & np.uint64(slots - 1)).astype(np.int64)
    counts = np.minimum(np.bincount(places, minlength=slots), (1 << DF_BITS) - 1).astype(np.uint16)
    frequency = counts[places].astype(np.uint64)
    tokens: U64 = (frequency << np.uint64(64 - DF_BITS)) | (units.values >> np.uint64(DF_BITS))
    return tokens


def follow_arrays(  # noqa: C901 - one compiled loop over texts, leaders, and tokens; parts would be called per token
    offsets: I64, tokens: U64, same: U64, threshold: float, known: int
) -> tuple[I64, npt.NDArray[np.float64]]:
    """Return for every text its most similar leader, or -1 when it leads itself, and the similarity.

    Written for numba and valid Python too: one text of the algorithm, two speeds.

    Args:
        offsets: Text i has the tokens `tokens[offsets[i]:offsets[i + 1]]`.
        tokens: Shingles as `rarity_tokens`.
        same: Texts are compared only where this value is equal.
        threshold: Similarity from which on a text follows.
        known: The first texts, this many, are leaders without question.
    """
    count = len(offsets) - 1
    longest = np.diff(offsets).max() if count else 0
    classes = (np.log(np.maximum(np.arange(longest + 1), 1)) * _CLASSES).astype(np.int64)
    marks = np.arange(classes[-1] + 1 if count else 1).astype(np.uint64) * _STEP
    leader = np.full(count, -1, dtype=np.int64)
    similarity = np.zeros(count)
    store, store_offsets = np.empty(len(tokens), dtype=np.uint64), np.zeros(count + 1, dtype=np.int64)
    slots = 1
    while slots < len(tokens) // 4 + 1:
        slots *= 2
    mask = np.uint64(slots - 1)
    heads = np.full(slots, -1, dtype=np.int64)
    room = int(len(tokens) * (1.0 - threshold)) + 3 * count + 1
    following, owners, places = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    posted, seen = 0, np.full(count, -1, dtype=np.int64)
    for row in range(count):
        mine = np.unique(tokens[offsets[row] : offsets[row + 1]])
        size = len(mine)
        prefix = size - int(np.ceil(threshold * size - _EPSILON)) + 1 if size else 0
        prefix = min(prefix, size)
        low = min(int(np.ceil(threshold * size - _EPSILON)), longest)
        for place in range(prefix if row >= known else 0):
            high = min(int((size - place) * (1.0 + threshold) / threshold - size + _EPSILON), longest)
            for class_ in range(classes[low], classes[high] + 1):  # the sizes that can match from this place on
                post = heads[(mine[place] ^ marks[class_]) & mask]
                while post >= 0:
                    other, there, post = owners[post], places[post], following[post]
                    start, end = store_offsets[other], store_offsets[other + 1]
                    if seen[other] == row or store[start + there] != mine[place]:
                        continue
                    seen[other] = row  # its first shared token: all others stand behind it, in both
                    need = int(np.ceil(threshold / (1.0 + threshold) * (size + end - start) - _EPSILON))
                    if same[other] != same[row] or min(size - place, end - start - there) < need:
                        continue
                    shared, at, to = 0, place, start + there
                    while at < size and to < end:
                        shared += mine[at] == store[to]
                        step = mine[at] <= store[to]
                        to += mine[at] >= store[to]
                        at += step
                    value = shared / (size + end - start - shared)
                    better = value > similarity[row] or (value == similarity[row] and other < leader[row])
                    if value >= threshold and better:
                        leader[row], similarity[row] = other, value
        store_offsets[row + 1] = store_offsets[row]
        if leader[row] < 0:
            store[store_offsets[row] : store_offsets[row] + size] = mine
            store_offsets[row + 1] += size
            for place in range(prefix):
                slot = (mine[place] ^ marks[classes[size]]) & mask
                following[posted], owners[posted], places[posted] = heads[slot], row, place
                heads[slot] = posted
                posted += 1
    return leader, similarity


def leaders_of(units: Units, same: U64, threshold: float, known: int, *, follow: Any = follow_arrays) -> Any:
    """Return `follow_arrays` of hashed texts in survivor order."""
    return follow(units.offsets, rarity_tokens(units), same, threshold, known)
