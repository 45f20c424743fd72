"""Our stage `clean` on a file of {"id", "kind", "prompt", "output"}: python clean_ours.py IN OUT; prints the CPU seconds of the stage.

Batches of 1,000 records in one process, the garbage collector still, as the engine runs a shard.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pyarrow as pa

from toolkit.clean import Clean
from toolkit.record import columns_of
from toolkit.text import language

FIELDS = ("id", "prompt", "output")


def batches(source: str) -> Iterator[pa.RecordBatch]:
    with Path(source).open("rb") as lines:
        while rows := [orjson.loads(line) for line in islice(lines, 1000)]:
            yield columns_of(rows)


def main(source: str, target: str) -> None:
    stage, spent, asked = Clean(pii="mask"), 0.0, 0
    stage.run(
        [{"prompt": "阿司匹林每日３次？ Qué tal, amigo", "output": "请致电13812345678。"}]
    )  # loads every table once
    before = language._ask.cache_info().misses  # noqa: SLF001 - what reached langdetect is counted nowhere else
    gc.freeze()
    gc.disable()
    with Path(target).open("wb") as out:
        for batch in batches(source):
            began = time.process_time()
            cleaned = stage.apply_batch(batch)
            spent += time.process_time() - began
            out.writelines(orjson.dumps(row) + b"\n" for row in kept(cleaned).to_pylist())
    asked = language._ask.cache_info().misses - before  # noqa: SLF001
    print(json.dumps({"work_cpu_s": spent, "asked_langdetect": asked}))


def kept(batch: pa.RecordBatch) -> pa.RecordBatch:
    stays = batch.column("leaving").is_null() if "leaving" in batch.schema.names else None
    fields = batch.select(FIELDS)
    return fields if stays is None else fields.filter(stays)


if __name__ == "__main__":
    main(*sys.argv[1:])
