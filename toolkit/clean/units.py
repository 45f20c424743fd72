"""The class of every UTF-16 unit: what a character is to a rule that counts.

Function words and characters stand here, too: they are looked up in the same pass.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np

from toolkit.text.variants_data import SIMPLIFIED_ONLY, TRADITIONAL_ONLY

NOTHING, SPACE, HAN, LATIN, DIGIT, SYLLABLE, LETTER, PUNCTUATION, SYMBOL, GARBLED = range(10)
"""SYLLABLE: kana and Hangul, counted one by one as Han is; LETTER: other alphabets, counted in words."""
PLAIN, STOP, TRADITIONAL, SIMPLIFIED = range(4)
"""What else is told of a Han character."""

BORDER = "\uffff"
"""A code point that is no character, to put between texts."""

STOP_HAN = "的是在了不和有一这为与及或而就都对中上下到要以可"
"""The commonest function characters of Chinese prose, simplified; of traditional prose most of them, too."""
ENGLISH_ALONE = ("the", "and", "that", "this", "with", "from", "you", "your", "not", "have", "are", "will", "can")
"""Function words of English that none of its neighbors has."""
SHARED = ("of", "to", "in", "is", "a", "for", "on", "as", "by", "be", "was", "it", "or", "an", "at", "may")
"""Function words of English that others have, too; with those above the commonest of four letters at most."""
LONGEST_WORD = 4

_LOWER = np.uint64(0x0020_0020_0020_0020)
_KEEP = np.array([0, 0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF], np.uint64)

# Of a surrogate pair the first counts: for an ideograph of plane 2 or 3, or for a symbol; the second is nothing.
_RANGES = (
    (0x005F, 0x005F, SPACE),  # underscores are blanks to be filled in
    (0x0009, 0x000A, SPACE),
    (0x000D, 0x000D, SPACE),
    (0x3005, 0x3005, HAN),
    (0x3007, 0x3007, HAN),
    (0x3040, 0x30FF, SYLLABLE),
    (0x3400, 0x9FFF, HAN),
    (0xAC00, 0xD7AF, SYLLABLE),
    (0xD800, 0xDBFF, SYMBOL),
    (0xD840, 0xD8BF, HAN),
    (0xDC00, 0xDFFF, NOTHING),
    (0xF900, 0xFAFF, HAN),
    (0xFF66, 0xFF9D, SYLLABLE),
    (0xFFFD, 0xFFFD, GARBLED),
    (ord(BORDER), ord(BORDER), NOTHING),
)
_CATEGORIES = {"Z": SPACE, "P": PUNCTUATION, "S": SYMBOL, "N": SYMBOL, "M": NOTHING}
_OF_TWO = {"Nd": DIGIT, "Cf": NOTHING, "Cc": GARBLED, "Cn": GARBLED, "Co": GARBLED}
_SYMBOLS = frozenset("#&*@\\")  # punctuation by Unicode, markup and code by use
_LATIN = ((0x0041, 0x024F), (0x1E00, 0x1EFF))


@cache
def kinds() -> np.ndarray:
    """The class of each of the 65,536 units."""
    table = np.array([_kind(code) for code in range(0x10000)], np.uint8)
    for first, last, kind in _RANGES:
        table[first : last + 1] = kind
    return table


def _kind(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] == "L":
        return LATIN if any(first <= code <= last for first, last in _LATIN) else LETTER
    if character in _SYMBOLS:
        return SYMBOL
    return _OF_TWO.get(category, _CATEGORIES.get(category[0], NOTHING))


@cache
def told_of_han() -> np.ndarray:
    """For each unit, whether it is a function character, or stands in one variant of Chinese alone."""
    table = np.full(0x10000, PLAIN, np.uint8)
    for characters, what in ((TRADITIONAL_ONLY, TRADITIONAL), (SIMPLIFIED_ONLY, SIMPLIFIED), (STOP_HAN, STOP)):
        table[[ord(c) for c in characters if c <= BORDER]] = what
    return table


def function_words(units: np.ndarray, is_latin: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Look up the short words, four units as one number.

    Args:
        units: UTF-16 units of texts, each followed by more borders than `LONGEST_WORD`.
        is_latin: Which of them are Latin letters.
        begins: Which of them begin a word.

    Returns:
        For each unit 1 where a function word of English begins, 2 where one of English alone does, else 0.
    """
    found = np.zeros(len(units), np.uint8)
    starts = np.flatnonzero(begins)
    going = np.ones(len(starts), bool)
    length = np.zeros(len(starts), np.int64)
    for step in range(1, LONGEST_WORD + 1):
        length += going
        going &= is_latin[starts + step]
    short = starts[~going]
    if len(short):
        words = (four_units(units)[short] | _LOWER) & _KEEP[length[~going]]
        codes, told = _codes()
        at = np.minimum(np.searchsorted(codes, words), len(codes) - 1)
        found[short] = np.where(codes[at] == words, told[at], 0)
    return found


def four_units(units: np.ndarray) -> np.ndarray:
    """At every unit, it and the three after it as one number."""
    return np.ndarray((len(units) - 3,), "<u8", units, 0, (2,))


@cache
def _codes() -> tuple[np.ndarray, np.ndarray]:
    """The function words as numbers, sorted, and what is told of each."""
    words = dict.fromkeys(SHARED, 1) | dict.fromkeys(ENGLISH_ALONE, 2)
    padded = [(word.encode("utf-16-le") + b"\0" * 8)[:8] for word in words]
    codes = np.frombuffer(b"".join(padded), "<u8")
    order = np.argsort(codes)
    return codes[order], np.array([*words.values()], np.uint8)[order]
