"""The case tables of `toolkit.age`: each row is a promise about one record, or about the versions of one fact."""

import json
from pathlib import Path

import pytest

from toolkit.age import Attach, Decide, Policy, decide
from toolkit.dates import parse_loose

CASES = Path(__file__).parent.parent / "cases" / "age"
TABLES = ("attach", "decide", "decide_versions")


def rows(table):
    lines = (CASES / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=row["name"]) for row in map(json.loads, lines)]


def read(value):
    """The date of a value, or the value itself where it is none."""
    return str(parse_loose(value) or value)


def record(row, name="a"):
    return {"id": name, "text": "…", "validity": row["validity"], "source": row["source"]}


def outcome(result, name):
    left = {r.record["id"]: r.reason for r in result.rejected}
    kept = {r["id"]: r.get("flags", []) for r in result.kept}
    return left[name] if name in left else " ".join(["keep", *(f for f in kept[name] if f == "expiry_uncertain")])


@pytest.mark.parametrize("row", rows("attach"))
def test_attach_writes_what_won_and_flags_what_is_doubtful(row):
    kept = Attach().run([record(row)]).kept[0]

    fields = {**kept.get("source", {}), **kept.get("validity", {})}
    assert {field: fields.get(field) for field in row["expect"]} == row["expect"]
    assert kept.get("flags", []) == row["flags"]


@pytest.mark.parametrize("row", rows("attach"))
def test_nothing_that_was_said_about_the_bounds_is_lost(row):
    evidence = Attach().run([record(row)]).kept[0].get("validity", {}).get("evidence", [])

    said = [c["value"] for c in row["validity"].get("evidence", [])]
    said += [v for f, v in row["validity"].items() if f in ("valid_from", "valid_until") and v.strip()]
    assert set(map(read, said)) <= {read(claim["value"]) for claim in evidence}


@pytest.mark.parametrize("row", rows("attach"))
def test_attaching_twice_is_attaching_once(row):
    once = Attach().run([record(row)]).kept

    assert Attach().run(once).kept == once


@pytest.mark.parametrize("row", rows("decide"))
def test_one_record_is_decided_on_one_day(row):
    decision = decide(row["validity"], row["source"], Policy.of(row.get("policy")), as_of=row["as_of"])

    assert (decision.reason or "keep") == row["expect"]
    assert list(decision.flags) == row["flags"]


@pytest.mark.parametrize("row", rows("decide"))
def test_attaching_before_does_not_change_the_decision_of_the_stage(row):
    policy = row.get("policy")
    attached = Attach(policy=policy).run([record(row)]).kept

    for data in ([record(row)], attached):
        assert outcome(Decide(as_of=row["as_of"], policy=policy).run(data), "a").split()[0] == row["expect"]


def version(row):
    validity = {f: row[f] for f in ("fact_key", "valid_from", "valid_until", "volatility") if row.get(f)}
    if "rank" in row:
        claim = {"field": "valid_from", "value": row["valid_from"], "method": "path", "rank": row["rank"]}
        validity["evidence"] = [claim]
    source = {"id": "s", "doc_type": row.get("doc_type", "notice")}
    return {"id": row["id"], "text": "…", "validity": validity, "source": source}


@pytest.mark.parametrize("row", rows("decide_versions"))
def test_of_the_versions_of_a_fact_the_newest_in_force_stays(row):
    result = Decide(as_of=row["as_of"]).run([version(r) for r in row["records"]])

    assert {name: outcome(result, name) for name in row["expect"]} == row["expect"]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_speaks_both_languages_and_names_each_row_once(table):
    found = [row.values[0] for row in rows(table)]

    assert min(sum(r["lang"] == lang for r in found) for lang in ("en", "zh")) >= 0.4 * len(found)
    assert len({r["name"] for r in found}) == len(found)
