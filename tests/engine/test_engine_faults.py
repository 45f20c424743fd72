"""Killed workers, killed drivers and Ctrl-C: nothing is lost, and the bytes after a resume are the same."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from toy_run import toy_run

from toolkit.engine.local import LocalPool
from toolkit.engine.runner import Runner, Stop
from toolkit.errors import DataError, StoppedError

SCRIPT = [sys.executable, str(Path(__file__).with_name("toy_run.py"))]


def start(work, slow=0.3, **env):
    command = [*SCRIPT, str(work), str(slow)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={**os.environ, **env}, **streams)


def wait_for_shards(work, count):
    deadline = time.monotonic() + 60
    while len(list(Path(work).rglob("*.json"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_that_is_killed_costs_no_record(tmp_path):
    expected, _ = toy_run(tmp_path / "quiet")

    digest, finished = toy_run(tmp_path / "killed", workers=2, kills_on="第13条", once=str(tmp_path / "once"))

    assert (tmp_path / "once").exists()
    assert digest == expected
    assert finished.counts[2].left == {}


def test_a_row_that_always_kills_its_worker_is_quarantined_and_no_other(tmp_path):
    _, finished = toy_run(tmp_path, workers=2, kills_on="第13条")

    [row] = [r for b in finished.leaving() for r in b.to_pylist() if r["leaving"]["disposition"] == "quarantined"]
    assert (row["text"], row["leaving"]["reason"]) == ("第13条", "worker_died")
    assert finished.counts[0].rows_in == 2000


def test_input_that_kills_its_reader_is_named(tmp_path):
    with pytest.raises(DataError, match=r"died again and again on the same piece of input: .*ToyUnit"):
        toy_run(tmp_path, workers=2, kills_reader=2)


def test_a_solve_runs_in_a_worker_and_one_that_is_killed_is_done_again(tmp_path):
    expected, _ = toy_run(tmp_path / "quiet")

    digest, _ = toy_run(tmp_path / "killed", workers=2, kills_solve=str(tmp_path / "who"))

    who = (tmp_path / "who").read_text().split()
    assert (digest, len(set(who))) == (expected, 2)
    assert str(os.getpid()) not in who


def test_a_solve_that_always_kills_its_worker_is_named(tmp_path):
    with pytest.raises(
        DataError, match=r"again on the solve of toy.dedup, all its groups at once\n.*sources one by one"
    ):
        toy_run(tmp_path, workers=2, kills_solve="always")


def test_asked_twice_to_stop_a_task_that_runs_alone_is_not_waited_for():
    stop = Stop()
    runner = Runner(LocalPool(1), stop)
    threading.Timer(1.5, lambda: setattr(stop, "asked", 2)).start()
    began = time.monotonic()

    with pytest.raises(StoppedError):
        runner._alone(time.sleep, [30], 0, {}, lambda _: None)

    assert time.monotonic() - began < 20


def test_a_driver_that_is_killed_leaves_no_orphans_and_the_next_run_goes_on(tmp_path):
    expected, _ = toy_run(tmp_path / "quiet", units=12)
    first = start(tmp_path / "work")
    wait_for_shards(tmp_path / "work", 5)
    family = psutil.Process(first.pid).children(recursive=True)

    first.kill()
    first.wait()

    assert not psutil.wait_procs(family, timeout=60)[1]
    second = start(tmp_path / "work", slow=0)
    out, err = second.communicate(timeout=120)
    digest, reused = out.split()
    assert (digest, second.returncode) == (expected, 0), err
    assert int(reused) >= 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_once_to_stop_a_run_drains_and_says_how_to_go_on(tmp_path, number):
    process = start(tmp_path / "work")
    wait_for_shards(tmp_path / "work", 3)

    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 4
    assert "stopped on request" in out
    assert not list((tmp_path / "work").rglob("*.tmp"))


def test_asked_twice_it_stops_at_once(tmp_path):
    process = start(tmp_path / "work", slow=5)
    wait_for_shards(tmp_path / "work", 1)
    time.sleep(1)

    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    began = time.monotonic()
    process.communicate(timeout=60)

    assert process.returncode == 4
    assert time.monotonic() - began < 5
