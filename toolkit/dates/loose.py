"""Dates as metadata holds them: a column, a front-matter key, an HTTP header, a line that says 成文日期.

The whole value must be a date; a date inside a sentence is another question. Each form is a pattern and a small
function that rewrites what was found as ISO text, which `parse` then judges: one place knows the calendar. What could be
something else than a date (1983号, v20.22, GB 2760-2014, a Unix timestamp) is refused; what could be two dates keeps
only what both share.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from toolkit.dates.numerals import FOLD_HAN, small_number, year_number
from toolkit.dates.partial import PartialDate, parse

_LONGEST = 64  # characters; no date is longer, and the cache shall not hold documents

# Not NFKC: only width, the dashes that typesetters use for a hyphen, and the spaces that hold lines together.
_FOLD_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans(
    "‐‑–−\u00a0\u202f\u3000",
    "----   ",
)
_FOLD = _FOLD_WIDTH | FOLD_HAN

# A bare number is a year only where documents have years: 0042 and 2760 are numbers of something else.
_YEARS = range(1000, 2200)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}


class _Era(NamedTuple):
    """An era counts years from `zero` + 1; a date outside its days was written by mistake."""

    zero: int
    first: date
    last: date


_ERAS = {
    "民国": _Era(1911, date(1912, 1, 1), date(2199, 12, 31)),
    "明治": _Era(1867, date(1873, 1, 1), date(1912, 7, 30)),  # before 1873 Japan counted lunar months
    "大正": _Era(1911, date(1912, 7, 30), date(1926, 12, 25)),
    "昭和": _Era(1925, date(1926, 12, 25), date(1989, 1, 7)),
    "平成": _Era(1988, date(1989, 1, 8), date(2019, 4, 30)),
    "令和": _Era(2018, date(2019, 5, 1), date(2199, 12, 31)),
}

_Found = dict[str, str]  # the named groups of a pattern that took part; a group that did not is the empty string


def _month(text: str) -> int:
    name = text[:3].lower()
    return _MONTHS.index(name) + 1 if name in _MONTHS else small_number(text)


def _iso(year: int, month: int | None = None, day: int | None = None) -> str:
    parts = [f"{year:04d}", *(f"{part:02d}" for part in (month, day) if part is not None)]
    return "-".join(parts)


def _document_year(year: int) -> int:
    if year not in _YEARS:
        message = f"{year} is no year of a document"
        raise ValueError(message)
    return year


def _calendar(found: _Found) -> PartialDate:
    """Read a year and whatever follows it: a quarter, a month, a month and a day."""
    year = _document_year(year_number(found["y"]))
    if quarter := found.get("q"):
        return parse(f"{year:04d}-Q{_ORDINALS.get(quarter.lower()) or small_number(quarter)}")
    month, day = found.get("m"), found.get("d")
    return parse(_iso(year, _month(month) if month else None, small_number(day) if day else None))


def _era(found: _Found) -> PartialDate:
    """Read a year of an era; the part of the calendar it names must touch the days of that era."""
    era = _ERAS[found["era"]]
    year_of_era, month, day = (small_number(found[part]) if found[part] else None for part in ("n", "m", "d"))
    read = parse(_iso(era.zero + (year_of_era or 0), month, day))
    if read.latest < era.first or read.earliest > era.last:
        message = f"{read} is not in {found['era']}"
        raise ValueError(message)
    return read


def _instant(found: _Found) -> PartialDate:
    """Read a clock time with its offset, the only one that names a point in time."""
    day = _iso(int(found["y"]), _month(found["m"]), int(found["d"]))
    sign, hours, minutes = (found.get(part, "") for part in ("sign", "oh", "om"))
    offset = f"{sign}{hours}:{minutes or '00'}" if sign else "Z"
    return parse(f"{day}T{found['clock']}{offset}")


def _instant_of_digits(found: _Found) -> PartialDate:
    clock = found["hms"]
    return _instant(found | {"clock": f"{clock[:2]}:{clock[2:4]}:{clock[4:]}"})


def _year_last(found: _Found, *, day_first: bool | None) -> PartialDate:
    """Read 03/04/2021: if both orders give a day and nothing tells which, only the year is known."""
    year, one, two = _document_year(int(found["y"])), int(found["one"]), int(found["two"])
    orders = {True: _iso(year, two, one), False: _iso(year, one, two)}
    if day_first is None and max(one, two) <= len(_MONTHS) and one != two:
        parse(orders[True])  # 00/04/2021 is no date in either order
        return PartialDate(
            f"{year:04d}", ambiguous=f"{orders[False]} or {orders[True]}: the order of day and month is not known"
        )
    return parse(orders[one > len(_MONTHS) if day_first is None else day_first])


_DIGIT_YEAR = r"(?P<y>[0-9]{4})"
_RECENT_YEAR = r"(?P<y>(?:19|20)[0-9]{2})"  # where the shape alone does not say that it is a date
_HAN_YEAR = r"(?P<y>[0-9]{4}|[〇一二三四五六七八九O0]{4})"
_HAN_NUMBER = r"[0-9]{1,2}|[〇一二三四五六七八九十廿卅]{1,3}"
_HAN_MONTH_DAY = rf"(?: ?(?P<m>{_HAN_NUMBER}|元) ?月(?: ?(?P<d>{_HAN_NUMBER}) ?[日号])?)?"
_MONTH_NAME = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY_NAME = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
_DAY = r"(?P<d>[0-9]{1,2})"
_ORDINAL_DAY = rf"{_DAY}(?:st|nd|rd|th)?"
_QUARTER_NAME = rf"(?P<q>{'|'.join(_ORDINALS)}) quarter"
_CLOCK = r"(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)"
_OFFSET = r" ?(?:z|utc|gmt|(?P<sign>[+-])(?P<oh>[0-9]{2}):?(?P<om>[0-9]{2})?)"
_PDF_OFFSET = r"(?:z(?:00'?00'?)?|(?P<sign>[+-])(?P<oh>[0-9]{2})'?(?P<om>[0-9]{2})?'?)"
# A clock time without seconds or offset names no instant: it is left out, and the day is the day as written.
_IDLE_CLOCK = (
    r"(?:(?:t|,? |,? at )(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?(?: ?[ap]\.?m\.?)?"
    r"(?: ?(?:[a-z]{1,5}|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_IDLE_HAN_CLOCK = (
    r"(?: ?(?:上午|下午|中午|晚上|凌晨)? ?[0-9]{1,2} ?(?:[时点]|[:时点] ?[0-9]{2}(?: ?[:分] ?(?:[0-9]{2} ?秒?)?)?))?"
)
_IDLE_HAN_WEEKDAY = r"(?: ?\(?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]\)?)?"

_Read = Callable[[_Found], PartialDate]
_FORMS: tuple[tuple[str, _Read], ...] = (
    # instants (logs, HTTP and mail headers, iCalendar, PDF) before the days whose idle clock they would fit
    (rf"{_DIGIT_YEAR}[-/](?P<m>[0-9]{{2}})[-/](?P<d>[0-9]{{2}})[t ]{_CLOCK}{_OFFSET}", _instant),
    (rf"{_DAY_NAME}{_DAY} {_MONTH_NAME} {_DIGIT_YEAR} {_CLOCK}{_OFFSET}", _instant),
    (rf"{_DIGIT_YEAR}(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})t(?P<hms>[0-9]{{6}})z", _instant_of_digits),
    (rf"d:{_DIGIT_YEAR}(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})(?P<hms>[0-9]{{6}}){_PDF_OFFSET}", _instant_of_digits),
    # years first, as tables and pages write them; the same separator twice
    (rf"{_RECENT_YEAR}/(?P<m>[0-9]{{1,2}})", _calendar),  # 1800/3 is a division
    (rf"{_RECENT_YEAR}\.(?P<m>[0-9]{{2}})", _calendar),  # 2021.1 is a version or a price
    (rf"{_DIGIT_YEAR}(?P<sep>[-/.])(?P<m>[0-9]{{1,2}})(?P=sep){_DAY}{_IDLE_CLOCK}", _calendar),
    (rf"{_RECENT_YEAR}(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})", _calendar),  # 11111111 is a number
    # Chinese, Japanese
    (rf"(?:公元|西元)?{_HAN_YEAR} ?年{_HAN_MONTH_DAY}{_IDLE_HAN_WEEKDAY}{_IDLE_HAN_CLOCK}", _calendar),
    (rf"{_HAN_YEAR} ?年 ?第? ?(?P<q>[1-4一二三四]) ?季度?", _calendar),
    (rf"{_HAN_YEAR} ?年 ?q(?P<q>[1-4])", _calendar),
    (
        rf"(?:中华)?(?P<era>{'|'.join(_ERAS)}) ?(?P<n>[0-9]{{1,3}}|[〇一二三四五六七八九十廿卅百元]{{1,5}}) ?年{_HAN_MONTH_DAY}",
        _era,
    ),
    # English
    (rf"{_DAY_NAME}(?:the )?{_ORDINAL_DAY}(?: of)?[ -]{_MONTH_NAME}[ ,-] ?{_DIGIT_YEAR}{_IDLE_CLOCK}", _calendar),
    (rf"{_DAY_NAME}{_MONTH_NAME} {_ORDINAL_DAY}[, ] ?{_DIGIT_YEAR}{_IDLE_CLOCK}", _calendar),
    (rf"{_MONTH_NAME}(?:,? |-){_DIGIT_YEAR}", _calendar),
    (rf"{_DIGIT_YEAR}[ -]{_MONTH_NAME}(?:[ -]{_DAY})?", _calendar),
    (rf"{_DIGIT_YEAR}[ -]?q(?P<q>[1-4])", _calendar),
    (
        rf"(?:q(?P<q>[1-4])|(?P<q2>[1-4])q)[ -]?{_DIGIT_YEAR}",
        lambda found: _calendar(found | {"q": found["q"] or found["q2"]}),
    ),
    (rf"(?:the )?{_QUARTER_NAME}(?: of|,)? {_DIGIT_YEAR}", _calendar),
)
_PATTERNS = tuple((re.compile(form, re.IGNORECASE | re.ASCII), read) for form, read in _FORMS)
_YEAR_LAST = re.compile(
    rf"(?P<one>[0-9]{{1,2}})(?P<sep>[-/.])(?P<two>[0-9]{{1,2}})(?P=sep){_DIGIT_YEAR}{_IDLE_CLOCK}",
    re.IGNORECASE | re.ASCII,
)


def _read_strict(text: str) -> PartialDate | None:
    try:
        read = parse(text)
    except ValueError:
        return None
    return None if read.precision == "year" and read.earliest.year not in _YEARS else read


def _read_loose(text: str, day_first: bool | None) -> PartialDate | None:
    """Try the forms; each text fits at most one of them but for its reading, so the first that fits decides."""
    for pattern, read in _PATTERNS:
        if found := pattern.fullmatch(text):
            return read(found.groupdict(default=""))
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(found.groupdict(default=""), day_first=day_first)
    return None


@lru_cache(maxsize=1 << 16)
def _parse_loose(text: str, day_first: bool | None) -> PartialDate | None:
    folded = " ".join(text.translate(_FOLD).split())
    if strict := _read_strict(folded):
        return strict
    try:
        return _read_loose(folded, day_first)
    except ValueError:  # the shape of a date, but no day of the calendar: 2021年2月30日
        return None


def parse_loose(text: str, *, day_first: bool | None = None) -> PartialDate | None:
    """Read a value of metadata as a date, if it is one and can be nothing else.

    Accepts the ISO forms of `parse`; Chinese, Japanese-era, English and numeric dates in half or full width and in Arabic
    or Chinese numerals; HTTP, mail and PDF instants. A clock time without an offset is left out: it names a day, not an
    instant. A Unix timestamp is a number and is refused, as is every value that says more than a date.

    Args:
        text: The whole value.
        day_first: The order of 03/04/2021 if the source's locale is known; None keeps the year alone, with a note.

    Returns:
        The date, as precise as the value, or None.

    >>> [str(parse_loose(value)) for value in ("2021年1月1日", "二〇二一年一月一日", "２０２１／１／１", "Jan 1, 2021", "20210101")]
    ['2021-01-01', '2021-01-01', '2021-01-01', '2021-01-01', '2021-01-01']
    >>> str(parse_loose("2021年第三季度")), str(parse_loose("民国110年")), str(parse_loose("平成3年"))
    ('2021-Q3', '2021', '1991')
    >>> parse_loose("03/04/2021")
    PartialDate('2021', ambiguous='2021-03-04 or 2021-04-03: the order of day and month is not known')
    >>> str(parse_loose("03/04/2021", day_first=True))
    '2021-04-03'
    >>> [parse_loose(value) for value in ("1983号", "v20.22", "2760-2014", "GB/T 19001-2016", "1609459200", "2021年底")]
    [None, None, None, None, None, None]
    """
    return _parse_loose(text, day_first) if len(text) <= _LONGEST else None
