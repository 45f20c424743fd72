"""Make the corpus by which deduplication is judged: real sentences recombined, copies planted, gold pairs known.

    python benchmarks/dedup_corpus.py --records 100000 --seed 7 --out build/dedup-100k

writes `texts.arrow` (Arrow IPC, columns `id` and `text`, uncompressed batches of 10,000) and `gold.parquet` (`original`, `copy`: row
numbers; `kind`: exact or near; `rate`: the share of characters rewritten). Of every ten records eight are new, one is an
exact copy of one of them (half of these in another dress: width, punctuation, spacing), one a near copy: 2-30 % of its
characters replaced by other sentences' words, in stretches. Half of the records are Chinese. Copies stand anywhere after
their original. With `--letters 0.01` one text of a hundred is a letter of one letterhead: a cluster that shares most band keys and
holds hardly a duplicate. Same arguments, same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DATA = Path("/work/shared/data")
RATES = (0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3)
BATCH = 10_000
SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])
GOLD = pa.schema([("original", pa.int64()), ("copy", pa.int64()), ("kind", pa.string()), ("rate", pa.float64())])
DRESS = str.maketrans({"，": ",", "。": ".", "？": "?", "；": ";", ",": "，", "?": "？", "(": "（", ")": "）"})
SENTENCE = re.compile(r"[^。！？!?\n]{4,160}(?:[。！？!?]|\.(?= )|$)")


def json_texts(path: Path) -> Iterator[str]:
    """Yield every string of a file of JSON or of JSON lines; a truncated last line is left out."""
    text = path.read_text(encoding="utf-8")
    lines = [text] if path.suffix == ".json" and text.lstrip().startswith("[") else text.split("\n")
    for line in lines:
        if line.rstrip().endswith(("}", "]")):
            yield from strings(json.loads(line))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def sources() -> dict[str, list[str]]:
    """Return the distinct sentences of each language, in the order of the files."""
    chinese = [
        text
        for name in ("medical/huatuo_llama_data.json", "legal_qa/legal_advice.json")
        for text in json_texts(DATA / name)
    ]
    chinese += [path.read_text(encoding="utf-8") for path in sorted((DATA / "laws").rglob("*.md"))]
    with (DATA / "medical/toyhom_neike_gbk.csv").open(encoding="gb18030", errors="replace", newline="") as table:
        chinese += [cell for row in csv.reader(table) for cell in row]
    english = [text for path in sorted((DATA / "english").iterdir()) for text in json_texts(path)]
    return {
        language: list(dict.fromkeys(found[0].strip() for text in texts for found in SENTENCE.finditer(text)))
        for language, texts in (("zh", chinese), ("en", english))
    }


def compose(rng: random.Random, language: str, pool: list[str]) -> str:
    """Return a new record of a few sentences: short ones are common, long ones exist."""
    goal = min(int(rng.lognormvariate(6.0, 0.9)), 6000) * (1 if language == "zh" else 2)
    parts, size = [], 0
    while size < goal:
        parts.append(pool[rng.randrange(len(pool))])
        size += len(parts[-1])
    return ("" if language == "zh" else " ").join(parts)


def rewrite(rng: random.Random, text: str, rate: float, pool: list[str]) -> str:
    """Replace stretches of a text by stretches of other sentences until a share `rate` of its characters is new."""
    left = max(1, round(len(text) * rate))
    while left > 0:
        size = min(left, rng.randrange(4, 40))
        at = rng.randrange(max(1, len(text) - size))
        other = pool[rng.randrange(len(pool))]
        start = rng.randrange(max(1, len(other) - size))
        text = text[:at] + other[start : start + size] + text[at + size :]
        left -= size
    return text


def dress(rng: random.Random, text: str) -> str:
    """Return a text in another dress, which the normal form must see through; half of the time the text itself."""
    if rng.random() < 0.5:
        return text
    return re.sub("(?<=[一-鿿])(?=[一-鿿])", " ", text) if rng.random() < 0.3 else text.translate(DRESS)


def letterhead(pool: list[str]) -> str:
    """Return 400 characters that all letters begin with: of two letters three quarters are the same."""
    return "".join(random.Random(1).choices(pool, k=100))[:400]


def records(count: int, seed: int, letters: float = 0.0) -> Iterator[tuple[str, tuple[int, str, float] | None]]:
    """Yield the texts in order, each with (original row, kind, rate) if it is a copy.

    A copy is made of one of the last 20,000 new records, so that memory stays bounded at any size. A share `letters` of the
    texts are letters of one letterhead, each with 80 characters of its own.
    """
    pools, rng, post = sources(), random.Random(seed), random.Random(seed)
    recent: list[tuple[int, str, str]] = []
    head = letterhead(pools["zh"])
    for row in range(count):
        if letters and post.random() < letters:
            yield head + "".join(post.choices(pools["zh"], k=20))[:80], None
            continue
        draw = rng.random()
        if draw < 0.8 or not recent:
            language = "zh" if rng.random() < 0.5 else "en"
            text = compose(rng, language, pools[language])
            entry = (row, language, text)
            if len(recent) < 20_000:
                recent.append(entry)
            else:
                recent[rng.randrange(len(recent))] = entry
            yield text, None
            continue
        original, language, text = recent[rng.randrange(len(recent))]
        if draw < 0.9:
            yield dress(rng, text), (original, "exact", 0.0)
        else:
            rate = RATES[rng.randrange(len(RATES))]
            yield rewrite(rng, text, rate, pools[language]), (original, "near", rate)


def write(count: int, seed: int, folder: Path, letters: float = 0.0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    gold: list[dict[str, object]] = []
    batch: list[dict[str, str]] = []
    with pa.OSFile(str(folder / "texts.arrow"), "wb") as file, pa.ipc.new_file(file, SCHEMA) as out:
        for row, (text, origin) in enumerate(records(count, seed, letters)):
            batch.append({"id": f"r{row:08d}", "text": text})
            if origin:
                gold.append({"original": origin[0], "copy": row, "kind": origin[1], "rate": origin[2]})
            if len(batch) == BATCH:
                out.write_batch(pa.RecordBatch.from_pylist(batch, SCHEMA))
                batch.clear()
        if batch:
            out.write_batch(pa.RecordBatch.from_pylist(batch, SCHEMA))
    pq.write_table(pa.Table.from_pylist(gold, GOLD), folder / "gold.parquet")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--letters", type=float, default=0.0, help="Share of letters with one letterhead.")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write(arguments.records, arguments.seed, arguments.out, arguments.letters)
