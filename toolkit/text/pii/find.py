"""Find personal data in a text; see `patterns.DETECTORS` for what and how."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from toolkit.errors import UsageError
from toolkit.text.pii.detector import HIDDEN, Detector, ExtraDetector, Span
from toolkit.text.pii.patterns import DETECTORS, PII_TRIGGER

if TYPE_CHECKING:
    import numpy as np

TYPES = tuple(detector.type for detector in DETECTORS)
"""The types found without a user's own detectors."""

_NAME = r"[A-Z]{2,20}(?:_[A-Z]{1,20}){0,3}"
_TYPE = re.compile(_NAME)
# `[EMAIL]` and `[EMAIL:3f9a1c]`, of any type: letters only, so that no key can hide in brackets.
PLACEHOLDER = re.compile(rf"\[{_NAME}(?::[0-9a-f]{{6}})?\]")
_TRIGGER = re.compile(PII_TRIGGER)

# One character for one, so that offsets hold: full-width forms, the spaces and the dashes people type between digits.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FOLD |= dict.fromkeys((0x00A0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), ord(" "))
_FOLD |= dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE63), ord("-"))
_FOLD |= dict.fromkeys((0x2022, 0x2027, 0x30FB, 0xFF65), ord("·"))


@cache
def _folded() -> np.ndarray:
    """What becomes of each UTF-16 unit: a table for numpy is ten times as fast as `str.translate`."""
    import numpy as np

    table = np.arange(0x10000, dtype="<u2")
    table[list(_FOLD)] = list(_FOLD.values())
    return table


def fold(text: str) -> str:
    """Fold width, spaces and dashes, character by character.

    >>> fold("１３８－１２３４　５６７８"), fold("血压：120 mmHg。")  # Han and its full stop stay
    ('138-1234 5678', '血压:120 mmHg。')
    """
    if text.isascii():
        return text
    import numpy as np

    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    folded: bytes = _folded()[units].tobytes()
    return folded.decode("utf-16-le", "surrogatepass")


class _View(NamedTuple):
    """A text in which found values are one character each, with the way back: `starts[i]` is where character i began."""

    text: str
    starts: Sequence[int]

    def hide(self, places: Sequence[tuple[int, int]]) -> _View:
        pieces: list[str] = []
        starts: list[int] = []
        last = 0
        for start, end in places:
            pieces += [self.text[last:start], HIDDEN]
            starts += self.starts[last : start + 1]
            last = end
        return _View("".join([*pieces, self.text[last:]]), [*starts, *self.starts[last:]])

    def original(self, span: Span) -> Span:
        return self.starts[span[0]], self.starts[span[1]], span[2]


def find_pii(
    text: str, lang: str | None = None, *, extra: Sequence[ExtraDetector] = (), among: Sequence[Detector] | None = None
) -> list[Span]:  # fmt: skip
    """Find the personal data and the secrets of a text.

    What is found is a shape confirmed by a checksum, a numbering plan, or a word before it. Names and postal addresses are
    not found (no offline tool does it honestly): bring a detector of your own in `extra`.

    The search is repeated with what was found hidden until nothing more appears. Therefore masked text has no PII.

    Args:
        text: The text as it stands; full-width digits are understood.
        lang: `zh` or `en` (or a longer tag): decides whose phone numbers are taken without a word before them. None: both.
        extra: Functions from text to `(start, end, TYPE)`; where they overlap with the table, the table holds.
        among: The detectors whose trigger matches, where a caller knows them already: over an Arrow column a trigger
            costs a hundredth of what it costs here.

    Returns:
        `(start, end, type)`, sorted, not overlapping; offsets in characters, end exclusive.

    Raises:
        UsageError: An extra detector returns something that is not a span of the text.

    >>> text = "身份证110101199003070038请核对"
    >>> [(text[start:end], kind) for start, end, kind in find_pii(text)]
    [('110101199003070038', 'CN_ID')]
    >>> find_pii("国药准字H20013113，拨打12345，见（2023）京0105民初12345号")  # approval, hotline, docket: untouched
    []
    >>> find_pii("Nurse Ada Lin", extra=[lambda text: [(6, 13, "NAME")]])
    [(6, 13, 'NAME')]
    """
    spans: list[Span] = []
    if among if among is not None else _TRIGGER.search(text):
        spans = _found_beside(text, [], lang, among)
    added = _from_extra(text, extra, spans)
    if added:  # what they named is hidden, too, before the last word is said
        spans = _found_beside(text, sorted([*spans, *added]), lang)
    return spans


def _found_beside(
    text: str, spans: Sequence[Span], lang: str | None, among: Sequence[Detector] | None = None
) -> list[Span]:  # fmt: skip
    """Add to the spans what is found while they and all placeholders are hidden."""
    region = lang.partition("-")[0] if lang else None
    all_spans = list(spans)
    view = _View(text, range(len(text) + 1)).hide(_hidden_at_first(text, spans))
    # Nothing is found across or inside what is hidden, so who sees nothing in the text as it stands never will.
    among = [detector for detector in DETECTORS if detector.may_find(text)] if among is None else among
    while found := _detect(view.text, region, among):
        all_spans += map(view.original, found)
        view = view.hide([(start, end) for start, end, _ in found])
    return sorted(all_spans)


def _hidden_at_first(text: str, spans: Sequence[Span]) -> list[tuple[int, int]]:
    placeholders = [match.span() for match in PLACEHOLDER.finditer(text)]
    outside = [place for place in placeholders if not _overlaps(place, spans)]
    return sorted([*outside, *((start, end) for start, end, _ in spans)])


def _detect(text: str, region: str | None, among: Sequence[Detector]) -> list[Span]:
    taken: list[Span] = []  # sorted
    folded = fold(text)
    for detector in among:
        for place in detector.find(text if detector.raw else folded, region):
            if not _overlaps(place, taken):
                insort(taken, (*place, detector.type))
    return taken


def _overlaps(place: tuple[int, int], spans: Sequence[Span]) -> bool:
    """Whether a place meets one of the spans, which are sorted and do not meet each other: of 100,000, one is asked."""
    before = bisect_left(spans, (place[1],))
    return before > 0 and spans[before - 1][1] > place[0]


def _from_extra(text: str, extra: Sequence[ExtraDetector], found: Sequence[Span]) -> list[Span]:
    placeholders = [(*match.span(), "MASKED") for match in PLACEHOLDER.finditer(text)] if extra else []
    added: list[Span] = []
    for detector in extra:
        for span in sorted(detector(text)):
            check_span(span, len(text))
            if not any(_overlaps(span[:2], spans) for spans in (found, placeholders, added)):
                insort(added, span)
    return added


def check_span(span: Span, length: int) -> None:
    """Refuse what is not a span of a text of this length; the message holds no text, for it may be personal.

    >>> check_span((2, 13, "PHONE"), 13)
    """
    start, end, kind = span
    if not 0 <= start < end <= length:
        raise UsageError(f"({start}, {end}) is not a span of a text of {length} characters")
    if not _TYPE.fullmatch(kind):
        raise UsageError("the type of a span is not a name in capitals", hint="use A-Z and _, for example HOME_ADDRESS")
