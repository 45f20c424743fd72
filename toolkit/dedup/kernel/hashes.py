"""The hash functions that every backend computes alike, as Python integers and as numpy arrays.

- `spread`: a bijection of 64-bit integers that flips about half the bits for any change (the finalizer of MurmurHash3).
- *Text hash*: the sum over positions of `spread(unit + position * STEP + seed)`. It has no order of evaluation, so a
  column of texts is hashed by one cumulative sum; two seeds make the 128-bit exact key.
- *Shingle hash*: a polynomial in premixed units, spread at the end. Of two texts with n shingles each, two different
  shingles share a hash with probability below 2 n^2 / 2^64: 4e-14 for a page, 1e-7 for a megabyte. Similarities of
  hashed shingles are therefore called exact. The upper 32 bits feed MinHash.

All arithmetic is modulo 2^64 (`numpy` wraps arrays silently).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
U32 = npt.NDArray[np.uint32]


Number = TypeVar("Number", bound=np.integer[Any])


class Units(NamedTuple):
    """Flat 64-bit values of many texts: text i is `values[offsets[i]:offsets[i + 1]]`."""

    offsets: npt.NDArray[np.int64]
    values: U64


MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
EXACT_SEEDS = (0x243F6A8885A308D3, 0x13198A2E03707344)
WORD_SEED = 0xA4093822299F31D0
UNIT_FACTOR = 0xD6E8FEB86659FD93
BASE = 0xC2B2AE3D27D4EB4F
SPREAD_1 = 0xFF51AFD7ED558CCD
SPREAD_2 = 0xC4CEB9FE1A85EC53


def spread(value: int) -> int:
    """Return the 64-bit finalizer of MurmurHash3."""
    value ^= value >> 33
    value = value * SPREAD_1 & MASK
    value ^= value >> 33
    value = value * SPREAD_2 & MASK
    return value ^ value >> 33


def text_hash(units: Sequence[int], seed: int) -> int:
    """Return the hash of a sequence of units.

    >>> text_hash([1, 2], WORD_SEED) == text_hash([2, 1], WORD_SEED)
    False
    """
    return sum(spread((unit + at * STEP + seed) & MASK) for at, unit in enumerate(units, start=1)) & MASK


def shingle_hash(units: Sequence[int]) -> int:
    """Return the 64-bit hash of one shingle."""
    value = 0
    for unit in units:
        mixed = unit * UNIT_FACTOR & MASK
        value = (value * BASE + (mixed ^ mixed >> 32)) & MASK
    return spread(value)


def band_key(band: int, signature: Sequence[int]) -> int:
    """Return the 64-bit key of one band of a signature; the band's number is part of it, so that bands share one shuffle."""
    return text_hash(signature, band)


def spread_array(values: U64) -> U64:
    """Return `spread` of every value; the array given is used up."""
    shift = np.uint64(33)
    values ^= values >> shift
    values *= np.uint64(SPREAD_1)
    values ^= values >> shift
    values *= np.uint64(SPREAD_2)
    values ^= values >> shift
    return values


def scramble_array(values: U32) -> U32:
    """Return the 32-bit finalizer of MurmurHash3 of every value, which datasketch applies before its permutations."""
    values = values ^ (values >> np.uint32(16))
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    values ^= values >> np.uint32(16)
    return values


def band_keys_array(signatures: U32, bands: range) -> U64:
    """Return the keys of some bands of signatures that hold just these, as (texts, bands)."""
    rows = signatures.shape[1] // len(bands)
    keys = np.zeros((len(signatures), len(bands)), dtype=np.uint64)
    numbers = np.array(bands, dtype=np.uint64)
    for at in range(rows):
        offset = np.uint64((at + 1) * STEP & MASK)
        keys += spread_array(signatures[:, at::rows].astype(np.uint64) + numbers + offset)
    return keys


def distinct(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the distinct values, sorted: `np.unique`, which since numpy 2.3 hashes integers, a hundred times slower here.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered: npt.NDArray[Number] = np.sort(values)
    found: npt.NDArray[Number] = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]]
    return found
