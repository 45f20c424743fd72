"""Validity as an interval, and how long a validity lasts.

The semantics are those of FHIR Period (https://hl7.org/fhir/R5/datatypes.html#Period): both bounds are inclusive, a
missing end is "ongoing", a missing start is "not known". SQL's half-open periods are converted where they enter. A bound
that is a partial date may be any of its days, so what is asked of an interval can be answered `uncertain`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from toolkit.dates.partial import PartialDate, parse

Truth = Literal["yes", "no", "uncertain"]

_DURATION = re.compile(r"P(?=[0-9])(?:([0-9]{1,4})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})W)?(?:([0-9]{1,7})D)?", re.ASCII)
_MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Duration:
    """A length in calendar years, months and days; a year is not 365 days and P12M is not rewritten as P1Y.

    Args:
        years: Calendar years.
        months: Calendar months.
        days: Days; a week is seven of them.

    Raises:
        ValueError: A part is negative.

    >>> five_years = parse_duration("P5Y")
    >>> str(five_years.last_day(date(2021, 3, 1)))  # 自2021年3月1日起有效期五年
    '2026-02-28'
    >>> str(Duration(months=12))  # stays as it was said
    'P12M'
    """

    years: int = 0
    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if min(self.years, self.months, self.days) < 0:
            message = f"a duration has no negative part: years={self.years}, months={self.months}, days={self.days}"
            raise ValueError(message)

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")

    def shift(self, day: date) -> date:
        """Move a day by this duration: to the first day that is no longer inside.

        Years and months lead to the day of the same number. Where that month is too short there is none, and its last day
        still belongs to the period (PRC Civil Code, art. 202: 没有对应日的，月末日为期间的最后一日), so the first day
        outside is the next first of month.

        Raises:
            OverflowError: The day would lie after the year 9999.

        >>> str(parse_duration("P1Y").shift(date(2020, 2, 29)))
        '2021-03-01'
        >>> str(parse_duration("P4Y").shift(date(2020, 2, 29)))  # the day exists: untouched
        '2024-02-29'
        """
        years, month_index = divmod(day.month - 1 + self.months, _MONTHS_OF_YEAR)
        year, month = day.year + self.years + years, month_index + 1
        if year > date.max.year:
            message = f"{day} + {self} lies after the year {date.max.year}"
            raise OverflowError(message)
        length = monthrange(year, month)[1]
        missing = timedelta(days=1 if day.day > length else 0)
        return date(year, month, min(day.day, length)) + missing + timedelta(days=self.days)

    def last_day(self, start: date) -> date:
        """Tell the last day of a period that begins on `start` and includes it: D + 5 years - 1 day.

        >>> str(parse_duration("P30D").last_day(date(2024, 2, 1))), str(parse_duration("P1M").last_day(date(2024, 1, 31)))
        ('2024-03-01', '2024-02-29')
        """
        return self.shift(start) - timedelta(days=1)

    def ends(self, start: PartialDate, *, tz: str | None = None) -> tuple[date, date]:
        """Tell the earliest and the latest last day, for a start of any precision; `ends(anchor)[1]` is when a TTL is over.

        >>> [str(day) for day in parse_duration("P2Y").ends(parse("2021"))]
        ['2022-12-31', '2023-12-30']
        """
        first, last = start.days(tz)
        return self.last_day(first), self.last_day(last)


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> Duration:
    """Read an ISO 8601 duration of whole years, months, weeks and days.

    Args:
        text: Such as P2Y, P30D, P1Y6M, P2W. Hours have no place among civil days; a fraction of a year has no length.

    Raises:
        ValueError: The text is no such duration.

    >>> parse_duration("P1Y6M")
    Duration(years=1, months=6, days=0)
    >>> parse_duration("5年")
    Traceback (most recent call last):
    ValueError: '5年' is no duration of calendar days (expected for example P2Y, P1Y6M, P2W or P30D)
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        message = f"{text!r} is no duration of calendar days (expected for example P2Y, P1Y6M, P2W or P30D)"
        raise ValueError(message)
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return Duration(years, months, 7 * weeks + days)


@dataclass(frozen=True, slots=True)
class Interval:
    """From a first day to a last day, both inside; a bound that is missing limits nothing.

    Args:
        start: The first day; None where it is not known.
        end: The last day; None while it goes on.
        tz: The IANA zone of its civil days; without it, what holds must hold in every zone.

    Raises:
        ValueError: The interval certainly ends before it starts: such evidence is refused, not its record.

    >>> 合同法 = Interval.of("1999-10-01", "2020-12-31", tz="Asia/Shanghai")
    >>> 合同法.contains(parse("2020-12-31")), 合同法.contains(parse("2021-01-01"))
    ('yes', 'no')
    >>> 合同法.contains(parse("2020-12-31T23:59:59Z"))  # in Shanghai it is New Year's morning
    'no'
    >>> Interval.of(None, "2020").contains(parse("2020-06-01"))  # some day of 2020 was the last
    'uncertain'
    """

    start: PartialDate | None = None
    end: PartialDate | None = None
    tz: str | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.end.compare(self.start, tz=self.tz) == "before":
            message = f"the interval {self} ends before it starts"
            raise ValueError(message)

    def __str__(self) -> str:
        return f"{self.start or ''}/{self.end or '..'}"  # ISO 8601-2: empty is unknown, two dots are open

    @classmethod
    def of(cls, start: str | None, end: str | None, *, tz: str | None = None) -> Interval:
        """Build an interval from ISO texts, as a record holds them; None or empty is a missing bound.

        Raises:
            ValueError: A bound is no date, or the interval ends before it starts.

        >>> str(Interval.of("2021-01-01", None))
        '2021-01-01/..'
        """
        return cls(parse(start) if start else None, parse(end) if end else None, tz)

    @classmethod
    def lasting(cls, start: PartialDate, duration: Duration, *, tz: str | None = None) -> Interval:
        """Build the interval of a validity that is stated by its length, such as 有效期五年.

        Raises:
            ValueError: The start is not one certain day, so the end is a bound (see `Duration.ends`) and no date.

        >>> str(Interval.lasting(parse("2021-03-01"), parse_duration("P5Y")))
        '2021-03-01/2026-02-28'
        >>> Interval.lasting(parse("2021"), parse_duration("P5Y"))
        Traceback (most recent call last):
        ValueError: 2021 + P5Y ends on no certain day: from 2025-12-31 to 2026-12-30
        """
        earliest, latest = duration.ends(start, tz=tz)
        if earliest != latest:
            message = f"{start} + {duration} ends on no certain day: from {earliest} to {latest}"
            raise ValueError(message)
        return cls(start, parse(latest.isoformat()), tz)

    def ended(self, when: PartialDate) -> bool:
        """Tell whether it is certainly over: after the latest reading of the end. On its last day it is not.

        >>> ending = Interval.of(None, "2024-06-30")
        >>> ending.ended(parse("2024-06-30")), ending.ended(parse("2024-07-01"))
        (False, True)
        >>> Interval.of(None, "2024").ended(parse("2024-12-31"))  # 截至2024年: the last day of the year is inside
        False
        """
        return self.end is not None and when.compare(self.end, tz=self.tz) == "after"

    def awaited(self, when: PartialDate) -> bool:
        """Tell whether it has certainly not begun: before the earliest reading of the start.

        >>> law = Interval.of("2021-01-01", None)  # 自2021年1月1日起施行
        >>> law.awaited(parse("2020-12-31")), law.awaited(parse("2021-01-01"))
        (True, False)
        """
        return self.start is not None and when.compare(self.start, tz=self.tz) == "before"

    def contains(self, when: PartialDate) -> Truth:
        """Tell whether a date lies inside under every reading (`yes`), under none (`no`), or under some.

        >>> Interval.of("2021", "2023").contains(parse("2022-05-01"))
        'yes'
        """
        if self.ended(when) or self.awaited(when):
            return "no"
        begun = self.start is None or _not_before(when, self.start, self.tz)
        going = self.end is None or _not_after(when, self.end, self.tz)
        return "yes" if begun and going else "uncertain"

    def overlaps(self, other: Interval) -> Truth:
        """Tell whether two intervals share a moment under every reading of their bounds, under none, or under some.

        Raises:
            ValueError: The two count civil days in different zones.

        >>> Interval.of("2019", "2020").overlaps(Interval.of("2020", "2021"))
        'uncertain'
        >>> Interval.of("2019-01-01", "2020-06-30").overlaps(Interval.of("2020-06-30", None))  # the last day is inside
        'yes'
        """
        tz = _common_zone(self, other)
        crossings = ((self.start, other.end), (other.start, self.end))
        met = [(start, end) for start, end in crossings if start is not None and end is not None]
        if any(start.compare(end, tz=tz) == "after" for start, end in met):
            return "no"
        return "yes" if all(_not_after(start, end, tz) for start, end in met) else "uncertain"

    def touches(self, other: Interval) -> bool:
        """Tell whether one begins on the day after the last day of the other; a whole year touches the next year.

        Raises:
            ValueError: The two count civil days in different zones.

        >>> old, new = Interval.of("1999-10-01", "2020-12-31"), Interval.of("2021-01-01", None)
        >>> old.touches(new), old.touches(Interval.of("2021-01-02", None))
        (True, False)
        """
        tz = _common_zone(self, other)
        return _follows(self.start, other.end, tz) or _follows(other.start, self.end, tz)

    def merge(self, other: Interval) -> Interval | None:
        """Join two intervals that touch or may share a day; None if there is a gap, for a gap is knowledge.

        Raises:
            ValueError: The two count civil days in different zones.

        >>> str(Interval.of("2019-01-01", "2020-12-31").merge(Interval.of("2021-01-01", None)))
        '2019-01-01/..'
        >>> Interval.of("2019-01-01", "2020-12-30").merge(Interval.of("2021-01-01", None)) is None
        True
        """
        tz = _common_zone(self, other)
        if self.overlaps(other) == "no" and not self.touches(other):
            return None
        start = _earlier(self.start, other.start, tz) if self.start and other.start else None
        end = _later(self.end, other.end, tz) if self.end and other.end else None
        return Interval(start, end, tz)


def _common_zone(one: Interval, two: Interval) -> str | None:
    if one.tz and two.tz and one.tz != two.tz:
        message = f"{one} counts days in {one.tz}, {two} in {two.tz}: give both one zone first"
        raise ValueError(message)
    return one.tz or two.tz


def _not_before(when: PartialDate, start: PartialDate, tz: str | None) -> bool:
    """Tell whether a date is certainly the start or later; a start at some hour leaves its own day open."""
    if when.instant is not None and start.instant is not None:
        return when.instant >= start.instant
    first, start_last = when.days(tz)[0], start.days(tz)[1]
    return first > start_last or (first == start_last and start.instant is None)


def _not_after(when: PartialDate, end: PartialDate, tz: str | None) -> bool:
    """Tell whether a date is certainly the end or earlier; an end at some hour leaves its own day open."""
    if when.instant is not None and end.instant is not None:
        return when.instant <= end.instant
    last, end_first = when.days(tz)[1], end.days(tz)[0]
    return last < end_first or (last == end_first and end.instant is None)


def _follows(start: PartialDate | None, end: PartialDate | None, tz: str | None) -> bool:
    """Tell whether a start comes right after an end: on the next day, or for two instants in the next second."""
    if start is None or end is None:
        return False
    if start.instant is not None and end.instant is not None:
        return timedelta(0) < start.instant - end.instant <= timedelta(seconds=1)
    return start.days(tz)[0] - end.days(tz)[1] == timedelta(days=1)


def _earlier(one: PartialDate, two: PartialDate, tz: str | None) -> PartialDate:
    """Choose the start of a union: the earlier bound, or of two that may be equal the one that covers more."""
    order = one.compare(two, tz=tz)
    if order == "uncertain":
        return min(one, two, key=lambda bound: (*bound.days(tz), bound.instant is not None, bound.text))
    return one if order == "before" else two


def _later(one: PartialDate, two: PartialDate, tz: str | None) -> PartialDate:
    """Choose the end of a union: the later bound, or of two that may be equal the one that covers more."""
    order = one.compare(two, tz=tz)
    if order == "uncertain":
        return max(one, two, key=lambda bound: (*bound.days(tz)[::-1], bound.instant is None, bound.text))
    return one if order == "after" else two
