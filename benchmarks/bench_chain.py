"""The figures of the whole chain: start-up, pass-through, records per CPU second and memory; kept as JSON in results/.

python benchmarks/bench_chain.py [10000 100000 ...]
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import chain_corpus
import orjson
from measure import measure

HERE = Path(__file__).parent
RECIPE = """
version: 1
sources: [{{id: mixed, paths: [corpus.jsonl], domain: general, doc_type: qa, license: MIT}}]
stages:
  - collect
  - label.convert
  - clean: {{profile: example, pii: mask}}
  - age.attach
  - dedup: {{fields: [prompt, input, output], near: {near}}}
  - age.decide
release: {{targets: [openai-chat, llamafactory-alpaca]}}
"""


def start_up() -> dict[str, float]:
    """CPU seconds of `--help` and of the import, over bare Python."""
    bare = min(measure([sys.executable, "-c", "pass"]).cpu for _ in range(5))
    lines = {"help": ["-m", "toolkit", "--help"], "import": ["-c", "import toolkit"]}
    return {
        name: round(min(measure([sys.executable, *line]).cpu for _ in range(5)) - bare, 3)
        for name, line in lines.items()
    }


def pass_through(folder: Path, count: int) -> dict[str, float]:
    """CPU of JSONL -> JSONL as a multiple of an orjson loop: in memory, and through a shard."""
    from toolkit.engine.store import read_records, record_writer
    from toolkit.files.json_columns import line_bytes
    from toolkit.record import SCHEMA, columns_of

    rows = [orjson.loads(x) for x in (folder / "corpus.jsonl").read_bytes().split(b"\n") if x]
    records = [{"id": f"{n:032x}", "prompt": r["instruction"], "output": r["output"]} for n, r in enumerate(rows)]
    lines = [orjson.dumps(r) for r in records]

    def loop() -> None:
        for line in lines:
            orjson.dumps(orjson.loads(line))

    def batches():
        for i in range(0, len(lines), 1000):
            yield columns_of([orjson.loads(x) for x in lines[i : i + 1000]])

    def memory() -> None:
        for batch in batches():
            line_bytes(dict(zip(batch.schema.names, batch.columns, strict=True)), batch.num_rows)

    def shard() -> None:
        path = folder / "pass.parquet"
        with record_writer(path, SCHEMA) as out:
            for batch in batches():
                out.write(batch)
        for batch in read_records(path, 1000):
            line_bytes(dict(zip(batch.schema.names, batch.columns, strict=True)), batch.num_rows)

    import gc

    gc.collect()
    gc.freeze()
    gc.disable()
    cpu = {f.__name__: min(_timed(f) for _ in range(3)) for f in (loop, memory, shard)}
    gc.enable()
    return {
        "records": count,
        "loop_us": round(cpu["loop"] / count * 1e6, 2),
        "memory": round(cpu["memory"] / cpu["loop"], 2),
        "shard": round(cpu["shard"] / cpu["loop"], 2),
    }


def _timed(function) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began


def chain(folder: Path, count: int, *, near: bool, workers: int = 1) -> dict[str, object]:
    """The whole chain as a user runs it."""
    (folder / "recipe.yaml").write_text(RECIPE.format(near=str(near).lower()))
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    line = [
        sys.executable,
        "-m",
        "toolkit",
        "run",
        str(folder / "recipe.yaml"),
        "--out",
        str(out),
        "--as-of",
        "2026-11-22",
        "--workers",
        str(workers),
        "--json",
    ]
    m = measure(line)
    assert m.code == 0, m.err
    account = json.loads(m.out)["account"]
    return {
        "records": count,
        "near": near,
        "workers": workers,
        "cpu_s": round(m.cpu, 1),
        "wall_s": round(m.wall, 1),
        "records_per_cpu_s": round(count / m.cpu),
        "peak_pss_mb": round(m.peak_mb),
        "released": account[-1]["kept"],
    }


def main() -> None:
    counts = [int(a) for a in sys.argv[1:]] or [10_000, 100_000]
    results: dict[str, object] = {"python": platform.python_version(), "start_up_cpu_s": start_up(), "chain": []}
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            chain_corpus.write(folder / "corpus.jsonl", count)
            results["bytes_per_record"] = round((folder / "corpus.jsonl").stat().st_size / count)
            if count == 100_000:
                results["pass_through"] = pass_through(folder, count)
            for near in (False, True):
                found = chain(folder, count, near=near)
                print(found, flush=True)
                results["chain"].append(found)
    (HERE / "results" / "chain.json").write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
