"""What the engine itself costs: start of the pool, an empty task on each engine, two workers beside one, the driver.

python benchmarks/bench_engine.py [pool tasks workers driver]     some or all; kept in results/engine.json
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_chain
import bench_scale
from measure import measure

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "engine.json"
TESTS = HERE.parent / "tests"
sys.path[:0] = [str(TESTS / "cluster"), str(TESTS / "engine")]

TASKS = 200
SHARDS = (100, 1000)
RECORDS = (100_000, 300_000)


def pool() -> dict[str, float]:
    """Seconds from nothing to the first answer of two local workers, best of five; and CPU of all processes for it."""
    cpu = min(measure([sys.executable, "-c", FIRST_ANSWER]).cpu for _ in range(3))
    return {"start_up_s": round(min(_first_answer() for _ in range(5)), 2), "start_up_cpu_s": round(cpu, 2)}


FIRST_ANSWER = """
import time
began = time.monotonic()
from toolkit.engine.local import LocalPool
executor = LocalPool(2).open()
[future.result() for future in [executor.submit(abs, -1), executor.submit(abs, -2)]]
print(time.monotonic() - began)
executor.shutdown()
"""


def _first_answer() -> float:
    done = subprocess.run([sys.executable, "-c", FIRST_ANSWER], check=True, capture_output=True, text=True)
    return float(done.stdout)


def tasks() -> dict[str, dict[str, float]]:
    """Milliseconds that an empty task takes, with two workers."""
    from cluster_kit import CLUSTERS, environment

    found = {"local": _empty_tasks("local", dict(os.environ))}
    for engine, start in CLUSTERS.items():
        with tempfile.TemporaryDirectory(prefix="bench-") as folder, start(Path(folder)) as cluster:
            found[engine] = _empty_tasks(engine, environment(**cluster.env))
    return {"empty_task_ms": found}


def _empty_tasks(engine: str, env: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, __file__, "--empty", engine], check=True, capture_output=True, text=True, env=env
    )
    return float(done.stdout.strip().splitlines()[-1])


def empty(engine: str) -> None:
    """Run empty tasks through a runner and print what one took; the first ones warm up."""
    from toolkit.engine.runner import Runner, Stop
    from toolkit.pipeline import ENGINES

    if engine == "ray":
        import ray

        ray.init(num_cpus=2, include_dashboard=False, logging_level="error")
    runner = Runner(ENGINES[engine](2), Stop())
    runner.run(abs, range(10), lambda _: None)
    began = time.monotonic()
    runner.run(abs, range(TASKS), lambda _: None)
    print(round((time.monotonic() - began) / TASKS * 1000, 2), flush=True)
    runner.close()
    os._exit(0)  # the connection of a cluster may take its time


def workers() -> dict[str, object]:
    """The whole chain with one worker and with two."""
    runs, ratio = [], {}
    for count in RECORDS:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            (Path(name) / "corpus.jsonl").hardlink_to(bench_scale.corpus(count, short=False))
            one, two = (bench_chain.chain(Path(name), count, near=True, workers=n) for n in (1, 2))
        runs += [one, two]
        ratio[str(count)] = round(one["wall_s"] / two["wall_s"], 2)
    return {"workers": runs, "two_beside_one": ratio}


MANY_SHARDS = """
import sys
from toy_run import toy_run
toy_run(sys.argv[2], workers=2, units=int(sys.argv[1]), rows=20)
"""


def driver() -> dict[str, object]:
    """Memory of the driver with ten times the shards."""
    path = os.pathsep.join([str(TESTS / "engine"), str(HERE.parent)])
    found = []
    for shards in SHARDS:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            m = measure([sys.executable, "-c", MANY_SHARDS, str(shards), name], PYTHONPATH=path)
            assert m.code == 0, m.err
            found.append({"shards": shards, "driver_mb": round(m.driver_mb)})
    return {"driver": found}


PARTS = {f.__name__: f for f in (pool, tasks, workers, driver)}


def main() -> None:
    if sys.argv[1:2] == ["--empty"]:
        empty(sys.argv[2])
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for name in sys.argv[1:] or PARTS:
        results |= PARTS[name]()
        print(json.dumps(results, indent=2), flush=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
