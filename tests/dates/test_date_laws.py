"""The laws of dates, intervals and durations, with hypothesis looking for the exception."""

import copy
import pickle
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolkit.dates import Duration, Interval, PartialDate, civil_day, parse, parse_duration, parse_loose

ZONES = st.sampled_from(
    [None, "UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu"]
)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
NEAR_DAYS = st.dates(date(2019, 12, 1), date(2022, 2, 1))  # near each other, so that bounds meet
PRECISIONS = ("day", "month", "quarter", "year")

HAN_DIGITS = "〇一二三四五六七八九"
MONTHS = [date(2001, month, 1).strftime("%B") for month in range(1, 13)]


def widened(day, precision):
    """Write the day, month, quarter or year in which a day lies."""
    quarter = (day.month + 2) // 3
    return {"day": f"{day}", "month": f"{day}"[:7], "quarter": f"{day.year:04d}-Q{quarter}", "year": f"{day}"[:4]}[
        precision
    ]


def instants(days):
    offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    clocks = st.times().map(lambda clock: clock.replace(fold=0))
    return st.builds(lambda day, clock, zone: datetime.combine(day, clock, zone).isoformat(), days, clocks, offsets)


def civil_dates(days):
    return st.builds(widened, days, st.sampled_from(PRECISIONS)).map(parse)


def partial_dates(days):
    return civil_dates(days) | instants(days).map(parse)


def intervals(days):
    bounds = st.none() | partial_dates(days)

    def build(start, end, tz):
        assume(not (start and end) or end.compare(start, tz=tz) != "before")
        return Interval(start, end, tz)

    return st.builds(build, bounds, bounds, ZONES)


def han(number):
    """Spell 1..99 by value, as gazettes do."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else HAN_DIGITS[tens]) + ("十" if tens else "") + (HAN_DIGITS[ones] if ones else "")


def full_width(text):
    return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


def english(day):
    name = MONTHS[day.month - 1]
    return [
        f"{day.day} {name} {day.year}",
        f"{name} {day.day}, {day.year}",
        f"{name[:3]} {day.day}, {day.year}",
        f"{day.day:02d}-{name[:3]}-{day.year}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02d}.{day.day:02d}",
    ]


def chinese(day):
    digits = "".join(HAN_DIGITS[int(digit)] for digit in str(day.year))
    arabic = f"{day.year}年{day.month}月{day.day}日"
    return [
        arabic,
        full_width(arabic),
        f"{day.year} 年 {day.month:02d} 月 {day.day:02d} 日",
        f"{digits}年{han(day.month)}月{han(day.day)}日",
        f"{digits.replace('〇', '零')}年{han(day.month)}月{han(day.day)}日",
        f"{digits.replace('〇', '○')}年{han(day.month)}月{han(day.day)}号",
    ] + ([f"民国{day.year - 1911}年{day.month}月{day.day}日"] if 1912 <= day.year <= 2110 else [])


@given(partial_dates(st.dates()))
def test_writing_and_reading_a_date_gives_it_back(read):
    assert parse(str(read)) == read
    assert pickle.loads(pickle.dumps(read)) == copy.copy(read) == read


@given(partial_dates(DAYS), ZONES)
def test_the_earliest_day_is_never_after_the_latest(read, tz):
    first, last = read.days(tz)

    assert read.earliest <= read.latest
    assert first <= last


@given(NEAR_DAYS, NEAR_DAYS, st.sampled_from(PRECISIONS), st.sampled_from(PRECISIONS))
def test_a_vaguer_date_is_never_certain_of_the_opposite(one, two, precision_one, precision_two):
    sharp = parse(f"{one}").compare(parse(f"{two}"))
    vague = parse(widened(one, precision_one)).compare(parse(widened(two, precision_two)))

    assert vague in {sharp, "uncertain"}


@given(instants(NEAR_DAYS), partial_dates(NEAR_DAYS), ZONES)
def test_what_holds_without_a_zone_holds_in_every_zone(instant, other, tz):
    assert parse(instant).compare(other) in {"uncertain", parse(instant).compare(other, tz=tz)}


@given(partial_dates(NEAR_DAYS), partial_dates(NEAR_DAYS), partial_dates(NEAR_DAYS), ZONES.filter(bool))
def test_before_is_transitive_in_one_zone(one, two, three, tz):
    if one.compare(two, tz=tz) == two.compare(three, tz=tz) == "before":
        assert one.compare(three, tz=tz) == "before"


@given(DAYS)
def test_english_and_chinese_renderings_of_a_day_give_one_date(day):
    assert {parse_loose(text) for text in english(day) + chinese(day)} == {parse(f"{day}")}


@given(DAYS)
def test_english_and_chinese_renderings_of_a_month_and_a_quarter_give_one_date(day):
    quarter = (day.month + 2) // 3
    months = [f"{MONTHS[day.month - 1]} {day.year}", f"{day.year}年{day.month}月", f"{day.year}年{han(day.month)}月"]
    quarters = [f"Q{quarter} {day.year}", f"{day.year}年第{HAN_DIGITS[quarter]}季度", f"{day.year}年{quarter}季度"]

    assert {parse_loose(text) for text in months} == {parse(widened(day, "month"))}
    assert {parse_loose(text) for text in quarters} == {parse(widened(day, "quarter"))}


@given(partial_dates(DAYS))
def test_an_iso_form_is_read_alike_by_both_readers(read):
    assert parse_loose(str(read)) == read


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1900, 2199))
def test_a_date_of_unknown_order_keeps_only_what_both_orders_share(one, two, year):
    text = f"{one:02d}/{two:02d}/{year}"
    read, both = parse_loose(text), {parse_loose(text, day_first=first) for first in (True, False)}

    assert all(read.earliest <= day.earliest and day.latest <= read.latest for day in both)
    assert bool(read.ambiguous) == (len(both) > 1)


@given(
    st.integers(1000, 9999),
    st.sampled_from(
        [
            "{0}号",
            "v{0}.22",
            "第{0}条",
            "GB {0}-2014",
            "{0}-2014",
            "{0}元",
            "${0}",
            "{0} mg",
            "No. {0}",
            "{0}室",
            "１{0}",
        ]
    ),
)
def test_numbers_that_look_like_years_are_no_dates(number, shape):
    assert parse_loose(shape.format(number)) is None


@given(st.text(alphabet="0123456789０２〇二十年月日元号季度Q第民国平成TZ:+-/. ,JanMy'D", max_size=24))
def test_any_text_is_read_as_a_date_that_stands_or_refused(text):
    read = parse_loose(text)

    assert read is None or parse(str(read)) == read


def refusal(text):
    """Tell why the strict reader refuses a text, or the empty string if it reads it."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return ""


@given(st.text(max_size=24) | st.from_regex(r"\A[0-9]{4}-[0-9Q]{2}-[0-9]{2}\Z"))
def test_the_strict_reader_reads_or_says_why_not(text):
    why = refusal(text)

    assert why.startswith(f"{text!r} is no date: ") if why else str(parse(text)) == text


@given(instants(DAYS), ZONES.filter(bool))
def test_a_civil_day_is_one_of_the_days_it_is_anywhere(instant, tz):
    first, last = parse(instant).days()

    assert first <= civil_day(parse(instant).instant, tz) <= last


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 9999))
def test_a_duration_reads_back(years, months, days):
    duration = Duration(years, months, days)

    assert parse_duration(str(duration)) == duration


@given(DAYS, st.integers(0, 50), st.integers(0, 40), st.integers(0, 400), st.integers(1, 40))
def test_a_later_start_never_ends_earlier(day, years, months, days, later):
    duration = Duration(years, months, days)

    assert duration.last_day(day) <= duration.last_day(day + timedelta(days=later))


@given(DAYS, st.integers(1, 60))
def test_periods_of_whole_months_tile_the_calendar_where_the_day_exists(day, months):
    """A period of n months ends the day before the next one begins: no day is lost and none is counted twice."""
    assume(day.day <= 28)
    first = Interval.lasting(parse(f"{day}"), Duration(months=months))
    second = Interval.lasting(parse(f"{Duration(months=months).shift(day)}"), Duration(months=months))

    assert first.touches(second)
    assert first.overlaps(second) == "no"


@given(intervals(NEAR_DAYS), NEAR_DAYS)
def test_what_is_ended_or_awaited_is_not_contained(interval, day):
    when = parse(f"{day}")

    assert (interval.contains(when) == "no") == (interval.ended(when) or interval.awaited(when))


@given(intervals(NEAR_DAYS), NEAR_DAYS, st.integers(0, 30))
def test_what_has_ended_stays_ended(interval, day, later):
    if interval.ended(parse(f"{day}")):
        assert interval.ended(parse(f"{day + timedelta(days=later)}"))


@given(intervals(NEAR_DAYS), intervals(NEAR_DAYS), NEAR_DAYS)
def test_intervals_that_share_a_day_for_certain_overlap(one, two, day):
    assume(one.tz == two.tz)
    when = parse(f"{day}")

    if one.contains(when) == two.contains(when) == "yes":
        assert one.overlaps(two) != "no"


@given(intervals(NEAR_DAYS), intervals(NEAR_DAYS), NEAR_DAYS)
def test_a_union_is_the_same_both_ways_and_loses_no_day(one, two, day):
    assume(one.tz == two.tz)
    union, when = one.merge(two), parse(f"{day}")

    assert union == two.merge(one)
    if union and "yes" in {one.contains(when), two.contains(when)}:
        assert union.contains(when) != "no"


@given(intervals(NEAR_DAYS))
def test_an_interval_overlaps_and_absorbs_itself(interval):
    assert interval.overlaps(interval) != "no"
    assert interval.merge(interval) == interval


@pytest.mark.parametrize("text", ["", "P", "PT1H", "P0.5Y", "-P1Y", "P1", "P1D1Y", "5年", "P５Y", "P1Y\n", "never"])
def test_what_is_no_duration_of_days_is_refused(text):
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


def test_a_partial_date_is_its_text_whatever_note_it_carries():
    assert parse_loose("03/04/2021") == PartialDate("2021")
