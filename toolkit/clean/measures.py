"""Numbers about texts, counted for a whole column at once on its UTF-16 units: no Python per character, nothing above linear.

What the rules ask of a text: how much there is, of what, how often the same, and how it ends. The texts lie one behind
the other; a table names the class of every unit, and each statistic is one pass of numpy over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean import units as classes
from toolkit.clean.units import DIGIT, GARBLED, HAN, LATIN, LETTER, NOTHING, SPACE, SYLLABLE, SYMBOL, four_units

LONGEST = 1_000_000
"""Characters of a text that are looked at."""
CHUNK = 1 << 20
"""Bytes that are counted at once, so that memory does not follow the size of a batch."""

_BORDER = classes.BORDER * 5
"""Put after every text, so often that no word and no loop reaches over it."""
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
    units = np.frombuffer("".join(f"{word}{_BORDER}" for word in words).encode("utf-16-le"), np.uint16)
    spans = _Spans(_lengths(texts, words, len(units)))
    kind = classes.kinds().take(units)
    han = classes.told_of_han().take(units)
    latin = _begins(kind == LATIN)
    counts = {k: spans.count(kind == k) for k in (SPACE, HAN, DIGIT, SYLLABLE, SYMBOL, GARBLED, NOTHING)}
    latin_words = spans.count(latin)
    letters = spans.count(_begins(kind == LETTER))
    numbers = spans.count(_begins(kind == DIGIT))
    stop_words = classes.function_words(units, kind == LATIN, latin)
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
        stop_han=spans.count(han == classes.STOP),
        stop_words=spans.count(stop_words > 0),
        english=spans.count(stop_words > 1),
        traditional=spans.count(han == classes.TRADITIONAL),
        simplified=spans.count(han == classes.SIMPLIFIED),
        others=counts[SYLLABLE] + letters,
        last=np.where(spans.lengths > 0, units[spans.ends - 1], 0),
    )


def _lengths(texts: pa.StringArray, words: list[str], total: int) -> np.ndarray:
    """Lengths in UTF-16 units: one a character, two beyond the BMP."""
    lengths: np.ndarray = pc.utf8_length(texts).to_numpy().astype(np.int64)
    if total == lengths.sum() + len(_BORDER) * len(lengths):
        return lengths
    return np.array([len(word.encode("utf-16-le")) // 2 for word in words], np.int64)


class _Spans:
    """Where the texts lie among the units of a chunk; after each comes a border."""

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self.ends = np.cumsum(lengths + len(_BORDER)) - len(_BORDER)
        self.starts = self.ends - lengths

    def count(self, marks: np.ndarray) -> np.ndarray:
        """Count the marks (0 or 1) in each text."""
        if np.count_nonzero(marks) < len(marks) >> _SPARSE:
            places = np.flatnonzero(marks)
            found: np.ndarray = np.searchsorted(places, self.ends) - np.searchsorted(places, self.starts)
            return found
        borders = np.column_stack([self.starts, self.ends]).ravel()
        sums = np.add.reduceat(marks.view(np.uint8), borders, dtype=np.int64)[::2]
        counts: np.ndarray = np.where(self.lengths > 0, sums, 0)  # reduceat gives an empty span the next unit
        return counts


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
    units = units if long.all() else units[np.repeat(long, spans.lengths + len(_BORDER))]
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
    sizes[tails] = GRAM - 1 + len(_BORDER)
    numbers = np.arange(len(sizes), dtype=np.int64)
    numbers -= np.repeat(np.arange(len(grams)), pieces)
    numbers[tails] = windows.sum()
    return np.repeat(numbers * _SLOTS, sizes)


def _mark(units: np.ndarray, tables: np.ndarray, marked: np.ndarray) -> None:
    four = four_units(units)
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
