"""Numbers about texts, counted for a whole column at once on its UTF-16 units: no Python per character, nothing above linear.

What the rules ask of a text: how much there is, of what, how often the same, and how it ends. The texts lie one behind
the other; a table names the class of every unit, and each statistic is one pass of numpy over all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.text.variants_data import SIMPLIFIED_ONLY, TRADITIONAL_ONLY

LONGEST = 1_000_000
"""Characters of a text that are looked at."""
CHUNK = 1 << 20
"""Bytes that are counted at once, so that memory does not follow the size of a batch."""

NOTHING, SPACE, HAN, LATIN, DIGIT, SYLLABLE, LETTER, PUNCTUATION, SYMBOL, GARBLED = range(10)
"""Classes of units. SYLLABLE: kana and Hangul, counted one by one as Han is; LETTER: other alphabets, counted in words."""

_SYMBOLS = frozenset("#&*@\\")  # punctuation by Unicode, markup and code by use
BORDER = "\uffff" * 5
"""Put after every text: a character that is none, so often that no word and no loop reaches over it."""
GRAM, WINDOW = 10, 512
"""Repetition: sequences of so many characters, in windows of so many; beyond a window it is the work of dedup."""
FEWEST = 64
"""Sequences that a text must have for its repetitions to be counted."""
_SLOTS = 2048  # of the table in which a window marks its sequences: one in eight collides
_SHIFT = np.uint64(64 - 11)
_PIECE = 1 << 14  # units that stay in the cache
_SPARSE = 5  # fewer marks than one in 2**5 are counted by their places, which is faster
_K = np.uint64(0x9E3779B97F4A7C15)
_PERIODS = (1, 2, 3, 4)
_SHORT_WORD = 4
_LOWER = np.uint64(0x0020_0020_0020_0020)
_KEEP = np.array([0, 0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF], np.uint64)

STOP_HAN = "的是在了不和有一这这也为与及或而就都对中上下到要以可"
"""The commonest function characters of Chinese prose."""
STOP_WORDS = "the of and to in is a for that with on as by be are was it or an at from this not have you your can will may".split()
"""The commonest function words of English prose, those of four letters at most."""
ENGLISH_ALONE = frozenset("the and that this with from you your not have are will can".split())
"""Those of them that no neighbor of English has."""
STOP, TRADITIONAL, SIMPLIFIED = range(1, 4)
"""What else is told of Han characters."""


class Measures(NamedTuple):
    """One number per text.

    Attributes:
        units: Han characters, syllables, words and numbers: the length of a text in any language.
        visible: Characters that can be seen.
        han: Han characters.
        words: Latin words.
        digits: Digits.
        symbols: Symbols that are no punctuation of prose.
        garbled: Characters that nobody typed: U+FFFD, private use, controls.
        lines: Lines.
        looped: Characters that go on a loop of one to four characters.
        repeated: Upper bound for the share of sequences that stood before in their window, 0 to 1.
        stop_han: Chinese function characters.
        stop_words: English function words.
        english: Those of them that no neighbor of English has.
        traditional: Characters that exist in traditional Chinese alone.
        simplified: Characters that exist in simplified Chinese alone.
        others: Syllables, and letters of other alphabets than the Latin.
        last: Code of the last unit; 0 where there is none.
    """

    units: np.ndarray
    visible: np.ndarray
    han: np.ndarray
    words: np.ndarray
    digits: np.ndarray
    symbols: np.ndarray
    garbled: np.ndarray
    lines: np.ndarray
    looped: np.ndarray
    repeated: np.ndarray
    stop_han: np.ndarray
    stop_words: np.ndarray
    english: np.ndarray
    traditional: np.ndarray
    simplified: np.ndarray
    others: np.ndarray
    last: np.ndarray

    def only(self, mask: np.ndarray) -> Measures:
        """The numbers of some of the texts."""
        return Measures(*[numbers[mask] for numbers in self])

    def updated(self, at: np.ndarray, texts: pa.StringArray) -> Measures:
        """The numbers after some texts have changed.

        Args:
            at: True for those that have.
            texts: All texts, as they are now.
        """
        if not at.any():
            return self
        news = measure(texts.filter(pa.array(at)))
        columns = [numbers.copy() for numbers in self]
        for column, new in zip(columns, news, strict=True):
            column[at] = new
        return Measures(*columns)


def measure(texts: pa.StringArray) -> Measures:
    """Count all of it for a column of texts without nulls.

    >>> found = measure(pa.array(["每日3次，每次 0.5 mg。", "Take it with food."]))
    >>> found.units.tolist(), found.han.tolist(), found.words.tolist(), found.stop_words.tolist()
    ([9, 4], [5, 0], [1, 4], [0, 2])
    >>> measure(pa.array(["哈哈哈哈哈哈"])).looped.tolist(), measure(pa.array(["妈妈看看书"])).looped.tolist()  # two are a word
    ([4], [0])
    """
    parts = [_measure(chunk) for chunk in _chunks(texts)]
    if not parts:
        nothing = np.empty(0, np.int64)
        return Measures(*[nothing] * len(Measures._fields))
    return Measures(*[np.concatenate(columns) for columns in zip(*parts, strict=True)])


def _chunks(texts: pa.StringArray) -> Iterator[pa.StringArray]:
    ends = pc.cumulative_sum(pc.binary_length(texts).cast(pa.int64())).to_numpy()
    start = 0
    while start < len(texts):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + CHUNK, side="right")))
        part = texts.slice(start, stop - start)
        yield pc.utf8_slice_codeunits(part, 0, LONGEST) if int(ends[stop - 1]) - done > LONGEST else part
        start = stop


def _measure(texts: pa.StringArray) -> Measures:
    words = texts.to_pylist()
    units = np.frombuffer("".join(f"{word}{BORDER}" for word in words).encode("utf-16-le"), np.uint16)
    spans = _Spans(_lengths(texts, words, len(units)))
    kinds, han = _tables()
    kind_of_han = han.take(units)
    kind = kinds.take(units)
    latin = _begins(kind == LATIN)
    counts = {k: spans.count(kind == k) for k in (SPACE, HAN, DIGIT, SYLLABLE, SYMBOL, GARBLED, NOTHING)}
    latin_words = spans.count(latin)
    letters = spans.count(_begins(kind == LETTER))
    numbers = spans.count(_begins(kind == DIGIT))
    stop_words = _stop_words(units, kind == LATIN, latin)
    return Measures(
        units=counts[HAN] + counts[SYLLABLE] + latin_words + letters + numbers,
        visible=spans.lengths - counts[SPACE] - counts[NOTHING],
        han=counts[HAN],
        words=latin_words,
        digits=counts[DIGIT],
        symbols=counts[SYMBOL],
        garbled=counts[GARBLED],
        lines=spans.count(units == ord("\n")) + (spans.lengths > 0),
        looped=spans.count(_looped(units, kind)),
        repeated=_repeated(units, spans),
        stop_han=spans.count(kind_of_han == STOP),
        stop_words=spans.count(stop_words > 0),
        english=spans.count(stop_words > 1),
        traditional=spans.count(kind_of_han == TRADITIONAL),
        simplified=spans.count(kind_of_han == SIMPLIFIED),
        others=counts[SYLLABLE] + letters,
        last=np.where(spans.lengths > 0, units[spans.ends - 1], 0),
    )


def _lengths(texts: pa.StringArray, words: list[str], total: int) -> np.ndarray:
    """Lengths in UTF-16 units: one a character, two beyond the BMP."""
    lengths: np.ndarray = pc.utf8_length(texts).to_numpy().astype(np.int64)
    if total == lengths.sum() + len(BORDER) * len(lengths):
        return lengths
    return np.array([len(word.encode("utf-16-le")) // 2 for word in words], np.int64)


class _Spans:
    """Where the texts lie among the units of a chunk; after each comes a border."""

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self.ends = np.cumsum(lengths + len(BORDER)) - len(BORDER)
        self.starts = self.ends - lengths

    def count(self, marks: np.ndarray) -> np.ndarray:
        """Count the marks (0 or 1) in each text."""
        if np.count_nonzero(marks) < len(marks) >> _SPARSE:
            places = np.flatnonzero(marks)
            return np.searchsorted(places, self.ends) - np.searchsorted(places, self.starts)
        borders = np.column_stack([self.starts, self.ends]).ravel()
        sums = np.add.reduceat(marks.view(np.uint8), borders, dtype=np.int64)[::2]
        return np.where(self.lengths > 0, sums, 0)  # reduceat gives an empty span the next unit


def _begins(marks: np.ndarray) -> np.ndarray:
    """The first unit of each run of marks."""
    first = marks.copy()
    first[1:] &= ~marks[:-1]
    return first


def _looped(units: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Units that repeat what stood one to four units before, as the unit before them does; spaces and numbers may."""
    looped = np.zeros(len(units), bool)
    for period in _PERIODS:
        same = units[period:] == units[:-period]
        looped[period + 1 :] |= same[1:] & same[:-1]
    looped &= (kind != SPACE) & (kind != DIGIT)
    return looped


def _repeated(units: np.ndarray, spans: _Spans) -> np.ndarray:
    """Mark every sequence in the table of its window; what is not marked anew was a repeat, or collided with one.

    The marks can only be fewer than the sequences, so the share is never below the true one: who is under a limit here
    is under it.
    """
    grams = spans.lengths - GRAM + 1
    long = grams >= FEWEST
    shares = np.zeros(len(grams))
    if not long.any():
        return shares
    units = units if long.all() else units[np.repeat(long, spans.lengths + len(BORDER))]
    grams = grams[long]
    windows = -(-grams // WINDOW)
    marked = np.zeros((int(windows.sum()) + 1) * _SLOTS, np.uint8)
    _mark(units, _tables_of(grams, windows), marked)
    distinct = np.bitwise_count(marked.view(np.uint64)).reshape(-1, _SLOTS // 8)[:-1].sum(axis=1, dtype=np.int64)
    shares[long] = 1 - np.add.reduceat(distinct, np.cumsum(windows) - windows) / grams
    return shares


def _tables_of(grams: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """For every unit, where the table of its window begins; what begins in one text and ends in the next gets the last."""
    pieces = windows + 1  # the windows of a text, and what is left with the border
    sizes = np.full(int(pieces.sum()), WINDOW)
    tails = np.cumsum(pieces) - 1
    sizes[tails - 1] = grams - (windows - 1) * WINDOW
    sizes[tails] = GRAM - 1 + len(BORDER)
    numbers = np.arange(len(sizes), dtype=np.int64)
    numbers -= np.repeat(np.arange(len(grams)), pieces)
    numbers[tails] = windows.sum()
    return np.repeat(numbers * _SLOTS, sizes)


def _mark(units: np.ndarray, tables: np.ndarray, marked: np.ndarray) -> None:
    four = np.ndarray((len(units) - 3,), "<u8", units, 0, (2,))  # four units as one number, at every unit
    for start in range(0, len(units) - GRAM + 1, _PIECE):
        stop = min(start + _PIECE, len(units) - GRAM + 1)
        mixed = four[start:stop] * _K
        for shift in (3, GRAM - 4):
            mixed ^= four[start + shift : stop + shift]
            mixed *= _K
        mixed >>= _SHIFT
        at = mixed.view(np.int64)
        at += tables[start:stop]
        marked[at] = 1


def _stop_words(units: np.ndarray, is_latin: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Look up the short words, four units as one number: 1 where a function word begins, 2 where one of English alone."""
    hits = np.zeros(len(units), np.uint8)
    starts = np.flatnonzero(begins)
    longer = np.ones(len(starts), bool)
    length = np.zeros(len(starts), np.int64)
    for step in range(1, _SHORT_WORD + 1):  # the border is longer than that
        length += longer
        longer &= is_latin[starts + step]
    short = starts[~longer]
    if len(short):
        four = np.ndarray((len(units) - 3,), "<u8", units, 0, (2,))
        word = (four[short] | _LOWER) & _KEEP[length[~longer]]
        known, kinds = _stop_codes()
        at = np.minimum(np.searchsorted(known, word), len(known) - 1)
        hits[short] = np.where(known[at] == word, kinds[at], 0)
    return hits


@cache
def _stop_codes() -> tuple[np.ndarray, np.ndarray]:
    """The function words as numbers, sorted, and 2 for those of English alone."""
    padded = [(word.encode("utf-16-le") + b"\0" * 8)[:8] for word in STOP_WORDS]
    codes = np.frombuffer(b"".join(padded), "<u8")
    order = np.argsort(codes)
    return codes[order], np.array([1 + (word in ENGLISH_ALONE) for word in STOP_WORDS], np.uint8)[order]


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """The class of every UTF-16 unit, and what else is told of Han characters."""
    kinds = np.array([_kind(code) for code in range(0x10000)], np.uint8)
    han = np.zeros(0x10000, np.uint8)
    for characters, what in ((TRADITIONAL_ONLY, TRADITIONAL), (SIMPLIFIED_ONLY, SIMPLIFIED), (STOP_HAN, STOP)):
        han[[ord(c) for c in characters if c <= "\uffff"]] = what
    return kinds, han


def _kind(code: int) -> int:
    """The class of one unit; of a surrogate pair the first counts, for ideographs or for symbols."""
    if code == ord(BORDER[0]):
        return NOTHING
    if 0xD800 <= code < 0xDC00:
        return HAN if 0xD840 <= code <= 0xD8BF else SYMBOL
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code in (0x3005, 0x3007):
        return HAN
    character = chr(code)
    category = unicodedata.category(character)
    if category in ("Lu", "Ll", "Lt", "Lo", "Lm"):
        return _letter(code)
    if category == "Nd":
        return DIGIT
    if character in "\t\n\r_" or category[0] == "Z":  # underscores are blanks to be filled in
        return SPACE
    if character == "\ufffd" or category in ("Co", "Cc", "Cn"):
        return GARBLED
    if category[0] == "P" and character not in _SYMBOLS:
        return PUNCTUATION
    return SYMBOL if category[0] in "PSN" else NOTHING


def _letter(code: int) -> int:
    if code < 0x0250 or 0x1E00 <= code < 0x1F00:
        return LATIN
    syllable = 0x3040 <= code < 0x3100 or 0xAC00 <= code < 0xD7B0 or 0xFF66 <= code < 0xFF9E
    return SYLLABLE if syllable else LETTER
