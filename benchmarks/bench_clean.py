"""Measure the stage `clean` on mixed records of about 1.3 KB, step by step and as a whole.

    python benchmarks/bench_clean.py --records 100000 --json benchmarks/results/clean-100k.json

The corpus is built from real texts (statutes, Chinese medical and legal answers, English word problems, role play and code; the
folder is named by TOOLKIT_REAL_DATA) by a seeded choice; one record in eight is made dirty: full-width digits, zero-width
spaces, entities, or (one record in fifty) a telephone number or an address. CPU seconds are those of the process without start-up; each step is
measured alone on the columns that the step before gave it.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc

from toolkit.clean import Clean
from toolkit.clean.columns import fix_column
from toolkit.clean.judge import judge_batch
from toolkit.clean.languages import name_languages
from toolkit.clean.measures import measure
from toolkit.clean.protect import protect
from toolkit.clean.texts import Texts
from toolkit.record import columns_of
from toolkit.text import language

REAL = Path(os.environ.get("TOOLKIT_REAL_DATA", "/work/shared/data"))
BATCH = 1000
SIZE = 1300  # bytes of UTF-8


def medical() -> list[tuple[str, str]]:
    lines = (REAL / "medical/huatuo_llama_data.json").read_text("utf-8").splitlines()
    text = (REAL / "medical/toyhom_neike_gbk.csv").read_bytes().decode("gb18030", "replace")
    rows = [json.loads(line) for line in lines]
    return [(r["instruction"], r["output"]) for r in rows] + [
        (r["ask"], r["answer"]) for r in csv.DictReader(io.StringIO(text)) if r["ask"] and r["answer"]
    ]


def legal() -> list[tuple[str, str]]:
    rows = json.loads((REAL / "legal_qa/legal_advice.json").read_text("utf-8"))
    return [(r["instruction"], r["output"]) for (r,) in rows]


def english() -> list[tuple[str, str]]:
    pairs = []
    for line in (REAL / "english/gsm8k_train.jsonl").read_text("utf-8").splitlines():
        if line.endswith("}"):
            row = json.loads(line)
            pairs.append((row["question"], row["answer"]))
    for name in ("roleplay", "codegen"):
        rows = json.loads((REAL / f"english/gpteacher_{name}.json").read_text("utf-8"))
        pairs += [(f"{r['instruction']}\n{r['input']}".strip(), r["response"]) for r in rows]
    return pairs


def statutes() -> list[str]:
    """Statutes in pieces of whole paragraphs."""
    pieces = [""]
    for path in sorted(REAL.glob("laws/**/*.md")):
        for paragraph in path.read_text("utf-8").split("\n\n"):
            if len(pieces[-1]) > SIZE // 4:
                pieces.append("")
            pieces[-1] += paragraph.strip() + "\n\n"
    return [piece.strip() for piece in pieces]


def dirty(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    kind = rng.choices(range(5), (3, 3, 3, 1, 1))[0]
    if kind == 0:
        return text.translate({ord(str(d)): 0xFF10 + d for d in range(10)})
    phone, address = f"电话1381234{rng.randrange(10000):04d}", f"mail ada{rng.randrange(100)}@example.org"
    added = ("\u200b", "&nbsp;", phone, address)[kind - 1]
    return text[:at] + added + text[at:]


def rows(count: int, seed: int = 7) -> Iterator[dict]:
    rng = random.Random(seed)
    laws, sources = statutes(), {"medical": medical(), "legal": legal(), "general": english()}
    for number in range(count):
        if number % 4 == 0:
            fields = {"kind": "document", "text": rng.choice(laws)}
            domain = "legal"
        else:
            domain = rng.choice(tuple(sources))
            fields = {"kind": "example", **conversation(sources[domain], rng)}
        if rng.randrange(8) == 0:
            name = rng.choice([key for key in ("text", "prompt", "output") if fields.get(key)])
            fields[name] = dirty(fields[name], rng)
        yield {"id": f"{number:06d}", **fields, "source": {"id": domain, "domain": domain}}


def conversation(pairs: list[tuple[str, str]], rng: random.Random) -> dict[str, str]:
    """Questions and answers of one source until there are enough bytes."""
    questions, answers, size = [], [], 0
    while size < SIZE * 0.75:
        question, answer = rng.choice(pairs)
        questions.append(question)
        answers.append(answer)
        size += len(question.encode()) + len(answer.encode())
    return {"prompt": "\n".join(questions), "output": "\n".join(answers)}


class Clock:
    """CPU microseconds per record, by step."""

    def __init__(self, records: int, repeat: int) -> None:
        self.records = records
        self.repeat = repeat
        self.cache = language._ask  # noqa: SLF001 - a real run meets each text once
        self.steps: dict[str, float] = {}

    def measure(self, name, work, *columns):
        """Run a step over the batches; of several rounds the best of each batch counts, for the machine may be busy."""
        gc.collect()
        gc.disable()
        best = [float("inf")] * len(columns[0])
        result = []
        for _ in range(self.repeat):
            self.cache.cache_clear()
            result.clear()
            for number, args in enumerate(zip(*columns, strict=True)):
                began = time.process_time()
                result.append(work(*args))
                best[number] = min(best[number], time.process_time() - began)
        self.steps[name] = round(sum(best) / self.records * 1e6, 2)
        gc.enable()
        return result


def steps(batches, stage: Clean, clock: Clock) -> None:
    texts = clock.measure("gather", Texts.of, batches)
    fixed = clock.measure("fixes", lambda t: t.with_values(fix_column(t.values, stage.fix_names)[0]), texts)
    measures = clock.measure("measures", lambda t: measure(t.values), fixed)
    langs = clock.measure(
        "language", lambda b, t, m: name_languages(b.column("lang"), t, m, "langdetect"), batches, fixed, measures
    )
    abouts = [
        list(zip(lang.to_pylist(), pc.struct_field(b.column("source"), "domain").to_pylist(), strict=True))
        for b, lang in zip(batches, langs, strict=True)
    ]
    clock.measure(
        "pii", lambda b, t, m, a: protect(t, m.digits, b.column("extra"), stage.actions, a),
        batches, fixed, measures, abouts,
    )  # fmt: skip
    clock.measure(
        "rules",
        lambda b, t, m, a: judge_batch(b, t, m, a, settings=stage.settings, topic=stage.topic),
        batches,
        fixed,
        measures,
        abouts,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=1, help="Rounds; the best of each batch counts.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not REAL.is_dir():
        sys.exit(f"{REAL} does not exist; name the folder of real texts in TOOLKIT_REAL_DATA")
    part: list[dict] = []
    batches, size = [], 0
    for row in rows(options.records):
        size += sum(len(row[key].encode()) for key in ("text", "prompt", "output") if key in row)
        part.append(row)
        if len(part) == BATCH:
            batches.append(columns_of(part))
            part = []
    if part:
        batches.append(columns_of(part))
    stage = Clean(pii="mask")
    stage.apply_batch(batches[0])  # tables, profiles of languages and phone numbers are loaded once
    clock = Clock(options.records, options.repeat)
    steps(batches, stage, clock)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = clock.measure("whole stage", stage.apply_batch, batches)
    asked = clock.cache.cache_info().misses
    left = sum(b.num_rows - b.column("leaving").null_count for b in out if "leaving" in b.schema.names)
    result = {
        "records": options.records,
        "bytes per record": round(size / options.records),
        "microseconds per record": clock.steps,
        "records per CPU second": round(1e6 / clock.steps["whole stage"]),
        "asked langdetect": asked,
        "rejected": left,
        "flagged": sum(b.num_rows - b.column("flags").null_count for b in out),
        "fixed": sum(b.num_rows - b.column("fixes").null_count for b in out),
        "peak MiB before and after": [before // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024],
    }
    print(json.dumps(result, ensure_ascii=False, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
