"""Faults that really kill, fill and corrupt: no record is lost, and the bytes after a resume are the same."""

import errno
import itertools
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))
sys.path.insert(0, str(Path(__file__).parents[1] / "chain"))

from sample_chain import AS_OF, SAMPLE, files_of
from test_engine_faults import start, wait_for_shards
from toy_run import toy_run
from victims import kill_one, wait_for_workers

from toolkit import errors, pipeline
from toolkit.collect import read as reading
from toolkit.engine.driver import Driver

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


def test_a_full_disk_stops_the_command_resumable_and_leaves_the_same_bytes_after(small_disk, sample_run):
    codes = []
    for size in ("512k", "3m", "64m"):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(small_disk)], check=True)
        done = sample_on(small_disk)
        codes.append(done.returncode)
        if done.returncode:
            assert "No space left on device" in done.stderr
            assert "Traceback" not in done.stderr
            assert not (small_disk / "out" / "release").exists()

    assert codes == [4, 4, 0]
    assert files_of(small_disk / "out" / "release") == files_of(sample_run.out / "release")


def test_a_disk_that_is_full_when_a_phase_begins_costs_no_byte_whichever_phase(small_disk, sample_run, monkeypatch):
    subprocess.run(["mount", "-o", "remount,size=256m", str(small_disk)], check=True)
    begun = []

    def filling(function):
        def filled(*given):
            if len(begun) == full_at:
                fill(small_disk / "ballast")
            begun.append(function.__name__)
            return function(*given)

        return filled

    monkeypatch.setattr(Driver, "_tasks", filling(Driver._tasks))
    for name in ("_write_left", "_write_reports", "_release"):
        monkeypatch.setattr(pipeline, name, filling(getattr(pipeline, name)))
    for full_at in itertools.count():
        begun.clear()
        if not stops_for_want_of_room(small_disk / "out"):
            break
        assert len(begun) == full_at + 1, "a phase did not notice that the disk was full"
        assert not (small_disk / "out" / "release").exists()
        (small_disk / "ballast").unlink()

    assert full_at == len(begun) > 10
    assert begun[-3:] == ["_write_left", "_write_reports", "_release"]
    assert files_of(small_disk / "out" / "release") == files_of(sample_run.out / "release")


def stops_for_want_of_room(out):
    try:
        pipeline.run(SAMPLE / "recipe.yaml", out=out, as_of=AS_OF, how=pipeline.How(workers=0, progress="quiet"))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return True
    return False


def fill(path):
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"x" * 65536):
            pass
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(b"x"):
            pass


def test_a_read_only_output_is_refused_before_any_work(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    done = sample_on(small_disk)

    assert done.returncode == 2
    assert "disk: may not be written to" in done.stderr
    assert "Traceback" not in done.stderr


RECIPE = """
version: 1
sources: [{id: notes, paths: ["*.jsonl"], license: MIT}]
stages: [collect, label.convert]
release: {targets: [openai-chat]}
"""


def write_note(path, answer):
    row = {"instruction": f"高血压怎么办？{path.stem}", "output": answer}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.fixture
def notes(tmp_path):
    """A recipe over three files, and a run of it."""
    for name in "abc":
        write_note(tmp_path / f"{name}.jsonl", "低盐饮食。")
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    how = pipeline.How(workers=0, progress="quiet")
    return lambda out: pipeline.run(tmp_path / "recipe.yaml", out=tmp_path / out, as_of=AS_OF, how=how)


def test_a_file_that_changes_during_a_run_stops_it_with_its_name_and_the_next_run_takes_the_new_text(
    tmp_path, notes, monkeypatch
):
    before = reading._drafts

    def touched(file, drafter, part):
        yield from before(file, drafter, part)
        write_note(tmp_path / "b.jsonl", "changed while it was read")

    monkeypatch.setattr(reading, "_drafts", touched)
    with pytest.raises(errors.SourceError, match=r"b\.jsonl: changed while it was read"):
        notes("out")
    assert not (tmp_path / "out" / "release").exists()
    monkeypatch.undo()

    report = notes("out")

    assert report.account[-1][1].kept == 3
    assert b"changed while it was read" in (tmp_path / "out" / "release" / "openai-chat" / "train.jsonl").read_bytes()


def test_a_file_that_vanishes_during_a_run_is_quarantined_with_its_name_and_no_other(tmp_path, notes, monkeypatch):
    phase = Driver._phase

    def vanishing(self, *given):
        (tmp_path / "b.jsonl").unlink(missing_ok=True)  # the plan has been made
        return phase(self, *given)

    monkeypatch.setattr(Driver, "_phase", vanishing)

    report = notes("out")

    assert report.account[-1][1].kept == 2
    [gone] = map(json.loads, (tmp_path / "out" / "quarantine.jsonl").read_text("utf-8").splitlines())
    assert gone["reason"] == "unreadable_file"
    assert gone["source"]["uri"] == "b.jsonl"


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_first_shard_is_heard(tmp_path, number):
    process = start(tmp_path / "work", slow=1)
    wait_for_workers(process)

    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 4
    assert "stopped on request" in out


def test_asked_once_to_stop_no_shard_that_was_begun_is_done_again(tmp_path):
    log = tmp_path / "log"
    process = start(tmp_path / "work", slow=0.2, TOY_LOG=str(log))
    wait_for_shards(tmp_path / "work", 14)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 4

    assert start(tmp_path / "work", slow=0.2, TOY_LOG=str(log)).wait(timeout=60) == 0

    begun = [line for line in log.read_text().splitlines() if line != "map None"]
    assert len(begun) == len(set(begun)) > UNITS


def test_asked_twice_to_stop_the_next_run_ends_with_the_same_bytes(tmp_path, expected):
    log = tmp_path / "log"
    process = start(tmp_path / "work", slow=5, TOY_LOG=str(log))
    while not log.exists() or "map 0" not in log.read_text():
        assert process.poll() is None
        time.sleep(0.05)
    for _ in range(2):
        os.kill(process.pid, signal.SIGTERM)
        time.sleep(0.1)
    process.communicate(timeout=60)
    assert process.returncode == 4

    assert toy_run(tmp_path / "work", units=UNITS)[0] == expected


def test_a_shard_is_there_before_its_manifest(tmp_path):
    process = start(tmp_path / "work", slow=0.05)
    wait_for_shards(tmp_path / "work", 4)
    process.kill()
    process.communicate()

    for manifest in (tmp_path / "work").rglob("*.json"):
        address = manifest.name.partition(".")[0]
        assert any(p.name.startswith(address) and p != manifest for p in manifest.parent.iterdir())
