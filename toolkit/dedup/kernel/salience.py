"""Where salient tokens may stand in a whole column: few places, so that the patterns are tried at one in thirty characters.

A place is proposed by its sign, or by the length and the first three letters of a Latin word; what stands there, the table of
`toolkit.text.shingles.salience` says. Proposed is more than what is found and never less (the trigger law).
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise, zip_longest
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from toolkit.dedup.kernel.by_numpy import decode
from toolkit.dedup.kernel.columns import I64, Bytes
from toolkit.text.shingles.salience import REACH, beginnings, salient_at

BLOCK = 1 << 20
"""Bytes of text that are looked at at once: a character takes four bytes there, and a few more for what is known of it."""
_OTHER, _DIGIT, _PAIR, _SIGN, _CLASS = 0, 27, 1 << 6, 1 << 7, 31
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class _Places(NamedTuple):
    """A text, where a token may begin, and for each of these the last from which one may start to look: no token reaches it."""

    form: str
    at: list[int]
    safe: list[int]


def salient_of(texts: Bytes) -> Iterator[tuple[str, ...]]:
    """Yield `toolkit.text.shingles.salient_in_form` of every text."""
    return (tuple(salient_at(text.form, text.at)) for text in _places(texts))


def same_salient(texts: Bytes, left: I64, right: I64) -> npt.NDArray[np.bool_]:
    """Say of each pair of rows whether their salient tokens are equal; until the texts differ, so are their tokens."""
    found = list(_places(texts))
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    return np.fromiter((_same(found[a], found[b]) for a, b in pairs), np.bool_, len(left))


def _same(one: _Places, two: _Places) -> bool:
    equal = bisect_right(one.at, _common(one.form, two.form) - REACH)
    first = one.safe[equal - 1] if equal else 0
    words = (salient_at(text.form, islice(text.at, first, None)) for text in (one, two))
    return all(a == b for a, b in zip_longest(*words))


def _common(one: str, two: str) -> int:
    """Return how many characters two texts have in common at their beginning.

    >>> _common("每日三次", "每日两次"), _common("no", "no")
    (2, 2)
    """
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _places(texts: Bytes) -> Iterator[_Places]:
    first = 0
    while first < len(texts.offsets) - 1:
        last = max(first + 1, int(np.searchsorted(texts.offsets, texts.offsets[first] + BLOCK, side="right")) - 1)
        offsets = texts.offsets[first : last + 1]
        yield from _block(Bytes(offsets - offsets[0], texts.data[offsets[0] : offsets[-1]]))
        first = last


def _block(texts: Bytes) -> Iterator[_Places]:
    borders, codes = decode(texts)
    whole = codes.tobytes().decode("utf-32-le")
    places = possible(codes, borders)
    cuts = np.searchsorted(places, borders)
    starts = np.repeat(cuts[:-1], np.diff(cuts))
    numbers = np.arange(len(places))
    alone = numbers == starts
    alone[1:] |= np.diff(places) > REACH
    safe = (np.maximum.accumulate(np.where(alone, numbers, 0)) - starts).tolist()
    within = (places - np.repeat(borders[:-1], np.diff(cuts))).tolist()
    for (a, b), (x, y) in zip(pairwise(borders.tolist()), pairwise(cuts.tolist()), strict=True):
        yield _Places(whole[a:b], within[x:y], safe[x:y])


def possible(codes: npt.NDArray[np.uint32], borders: I64) -> I64:
    """Return where a token may begin.

    Args:
        codes: The code points of some texts, one after the other.
        borders: Text i is `codes[borders[i]:borders[i + 1]]`.
    """
    signs, pairs, words = _tables()
    known = signs.take(codes, mode="clip")
    class_ = known & _CLASS
    inside = class_ > _OTHER
    edge = np.zeros(len(codes) + 1, np.bool_)  # where a word may begin or end
    edge[1:-1] = inside[1:] != inside[:-1]
    edge[borders] = True
    edges = np.flatnonzero(edge)
    at = np.flatnonzero(inside[edges[:-1]])
    starts, lengths = edges[at], edges[at + 1] - edges[at]
    letters = [np.where(n < lengths, class_.take(starts + n, mode="clip"), _OTHER) for n in range(3)]
    told = words[_key(letters, lengths)]  # a number is no word
    first = np.flatnonzero((known[:-1] & _PAIR) != 0)
    both = pairs[_pair(codes[first], codes[first + 1])]  # where a text ends between the two, nothing will match
    found = (known & _SIGN) != 0
    found[starts[told]] = True
    found[first[both]] = True
    return np.flatnonzero(found)


def _pair(first: npt.NDArray[np.uint32], second: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return (first * np.uint32(31) + second) & np.uint32(0xFFFF)


def _key(letters: Sequence[Any], length: Any) -> Any:
    """Return the number of a word by its first three letters and its length."""
    first, second, third = (np.int64(letter) for letter in letters)
    return (first << 14) | (second << 9) | (third << 4) | np.minimum(length, 15)


@functools.cache
def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the class and marks of every character of the basic plane, the marked pairs, and the beginnings of words."""
    signs, words = beginnings()
    table = np.zeros(0x10000, np.uint8)
    table[list(map(ord, _LETTERS))] = np.arange(1, 27)
    table[list(map(ord, "0123456789"))] = _DIGIT
    table[[ord(s) for s in signs if len(s) == 1]] |= _SIGN
    two = [s for s in signs if len(s) > 1]
    table[list({ord(s[0]) for s in two})] |= _PAIR
    pairs = np.zeros(1 << 16, np.bool_)
    pairs[_pair(*(np.array([ord(s[n]) for s in two], np.uint32) for n in (0, 1)))] = True
    begins = np.zeros(1 << 19, np.bool_)
    for word in words:
        begins[_key([*(table[ord(c)] for c in word[:3]), _OTHER, _OTHER][:3], len(word))] = True
    return table, pairs, begins
