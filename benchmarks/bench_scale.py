"""How time, memory and bytes of the whole chain grow with the number of records; kept in results/scale.json.

python benchmarks/bench_scale.py [100000 1000000 ...]            records of about 1.3 KB
python benchmarks/bench_scale.py --short [100000 10000000 ...]   records with 60 to 100 bytes of text
    --two   with two workers instead of one
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections import Counter
from pathlib import Path

import chain_corpus
from bench_chain import RECIPE
from measure import measure

RESULTS = Path(__file__).parent / "results" / "scale.json"
CORPORA = Path(tempfile.gettempdir()) / "toolkit-bench-corpora"
COUNTS = [100_000, 1_000_000]
CARRY = ("emit.arrow", "arrow")
"""Files that travel between tasks: what a map emits, and what a bucket or a range answers."""


def chain(folder: Path, count: int, workers: int) -> dict[str, object]:
    """One run as a user starts it, and what it left in its work folder."""
    (folder / "recipe.yaml").write_text(RECIPE.format(near="true"))
    out = folder / "out"
    line = [sys.executable, "-m", "toolkit", "run", folder / "recipe.yaml", "--out", out, "--as-of", "2026-11-22",
            "--workers", workers, "--json"]  # fmt: skip
    m = measure([str(word) for word in line])
    assert m.code == 0, m.err
    account = json.loads(m.out.strip().splitlines()[-1] if m.out.count("\n{") else m.out)["account"]
    left = by_suffix(out / "work" / "shards")
    return {
        "records": count,
        "input_mb": round((folder / "corpus.jsonl").stat().st_size / 1e6),
        "workers": workers,
        "cpu_s": round(m.cpu, 1),
        "wall_s": round(m.wall, 1),
        "us_per_record": round(m.cpu / count * 1e6),
        "peak_pss_mb": round(m.peak_mb),
        "peak_driver_mb": round(m.driver_mb),
        "shuffle_bytes_per_record": round(sum(left[s] for s in CARRY) / count),
        "work_bytes_per_record": round(sum(left.values()) / count),
        "shards": sum(1 for _ in (out / "work" / "shards").glob("*/*.left.arrow")),
        "released": account[-1]["kept"],
    }


def corpus(count: int, *, short: bool) -> Path:
    """The corpus, made once: a million records take longer to invent than to clean."""
    path = CORPORA / f"{'halves' if short else 'usual'}-{count}.jsonl"
    if not path.is_file():
        CORPORA.mkdir(exist_ok=True)
        (chain_corpus.write_short if short else chain_corpus.write)(path.with_suffix(".tmp"), count)
        path.with_suffix(".tmp").replace(path)
    return path


def by_suffix(shards: Path) -> Counter[str]:
    """Bytes of the shards by the kind of file."""
    found: Counter[str] = Counter()
    for path in shards.glob("*/*"):
        found[path.name.partition(".")[2]] += path.stat().st_size
    return found


def slopes(runs: list[dict[str, object]]) -> dict[str, float]:
    """The largest run beside the smallest: 1.0 = time per record, and memory, stay the same."""
    first, last = runs[0], runs[-1]
    return {
        "records": last["records"] / first["records"],
        "time_per_record": round(last["us_per_record"] / first["us_per_record"], 2),
        "peak_memory": round(last["peak_pss_mb"] / first["peak_pss_mb"], 2),
        "driver_memory": round(last["peak_driver_mb"] / first["peak_driver_mb"], 2),
    }


def main() -> None:
    short, workers = "--short" in sys.argv, 2 if "--two" in sys.argv else 1
    counts = [int(a) for a in sys.argv[1:] if a.isdigit()] or COUNTS
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    runs = []
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            (Path(name) / "corpus.jsonl").hardlink_to(corpus(count, short=short))
            runs.append(chain(Path(name), count, workers=workers))
            print(runs[-1], flush=True)
    results |= {"python": platform.python_version(), "short" if short else "usual": {"runs": runs, **slopes(runs)}}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
