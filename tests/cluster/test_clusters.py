"""The same recipe on Dask, Spark and Ray: the bytes of one machine, also when a worker is killed."""

import importlib.util
import shutil
import signal
import subprocess
import sys
import time

import pytest
from cluster_kit import CLUSTERS, PACKAGES, PATIENCE, ROOT, SCRIPT, environment, running, wait_until

SLOW = "0.3"
"""Seconds a batch takes in the phase in which a worker is killed."""

pytestmark = pytest.mark.cluster


@pytest.fixture(params=CLUSTERS)
def engine(request, needs):
    needs(PACKAGES[request.param], importlib.util.find_spec(PACKAGES[request.param]))
    needs("java, for Spark,", request.param != "spark" or shutil.which("java"))
    return request.param


def data_files(folder):
    """All files but those that hold times (manifests of shards, `run.json`) and what a killed worker left open."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name not in ("run.json", ".lock") and p.suffix != ".tmp"]
    shards = {p.relative_to(folder): p.read_bytes() for p in files if "shards" not in p.parts or p.suffix != ".json"}
    assert shards
    return shards


def manifests(work):
    return len(list(work.rglob("*.json")))


def run_here(*arguments):
    command = [sys.executable, SCRIPT, "local", *map(str, arguments)]
    done = subprocess.run(command, check=False, env=environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_sample_recipe_gives_the_bytes_of_one_machine(engine, tmp_path):
    recipe = ("cli", "run", ROOT / "sample_data" / "recipe.yaml", "--as-of", "2026-11-22", "--quiet", "--out")
    run_here(*recipe, tmp_path / "local")

    with CLUSTERS[engine](tmp_path) as cluster:
        log = tmp_path / "driver.log"
        # a relative folder: the workers stand elsewhere
        with running(log, sys.executable, SCRIPT, engine, *recipe, "out", env=environment(**cluster.env)) as driver:
            assert driver.wait(timeout=PATIENCE) == 0, log.read_text()[-3000:]

    assert data_files(tmp_path / "driver.home" / "out") == data_files(tmp_path / "local")


def test_a_worker_that_is_killed_costs_no_byte(engine, tmp_path):
    expected = run_here("toy", tmp_path / "local", SLOW)

    with CLUSTERS[engine](tmp_path) as cluster:
        log, work = tmp_path / "driver.log", tmp_path / "work"
        command = (sys.executable, SCRIPT, engine, "toy", work, SLOW)
        with running(log, *command, env=environment(**cluster.env)) as driver:
            wait_until(lambda: manifests(work) >= 18, "the slow phase", driver, log)
            [victim] = cluster.victims(driver)
            victim.kill()
            finished_before = manifests(work)
            assert driver.wait(timeout=PATIENCE) == 0, log.read_text()[-3000:]

    assert finished_before < manifests(work)
    assert log.read_text().endswith(expected)
    assert data_files(work) == data_files(tmp_path / "local")


def test_asked_twice_to_stop_a_run_stops_at_once(engine, tmp_path):
    with CLUSTERS[engine](tmp_path) as cluster:
        log, work = tmp_path / "driver.log", tmp_path / "work"
        command = (sys.executable, SCRIPT, engine, "toy", work, "40")
        with running(log, *command, env=environment(**cluster.env)) as driver:
            wait_until(lambda: manifests(work) >= 16, "the phase that never ends", driver, log)
            for _ in range(2):
                driver.send_signal(signal.SIGINT)
                time.sleep(0.5)
            driver.wait(timeout=30)

    assert "stopped on request" in log.read_text()


def test_a_cluster_that_is_not_named_is_asked_for(engine, tmp_path):
    command = [sys.executable, "-m", "toolkit", "run", ROOT / "sample_data" / "recipe.yaml", "--as-of", "2026-11-22",
               "--engine", engine, "--out", tmp_path / "out"]  # fmt: skip
    env = environment(SPARK_LOCAL_IP="127.0.0.1", RAY_AUTH_MODE="disabled")

    done = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=PATIENCE)

    assert done.returncode == 2, done.stderr
    assert f"--engine {engine}: no " in done.stderr
