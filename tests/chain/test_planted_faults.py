"""Every fault planted in `sample_data/FAULTS.md` ends as that page says, in the run of the sample recipe."""

import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from sample_chain import SAMPLE, lines_of

import toolkit

CASES = Path(__file__).parent.parent / "cases" / "chain"
TABLES = ("planted_collected", "planted_ends", "planted_personal")
BEFORE_CLEAN = ("rejected/01-collect.jsonl", "quarantine.jsonl", "work/")
"""What holds rows as they were read: personal data is masked by `clean`, so these stay beside the release."""


def known(reason):
    """A failure that is known, for the reason given and no other."""
    return pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)


def rows(table):
    """The rows of a case table; those with `xfail` are known to fail, and the day they pass it shows."""
    return [
        pytest.param(row, id=row["name"], marks=[known(row["xfail"])] if "xfail" in row else [])
        for row in lines_of(CASES / f"{table}.jsonl")
    ]


@pytest.fixture(scope="module")
def collected():
    """The sample as it is read, before anything is changed."""
    return toolkit.Collect(sources=str(SAMPLE / "sources.yaml")).run().kept


@pytest.fixture(scope="module")
def ended(sample_run):
    """Every record that a run names, with `end`: released, or the reason why it left."""
    out = sample_run.out
    files = [
        *sorted((out / "rejected").glob("*.jsonl")),
        *(out / f"{n}.jsonl" for n in ("held", "rag/docs", "quarantine")),
    ]
    left = [{**row, "end": row["reason"]} for path in files for row in lines_of(path)]
    return [*released(out / "release"), *left]


def released(folder):
    """Released records, each with its training line."""
    lines = {s: lines_of(folder / "openai-chat" / f"{s}.jsonl") for s in ("train", "valid", "test")}
    for row in lines_of(folder / "provenance.jsonl"):
        yield {**row, "end": "released", "line_of_target": lines[row["split"]][row["line"] - 1]}


def text_of(row):
    """All texts of a record, names of columns included, a line each."""
    extra = json.loads(row.get("extra") or "{}")
    return "\n".join(strings({**row, "source": None, "extra": extra, "raw": None}))


def strings(value):
    """All strings in a JSON value, the keys of `extra` among them."""
    if isinstance(value, dict):
        return list(chain.from_iterable([k, *strings(v)] for k, v in value.items()))
    if isinstance(value, list):
        return list(chain.from_iterable(map(strings, value)))
    return [value] if isinstance(value, str) else []


def matching(records, find):
    """The records that a finder means, or those of several finders."""
    finders = find if isinstance(find, list) else [find]
    return [row for row in records if any(is_meant(row, f) for f in finders)]


def is_meant(row, find):
    """Whether source, locator and text of a record are those of a finder; a list means any of its values."""
    locator = row["source"].get("locator") or {}
    facts = {**locator, "uri": row["source"]["uri"], "heading": (locator.get("headings") or [None])[-1]}
    wanted = {k: v if isinstance(v, list) else [v] for k, v in find.items() if k != "text"}
    return all(facts.get(k) in values for k, values in wanted.items()) and find.get("text", "") in text_of(row)


def value_at(row, path):
    """The value at a dotted path."""
    for name in path.split("."):
        row = (row or {}).get(name)
    return row


def assert_says(found, case):
    """Texts, fields, flags and fixes of every found record are those of the case."""
    for row in found:
        text = text_of(row)
        assert [t for t in case.get("has", ()) if t not in text] == []
        assert [t for t in case.get("lacks", ()) if t in text] == []
        assert {path: value_at(row, path) for path in case.get("fields", ())} == case.get("fields", {})
        for name in ("flags", "fixes"):
            assert set(case.get(name, ())) <= set(row.get(name, ()))


def reasons_of(ends):
    """Expected number of records by reason; `a|b` is either of the two, written as the first."""
    return {alias: name for name in ends for alias in name.split("|")}


@pytest.mark.parametrize("case", rows("planted_collected"))
def test_a_file_with_a_fault_is_read_without_loss(collected, case):
    found = matching(collected, case["find"])

    assert len(found) == case["count"]
    assert_says(found, case)


@pytest.mark.parametrize("case", rows("planted_ends"))
def test_a_planted_fault_ends_where_the_page_says(ended, case):
    found = matching(ended, case["find"])

    names = reasons_of(case["ends"])
    assert Counter(names.get(row["end"], row["end"]) for row in found) == case["ends"]
    assert_says(found, case)
    if "successor" in case:
        (successor,) = matching(ended, case["successor"])
        assert all(successor["id"] in row["detail"] for row in found)


@pytest.mark.parametrize("case", rows("planted_personal"))
def test_a_planted_personal_value_is_read_by_nobody_after_clean(sample_run, case):
    paths = [p for p in sorted(sample_run.out.rglob("*")) if p.is_file()]
    after = [p for p in paths if not p.relative_to(sample_run.out).as_posix().startswith(BEFORE_CLEAN)]

    assert len(after) > 10
    assert [p.name for p in after if case["input"].encode() in p.read_bytes()] == []


@pytest.mark.parametrize("case", rows("planted_personal"))
def test_a_planted_personal_value_stands_in_the_sample(collected, case):
    assert any(case["input"] in text_of(row) for row in collected)


def test_the_row_that_stays_of_two_with_one_id_has_the_smaller_content_hash(collected, ended):
    stayed = {
        (r["source"]["uri"], r["source"]["locator"].get("key")): r for r in collected if r["source"].get("locator")
    }
    refused = [row for row in ended if row["end"] == "duplicate_id"]

    assert len(refused) == 2
    for row in refused:
        place = (row["source"]["uri"], row["source"]["locator"]["key"])
        assert stayed[place]["content_hash"] < row["content_hash"]


def test_every_fault_of_the_page_has_a_case_and_every_case_a_fault():
    page = (SAMPLE / "FAULTS.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (F[0-9]+) \|", page, flags=re.MULTILINE))

    tested = {case.values[0]["name"].partition("-")[0] for table in TABLES for case in rows(table)}
    assert listed == tested
