"""Small clusters on loopback for one test each. Every process started here ends with the test, and its log stays."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("cluster_run.py")
PATIENCE = 300
"""Seconds after which anything here has failed."""


@dataclass
class Cluster:
    """What a driver needs to find a cluster, and how a test finds a worker to kill."""

    env: dict[str, str] = field(default_factory=dict)
    victims: Callable[[psutil.Process], list[psutil.Process]] = lambda _driver: []


def environment(**more):
    """Workers and drivers import this checkout and the toy stages; all stay on loopback."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "engine", SCRIPT.parent)))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **more}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@contextmanager
def running(log: Path, *command, env=None):
    """A process that ends, with all that it started, when the block ends."""
    with log.open("wb") as file:
        # a folder of its own: what workers do must not depend on where they stand
        home = log.with_suffix(".home")
        home.mkdir()
        process = subprocess.Popen(
            list(map(str, command)), stdout=file, stderr=file, env=env or environment(), cwd=home
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        family = descendants(psutil.Process(process.pid)) if process.poll() is None else []
        for member in [*family, process]:
            member.kill()
        process.wait()
        psutil.wait_procs(family, timeout=10)


def descendants(process):
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_until(true, what, process, log):
    deadline = time.monotonic() + PATIENCE
    while not true():
        told = f"waited for {what}\n{log.read_text()[-3000:]}"
        assert process.status() != psutil.STATUS_ZOMBIE, told
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


@contextmanager
def dask_cluster(tmp: Path):
    """A scheduler and two worker processes without a nanny: one that is killed stays dead."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--host", address)
    worker = (sys.executable, "-m", "distributed.cli.dask_worker", address, "--host", "127.0.0.1",
              "--nthreads", "1", "--no-nanny", "--no-dashboard")  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(running(tmp / "scheduler.log", *dask))
        logs = [tmp / f"worker-{n}.log" for n in range(2)]
        workers = [stack.enter_context(running(log, *worker)) for log in logs]
        for log, process in zip(logs, workers, strict=True):
            wait_until(lambda log=log: "Registered to" in log.read_text(), "a Dask worker", process, log)
        yield Cluster({"DASK_SCHEDULER_ADDRESS": address}, lambda _driver: workers[:1])


@contextmanager
def spark_cluster(tmp: Path):
    """A standalone master and two workers with one executor of one core each."""
    import pyspark

    port = free_port()
    spark_class = Path(pyspark.__file__).parent / "bin" / "spark-class"
    env = environment(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable, SPARK_DAEMON_MEMORY="256m")
    deploy = "org.apache.spark.deploy"
    master = (
        spark_class,
        f"{deploy}.master.Master",
        "--host",
        "127.0.0.1",
        "--port",
        port,
        "--webui-port",
        free_port(),
    )
    submit = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.memory": "512m",
              "spark.executor.memory": "512m", "spark.executor.cores": "1"}  # fmt: skip
    options = " ".join(f"--conf {name}={value}" for name, value in submit.items())
    with ExitStack() as stack:
        log = tmp / "master.log"
        process = stack.enter_context(running(log, *master, env=env))
        wait_until(lambda: "I have been elected leader" in log.read_text(), "the Spark master", process, log)
        workers = []
        for n in range(2):
            log = tmp / f"worker-{n}.log"
            command = (spark_class, f"{deploy}.worker.Worker", "--cores", "1", "--memory", "1g", "--host", "127.0.0.1",
                       "--webui-port", free_port(), "--work-dir", tmp / f"spark-{n}", f"spark://127.0.0.1:{port}")  # fmt: skip
            workers.append(stack.enter_context(running(log, *command, env=env)))
            wait_until(lambda log=log: "Successfully registered" in log.read_text(), "a Spark worker", workers[-1], log)
        told = {name: env[name] for name in ("SPARK_LOCAL_IP", "PYSPARK_PYTHON")}
        told["PYSPARK_SUBMIT_ARGS"] = f"--master spark://127.0.0.1:{port} {options} pyspark-shell"
        yield Cluster(
            told, lambda _driver: named("org.apache.spark.executor.CoarseGrainedExecutorBackend", *workers)[:1]
        )


@contextmanager
def ray_cluster(tmp: Path):
    """Ray as the driver itself starts it, with two CPUs; its token stays in the folder of the test."""
    (tmp / "token").write_text(uuid.uuid4().hex * 2)
    yield Cluster({"RAY_AUTH_TOKEN_PATH": str(tmp / "token")}, lambda driver: named("ray::run", driver)[:1])


def named(part, *ancestors):
    """The processes below these with a word in their command that begins so."""
    found = []
    for process in (p for a in ancestors for p in descendants(a)):
        try:
            if any(word.startswith(part) for word in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


CLUSTERS = {"dask": dask_cluster, "spark": spark_cluster, "ray": ray_cluster}
PACKAGES = {"dask": "distributed", "spark": "pyspark", "ray": "ray"}
