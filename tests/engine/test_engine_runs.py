"""The engine gives the same bytes whatever the workers and batches, and redoes nothing that is done."""

import pytest
from toy_run import toy_run

from toolkit.engine.driver import bucket_count
from toolkit.engine.store import RECORDS
from toolkit.errors import DataError, UsageError
from toolkit.kinds import pass_through
from toolkit.reasons import Disposition
from toolkit.record import columns_of


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return toy_run(tmp_path_factory.mktemp("expected"))[0]


@pytest.mark.parametrize(("workers", "batch_rows"), [(0, 1), (0, 7), (1, 1000), (2, 64)])
def test_workers_and_batches_change_no_byte(tmp_path, expected, workers, batch_rows):
    assert toy_run(tmp_path, workers=workers, batch_rows=batch_rows)[0] == expected


def test_a_second_run_does_nothing(tmp_path, expected):
    _, first = toy_run(tmp_path)

    digest, second = toy_run(tmp_path)

    assert (digest, second.reused) == (expected, len(first.used))


def test_a_changed_option_redoes_its_phase_and_later_ones_only(tmp_path):
    toy_run(tmp_path)

    _, finished = toy_run(tmp_path, suffix="！")

    reading_and_reducing = 4 + bucket_count(4, rows=0) + 1  # the solve
    assert finished.reused == reading_and_reducing


def test_another_unit_leaves_the_shards_of_the_others(tmp_path):
    toy_run(tmp_path, units=4)

    _, finished = toy_run(tmp_path, units=5)

    assert finished.reused >= 4


def test_what_a_solve_reports_is_found_after_it_and_after_a_second_run(tmp_path):
    runs = [toy_run(tmp_path)[1] for _ in range(2)]

    [[report], again] = [finished.reported()["repeats.jsonl"] for finished in runs]
    assert again == [report]
    assert len(report.read_bytes().splitlines()) == runs[0].counts[1].by(Disposition.REJECTED) > 0


def test_the_account_adds_up_over_all_stages(tmp_path):
    _, finished = toy_run(tmp_path, fails_on="第13条")

    read, dedup, mapped, export = finished.counts
    assert read.rows_in == read.kept == dedup.rows_in == 2000
    assert dedup.kept + dedup.by(Disposition.REJECTED) == 2000
    assert mapped.by(Disposition.QUARANTINED) == 1
    assert mapped.kept == dedup.kept - 1
    assert sum(b.num_rows for b in finished.records()) == mapped.kept
    assert sum(b.num_rows for b in finished.leaving()) == 2000 - mapped.kept
    assert export.left == {}


def test_one_bad_row_is_quarantined_with_its_error_and_no_other(tmp_path):
    _, finished = toy_run(tmp_path, fails_on="第13条")

    [row] = [r for b in finished.leaving() for r in b.to_pylist() if r["leaving"]["disposition"] == "quarantined"]
    assert row["text"] == "第13条"
    assert row["leaving"]["stage"] == "toy.map"
    assert row["leaving"]["detail"] == "ValueError: the text cannot be processed"


def test_a_systematic_fault_stops_the_run_with_examples(tmp_path):
    with pytest.raises(DataError, match=r"could not be processed, more than the limit of 5%(?s:.*)cannot be processed"):
        toy_run(tmp_path, fails_on="第")


def test_a_shard_that_was_damaged_is_found_and_redone(tmp_path, expected):
    _, first = toy_run(tmp_path)
    victim = first.store.path(first.shards[0], RECORDS)
    victim.write_bytes(victim.read_bytes()[:-7] + b"garbage")

    digest, second = toy_run(tmp_path)

    assert digest == expected
    assert second.reused == len(first.used) - 1


def test_a_manifest_that_was_damaged_is_no_commit(tmp_path, expected):
    _, first = toy_run(tmp_path)
    first.store.path(first.shards[0], "json").write_bytes(b'{"address": ')

    assert toy_run(tmp_path)[0] == expected


def test_a_limit_reads_the_first_rows_only(tmp_path):
    _, finished = toy_run(tmp_path, limit=730)

    assert finished.counts[0].rows_in == 730


def test_two_runs_in_one_folder_are_refused_with_a_clear_message(tmp_path):
    from toolkit.engine.driver import locked

    with locked(tmp_path / "work"), pytest.raises(UsageError, match="another run is writing there"):
        toy_run(tmp_path / "work")


def test_a_run_leaves_no_temporary_file(tmp_path):
    toy_run(tmp_path, workers=2)

    assert not list(tmp_path.rglob("*.tmp"))


def test_a_step_that_fails_without_a_row_to_blame_is_our_bug_and_ends():
    nothing = columns_of([{"id": "1", "text": "高血压"}]).slice(0, 0)

    with pytest.raises(ZeroDivisionError):
        pass_through(lambda batch, _start: 1 / len(batch), nothing, "toy.map")
