"""Who stays of records that say the same: by fact, by time, by authority."""

import pytest

from toolkit import Dedup

TEXT = "本条例所称生活垃圾，是指在日常生活中产生的固体废物。"


def record(name, *, authority=3, **validity):
    return {"id": name, "text": TEXT, "source": {"id": name, "authority": authority}, "validity": validity}


def kept(rows, **options):
    return {r["id"]: r for r in Dedup(**options).run(rows).kept}


def test_the_higher_authority_stays_and_remembers_what_it_replaced():
    found = kept([record("a", authority=4), record("b", authority=1)])

    assert list(found) == ["b"]
    assert found["b"]["replaces"] == [{"id": "a", "source": "a"}]


def test_equal_authority_falls_to_the_smallest_id_in_any_order():
    assert list(kept([record("b"), record("a")])) == list(kept([record("a"), record("b")])) == ["a"]


@pytest.mark.parametrize(("as_of", "survivor"), [("2026-11-22", "new"), ("2020-06-01", "old")])
def test_of_versions_of_one_law_the_one_in_force_stays_with_its_own_date(as_of, survivor):
    rows = [
        record("old", authority=1, fact_key="law:甲", valid_from="2019-01-01"),
        record("new", authority=2, fact_key="law:甲", valid_from="2024-09-01"),
    ]

    found = kept(rows, as_of=as_of)

    assert list(found) == [survivor]
    assert found[survivor]["validity"]["valid_from"] == {"old": "2019-01-01", "new": "2024-09-01"}[survivor]


def test_equal_text_of_two_laws_stays_twice_in_one_cluster():
    found = kept([record("a", fact_key="law:甲"), record("b", fact_key="law:乙")])

    assert [r["clusters"] for r in found.values()] == [["a"], ["a"]]


def test_touching_intervals_without_a_fact_key_become_one():
    rows = [
        record("a", valid_from="2019-01-01", valid_until="2020-12-31"),
        record("b", valid_from="2021-01-01", valid_until="2022-12-31"),
    ]

    [survivor] = kept(rows).values()

    assert (survivor["validity"]["valid_from"], survivor["validity"]["valid_until"]) == ("2019-01-01", "2022-12-31")


def test_intervals_with_a_gap_stay_two():
    rows = [
        record("a", valid_from="2019-01-01", valid_until="2019-12-31"),
        record("b", valid_from="2021-01-01", valid_until="2022-12-31"),
    ]

    assert sorted(kept(rows)) == ["a", "b"]


def test_an_undated_copy_of_an_expired_law_does_not_survive_it():
    rows = [record("undated", authority=1), record("dated", fact_key="law:甲", valid_until="2020-12-31")]

    assert list(kept(rows)) == ["dated"]


def test_a_human_approved_record_stays_before_any_authority():
    approved = record("a", authority=5) | {"labeling": {"kind": "human", "status": "approved"}}

    assert list(kept([record("b", authority=1), approved])) == ["a"]


def test_a_hundred_thousand_identical_records_become_one():
    result = Dedup().run({"id": f"{n:06}", "text": TEXT} for n in range(20_000))

    assert [r["id"] for r in result.kept] == ["000000"]
    assert result.counts.left[("rejected", "exact_duplicate")] == 19_999


@pytest.mark.parametrize("text", ["", " ", "。", None])
def test_texts_of_nothing_are_no_duplicates_of_each_other(text):
    assert len(kept([{"id": "a", "text": text}, {"id": "b", "text": text}])) == 2
