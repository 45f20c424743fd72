"""What the driver holds does not grow with what the run holds."""

import pickle
import tracemalloc

import pytest
from toy_run import toy_run

from toolkit.engine.runner import Runner


@pytest.fixture
def largest(monkeypatch):
    """Bytes of the largest task that was sent so far."""
    sizes = []
    run = Runner.run

    def measured(self, function, tasks, *rest):
        sizes.extend(len(pickle.dumps(task)) for task in tasks)
        return run(self, function, tasks, *rest)

    monkeypatch.setattr(Runner, "run", measured)
    return lambda: max(sizes)


def test_a_task_is_not_larger_where_there_are_more_shards(tmp_path, largest):
    toy_run(tmp_path / "a", units=8, rows=5)
    before = largest()

    toy_run(tmp_path / "b", units=64, rows=5)

    assert largest() <= before + 20  # numbers of more digits


def test_the_driver_keeps_little_of_a_shard(tmp_path):
    def peak(units):
        tracemalloc.start()
        toy_run(tmp_path / str(units), workers=1, units=units, rows=5)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(2)  # what is imported on the way

    few, many = peak(20), peak(80)

    assert many - few < 60 * 4_000
