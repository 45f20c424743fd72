"""Sources, work and release in an object store: the bytes of one machine, and nothing half visible."""

import importlib.util
import json
import subprocess
import sys
import time
import uuid

import pytest
from cluster_kit import PATIENCE, ROOT, SCRIPT, dask_cluster, environment
from object_store import here, object_store

from toolkit.files.places import listed, place

pytestmark = pytest.mark.cluster

AS_OF = "2026-11-22"
RECIPE = ROOT / "sample_data" / "recipe.yaml"


@pytest.fixture(scope="module")
def store(needs):
    needs("moto", importlib.util.find_spec("moto"))
    with object_store("datasets") as env, here(env):
        yield env


@pytest.fixture
def url(store):  # noqa: ARG001 - it must be there
    return f"s3://datasets/{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    out = tmp_path_factory.mktemp("local") / "out"
    run_here("cli", "run", RECIPE, "--as-of", AS_OF, "--quiet", "--out", out)
    return files_of(out)


def run_here(*arguments, engine="local", env=None):
    done = start(*arguments, engine=engine, env=env)
    out, err = done.communicate(timeout=PATIENCE)
    assert done.returncode == 0, err
    return out


def start(*arguments, engine="local", env=None):
    command = [sys.executable, str(SCRIPT), engine, *map(str, arguments)]
    return subprocess.Popen(
        command, env=env or environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def files_of(out):
    """All that a run leaves, but what holds times: the manifests of shards, `run.json`, the lock."""
    named = {p.relative_to(place(out)).as_posix(): p for p in listed(place(out), "**/*") if p.is_file()}
    return {
        name: path.read_bytes()
        for name, path in named.items()
        if path.name not in ("run.json", ".lock") and not ("shards" in name.split("/") and name.endswith(".json"))
    }


@pytest.fixture(scope="module")
def released(store):  # noqa: ARG001 - it must be there
    """The sample release, made there by two workers."""
    out = "s3://datasets/released/run"
    run_here("cli", "run", RECIPE, "--as-of", AS_OF, "--quiet", "--workers", 2, "--out", out)
    return out


def test_the_sample_recipe_leaves_the_bytes_of_one_machine(released, local):
    found = files_of(released)

    assert set(found) == set(local)
    assert found == local


def test_a_story_is_told_from_there(released):
    [first, *_] = (place(released) / "release" / "provenance.jsonl").read_bytes().split(b"\n")

    command = [sys.executable, "-m", "toolkit", "inspect", "why", json.loads(first)["id"], "--out", released]
    told = subprocess.run(command, check=True, env=environment(), capture_output=True, text=True, timeout=PATIENCE)

    assert "released: line 1 of" in told.stdout


def test_a_damaged_shard_is_redone_and_the_release_replaced(released, local):
    victims = [p for p in listed(place(released) / "work" / "shards", "*/*.arrow") if p.stat().st_size][:3]
    for path in victims:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    leftover = place(released) / "release" / "of-an-older-run.jsonl"
    leftover.write_bytes(b"{}")

    run_here("cli", "run", RECIPE, "--as-of", AS_OF, "--quiet", "--out", released)

    assert victims
    assert files_of(released) == local
    assert not leftover.exists()


def test_dask_workers_need_no_folder_in_common(url, tmp_path):
    expected = run_here("toy", tmp_path / "work", "0")

    with dask_cluster(tmp_path) as cluster:
        found = run_here("toy", url, "0", engine="dask", env=environment(**cluster.env))

    assert found == expected
    assert files_of(url) == files_of(tmp_path / "work")


def test_a_driver_that_is_killed_loses_no_finished_shard(url, tmp_path):
    expected = run_here("toy", tmp_path / "work", "0.1")
    driver = start("toy", url, "0.1")
    wait_for(lambda: len(listed(place(url), "**/*.json")) >= 15)
    driver.kill()
    driver.communicate()
    kept = {p: p.stat() for p in listed(place(url), "**/*.json")}

    assert run_here("toy", url, "0.1") == expected

    assert {p: p.stat() for p in kept} == kept
    assert files_of(url) == files_of(tmp_path / "work")


def test_sources_there_give_the_records_of_the_same_files_here(url, tmp_path):
    files = {p.name: p for p in (ROOT / "sample_data").rglob("*") if p.is_file() and p.suffix in READABLE}
    for name, path in files.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(path.read_bytes())
        (place(url) / "in" / name).write_bytes(path.read_bytes())
    lines = []
    for given, out in ((tmp_path / "in", tmp_path / "out.jsonl"), (f"{url}/in", f"{url}/out.jsonl")):
        command = [sys.executable, "-m", "toolkit", "collect", str(given), "-o", str(out), "--quiet"]
        subprocess.run(command, check=True, env=environment(), timeout=PATIENCE)
        lines.append(place(str(out)).read_bytes())

    assert len(files) > 5
    assert lines[0] == lines[1]


READABLE = (".md", ".html", ".csv", ".jsonl", ".json", ".parquet", ".txt", ".gz", ".zst", ".tsv")


def test_a_put_that_is_killed_leaves_nothing_visible(url, tmp_path):
    script = tmp_path / "put.py"
    script.write_text(PUT_THAT_NEVER_ENDS)
    process = subprocess.Popen([sys.executable, script, url], env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "most of it is sent\n"
    assert listed(place(url), "**/*") == []

    process.kill()
    process.communicate()

    assert listed(place(url), "**/*") == []
    assert not (place(url) / "half.bin").is_file()


PUT_THAT_NEVER_ENDS = """
import io, sys, time
from toolkit.files.places import place

class Endless(io.RawIOBase):
    sent = 0
    def read(self, size=-1):
        if self.sent == 40 << 20:
            time.sleep(2)  # parts are sent in the background
            print("most of it is sent", flush=True)
            time.sleep(1000)
        self.sent += 8 << 20
        return b"x" * (8 << 20)

(place(sys.argv[1]) / "half.bin").put(Endless())
"""


def test_two_runs_into_one_place_are_refused(url):
    first = start("toy", url, "0.5")
    wait_for(lambda: listed(place(url), "**/*.json"))

    second = start("toy", url, "0.5")
    _, err = second.communicate(timeout=PATIENCE)

    first.kill()
    first.communicate()
    assert second.returncode != 0
    assert "s3://datasets/: another run is writing there" in err


def test_a_bucket_that_is_not_there_is_named(url):
    driver = start("cli", "run", RECIPE, "--as-of", AS_OF, "--out", url.replace("datasets", "nowhere"))
    _, err = driver.communicate(timeout=PATIENCE)

    assert driver.returncode == 3
    assert "error: s3://nowhere/" in err
    assert "NO_SUCH_BUCKET" in err
    assert "Traceback" not in err


def wait_for(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
