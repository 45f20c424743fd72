"""The day from which is judged: always given, never today."""

from __future__ import annotations

from toolkit.dates.partial import PartialDate, parse
from toolkit.errors import UsageError


def judgment_day(as_of: str) -> PartialDate:
    """Read the day to judge from.

    Args:
        as_of: YYYY-MM-DD.

    Raises:
        UsageError: It is no day: a decision needs one, and today is never assumed.

    >>> judgment_day("2024-06-30").text
    '2024-06-30'
    >>> judgment_day("2024-06")
    Traceback (most recent call last):
    toolkit.errors.UsageError: as_of '2024-06' is no day
    give one as YYYY-MM-DD, for example 2024-06-30
    """
    try:
        day = parse(as_of)
    except (TypeError, ValueError):
        day = None
    if day is None or day.precision != "day":
        raise UsageError(f"as_of {as_of!r} is no day", hint="give one as YYYY-MM-DD, for example 2024-06-30")
    return day
