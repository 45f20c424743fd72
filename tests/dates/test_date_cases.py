"""The case tables of `toolkit.dates`: each row is a promise about one date."""

import json
from pathlib import Path

import pytest

from toolkit.dates import Interval, parse, parse_duration, parse_loose

CASES = Path(__file__).parent.parent / "cases" / "age"


def rows(table):
    lines = (CASES / f"dates_{table}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=row["name"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("row", [row for row in rows("strict") if "expect" in row.values[0]])
def test_an_iso_form_is_read_as_the_days_it_may_mean_and_written_back_as_it_was(row):
    read = parse(row["input"])

    assert [read.precision, str(read.earliest), str(read.latest)] == row["expect"]
    assert str(read) == row["input"]


@pytest.mark.parametrize("row", [row for row in rows("strict") if "error" in row.values[0]])
def test_anything_else_is_refused_with_what_and_where(row):
    with pytest.raises(ValueError, match="is no date") as error:
        parse(row["input"])

    assert row["error"] in str(error.value)
    assert repr(row["input"]) in str(error.value)


@pytest.mark.parametrize("row", rows("loose"))
def test_a_value_of_metadata_is_read_as_precise_as_it_is_or_refused(row):
    read = parse_loose(row["input"], day_first=row.get("day_first"))

    assert (None if read is None else str(read)) == row["expect"]
    assert bool(read and read.ambiguous) == row.get("ambiguous", False)


@pytest.mark.parametrize("row", rows("compare"))
def test_a_comparison_is_certain_only_where_every_reading_agrees(row):
    one, two = parse(row["one"]), parse(row["two"])
    mirrored = {"before": "after", "after": "before", "uncertain": "uncertain"}

    assert one.compare(two, tz=row["tz"]) == row["expect"]
    assert two.compare(one, tz=row["tz"]) == mirrored[row["expect"]]


@pytest.mark.parametrize("row", rows("durations"))
def test_a_duration_ends_on_the_day_before_the_corresponding_day(row):
    start, duration = parse(row["start"]), parse_duration(row["duration"])

    if row["expect"] is None:
        with pytest.raises(ValueError, match="ends on no certain day"):
            Interval.lasting(start, duration)
    else:
        assert str(Interval.lasting(start, duration).end) == row["expect"]


@pytest.mark.parametrize("row", rows("contains"))
def test_an_interval_contains_its_first_and_its_last_day(row):
    interval = Interval.of(row["start"], row["end"], tz=row["tz"])

    assert interval.contains(parse(row["when"])) == row["expect"]


@pytest.mark.parametrize("row", rows("merge"))
def test_two_intervals_become_one_exactly_where_no_gap_is_between_them(row):
    one, two = (Interval.of(*row[side], tz="UTC") for side in ("one", "two"))

    for left, right in ((one, two), (two, one)):
        merged = left.merge(right)
        assert (left.touches(right), left.overlaps(right)) == (row["touches"], row["overlaps"])
        assert (merged and str(merged)) == row["merged"]


@pytest.mark.parametrize("table", ["merge", "loose", "strict", "compare", "durations", "contains"])
def test_every_table_has_english_and_chinese_rows_with_unique_names(table):
    table_rows = [row.values[0] for row in rows(table)]

    assert {"en", "zh"} <= {row["lang"] for row in table_rows}
    assert len({row["name"] for row in table_rows}) == len(table_rows)
