"""Mixed instruction records of about 1.3 KB, EN and ZH, recombined with a seed from the real sentences in ../shared/data."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import orjson

SHARED = Path(__file__).parents[2] / "shared" / "data"
SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?\n]?")


def _sources() -> list[list[tuple[str, str]]]:
    huatuo = [
        orjson.loads(x) for x in (SHARED / "medical/huatuo_llama_data.json").read_bytes().split(b"\n") if x.strip()
    ]
    legal = [x[0] for x in json.loads((SHARED / "legal_qa/legal_advice.json").read_text())]
    role = json.loads((SHARED / "english/gpteacher_roleplay.json").read_text())
    code = json.loads((SHARED / "english/gpteacher_codegen.json").read_text())
    return [
        [(r["instruction"], r.get("output") or r["response"]) for r in part] for part in (huatuo, legal, role, code)
    ]


def write(path: Path, count: int, seed: int = 7, length: int = 950) -> None:
    """Write `count` JSON lines of about 1.3 KB (`length` bytes of answer, less or more); the same for the same arguments."""
    sources = _sources()
    pools = [[s.strip() for _, a in part for s in SENTENCE.findall(a) if len(s.strip()) > 6] for part in sources]
    draw = random.Random(seed)
    with path.open("wb") as file:
        for _ in range(count):
            kind = draw.randrange(len(sources))
            prompt = f"{draw.choice(sources[kind])[0]} {draw.choice(pools[kind])}"  # few prompts occur twice
            answer, size = [], 0
            wanted = length // 3 if kind < 2 else length - 100  # a Han character has three bytes
            while size < wanted:
                sentence = draw.choice(pools[kind])
                answer.append(sentence)
                size += len(sentence)
            joined = ("" if kind < 2 else " ").join(answer)
            file.write(orjson.dumps({"instruction": prompt, "input": "", "output": joined}) + b"\n")


def write_short(path: Path, count: int, seed: int = 7) -> None:
    """Write `count` JSON lines with 60 to 100 bytes of text: a sentence made of two halves asks, another answers.

    Every twentieth asks the same as the one before with another number. (Whole sentences are too few: some
    pools hold 210, and among ten million records each pair of them would stand 57 times with another number.)
    """
    pools = [[s.strip() for _, a in part for s in SENTENCE.findall(a)] for part in _sources()]
    short = [sorted({s for s in pool if 20 <= len(s.encode()) <= 60}) for pool in pools]
    draw = random.Random(seed)
    with path.open("wb") as file:
        for number in range(count):
            if number % 20 != 19:
                a, b, c, d = draw.choices(draw.choice(short), k=4)
                asks, answers = a[: len(a) // 2] + b[len(b) // 2 :], c[: len(c) // 2] + d[len(d) // 2 :]
            file.write(orjson.dumps({"instruction": f"{asks} {number % 9973}", "input": "", "output": answers}) + b"\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
