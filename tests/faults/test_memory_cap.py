"""Too little memory, by a limit of the system or by a kill: smaller batches, then the one record that does not fit."""

import resource
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from toy_run import toy_run

pytestmark = pytest.mark.faults


def test_a_worker_that_is_killed_for_its_memory_costs_the_records_that_do_not_fit_and_no_other(tmp_path):
    # the kill stands for the out-of-memory killer: it hits whoever holds this text
    _, finished = toy_run(tmp_path, workers=2, units=6, kills_on="第77条")

    assert quarantined(finished) == {"第77条"}
    assert sum(len(b) for b in finished.records()) + sum(len(b) for b in finished.leaving()) == 6 * 500


def quarantined(finished):
    left = [r for b in finished.leaving() for r in b.to_pylist()]
    return {r["text"] for r in left if r["leaving"]["reason"] == "worker_died"}


CAP = 8 << 30
"""Bytes of addresses that a process may have: a limit of the system itself, which refuses what is asked for."""


@pytest.fixture
def capped():
    """The toy sets the limit in whichever process it runs; without workers that is this one."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.usefixtures("capped")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_that_does_not_fit_under_a_memory_cap_is_done_in_smaller_ones(tmp_path, workers):
    expected = toy_run(tmp_path / "quiet")[0]

    digest, finished = toy_run(tmp_path / "capped", workers=workers, cap=CAP, hungry="条", takes=CAP // 50)

    assert digest == expected
    assert quarantined(finished) == set()


@pytest.mark.usefixtures("capped")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_record_that_alone_does_not_fit_under_a_memory_cap_is_quarantined_and_no_other(tmp_path, workers):
    _, finished = toy_run(tmp_path, workers=workers, cap=CAP, hungry="第77条", takes=2 * CAP)

    assert quarantined(finished) == {"第77条"}
