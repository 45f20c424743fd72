"""P1: every row that is read ends somewhere, with a reason; the account adds up; any record's story can be told."""

import itertools
import json

import pytest
from sample_chain import AS_OF, SAMPLE, lines_of, run_recipe

import toolkit
from toolkit.errors import DataError, UsageError
from toolkit.reasons import REASONS, Disposition
from toolkit.trace import story


def left_of(out):
    """All records that a run put beside the release."""
    files = [
        *sorted((out / "rejected").glob("*.jsonl")),
        *(out / n for n in ("held.jsonl", "rag/docs.jsonl", "quarantine.jsonl")),
    ]
    return [row for path in files for row in lines_of(path)]


def test_the_account_of_every_stage_adds_up_and_hands_over_what_it_kept(sample_run):
    account = [counts for _, counts in sample_run.account]

    for before, after in itertools.pairwise(account):
        assert before.kept == after.rows_in
    for _, counts in sample_run.account:
        assert counts.rows_in + counts.derived == counts.kept + sum(counts.left.values())
    assert account[-1].kept == len(lines_of(sample_run.out / "release" / "provenance.jsonl"))


def test_what_lies_beside_the_release_is_what_the_account_counts(sample_run):
    beside = left_of(sample_run.out)

    dispositions = (Disposition.REJECTED, Disposition.HELD, Disposition.RAG, Disposition.QUARANTINED)
    assert len(beside) == sum(counts.by(d) for _, counts in sample_run.account for d in dispositions)
    assert {row["reason"] for row in beside} <= set(REASONS)


def test_every_collected_record_is_released_left_or_the_parent_of_one_that_is(sample_run):
    collected = {row["id"] for row in toolkit.Collect(sources=str(SAMPLE / "sources.yaml")).run().kept}
    released = lines_of(sample_run.out / "release" / "provenance.jsonl")
    ended = [*released, *left_of(sample_run.out)]

    reached = {row["id"] for row in ended} | {p for row in ended for p in row.get("parents", ())}
    assert collected <= reached


def test_no_id_stands_twice_among_what_was_released(sample_run):
    ids = [row["id"] for row in lines_of(sample_run.out / "release" / "provenance.jsonl")]

    assert len(ids) == len(set(ids))


def test_every_target_has_the_same_rows_as_the_provenance(sample_run):
    release = sample_run.out / "release"
    numbers = {}
    for row in lines_of(release / "provenance.jsonl"):
        numbers.setdefault(row["split"], []).append(row["line"])

    for split, lines in numbers.items():
        assert lines == list(range(1, len(lines) + 1))
        for target in ("openai-chat", "llamafactory-alpaca"):
            assert len(lines_of(release / target / f"{split}.jsonl")) == len(lines)


def test_a_story_is_told_of_a_released_a_rejected_and_a_consumed_record(sample_run):
    out = sample_run.out
    released = next(r for r in lines_of(out / "release" / "provenance.jsonl") if r.get("parents"))
    rejected = next(r for r in left_of(out) if r["reason"] == "expired")

    assert story(out, released["id"])[-1].startswith("released: line ")
    assert any(line.startswith("left at age.decide, expired: ") for line in story(out, rejected["id"]))
    assert "consumed: examples were made of it" in story(out, released["parents"][0])


def test_an_unknown_id_is_answered_with_where_ids_stand(sample_run):
    with pytest.raises(UsageError, match="is in no file of this run"):
        story(sample_run.out, "no such id")


def test_no_source_document_and_no_cluster_stands_on_two_sides_of_the_split(sample_run):
    sides = {}
    for row in lines_of(sample_run.out / "release" / "provenance.jsonl"):
        source = row["source"]
        place = source["locator"]
        document = (source["id"], source["uri"], place.get("key"), place.get("line"), place.get("row"))
        for group in (document, *row.get("clusters", ())):
            sides.setdefault(group, set()).add(row["split"])

    assert all(len(splits) == 1 for splits in sides.values())


def test_no_released_record_is_out_of_its_time(sample_run):
    for row in lines_of(sample_run.out / "release" / "provenance.jsonl"):
        validity = row.get("validity", {})
        assert validity.get("valid_from", AS_OF)[:10] <= AS_OF
        assert validity.get("valid_until", AS_OF)[:4] >= AS_OF[:4]


def test_strict_refuses_what_could_not_be_read(tmp_path):
    with pytest.raises(DataError, match="--strict allows none"):
        run_recipe(tmp_path, strict=True)


def test_the_manifest_says_what_determines_the_bytes_and_no_path_of_this_machine(sample_run):
    manifest = json.loads((sample_run.out / "release" / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["as_of"] == AS_OF
    assert manifest["files_read"].keys() == {"sources.yaml"}
    assert str(SAMPLE) not in json.dumps(manifest, ensure_ascii=False)
