"""The kernel in its plainest form, one text at a time, on top of `toolkit.text.shingles`: what the backends are tested against."""

from __future__ import annotations

from itertools import pairwise

from toolkit.dedup.kernel.hashes import EXACT_SEEDS, WORD_SEED, band_key, shingle_hash, text_hash
from toolkit.dedup.kernel.params import Params, permutations
from toolkit.text.shingles import jaccard, normal_form, shingles


def exact_key(text: str) -> bytes:
    """Return the 128-bit key of the normal form."""
    codes = [ord(c) for c in normal_form(text)]
    return b"".join(text_hash(codes, seed).to_bytes(8, "little") for seed in EXACT_SEEDS)


def hashed_shingles(text: str, params: Params) -> set[int]:
    """Return the 64-bit hashes of the shingles of a text."""
    found = shingles(text, width=params.width, unit=params.unit)
    if params.unit == "char":
        return {shingle_hash([ord(c) for c in shingle]) for shingle in found}
    return {shingle_hash([text_hash([ord(c) for c in word], WORD_SEED) for word in s.split(" ")]) for s in found}


def signature(text: str, params: Params) -> list[int]:
    """Return the MinHash signature: per permutation the smallest image of a shingle."""
    hashes = [_scramble(value >> 32) for value in hashed_shingles(text, params)]
    factors, addends = permutations(params).tolist()
    return [min((a * h + b) & 0xFFFFFFFF for h in hashes) for a, b in zip(factors, addends, strict=True)]


def band_keys(text: str, params: Params) -> list[int]:
    """Return the band keys of a text whose normal form is not empty."""
    values = signature(text, params)
    edges = range(0, params.bands * params.rows + 1, params.rows)
    return [band_key(band, values[first:last]) for band, (first, last) in enumerate(pairwise(edges))]


def similarity(left: str, right: str, params: Params) -> float:
    """Return the Jaccard similarity of the shingle sets themselves, unhashed."""
    first, second = (shingles(text, width=params.width, unit=params.unit) for text in (left, right))
    return jaccard(first, second)


def _scramble(value: int) -> int:
    value ^= value >> 16
    value = value * 0x85EBCA6B & 0xFFFFFFFF
    value ^= value >> 13
    value = value * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16
