"""Deduplicate one corpus with our kernel, our command and the peers, one after the other.

    python benchmarks/bench_dedup.py --peers-python .venv/peers/bin/python --records 10000 100000

The kernel and the peers read the same normalized texts and compare character 5-grams (`peers/dedup.py` says how each is called);
the command reads JSON lines and does everything. Of each: CPU seconds of the whole tree of processes with start-up (10
records) subtracted, the peak of their summed PSS, and how right it is:

- recall: of the planted pairs that reach the threshold and agree in numbers and negations, how many are not both kept;
- precision: of the dropped, how many resemble any other text at the threshold;
- against_numbers: how many were dropped although all they resemble says another number or the contrary.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "peers"))

import bench_kernel  # noqa: E402 - benchmarks are scripts in folders, not a package
import dedup_corpus  # noqa: E402
from harness import START, best, cost, save  # noqa: E402

from toolkit.dedup import kernel  # noqa: E402

KERNEL, COMMAND = "toolkit kernel", "toolkit dedup"
PEERS = ("rensa", "rensa_rho", "daft", "gaoya", "dedup_rs", "datasketch")


class First(bench_kernel.StoredTexts):
    """The first texts of a folder."""

    def __init__(self, folder: Path, limit: int) -> None:
        super().__init__(folder)
        self.offsets = self.offsets[: limit + 1]


def inside(folder: Path, target: Path, threshold: float, limit: int) -> None:
    """Run our kernel in this process, and keep what it found: it is also the list of all that resembles."""
    params = kernel.Params(threshold=threshold)
    bench_kernel.ours(First(folder, START), threshold)  # compiles
    began = time.process_time()
    found = kernel.near_duplicates(First(folder, limit), params=params, kernel="numba", normal=True)
    spent = time.process_time() - began
    alike = np.concatenate([found.vetoed.left, found.vetoed.right])
    np.savez(target, left=found.dropped.left, right=found.dropped.right, alike=alike)
    print(json.dumps({"work_cpu_s": spent}))


def prepare(folder: Path, count: int) -> None:
    """Write the corpus and its normalized texts if they are not there, and the JSON lines of the command."""
    if not (folder / "gold.parquet").exists():
        dedup_corpus.write(count, 7, folder)
    bench_kernel.prepare(folder)
    with pa.OSFile(str(folder / "texts.arrow")) as file:
        rows = pa.ipc.open_file(file).read_all().to_pylist()
    for name, part in ((START, rows[:START]), (count, rows)):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as out:
            out.writelines(json.dumps({**row, "kind": "document"}, ensure_ascii=False) + "\n" for row in part)


def command_of(peer: str, folder: Path, target: Path, count: int, options: argparse.Namespace) -> list[str]:
    if peer == COMMAND:
        source, out = folder / f"{count}.jsonl", target.with_suffix(".jsonl")
        workers = str(options.workers)
        return [sys.executable, "-m", "toolkit", "dedup", str(source), "-o", str(out), "--workers", workers, "--quiet",
                "--threshold", str(options.threshold)]  # fmt: skip
    if peer == KERNEL:
        return [sys.executable, __file__, "--inside", str(folder), str(target), str(options.threshold), str(count)]
    script = str(HERE / "peers" / "dedup.py")
    return [options.peers_python, script, peer, str(folder), str(target), str(options.threshold), str(count)]


def dropped_by(peer: str, target: Path, count: int) -> np.ndarray:
    """Whether each text is dropped."""
    dropped = np.ones(count, dtype=np.bool_)
    if peer == COMMAND:
        lines = target.with_suffix(".jsonl").read_bytes().splitlines()
        dropped[[int(json.loads(line)["id"][1:]) for line in lines]] = False
        return dropped
    dropped[:] = False
    if peer == KERNEL:
        dropped[np.load(target)["left"]] = True
    else:
        dropped[np.load(target)] = True
    return dropped


def judge(folder: Path, dropped: np.ndarray, truth: dict[str, np.ndarray], threshold: float) -> dict[str, Any]:
    texts = First(folder, len(dropped))
    recall = bench_kernel.judge(folder, texts, {"left": np.flatnonzero(dropped)}, threshold)
    same = np.zeros(len(dropped), dtype=np.bool_)
    same[truth["left"]] = same[truth["right"]] = True
    alike = same.copy()
    alike[truth["alike"]] = True
    return {
        "recall": recall["recall"],
        "dropped": int(dropped.sum()),
        "precision": round(float(alike[dropped].mean()), 6),
        "against_numbers": int((dropped & alike & ~same).sum()),
    }


def run(peer: str, folder: Path, count: int, options: argparse.Namespace) -> dict[str, Any]:
    target = folder / f"{peer.replace(' ', '-')}.{'npz' if peer == KERNEL else 'npy'}"

    def command(records: int) -> list[str]:
        return command_of(peer, folder, target, records, options)

    start = best(command(START), 2)
    row = {"peer": peer, **cost(command, count, start, options.repeat)}
    truth = dict(np.load(folder / "toolkit-kernel.npz"))
    row |= judge(folder, dropped_by(peer, target, count), truth, options.threshold)
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", default=".venv/peers/bin/python")
    parser.add_argument(
        "--peers", default=",".join((KERNEL, COMMAND, *PEERS)), help="The kernel comes first: it judges."
    )
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="Where corpora stay; without it they are made and removed.")
    parser.add_argument("--json", type=Path, default=HERE / "results" / "dedup-peers.json")
    parser.add_argument("--inside", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        folder, target, threshold, limit = options.inside
        inside(Path(folder), Path(target), float(threshold), int(limit))
        return
    os.environ["PYTHONPATH"] = str(HERE)
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-dedup-") as name:
        for count in options.records:
            folder = (options.folder or Path(name)) / f"dedup-{count}"
            folder.mkdir(parents=True, exist_ok=True)
            prepare(folder, count)
            rows += [run(peer, folder, count, options) for peer in options.peers.split(",")]
            save(options.json, {"python": platform.python_version(), "threshold": options.threshold, "rows": rows})


if __name__ == "__main__":
    main()
