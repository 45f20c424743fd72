"""Zones, refusals, and the material of the real world."""

import ast
import csv
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

import toolkit.dates
from toolkit.dates import Interval, civil_day, parse, parse_loose, zone
from toolkit.errors import UsageError

LAWS = Path("/work/shared/data/laws")
SOURCES = sorted(Path(toolkit.dates.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(
    ("instant", "tz", "expect"),
    [
        ("2021-06-30T15:59:59+00:00", "Asia/Shanghai", "2021-06-30"),
        ("2021-06-30T16:00:00+00:00", "Asia/Shanghai", "2021-07-01"),
        ("2021-07-01T03:59:59+00:00", "America/New_York", "2021-06-30"),  # summer time
        ("2021-01-01T04:59:59+00:00", "America/New_York", "2020-12-31"),  # winter time
        ("2011-12-30T10:00:00+00:00", "Pacific/Apia", "2011-12-31"),  # Samoa had no 30 December 2011
        ("1990-07-01T15:30:00+00:00", "Asia/Shanghai", "1990-07-02"),  # China had summer time until 1991
    ],
)
def test_an_instant_falls_on_the_day_of_the_zone_at_that_time(instant, tz, expect):
    assert str(civil_day(datetime.fromisoformat(instant), tz)) == expect


def test_a_time_without_an_offset_falls_on_no_day():
    with pytest.raises(ValueError, match="has no offset"):
        civil_day(datetime(2021, 1, 1), "UTC")  # noqa: DTZ001 - the missing zone is the point


@pytest.mark.parametrize("name", ["CST", "北京时间", "", "../UTC", "Asia", "+08:00", "asia/shanghai"])
def test_an_unknown_zone_is_answered_with_known_ones(name):
    with pytest.raises(UsageError) as error:
        zone(name)

    hint = error.value.hint
    offered = re.findall(r"'([^']+)'", hint) or hint.removeprefix("known: ").split(", ")
    assert offered
    assert all(zone(known).key == known for known in offered)


def test_days_of_two_zones_are_not_compared():
    one, two = Interval.of(None, "2020-12-31", tz="Asia/Shanghai"), Interval.of("2021-01-01", None, tz="UTC")

    for question in (one.overlaps, one.touches, one.merge):
        with pytest.raises(ValueError, match="give both one zone first"):
            question(two)


def test_an_interval_without_a_zone_takes_the_zone_of_the_other():
    one, two = Interval.of("2020-01-01", "2020-12-31"), Interval.of("2020-12-31T16:00:00Z", None, tz="Asia/Shanghai")

    for merged in (one.merge(two), two.merge(one)):
        assert merged == Interval.of("2020-01-01", None, tz="Asia/Shanghai")


def test_a_value_longer_than_any_date_is_not_read():
    assert parse_loose("2021年1月1日") == parse_loose("2021年1月1日" + " " * 50)
    assert parse_loose("2021年1月1日" + " " * 500) is None


def test_an_interval_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="2021-01-01/2020-12-31 ends before it starts"):
        Interval.of("2021-01-01", "2020-12-31")


def test_an_interval_that_may_end_before_it_starts_stands():
    assert str(Interval.of("2021-06-01", "2021")) == "2021-06-01/2021"


@pytest.mark.parametrize("tz", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_no_answer_depends_on_the_zone_of_the_machine(tz):
    code = (
        "from toolkit.dates import *;"
        "print(Interval.of(None, '2021-06-30', tz='Asia/Shanghai').contains(parse('2021-06-30T16:00:00Z')),"
        "parse_loose('Fri, 01 Jan 2021 08:30:00 GMT'), parse('2021-06-30T16:00:00Z').days())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"TZ": tz},
        cwd=SOURCES[0].parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "no 2021-01-01T08:30:00Z (datetime.date(2021, 6, 30), datetime.date(2021, 7, 1))\n"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_clock_is_read_and_nothing_heavy_is_imported(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not read & {"now", "utcnow", "today", "time", "localtime"}
    assert not {
        name for name in imported if name.partition(".")[0] in {"time", "pyarrow", "pandas", "numpy", "dateutil"}
    }


@pytest.mark.skipif(not LAWS.is_dir(), reason="the shared material is not on this machine")
def test_every_date_of_the_real_laws_is_read():
    header = re.compile(r"[12][0-9]{3}年[0-9]{1,2}月[0-9]{1,2}日")
    written = {text for law in LAWS.rglob("*.md") for text in header.findall(law.read_text(encoding="utf-8"))}
    with (LAWS / "index.csv").open(encoding="utf-8-sig", newline="") as table:
        listed = {row[column] for row in csv.DictReader(table) for column in ("publish", "valid_from")} - {""}

    assert len(written) > 1000
    assert [text for text in sorted(written | listed) if parse_loose(text) is None] == []
    assert all(str(parse(text)) == text for text in listed)
