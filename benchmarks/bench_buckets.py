"""Ten million short records through the emission and the rounds of dedup, with buckets on disk: time and peak memory.

    python benchmarks/bench_buckets.py --records 10000000 --folder build/buckets

Texts are three parts of real sentences put together, Chinese and English; of a hundred, two are copies and two are rewritten at the
end. One process does what tasks do, one shard and one bucket after the other; files are those of the engine. What is left out
is reading JSON, measuring the candidates (without `--rounds 3`), and the solve. `dataset` in the result is the size of the texts.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import dedup_corpus
import pyarrow as pa

from toolkit.dedup import Dedup
from toolkit.engine import exchange
from toolkit.engine.reduces import BucketTask, run_bucket
from toolkit.engine.store import RECORDS, Files, Store, record_writer
from toolkit.kinds import RUN_BYTES
from toolkit.record import SCHEMA

SHARD, BATCH, BUCKETS = 250_000, 10_000, 128
RESULT = Path(__file__).parent / "results" / "buckets-10m.json"


def texts(count: int, seed: int) -> Iterator[list[str]]:
    """Batches of short texts."""
    draw = random.Random(seed)
    parts = []
    for pool in dedup_corpus.sources().values():
        short = [s for s in pool if 9 <= len(s) <= 60]
        cuts = [(s, len(s) // 3) for s in short]
        parts.append([part for s, at in cuts for part in (s[:at], s[at : 2 * at], s[2 * at :])])
    recent = ["是"]
    for _ in range(0, count, BATCH):
        batch = []
        for _ in range(BATCH):
            kind = draw.random()
            pool = parts[kind < 0.5]
            text = "".join(pool[int(draw.random() * len(pool))] for _ in range(3))
            if 0.48 < kind < 0.52:
                text = recent[int(draw.random() * len(recent))] + ("" if kind < 0.5 else "吗")
            batch.append(text)
        recent = batch
        yield batch


def emit(stage: Dedup, store: Store, count: int) -> tuple[list[str], int]:
    """Write the records and what they emit, in shards; return their addresses and the bytes of text."""
    [step] = stage.steps()
    shards, size = [], 0
    batches = texts(count, 7)
    for shard in range(-(-count // SHARD)):
        shards.append(f"{shard:032x}")
        with (
            record_writer(store.path(shards[-1], RECORDS), SCHEMA) as out,
            store.path(shards[-1], "emit.arrow").open("wb") as file,
        ):
            writer = exchange.BucketWriter(file, BUCKETS)
            for first in range(0, SHARD, BATCH):
                column = pa.array(next(batches))
                names = pa.array([f"r{shard * SHARD + first + n:08d}" for n in range(len(column))])
                filled = {"id": names, "text": column}
                arrays = [filled.get(f.name, pa.nulls(len(column), f.type)) for f in SCHEMA]
                batch = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
                rows = step.emit(batch)
                at = rows.schema.get_field_index("row")
                writer.add(rows.set_column(at, "row", pa.compute.add(rows.column("row"), first)))
                out.write(batch)
                size += column.nbytes
            writer.close()
    return shards, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument(
        "--rounds", type=int, default=2, help="3 measures the candidates too: each bucket reads all texts."
    )
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    RUN_BYTES.set(1 << 40)
    stage = Dedup(conflicts="off")
    [step] = stage.steps()
    peak = {"start": _peak()}
    began = {"start": time.process_time()}
    store = Store(options.folder)
    shards, size = emit(stage, store, options.records)
    listed = store.listed(shards)
    inputs, records = Files(store, listed, "emit.arrow"), Files(store, listed, RECORDS)
    peak["emit"], began["emit"] = _peak(), time.process_time()
    spilled = {"emit": sum(p.stat().st_size for p in inputs.paths())}
    pairs = 0
    for number, reduce in enumerate(step.rounds[: options.rounds]):
        layout = "whole" if number == options.rounds - 1 else "buckets"
        answers = []
        for bucket in range(BUCKETS):
            name = f"{number:02x}{bucket:04x}"
            task = BucketTask(
                options.folder, name, "dedup", inputs, bucket, BUCKETS, number == 0, reduce, layout, records
            )
            answers.append(run_bucket(task))
        for path in inputs.paths():
            path.unlink()
        inputs = Files(store, store.listed([a.address for a in answers]), "arrow")
        title = reduce.__name__
        peak[title], began[title] = _peak(), time.process_time()
        spilled[title], pairs = sum(p.stat().st_size for p in inputs.paths()), sum(a.rows for a in answers)
        print(title, began, peak, flush=True)
    steps = list(began)
    found = {
        "records": options.records,
        "dataset_mb": round(size / 1e6),
        "buckets": BUCKETS,
        "cpu_s": {b: round(began[b] - began[a], 1) for a, b in itertools.pairwise(steps)},
        "peak_rss_mb_so_far": peak,
        "spilled_mb": {k: round(v / 1e6) for k, v in spilled.items()},
        "rows_left": pairs,
    }
    print(json.dumps(found, indent=1))
    if options.records >= 10_000_000:
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(options.folder)


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
