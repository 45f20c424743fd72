"""Partial dates: a year, a quarter, a month, a day or an instant, kept as precise as the source was and no preciser.

A source that says 2023 does not say 2023-01-01, so a partial date *is* its ISO text and nothing is ever padded. For
comparison it stands for every day it may mean, from `earliest` to `latest`; the answer is `uncertain` where two such
spans meet. The forms are those of EDTF level 0 with quarters, and RFC 3339 for instants.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn

from toolkit.dates.civil import civil_day, possible_days

Precision = Literal["year", "quarter", "month", "day", "instant"]
Order = Literal["before", "after", "uncertain"]

_LEAP_SECOND = 60

FORMS = "YYYY, YYYY-Qn, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ"

# Every part after the year is optional, so that a match ends exactly where the text stops being a date.
_ISO = re.compile(
    r"""(?P<year>[0-9]{4})
    (?:-(?:Q(?P<quarter>[1-4])
      | (?P<month>[0-9]{2})
        (?:-(?P<day>[0-9]{2})
          (?P<clock>[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?
            (?P<offset>[Zz]|[+-](?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-9]{2})))?
        )?
    ))?""",
    re.VERBOSE | re.ASCII,
)
_LIMITS = {
    "year": (1, 9999),
    "month": (1, 12),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 60),
    "offset_hour": (0, 23),
    "offset_minute": (0, 59),
}


class _Reading(NamedTuple):
    """What a text says, once it is known to be a date."""

    precision: Precision
    earliest: date
    latest: date
    instant: datetime | None = None


def _refuse(text: str, position: int, what: str) -> NoReturn:
    message = f"{text!r} is no date: {what} at position {position}"
    raise ValueError(message)


def _match(text: str) -> re.Match[str]:
    found = _ISO.match(text)
    if found is None:
        _refuse(text, 0, f"expected {FORMS}")
    if found.end() < len(text):
        _refuse(text, found.end(), f"unexpected {text[found.end() :]!r} (expected {FORMS})")
    return found


def _numbers(found: re.Match[str]) -> dict[str, int]:
    """Read the parts that are there, each within its limits."""
    numbers = {name: int(found[name]) for name in _LIMITS if found[name] is not None}
    for name, value in numbers.items():
        low, high = _LIMITS[name]
        if not low <= value <= high:
            _refuse(found.string, found.start(name), f"{name.replace('_', ' ')} {value} is not in {low}..{high}")
    return numbers


def _last_of(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _day(found: re.Match[str], year: int, month: int) -> date:
    day, length = int(found["day"]), monthrange(year, month)[1]
    if not 1 <= day <= length:
        _refuse(found.string, found.start("day"), f"day {day}, but {year:04d}-{month:02d} has {length} days,")
    return date(year, month, day)


def _instant(found: re.Match[str], day: date, numbers: dict[str, int]) -> datetime:
    """Place a clock time; what is finer than a microsecond is cut, never rounded into the next day."""
    offset = timedelta(hours=numbers.get("offset_hour", 0), minutes=numbers.get("offset_minute", 0))
    zone = timezone(-offset if found["offset"].startswith("-") else offset)
    hour, minute, second = numbers["hour"], numbers["minute"], numbers["second"]
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    if second != _LEAP_SECOND:
        return datetime(day.year, day.month, day.day, hour, minute, second, micro, zone)
    # A leap second exists only at the end of a UTC day; datetime has no room for it, so it is read as the last tick.
    if (timedelta(hours=hour, minutes=minute) - zone.utcoffset(None)) % timedelta(days=1) != timedelta(
        hours=23, minutes=59
    ):
        _refuse(found.string, found.start("second"), "second 60 that is no leap second (23:59:60 UTC)")
    return datetime(day.year, day.month, day.day, hour, minute, 59, 999_999, zone)


def _read(text: str) -> _Reading:
    found = _match(text)
    numbers = _numbers(found)
    year, month = numbers["year"], numbers.get("month")
    if found["quarter"]:
        last_month = 3 * int(found["quarter"])
        return _Reading("quarter", date(year, last_month - 2, 1), _last_of(year, last_month))
    if month is None:
        return _Reading("year", date(year, 1, 1), date(year, 12, 31))
    if found["day"] is None:
        return _Reading("month", date(year, month, 1), _last_of(year, month))
    day = _day(found, year, month)
    if found["clock"] is None:
        return _Reading("day", day, day)
    return _Reading("instant", day, day, _instant(found, day, numbers))


@dataclass(frozen=True, slots=True, repr=False)
class PartialDate:
    """A date as precise as its source; equal to another exactly when both are written alike.

    Args:
        text: An ISO form: YYYY, YYYY-Qn, YYYY-MM, YYYY-MM-DD, or an RFC 3339 instant.
        ambiguous: Why the date is less precise than its source looks; a note that takes no part in comparison.

    Attributes:
        precision: `year`, `quarter`, `month`, `day` or `instant`.
        earliest: The first day it may mean; of an instant, the day as written, in its own offset.
        latest: The last day it may mean.
        instant: The point in time, if it is one, with its offset.

    Raises:
        ValueError: The text is no such date; the message says what is wrong and at which position.

    >>> quarter = PartialDate("2021-Q3")
    >>> str(quarter), str(quarter.earliest), str(quarter.latest)
    ('2021-Q3', '2021-07-01', '2021-09-30')
    >>> str(PartialDate("2023"))  # a year stays a year
    '2023'
    """

    text: str
    ambiguous: str = field(default="", compare=False)
    precision: Precision = field(init=False, compare=False)
    earliest: date = field(init=False, compare=False)
    latest: date = field(init=False, compare=False)
    instant: datetime | None = field(init=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in _read(self.text)._asdict().items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "text", self.text.upper())  # RFC 3339 lets t and z stand for T and Z

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"PartialDate({self.text!r}{f', ambiguous={self.ambiguous!r}' if self.ambiguous else ''})"

    def days(self, tz: str | None = None) -> tuple[date, date]:
        """Tell the first and the last civil day this date may mean.

        Args:
            tz: The IANA zone in which an instant falls on a day; without it every zone on earth is possible.

        >>> [str(day) for day in PartialDate("2021-06-30T23:59:59Z").days("Asia/Shanghai")]
        ['2021-07-01', '2021-07-01']
        >>> [str(day) for day in PartialDate("2021-06").days("Asia/Shanghai")]  # a civil date has no zone to change
        ['2021-06-01', '2021-06-30']
        """
        if self.instant is None:
            return self.earliest, self.latest
        if tz is None:
            return possible_days(self.instant)
        day = civil_day(self.instant, tz)
        return day, day

    def compare(self, other: PartialDate, *, tz: str | None = None) -> Order:
        """Tell whether this date lies before or after another, whatever days the two may mean.

        Two instants compare as instants; an instant meets a civil date on the calendar of a zone.

        Args:
            other: The other date.
            tz: The IANA zone of civil dates; without it an answer must hold in every zone.

        Returns:
            `before`, `after`, or `uncertain`, which includes equal dates: neither lies before the other.

        >>> PartialDate("2020").compare(PartialDate("2021-06-30"))
        'before'
        >>> PartialDate("2021").compare(PartialDate("2021-06-30"))
        'uncertain'
        >>> now, until = PartialDate("2021-06-30T23:59:59Z"), PartialDate("2021-06-30")
        >>> now.compare(until, tz="Asia/Shanghai"), now.compare(until, tz="UTC"), now.compare(until)
        ('after', 'uncertain', 'uncertain')
        """
        if self.instant is not None and other.instant is not None:
            return _order(self.instant < other.instant, self.instant > other.instant)
        first, last = self.days(tz)
        other_first, other_last = other.days(tz)
        return _order(last < other_first, first > other_last)


def _order(before: bool, after: bool) -> Order:
    if before:
        return "before"
    return "after" if after else "uncertain"


@lru_cache(maxsize=1 << 16)
def parse(text: str) -> PartialDate:
    """Read a date in one of the ISO forms, strictly: no spaces, no other separators, no padding.

    Args:
        text: YYYY, YYYY-Qn, YYYY-MM, YYYY-MM-DD, or an RFC 3339 instant.

    Returns:
        The date, so that `parse(str(date)) == date`.

    Raises:
        ValueError: The text is no such date; the message says what is wrong and at which position.

    >>> parse("2021-01")
    PartialDate('2021-01')
    >>> str(parse("2021-01-01T08:00:00+08:00"))  # the offset of the source is kept
    '2021-01-01T08:00:00+08:00'
    >>> parse("2025-02-29")
    Traceback (most recent call last):
    ValueError: '2025-02-29' is no date: day 29, but 2025-02 has 28 days, at position 8
    >>> parse("2021年1月")  # values of metadata are for parse_loose
    Traceback (most recent call last):
    ValueError: '2021年1月' is no date: unexpected '年1月' (expected YYYY, YYYY-Qn, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ) at position 4
    """
    return PartialDate(text)
