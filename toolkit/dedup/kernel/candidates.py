"""From band keys to pairs worth verifying, without a quadratic step and without losing one.

Rows with equal keys are a *run*. In a short run every two members are a pair. A long run (boilerplate, a template) would have
too many: it is a *crowd*, of which only a chain is listed, each member with the next, flagged as such. The chain names the
members; which of them are alike is found exactly by `toolkit.dedup.kernel.leaders`, in time proportional to the
members times the few that are kept. So nothing is dropped in silence and nothing grows with the square of a run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import U64

CROWD = 64


class Candidates(NamedTuple):
    """Pairs of refs, left < right; where `crowded` the pair is only a link of its crowd's chain."""

    left: I64
    right: I64
    crowded: npt.NDArray[np.bool_]


def candidate_pairs(keys: U64, refs: I64, *, crowd: int = CROWD) -> Candidates:
    """Return the candidate pairs of one bucket of (key, ref) rows, in an order that does not depend on theirs.

    Args:
        keys: Band keys; all rows of a key must be in the bucket.
        refs: The record of each row; a record may stand under many keys.
        crowd: Runs longer than this are crowds.

    >>> keys, refs = np.array([7, 8, 7, 7], dtype=np.uint64), np.array([30, 20, 10, 20])
    >>> [pairs.tolist() for pairs in candidate_pairs(keys, refs)[:2]]
    [[10, 10, 20], [20, 30, 30]]
    >>> [pairs.tolist() for pairs in candidate_pairs(keys, refs, crowd=2)]  # three members are a crowd here
    [[10, 20], [20, 30], [True, True]]
    """
    keys, refs = _shared(keys, refs)
    starts = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, dtype=np.int64)
    )
    lengths = np.diff(starts, append=len(keys))
    ends, crowded = np.repeat(starts + lengths, lengths), np.repeat(lengths > crowd, lengths)
    found = [
        _partners(refs, ends, crowded, distance) for distance in range(1, min(crowd, int(lengths.max(initial=1))) + 1)
    ]
    left, right, flags = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((flags, right, left))
    new = np.ones(len(order), dtype=np.bool_)
    left, right, flags = left[order], right[order], flags[order]
    new[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1]) | (flags[1:] != flags[:-1])
    return Candidates(left[new], right[new], flags[new])


def _shared(keys: U64, refs: I64) -> tuple[U64, I64]:
    """Return the rows whose key occurs more than once, sorted by key and ref."""
    order = np.argsort(keys)  # most keys are alone: the fast unstable sort first, the full order only for the rest
    ordered = keys[order]
    equal = ordered[1:] == ordered[:-1]
    shared = np.zeros(len(order), dtype=np.bool_)
    shared[1:] |= equal
    shared[:-1] |= equal
    keys, refs = ordered[shared], refs[order[shared]]
    order = np.lexsort((refs, keys))
    return keys[order], refs[order]


def _partners(
    refs: I64, ends: I64, crowded: npt.NDArray[np.bool_], distance: int
) -> tuple[I64, I64, npt.NDArray[np.bool_]]:
    """Return every member with the one `distance` places further in its run; in a crowd only the next."""
    at = np.flatnonzero(np.arange(distance, len(refs) + distance) < ends)
    if distance > 1:
        at = at[~crowded[at]]
    at = at[refs[at] != refs[at + distance]]
    return refs[at], refs[at + distance], crowded[at]


def components(left: I64, right: I64) -> tuple[I64, I64]:
    """Return the linked refs, sorted, and for each the smallest ref it is connected with.

    >>> [part.tolist() for part in components(np.array([1, 5, 2]), np.array([2, 9, 3]))]
    [[1, 2, 3, 5, 9], [1, 1, 1, 5, 5]]
    """
    refs, ids = np.unique(np.concatenate([left, right]), return_inverse=True)
    first, second = ids[: len(left)], ids[len(left) :]
    labels = np.arange(len(refs))
    while True:
        least = np.minimum(labels[first], labels[second])
        before = labels.copy()
        np.minimum.at(labels, before[first], least)
        np.minimum.at(labels, before[second], least)
        while not np.array_equal(labels, labels[labels]):
            labels = labels[labels]
        if np.array_equal(labels, before):
            return refs, refs[labels]
