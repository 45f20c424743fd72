"""Clean one corpus with our stage, our command, data-juicer and datatrove, one after the other.

    python benchmarks/peers/clean.py --peers-python .venv/peers/bin/python --records 10000 100000

Everyone gets the same bytes: we as `prompt` and `output`, the peers as one `text`. Of each: CPU seconds of the whole tree of
processes with start-up subtracted, the peak of their summed PSS, and, by language and for code apart, what share was rejected and what share of
the rest was changed. datatrove is asked up to 10,000 records only: it needs minutes for more.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import chain_corpus  # noqa: E402 - benchmarks are scripts in folders, not a package
from harness import START, best, cost, save  # noqa: E402

HAN = re.compile("[一-鿿]")
CODE = chain_corpus.SHARED / "english/gpteacher_codegen.json"
GROUPS = ("zh", "en-text", "en-code")
LIMITS = {"datatrove": 10_000}


def prepare(folder: Path, count: int) -> None:
    """Write the corpus twice: in fields, and as one text."""
    raw, codes = folder / "raw.jsonl", code_prompts()
    chain_corpus.write(raw, count)
    with (
        raw.open("rb") as lines,
        _input(folder, "fields", count).open("wb") as fields,
        _input(folder, "text", count).open("wb") as texts,
    ):
        for number, line in enumerate(lines):
            row = orjson.loads(line)
            prompt, output = row["instruction"], row["output"]
            name = f"{group(prompt, output, codes)}-{number:07d}"
            example = {"id": name, "kind": "example", "prompt": prompt, "output": output}
            fields.write(orjson.dumps(example) + b"\n")
            texts.write(orjson.dumps({"id": name, "text": f"{prompt}\n{output}"}) + b"\n")
    raw.unlink()


def code_prompts() -> tuple[str, ...]:
    return tuple({row["instruction"] for row in orjson.loads(CODE.read_bytes())})


def group(prompt: str, output: str, codes: tuple[str, ...]) -> str:
    """The language of a record, and whether it is one about programming: part of its id."""
    if HAN.search(output):
        return "zh"
    return "en-code" if prompt.startswith(codes) else "en-text"


def _input(folder: Path, shape: str, count: int) -> Path:
    return folder / f"{shape}-{count}.jsonl"


def command_of(peer: str, peers_python: str, folder: Path, count: int) -> list[str]:
    shape = "fields" if peer.startswith("toolkit") else "text"
    source, target = str(_input(folder, shape, count)), str(folder / f"{peer}-{count}.out.jsonl")
    if peer == "toolkit clean":
        options = ["-o", target, "--pii", "mask", "--workers", "1", "--quiet"]
        return [sys.executable, "-m", "toolkit", "clean", source, *options]
    if peer == "toolkit stage":
        return [sys.executable, str(HERE / "clean_ours.py"), source, target]
    return [peers_python, str(HERE / f"clean_{peer}.py"), source, target]


def texts_of(path: Path) -> dict[str, str]:
    rows = map(orjson.loads, path.read_bytes().splitlines())
    return {row["id"]: row.get("text") or f"{row['prompt']}\n{row['output']}" for row in rows}


def judged(before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    """By group: the share that was rejected, and the share of the rest whose text is another one."""
    shares = {}
    for kind in GROUPS:
        ids = [name for name in before if name.startswith(kind)]
        kept = [name for name in ids if name in after]
        changed = sum(after[name] != before[name] for name in kept)
        shares[kind] = {
            "rejected": round(1 - len(kept) / len(ids), 4),
            "changed": round(changed / max(len(kept), 1), 4),
        }
    return shares


def run(peer: str, options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    def command(count: int) -> list[str]:
        return command_of(peer, options.peers_python, folder, count)

    start = best(command(START), 2)
    rows = []
    for count in options.records:
        if count > LIMITS.get(peer, count):
            continue
        row = {"peer": peer, **cost(command, count, start, options.repeat)}
        after = texts_of(folder / f"{peer}-{count}.out.jsonl")
        row["by_group"] = judged(texts_of(_input(folder, "text", count)), after)
        print(row, flush=True)
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", default=".venv/peers/bin/python")
    parser.add_argument("--peers", default="toolkit stage,toolkit clean,data_juicer,datatrove")
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, default=HERE.parent / "results" / "clean-peers.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-clean-") as name:
        folder = Path(name)
        for count in (START, *options.records):
            prepare(folder, count)
        rows = [row for peer in options.peers.split(",") for row in run(peer, options, folder)]
    save(options.json, {"python": platform.python_version(), "rows": rows})


if __name__ == "__main__":
    main()
