"""Faults that really kill, fill and corrupt: no record is lost, and the bytes after a resume are the same."""

import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))
sys.path.insert(0, str(Path(__file__).parents[1] / "chain"))

from sample_chain import AS_OF, SAMPLE, files_of
from test_engine_faults import start, wait_for_shards
from toy_run import toy_run
from victims import kill_one, wait_for_workers

from toolkit import errors

pytestmark = pytest.mark.faults

MOMENTS = 50
UNITS, WORKERS = 12, 2
SLOW, LASTS = 0.1, 0.8
"""Seconds a batch takes, and about what a run then takes after its first worker is there."""


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return toy_run(tmp_path_factory.mktemp("quiet"), units=UNITS)[0]


def test_a_driver_killed_at_random_moments_loses_no_finished_shard_and_no_byte(tmp_path, expected):
    draw, killed = random.Random(7), 0
    for moment in range(MOMENTS // 2):
        work = tmp_path / str(moment)
        process = start(work, slow=SLOW)
        wait_for_workers(process)
        time.sleep(draw.uniform(0, LASTS))
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        kept = len(list(work.rglob("*.json")))

        digest, finished = toy_run(work, units=UNITS, workers=2, slow=SLOW)

        assert digest == expected
        assert finished.reused == kept
        shutil.rmtree(work)
    assert killed >= MOMENTS // 4


def test_a_worker_killed_at_random_moments_costs_at_most_the_shards_in_flight_and_no_byte(tmp_path, expected):
    draw, killed = random.Random(8), 0
    for moment in range(MOMENTS // 2):
        work, log = tmp_path / str(moment), tmp_path / f"{moment}.log"
        process = start(work, slow=SLOW, TOY_LOG=str(log))
        wait_for_workers(process)
        time.sleep(draw.uniform(0, LASTS))
        killed += kill_one(process.pid, draw)
        out, err = process.communicate(timeout=120)

        assert process.returncode == 0, err
        assert out.split()[0] == expected
        begun = [line for line in log.read_text().splitlines() if line != "map None"]  # a shard that is all repeats
        assert len(set(begun)) >= UNITS
        assert len(begun) - len(set(begun)) <= WORKERS
        shutil.rmtree(work)
    assert killed >= MOMENTS // 4


@pytest.fixture
def small_disk(tmp_path, needs):
    """A file system of a given size; needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    needs("permission to mount a tmpfs", mounted.returncode == 0)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def sample_on(folder):
    line = [sys.executable, "-m", "toolkit", "run", str(SAMPLE / "recipe.yaml"), "--out", str(folder / "out"), "--as-of", AS_OF,
            "--workers", "1", "--quiet"]  # fmt: skip
    return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)


def test_a_full_disk_in_any_phase_stops_resumable_and_leaves_the_same_bytes_after(small_disk, sample_run):
    codes = []
    for size in ("128k", "512k", "1m", "2m", "3m", "5m", "64m"):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(small_disk)], check=True)
        done = sample_on(small_disk)
        codes.append(done.returncode)
        assert done.returncode in (0, 4), done.stderr
        if done.returncode:
            assert "No space left on device" in done.stderr
            assert "Traceback" not in done.stderr
            assert not (small_disk / "out" / "release").exists()

    assert codes[0] == 4
    assert codes[-1] == 0
    assert files_of(small_disk / "out" / "release") == files_of(sample_run.out / "release")


def test_a_read_only_output_is_refused_before_any_work(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    done = sample_on(small_disk)

    assert done.returncode in (2, 4)
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_changes_during_the_run_stops_it_with_its_name(tmp_path, monkeypatch):
    from toolkit import Collect
    from toolkit.collect import read as reading
    from toolkit.errors import SourceError

    path = tmp_path / "a.txt"
    path.write_text("高血压患者应当低盐饮食。", encoding="utf-8")
    before = reading._drafts

    def touched(file, drafter, part):
        yield from before(file, drafter, part)
        path.write_text("changed while it was read", encoding="utf-8")

    monkeypatch.setattr(reading, "_drafts", touched)

    with pytest.raises(SourceError, match=r"a\.txt: changed while it was read"):
        Collect(paths=(str(path),)).run()


def test_a_file_that_vanishes_during_the_run_is_quarantined_with_its_name(tmp_path):
    from toolkit import Collect

    path = tmp_path / "a.txt"
    path.write_text("高血压患者应当低盐饮食。", encoding="utf-8")
    stage = Collect(paths=(str(path),))
    units = stage.units()
    path.unlink()

    [batch] = [b for unit in units for b in stage.steps()[0].read(unit)]

    [why] = batch.column("leaving").to_pylist()
    assert why["reason"] == "unreadable_file"
    assert "a.txt" in why["detail"]


def test_a_clock_that_jumps_changes_no_byte(tmp_path, expected, monkeypatch):
    from toolkit.engine import clock

    draw = random.Random(1)
    monkeypatch.setattr(clock, "seconds", lambda: draw.uniform(-1e9, 1e9))
    monkeypatch.setattr(clock, "cpu_seconds", lambda: draw.uniform(-1e9, 1e9))

    assert toy_run(tmp_path, units=UNITS)[0] == expected


def test_every_file_of_a_finished_run_may_be_damaged_and_is_redone(tmp_path, expected):
    toy_run(tmp_path, units=UNITS)
    draw = random.Random(3)
    files = [p for p in sorted((tmp_path / "shards").rglob("*")) if p.is_file() and p.stat().st_size]

    for path in draw.sample(files, 12):
        damage(path, draw)
        assert toy_run(tmp_path, units=UNITS)[0] == expected, path.name


def damage(path, draw):
    data = bytearray(path.read_bytes())
    at = draw.randrange(len(data))
    data[at] ^= 0xFF
    path.write_bytes(bytes(data[: draw.choice([len(data), at])]))


@pytest.mark.parametrize(
    "kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.ToolkitError)]
)
def test_every_error_travels_from_a_worker_to_the_driver_whole(kind):
    error = errors._rebuild(kind, "notes.md: cannot be decoded", "name its encoding")

    back = pickle.loads(pickle.dumps(error))

    assert (type(back), back.message, back.hint, str(back)) == (kind, error.message, error.hint, str(error))


def test_a_memory_cap_costs_the_records_that_do_not_fit_and_no_other(tmp_path):
    # the kill stands for the out-of-memory killer: it hits whoever holds this text
    _, finished = toy_run(tmp_path, workers=2, units=6, kills_on="第77条")

    left = [r for b in finished.leaving() for r in b.to_pylist() if r["leaving"]["reason"] == "worker_died"]
    assert {r["text"] for r in left} == {"第77条"}
    assert sum(len(b) for b in finished.records()) + sum(len(b) for b in finished.leaving()) == 6 * 500


def test_a_signal_before_the_first_shard_is_heard(tmp_path):
    process = start(tmp_path / "work")
    time.sleep(0.6)

    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)

    assert process.returncode in (4, -signal.SIGTERM)


def test_a_shard_is_there_before_its_manifest(tmp_path):
    process = start(tmp_path / "work", slow=0.05)
    wait_for_shards(tmp_path / "work", 4)
    process.kill()
    process.communicate()

    for manifest in (tmp_path / "work").rglob("*.json"):
        address = manifest.name.partition(".")[0]
        assert any(p.name.startswith(address) and p != manifest for p in manifest.parent.iterdir())
