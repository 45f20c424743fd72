"""Measure the deduplication kernel beside its peers on a corpus of `dedup_corpus.py`, each peer in a process of its own.

    python benchmarks/bench_kernel.py build/dedup-100k --peers ours,rensa,datasketch --json benchmarks/results/kernel-100k.json

All peers read the same normalized texts and compare character 5-grams at the threshold. CPU seconds are those of the process from
the first text read to the last decision, without imports and compilation; for rensa and datasketch the cutting of shingles in
Python is counted apart. A gold pair counts where its exact Jaccard similarity reaches the threshold and its salient tokens
agree; it is found when not both of its texts are kept. Precision: dropped texts that have such a similarity to a kept one
(of the peers only recall is judged, they do not say for whom a text is dropped).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.dedup import kernel
from toolkit.dedup.kernel.columns import Bytes, to_bytes, to_column

CHUNK = 10_000
WIDTH = 5


class StoredTexts:
    """Normalized texts in one file, read in chunks or by row; only the offsets stay in memory."""

    def __init__(self, folder: Path) -> None:
        self.offsets = np.load(folder / "normal.offsets.npy")
        self.file = os.open(folder / "normal.bytes", os.O_RDONLY)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def iterchunks(self) -> Iterator[pa.Array]:
        for first in range(0, len(self), CHUNK):
            offsets = self.offsets[first : first + CHUNK + 1]
            data = os.pread(self.file, int(offsets[-1] - offsets[0]), int(offsets[0]))
            yield to_column(Bytes(offsets - offsets[0], np.frombuffer(data, dtype=np.uint8)))

    def take(self, indices: pa.Array) -> pa.Array:
        rows = indices.to_numpy()
        starts = self.offsets[rows]
        offsets = np.concatenate([[0], np.cumsum(self.offsets[rows + 1] - starts)])
        data = bytearray(int(offsets[-1]))
        view = memoryview(data)
        for start, a, b in zip(starts.tolist(), offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            os.preadv(self.file, [view[a:b]], start)
        return to_column(Bytes(offsets, np.frombuffer(data, dtype=np.uint8)))


def prepare(folder: Path) -> None:
    """Write the normalized texts beside the corpus, once."""
    if (folder / "normal.offsets.npy").exists():
        return
    lengths = []
    with pa.OSFile(str(folder / "texts.arrow")) as file, (folder / "normal.bytes").open("wb") as out:
        reader = pa.ipc.open_file(file)
        for at in range(reader.num_record_batches):
            texts = to_bytes(kernel.normal_column(reader.get_batch(at)["text"], kernel="numba"))
            lengths.append(np.diff(texts.offsets))
            out.write(texts.data)
    np.save(folder / "normal.offsets.npy", np.concatenate([[0], np.cumsum(np.concatenate(lengths))]))


def ours(texts: StoredTexts, threshold: float, name: str = "numba") -> dict[str, object]:
    warm = pa.array(["每日三次，饭后服用。", "每日三次，饭后服用"] * 70)
    for way in (warm, pa.concat_arrays([warm, pa.array([f"{i}每日三次" for i in range(99)])])):
        kernel.near_duplicates(way, params=kernel.Params(threshold=threshold), kernel=name)
    kernel.leaders(warm, params=kernel.Params(threshold=threshold), kernel=name)
    kernel.pair_similarities(warm, np.array([0]), np.array([1]), params=kernel.Params(), kernel=name)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    found = kernel.near_duplicates(texts, params=kernel.Params(threshold=threshold), kernel=name, normal=True)
    return {
        "cpu": time.process_time() - begin,
        "base_mb": base / 1024,
        "left": found.dropped.left,
        "right": found.dropped.right,
        "vetoed": len(found.vetoed.left),
    }


def token_lists(texts: StoredTexts) -> Iterator[tuple[int, list[list[str]], float]]:
    """Yield (first row, shingles of 1,000 texts, CPU seconds of cutting)."""
    first = 0
    for chunk in texts.iterchunks():
        for start in range(0, len(chunk), 1000):
            forms = chunk.slice(start, 1000).to_pylist()
            begin = time.process_time()
            lists = [[t[i : i + WIDTH] for i in range(max(1, len(t) - WIDTH + 1))] for t in forms]
            yield first, lists, time.process_time() - begin
            first += len(lists)


def rensa(texts: StoredTexts, threshold: float) -> dict[str, object]:
    from rensa import RMinHashDeduplicator

    index = RMinHashDeduplicator(threshold=threshold, num_perm=128, use_lsh=True)
    cut, begin, kept = 0.0, time.process_time(), []
    for first, lists, seconds in token_lists(texts):
        cut += seconds
        kept += index.add_pairs((str(first + at), tokens) for at, tokens in enumerate(lists))
    return {"cpu": time.process_time() - begin - cut, "cut": cut, "left": np.flatnonzero(~np.array(kept))}


def datasketch(texts: StoredTexts, threshold: float) -> dict[str, object]:
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    cut, begin, dropped = 0.0, time.process_time(), []
    for first, lists, seconds in token_lists(texts):
        cut += seconds
        for at, sketch in enumerate(
            MinHash.generator([[t.encode() for t in tokens] for tokens in lists], num_perm=128)
        ):
            if lsh.query(sketch):
                dropped.append(first + at)
            else:
                lsh.insert(first + at, sketch)
    return {"cpu": time.process_time() - begin - cut, "cut": cut, "left": np.array(dropped)}


PEERS = {
    "ours": ours,
    "numpy": lambda texts, threshold: ours(texts, threshold, "numpy"),
    "rensa": rensa,
    "datasketch": datasketch,
}


def judge(folder: Path, texts: StoredTexts, result: dict[str, object], threshold: float) -> dict[str, object]:
    gold = pq.read_table(folder / "gold.parquet")
    left, right = gold["original"].to_numpy(), gold["copy"].to_numpy()
    similarity, same = measured(texts, left, right)
    true = (similarity >= threshold) & same
    dropped = np.zeros(len(texts), dtype=np.bool_)
    dropped[result["left"]] = True
    found = dropped[left] | dropped[right]
    out = {
        "gold": int(true.sum()),
        "recall": round(float(found[true].mean()), 6),
        "vetoed_gold": int(((similarity >= threshold) & ~same).sum()),
        "dropped": int(dropped.sum()),
    }
    if "right" in result:
        value, agrees = measured(texts, result["left"], result["right"])
        kept = ~dropped[result["right"]]
        out["precision"] = float(((value >= threshold) & agrees & kept).mean())
    return out


def measured(texts: StoredTexts, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return exact similarities, and whether the salient tokens agree."""
    similarity, same = np.zeros(len(left)), np.zeros(len(left), dtype=np.bool_)
    for first in range(0, len(left), 5000):
        part = slice(first, first + 5000)
        a, b = (texts.take(pa.array(rows[part])) for rows in (left, right))
        similarity[part] = kernel.similarities(a, b, params=kernel.Params(), kernel="numba", normal=True)
        same[part] = kernel.salient_keys(a, normal=True) == kernel.salient_keys(b, normal=True)
    return similarity, same


def run(folder: Path, peer: str, threshold: float) -> dict[str, object]:
    texts = StoredTexts(folder)
    result = PEERS[peer](texts, threshold)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    numbers = {key: value for key, value in result.items() if not isinstance(value, np.ndarray)}
    judged = judge(folder, texts, result, threshold)
    return {"peer": peer, "threshold": threshold, "records": len(texts), "peak_mb": round(peak), **numbers, **judged}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", default="ours,rensa")
    parser.add_argument("--threshold", type=float, nargs="+", default=[0.8])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inside", action="store_true", help="measure one peer in this process")
    arguments = parser.parse_args()
    if arguments.inside:
        print(json.dumps(run(arguments.folder, arguments.peers, arguments.threshold[0])))
        return
    arguments.folder = arguments.folder.absolute()
    subprocess.run(  # a process of its own keeps the memory of the preparation out of the figures
        [
            sys.executable,
            "-c",
            "import sys, pathlib, bench_kernel as b; b.prepare(pathlib.Path(sys.argv[1]))",
            str(arguments.folder),
        ],
        check=True,
        cwd=Path(__file__).parent,
    )
    results = []
    for threshold in arguments.threshold:
        for peer in arguments.peers.split(","):
            command = [
                sys.executable,
                __file__,
                str(arguments.folder),
                "--inside",
                "--peers",
                peer,
                "--threshold",
                str(threshold),
            ]
            results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            print(results[-1])
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
