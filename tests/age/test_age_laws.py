"""The laws of aging, searched for exceptions by hypothesis."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import toolkit.age
from toolkit.age import Attach, Decide, Policy, Successor, decide
from toolkit.dates import parse
from toolkit.frames import batches_of_rows
from toolkit.kinds import run_steps
from toolkit.reasons import Disposition
from toolkit.record import rows_of

SOURCES = sorted(Path(toolkit.age.__file__).parent.glob("*.py"))
DAYS = st.dates(parse("1990-01-01").earliest, parse("2040-01-01").earliest).map(str)
RAW = st.one_of(
    DAYS,
    st.integers(1990, 2040).map(str),
    st.integers(1990, 2040).map(lambda y: f"{y}年3月"),
    st.sampled_from(
        ["2021-06-30T16:00:00Z", "二〇二〇年十二月三十一日", "June 30, 2023", "另行通知", "until revoked", "", " "]
    ),
)
FIELDS = ("valid_from", "valid_until", "as_of", "verified_at")


def claims(low=0, high=4):
    return st.fixed_dictionaries(
        {
            "field": st.sampled_from(["valid_from", "valid_until", "validity.valid_until", "published_at"]),
            "value": RAW,
            "method": st.sampled_from(["column", "path", "text"]),
            "rank": st.integers(low, high),
        }
    )


VALIDITY = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(FIELDS, RAW),
        "volatility": st.sampled_from(["timeless", "historical", "slow", "fast", "经常"]),
        "tz": st.sampled_from(["UTC", "Asia/Shanghai", "北京"]),
        "fact_key": st.sampled_from(["law:CN:民法典", "acme:fee"]),
        "evidence": st.lists(claims(), max_size=4),
    },
)
SOURCE = st.fixed_dictionaries(
    {},
    optional={
        "doc_type": st.sampled_from(["law", "policy", "forum"]),
        "jurisdiction": st.sampled_from(["CN", "US"]),
        "published_at": RAW,
    },
)
RECORDS = st.lists(st.tuples(VALIDITY, SOURCE), min_size=1, max_size=8).map(
    lambda pairs: [{"id": f"{i:02d}", "text": "…", "validity": v, "source": s} for i, (v, s) in enumerate(pairs)]
)
REMOVED = (Disposition.REJECTED, Disposition.HELD)


def story(stage, records):
    """What became of every record, by id."""
    result = stage.run(records)
    left = {r.record["id"]: (r.disposition, r.reason, r.detail) for r in result.rejected}
    return left | {r["id"]: r for r in result.kept}


@settings(deadline=None)
@given(RECORDS)
def test_attaching_again_changes_nothing(records):
    once = list(Attach().run(records).kept)

    assert Attach().run(once).kept == once


@settings(deadline=None)
@given(VALIDITY, SOURCE)
def test_what_attach_writes_is_canonical_and_in_order(validity, source):
    kept = Attach().run([{"id": "a", "text": "…", "validity": validity, "source": source}]).kept[0]

    dates = {f: parse(kept["validity"][f]) for f in FIELDS if f in kept.get("validity", {})}
    assert all(str(date) == kept["validity"][f] for f, date in dates.items())
    if {"valid_from", "valid_until"} <= set(dates):
        order = dates["valid_until"].compare(dates["valid_from"], tz=kept["validity"]["tz"])
        assert order != "before"


@settings(deadline=None)
@given(RECORDS, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_the_input_decides_nothing(records, day, random):
    shuffled = records[:]
    random.shuffle(shuffled)

    assert story(Decide(as_of=day), shuffled) == story(Decide(as_of=day), records)


@settings(deadline=None)
@given(RECORDS, DAYS, st.integers(1, 4))
def test_the_borders_of_batches_decide_nothing(records, day, size):
    stage = Decide(as_of=day)
    pieces = [b for i in range(0, len(records), size) for b in batches_of_rows(records[i : i + size])]

    cut = run_steps(stage.steps(), pieces, stage.name)
    whole = run_steps(stage.steps(), list(batches_of_rows(records)), stage.name)

    for one, two in zip(cut[:2], whole[:2], strict=True):
        assert sorted((r for b in one for r in rows_of(b)), key=str) == sorted(
            (r for b in two for r in rows_of(b)), key=str
        )


@settings(deadline=None)
@given(RECORDS, DAYS)
def test_every_record_that_goes_in_comes_out_once(records, day):
    result = Decide(as_of=day).run(records)

    assert sorted([r["id"] for r in result.kept] + [r.record["id"] for r in result.rejected]) == [
        r["id"] for r in records
    ]


@settings(deadline=None)
@given(RECORDS, DAYS)
def test_deciding_twice_on_one_day_changes_nothing(records, day):
    kept = list(Decide(as_of=day).run(records).kept)

    assert Decide(as_of=day).run(kept).kept == kept


@settings(deadline=None)
@given(VALIDITY, SOURCE, st.lists(claims(0, 1), max_size=3), DAYS)
def test_a_guess_never_removes_a_record(validity, source, guesses, day):
    kept = Attach().run([{"id": "a", "text": "…", "validity": validity, "source": source}]).kept[0]
    known = kept.get("validity", {})
    more = {**known, "evidence": [*known.get("evidence", []), *guesses]}

    if decide(known, kept.get("source"), as_of=day).disposition not in REMOVED:
        assert decide(more, kept.get("source"), as_of=day).disposition not in REMOVED


@settings(deadline=None)
@given(VALIDITY, SOURCE, DAYS)
def test_raising_the_gate_never_removes_more(validity, source, day):
    gone = [
        decide(validity, source, Policy.of({"drop_min_rank": rank}), as_of=day).disposition is Disposition.REJECTED
        for rank in (2, 3, 4)
    ]

    assert gone == sorted(gone, reverse=True)


@settings(deadline=None)
@given(VALIDITY, SOURCE, DAYS)
def test_a_removal_names_evidence_as_strong_as_its_gate(validity, source, day):
    decision = decide(validity, source, as_of=day)

    if decision.disposition in REMOVED:
        rank = int(decision.detail.partition("rank ")[2][0])
        assert rank >= (Policy.of().gate(source.get("doc_type")) if decision.reason == "expired" else 2)


@settings(deadline=None)
@given(VALIDITY, SOURCE, DAYS, DAYS)
def test_what_has_expired_never_becomes_valid_again(validity, source, one, two):
    earlier, later = sorted((one, two))

    if decide(validity, source, as_of=earlier).reason == "expired":
        assert decide(validity, source, as_of=later).reason == "expired"


@settings(deadline=None)
@given(
    VALIDITY.filter(lambda v: all(c["rank"] < 4 for c in v.get("evidence", []))),
    SOURCE,
    st.sampled_from(["timeless", "historical"]),
    st.dates(parse("1900-01-01").earliest, parse("2200-12-31").latest).map(str),
)
def test_what_never_ages_is_decided_alike_on_every_day(validity, source, volatility, day):
    settled = {**validity, "volatility": volatility}

    assert decide(settled, source, as_of=day) == decide(settled, source, as_of="2000-01-01")
    assert decide(settled, source, as_of=day).disposition is None


@settings(deadline=None)
@given(DAYS, st.sampled_from(["month", "year"]), DAYS)
def test_a_vaguer_end_never_turns_a_certain_keep_into_a_drop(end, precision, day):
    vague = end[:7] if precision == "month" else end[:4]

    if decide({"valid_until": end}, {}, as_of=day).disposition is None:
        assert decide({"valid_until": vague}, {}, as_of=day).disposition is None


@settings(deadline=None)
@given(DAYS, DAYS)
def test_english_and_chinese_dates_are_decided_alike(end, day):
    year, month, number = map(int, end.split("-"))
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    said = [f"{year}年{month}月{number}日", f"{names[month - 1]} {number}, {year}", end]
    assert len({decide({"valid_until": v}, {}, as_of=day) for v in said}) == 1


@settings(deadline=None)
@given(DAYS, DAYS, DAYS)
def test_only_an_older_version_is_superseded_and_only_by_one_in_force(one, two, day):
    rows = [
        {"id": n, "text": "…", "validity": {"fact_key": "民法典", "valid_from": v}} for n, v in (("a", one), ("b", two))
    ]

    gone = {r.record["id"] for r in Decide(as_of=day).run(rows).rejected if r.reason == "superseded"}

    older = {"a"} if one < two <= day else {"b"} if two < one <= day else set()
    assert gone == older


@settings(max_examples=30, deadline=None)
@given(st.permutations([f"r{i}" for i in range(5)]))
def test_the_successor_named_does_not_depend_on_arrival(names):
    rows = [{"id": n, "text": "…", "validity": {"fact_key": "k", "valid_from": "2024"}} for n in names]
    old = {"id": "old", "text": "…", "validity": {"fact_key": "k", "valid_from": "2020"}}

    (gone,) = Decide(as_of="2026-01-01").run([*rows, old]).rejected

    assert gone.detail.startswith("superseded by record r0, in force since 2024;")


def test_a_successor_whose_dates_are_weak_only_flags():
    validity = {"fact_key": "k", "valid_from": "2020"}

    weak = decide(validity, {}, as_of="2026-01-01", successor=Successor("b", "s", "2024", certain=False))

    assert (weak.disposition, weak.flags) == (None, ("expiry_uncertain",))


@pytest.mark.parametrize("tz", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_no_decision_depends_on_the_zone_of_the_machine(tz):
    code = (
        "from toolkit.age import Decide;"
        "r = Decide(as_of='2021-07-01').run([{'id': z, 'text': '', 'validity': {'tz': z,"
        " 'valid_until': '2021-06-30T16:00:00Z'}} for z in ('UTC', 'Asia/Shanghai')]);"
        "print([(x.record['id'], x.detail) for x in r.rejected], [(x['id'], x['flags']) for x in r.kept])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": tz},
        cwd=SOURCES[0].parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == (
        "[('UTC', 'valid until 2021-06-30T16:00:00Z (given, rank 3); judged on 2021-07-01 in UTC')]"
        " [('Asia/Shanghai', ['expiry_uncertain'])]\n"
    )


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_clock_is_read(source):
    tree = ast.parse(source.read_text(encoding="utf-8"))

    assert not {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)} & {
        "now",
        "utcnow",
        "today",
        "localtime",
    }
