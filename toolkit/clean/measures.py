"""Numbers about texts, counted for a whole column at once on its UTF-16 units: no Python per character, nothing above linear.

What the rules ask of a text: how much there is, of what, how often the same, and how it ends. The texts lie one behind
the other; a table names the class of every unit, and each statistic is one pass of numpy over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean import units as classes
from toolkit.clean.units import DIGIT, FEW, GARBLED, LANE, LATIN, NEWLINE, SPACE, TRADITIONAL

LONGEST = 1_000_000
"""Characters of a text that are looked at."""
CHUNK = 1 << 18
"""Bytes that are counted at once: what is made of them stays in the cache, and memory does not follow the size of a batch."""

_BORDER = classes.BORDER * 5
"""Put after every text, so often that no word and no loop reaches over it."""
GRAM, WINDOW = 10, 512
"""Repetition: sequences of so many characters, in windows of so many; beyond a window it is the work of dedup."""
FEWEST = 64
"""Sequences that a text must have for its repetitions to be counted."""
_SLOTS = 2048  # of the table in which a window marks its sequences: one in eight collides
_MIX, _MIXED, _SHIFT = np.uint16(0x9E37), np.uint16(0x6D2B), 16 - 11
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
    units, spans = _Spans.of(texts)
    kind = classes.kinds().take(units)
    counts = spans.counts(kind)
    stop_words, alone = classes.function_words(units, kind == LATIN)
    return Measures(
        units=counts["han"] + counts["words"] + counts["numbers"] + counts["others"],
        visible=spans.lengths - counts["blank"],
        han=counts["han"],
        words=counts["words"],
        digits=counts["digits"],
        symbols=counts["symbols"],
        garbled=spans.count(kind == GARBLED),
        lines=spans.count(kind == NEWLINE) + (spans.lengths > 0),
        looped=spans.count(_looped(units, kind)),
        repeated=_repeated(units, spans),
        stop_han=counts["stop_han"],
        stop_words=spans.among(stop_words),
        english=spans.among(stop_words[alone]),
        traditional=spans.count(kind == TRADITIONAL),
        simplified=counts["simplified"],
        others=counts["others"],
        last=np.where(spans.lengths > 0, units[spans.ends - 1], 0),
    )


class _Spans:
    """Where the texts lie among the units of a chunk; before and after each is a border."""

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self.ends = np.cumsum(lengths + len(_BORDER))
        self.starts = self.ends - lengths

    @classmethod
    def of(cls, texts: pa.StringArray) -> tuple[np.ndarray, Self]:
        """Lay the texts one behind the other."""
        words = texts.to_pylist()
        units = np.frombuffer(_BORDER.join(["", *words, ""]).encode("utf-16-le"), np.uint16)
        lengths = pc.utf8_length(texts).to_numpy().astype(np.int64)
        if len(units) != lengths.sum() + len(_BORDER) * (len(lengths) + 1):  # beyond the BMP a character has two
            lengths = np.array([len(word.encode("utf-16-le")) // 2 for word in words], np.int64)
        return units, cls(lengths)

    def among(self, places: np.ndarray) -> np.ndarray:
        """Count sorted places in each text."""
        found: np.ndarray = np.searchsorted(places, self.ends) - np.searchsorted(places, self.starts)
        return found

    def count(self, marks: np.ndarray) -> np.ndarray:
        """Count few marks in each text."""
        return self.among(np.flatnonzero(marks))

    def counts(self, kind: np.ndarray) -> dict[str, np.ndarray]:
        """Count all of `toolkit.clean.units.COUNTED` in each text.

        A text is cut into pieces of as many units as the lanes of one number can count; its border is its last piece.
        """
        pairs = kind[:-1] << np.uint8(4)
        pairs |= kind[1:]
        worth = classes.worth()[pairs]
        pieces = -(-self.lengths // FEW) + 1
        sizes = np.full(int(pieces.sum()), FEW)
        tails = np.cumsum(pieces) - 1
        sizes[tails - 1] = self.lengths - (pieces - 2) * FEW
        sizes[tails] = len(_BORDER)
        first = len(_BORDER) - 1  # the pair at i is of the units i and i + 1
        sums = np.add.reduceat(worth, first + np.cumsum(sizes) - sizes)
        sums[tails] = 0
        lanes = sums[:, None] >> np.arange(len(classes.COUNTED), dtype=np.uint64) * np.uint64(LANE) & np.uint64(FEW)
        found = np.add.reduceat(lanes.astype(np.int64), tails - pieces + 1)
        return dict(zip(classes.COUNTED, found.T, strict=True))


def _looped(units: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Units that repeat what stood one to four units before, as the unit before them does; spaces and numbers may."""
    looped = np.zeros(len(units), bool)
    for period in _PERIODS:
        same = units[period:] == units[:-period]
        looped[period + 1 :] |= same[1:] & same[:-1]
    looped &= (kind != SPACE) & (kind != NEWLINE) & (kind != DIGIT)
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
    windows = np.where(long, -(-grams // WINDOW), 0)
    marked = np.zeros((int(windows.sum()) + 1) * _SLOTS, np.uint8)
    at = _tables_of(spans, windows)[: len(units) - GRAM + 1]
    at += _mixed(units) >> _SHIFT
    marked[at] = 1
    distinct = np.bitwise_count(marked.view(np.uint64)).reshape(-1, _SLOTS // 8)[:-1].sum(axis=1, dtype=np.int64)
    shares[long] = 1 - np.add.reduceat(distinct, (np.cumsum(windows) - windows)[long]) / grams[long]
    return shares


def _tables_of(spans: _Spans, windows: np.ndarray) -> np.ndarray:
    """For every unit, where the table of its window begins; what is in no window, and borders, get the last table."""
    pieces = windows + 1  # the windows of a text, and what is left with the border
    sizes = np.full(int(pieces.sum()) + 1, WINDOW)
    tails = np.cumsum(pieces)
    sizes[0] = len(_BORDER)
    some = windows > 0
    left = np.where(some, GRAM - 1, spans.lengths)
    sizes[tails - 1] = np.where(some, spans.lengths - left - (windows - 1) * WINDOW, sizes[tails - 1])
    sizes[tails] = left + len(_BORDER)
    numbers = np.arange(-1, len(sizes) - 1)
    numbers[1:] -= np.repeat(np.arange(len(windows)), pieces)
    numbers[tails] = numbers[0] = windows.sum()
    return np.repeat(numbers * _SLOTS, sizes)


def _mixed(units: np.ndarray) -> np.ndarray:
    """Mix at every unit the ten that begin there: two, four and eight by doubling, and the last two."""
    two = units[:-1] * _MIX
    two += units[1:]
    four = two[:-2] * _MIXED
    four += two[2:]
    ten = four[:-6] * _MIX
    ten += four[4:-2]
    ten *= _MIXED
    ten += two[8:]
    ten *= _MIX
    return ten
