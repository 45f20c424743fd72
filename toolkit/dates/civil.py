"""Instants and civil days: on which day an instant falls depends on the zone, so the zone is always named.

Zones are read from the `tzdata` package and not from the machine: two machines with different system tables would
otherwise decide differently about one record. Nothing here reads a clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from toolkit.errors import UsageError, unknown_name

# The first and the last place on earth where a day begins (Kiritimati, Baker Island).
EARLIEST_ZONE = timezone(timedelta(hours=14))
LATEST_ZONE = timezone(timedelta(hours=-12))


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    from importlib.resources import files

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


# What a name without a region (CST, 北京) probably meant; all six hundred names would help nobody.
_COMMON = ("UTC", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Europe/London", "America/New_York")


def _unknown_zone(name: str) -> UsageError:
    region = name.partition("/")[0] + "/"
    return unknown_name("time zone", name, [known for known in _zone_names() if known.startswith(region)] or _COMMON)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Load a zone of the IANA database.

    Args:
        name: An IANA name such as `Asia/Shanghai` or `UTC`. Abbreviations are refused: CST is China and Chicago.

    Raises:
        UsageError: The name is not in the database; names that may be meant are given.

    >>> zone("Asia/Shanghai").key
    'Asia/Shanghai'
    >>> zone("北京")
    Traceback (most recent call last):
    toolkit.errors.UsageError: unknown time zone '北京'
    known: America/New_York, Asia/Hong_Kong, Asia/Shanghai, Asia/Taipei, Europe/London, UTC
    """
    from importlib.resources import files

    if name not in _zone_names():
        raise _unknown_zone(name)
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _day_in(instant: datetime, where: tzinfo) -> date:
    """Tell the day in a zone; at the edges of the calendar (0001 and 9999 mean never and for ever), the day as written."""
    try:
        return instant.astimezone(where).date()
    except OverflowError:
        return instant.date()


def civil_day(instant: datetime, tz: str) -> date:
    """Tell the day on the calendar of a zone.

    Args:
        instant: A datetime with an offset.
        tz: An IANA name.

    Raises:
        ValueError: The instant has no offset; Python would read it in the zone of the machine.
        UsageError: The zone is unknown.

    >>> last_second = datetime.fromisoformat("2021-06-30T23:59:59+00:00")
    >>> str(civil_day(last_second, "Asia/Shanghai"))  # 北京时间已是7月1日
    '2021-07-01'
    >>> str(civil_day(last_second, "UTC"))  # in its own zone the day stays
    '2021-06-30'
    """
    if instant.utcoffset() is None:
        message = f"{instant.isoformat()} has no offset, so it falls on no certain day"
        raise ValueError(message)
    return _day_in(instant, zone(tz))


def possible_days(instant: datetime) -> tuple[date, date]:
    """Tell the first and the last day it is anywhere on earth at an instant.

    >>> [str(day) for day in possible_days(datetime.fromisoformat("2021-06-30T23:59:59+00:00"))]
    ['2021-06-30', '2021-07-01']
    """
    return _day_in(instant, LATEST_ZONE), _day_in(instant, EARLIEST_ZONE)
