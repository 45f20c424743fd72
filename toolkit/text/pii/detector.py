"""The words of PII detection: what a span, a finder and a detector are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

Span = tuple[int, int, str]
"""(start, end, type): character offsets into the text, end exclusive."""

Finder = Callable[[str, str | None], Iterator[tuple[int, int]]]
"""(folded text, language or None) -> the places found; see `toolkit.text.pii.find` for what folding does."""

ExtraDetector = Callable[[str], list[Span]]
"""What a user may add per call, for names and addresses: the text as it stands -> spans of any type in capitals."""

HIDDEN = "\ufffc"
"""Stands for a value already found or masked. No pattern matches it, so nothing is found across or inside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One type of PII.

    Args:
        type: The name that stands in spans and placeholders.
        trigger: A cheap necessary condition, valid for RE2 and `re` alike, to be matched against raw text (a whole Arrow
            column at once). The law: where it does not match, `find` finds nothing.
        find: Yields the validated places.
        raw: Whether `find` wants the text as it stands: the alphabets of secrets distinguish everything.
    """

    type: str
    trigger: str
    find: Finder
    raw: bool = False

    def may_find(self, text: str) -> bool:
        """Whether the trigger matches; asking costs a twentieth of looking."""
        return _compiled(self.trigger).search(text) is not None


@cache
def _compiled(trigger: str) -> re.Pattern[str]:
    return re.compile(trigger)


def scan(pattern: re.Pattern[str], *checks: Callable[[re.Match[str]], bool], group: int | str = 0) -> Finder:
    """Build a finder: every match of the pattern that passes all checks, narrowed to a group."""

    def find(text: str, lang: str | None) -> Iterator[tuple[int, int]]:  # noqa: ARG001 - only phone numbers ask
        for match in pattern.finditer(text):
            if all(check(match) for check in checks):
                yield match.span(group)

    return find


def before(match: re.Match[str], width: int = 24) -> str:
    """Return the context in front of a match: the words that say what a bare number is."""
    return match.string[max(0, match.start() - width) : match.start()]
