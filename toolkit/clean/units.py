"""The class of every UTF-16 unit: what a character is to a rule that counts.

Function words and characters stand here, too: they are looked up in the same pass.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np

from toolkit.text.variants_data import SIMPLIFIED_ONLY, TRADITIONAL_ONLY

(
    NOTHING,
    SPACE,
    NEWLINE,
    LATIN,
    DIGIT,
    SYLLABLE,
    LETTER,
    PUNCTUATION,
    SYMBOL,
    GARBLED,
    HAN,
    STOP,
    TRADITIONAL,
    SIMPLIFIED,
) = range(14)
"""SYLLABLE: kana and Hangul, counted one by one as Han is; LETTER: other alphabets, counted in words; from HAN on: Han
characters, of which some are function characters, and some stand in one variant of Chinese alone."""

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
_SLOTS, _TOP = 1 << 10, np.uint64(64 - 10)
_MIX = np.uint64(0xDAA66D2C7DDF743F)  # no two function words share a slot
_KEEP = np.array([0, 0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF], np.uint64)

# Of a surrogate pair the first counts: for an ideograph of plane 2 or 3, or for a symbol; the second is nothing.
_RANGES = (
    (0x005F, 0x005F, SPACE),  # underscores are blanks to be filled in
    (0x0009, 0x0009, SPACE),
    (0x000A, 0x000A, NEWLINE),
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
    for characters, kind in ((TRADITIONAL_ONLY, TRADITIONAL), (SIMPLIFIED_ONLY, SIMPLIFIED), (STOP_HAN, STOP)):
        table[[ord(c) for c in characters if c <= BORDER]] = kind
    return table


def _kind(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    if category[0] == "L":
        return LATIN if any(first <= code <= last for first, last in _LATIN) else LETTER
    if character in _SYMBOLS:
        return SYMBOL
    return _OF_TWO.get(category, _CATEGORIES.get(category[0], NOTHING))


# -- all counts in one pass --------------------------------------------------------------------------------------------

# What is counted, each in seven bits of one number, so that one sum over at most 127 units counts all of it.
COUNTED = ("blank", "han", "words", "digits", "numbers", "others", "symbols", "stop_han", "simplified")
"""`words`, `numbers`: their first unit; `others`: syllables, and first letters of words of other alphabets."""
LANE = 7
FEW = (1 << LANE) - 1


@cache
def worth() -> np.ndarray:
    """What a unit adds to each count, by `16 * class of the unit before + its own class`."""
    table = np.zeros(256, np.uint64)
    for before in range(SIMPLIFIED + 1):
        for kind in range(SIMPLIFIED + 1):
            adds = {
                "blank": kind in (NOTHING, SPACE, NEWLINE),
                "han": kind >= HAN,
                "words": kind == LATIN != before,
                "digits": kind == DIGIT,
                "numbers": kind == DIGIT != before,
                "others": kind == SYLLABLE or kind == LETTER != before,
                "symbols": kind == SYMBOL,
                "stop_han": kind == STOP,
                "simplified": kind == SIMPLIFIED,
            }
            table[before << 4 | kind] = sum(adds[name] << LANE * lane for lane, name in enumerate(COUNTED))
    return table


# -- function words ----------------------------------------------------------------------------------------------------


def function_words(units: np.ndarray, is_latin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look up the short words, four units as one number.

    Args:
        units: UTF-16 units of texts, each after and before more borders than `LONGEST_WORD`.
        is_latin: Which of them are Latin letters.

    Returns:
        Where function words of English begin, and of each whether English alone has it.
    """
    borders = np.flatnonzero(is_latin[1:] != is_latin[:-1]) + 1
    starts, lengths = borders[::2], borders[1::2] - borders[::2]
    short = lengths <= LONGEST_WORD
    starts, lengths = starts[short], lengths[short]
    four = np.ndarray((len(units) - LONGEST_WORD + 1,), "<u8", units, 0, (2,))  # at every unit, it and three more
    words = (four[starts] | _LOWER) & _KEEP[lengths]
    codes, told = _codes()
    at = (words * _MIX) >> _TOP
    known = codes[at] == words
    return starts[known], told[at[known]]


@cache
def _codes() -> tuple[np.ndarray, np.ndarray]:
    """The function words as numbers, each in its own slot of a table, and whether English alone has it."""
    codes, alone = np.zeros(_SLOTS, np.uint64), np.zeros(_SLOTS, bool)
    for word in (*SHARED, *ENGLISH_ALONE):
        code = np.frombuffer((word.encode("utf-16-le") + b"\0" * 8)[:8], "<u8")
        at = (code * _MIX) >> _TOP
        assert not codes[at], f"{word} needs another _MIX"
        codes[at], alone[at] = code, word in ENGLISH_ALONE
    return codes, alone
