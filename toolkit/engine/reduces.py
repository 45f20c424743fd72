"""What a runner calls between phases: a bucket of a reduce, its Solve, a range of a sort.

Each may be called again: what is done is found by its address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

import pyarrow as pa

from toolkit.engine import clock, exchange
from toolkit.engine.store import Done, Files, ShardRecords, Store
from toolkit.engine.tasks import without_collector
from toolkit.errors import BrokenPromiseError
from toolkit.files import atomic
from toolkit.files.places import Place
from toolkit.kinds import RUN_BYTES, KeyReduce, by_shard, with_refs

FEWER = "run sources one by one"
"""What helps where all records meet."""


@dataclass(frozen=True, slots=True)
class BucketTask:
    """One bucket of one round of a reduce.

    Attributes:
        name: The stage that asks for it.
        inputs: Files of the exchange, in the order of their writers.
        by_shard: The inputs come from shards, so their `row` becomes a `ref`; else they carry `ref` already.
        output: `buckets` for another round, `shards` for the result, `whole` for the Solve.
        records: The records that were emitted, by shard.
    """

    folder: Place
    address: str
    name: str
    inputs: Files
    bucket: int
    buckets: int
    by_shard: bool
    reduce: Callable[[pa.Table, Any], pa.Table]
    output: str
    records: Files
    run_bytes: int = 0
    remedy: ClassVar[str] = FEWER

    def __str__(self) -> str:
        return f"part {self.bucket + 1} of {self.buckets} of the reduce of {self.name}"


def run_bucket(task: BucketTask) -> Done:
    """Reduce one bucket, or find that it is done."""
    return _once(task, _bucket, task.run_bytes)


def _bucket(task: BucketTask, store: Store) -> Made:
    rows, records = _bucket_rows(task), task.records.paths()
    result = task.reduce(rows, ShardRecords(records)) if rows is not None else None
    write_result(store.path(task.address, "arrow"), result, task.output, shards=len(records), buckets=task.buckets)
    return 0 if result is None else result.num_rows, ["arrow"]


def _bucket_rows(task: BucketTask) -> pa.Table | None:
    parts = [(n, exchange.read_part(path, task.bucket, task.buckets)) for n, path in enumerate(task.inputs.paths())]
    tables = [with_refs(p, n) if task.by_shard else p for n, p in parts if p is not None and p.num_rows]
    return pa.concat_tables(tables) if tables else None


def write_result(path: Place, result: pa.Table | None, layout: str, *, shards: int, buckets: int) -> None:
    """Write the rows of a reduce for whoever reads them: the next round, the shards, or a Solve."""
    if result is None or not result.num_rows:
        atomic.write_bytes(path, b"")
    elif layout == "shards":
        exchange.write_parts(path, by_shard(result, shards))
    elif layout == "buckets":
        numbers = exchange.bucket_of(result.column("key"), buckets)
        exchange.write_parts(path, exchange.split_sorted(result, numbers, buckets))
    elif layout == "whole":
        exchange.write_parts(path, [result])
    else:
        raise BrokenPromiseError(f"unknown layout {layout!r}")


@dataclass(frozen=True, slots=True)
class SolveTask:
    """The Solve of a reduce: one function over all rows of its last round.

    Attributes:
        name: The stage that asks for it.
        inputs: What the buckets of the last round answered.
        records: The records that were emitted, by shard.
    """

    folder: Place
    address: str
    name: str
    step: KeyReduce
    inputs: Files
    records: Files
    run_bytes: int = 0
    remedy: ClassVar[str] = FEWER

    def __str__(self) -> str:
        return f"the solve of {self.name}, all its groups at once"


def run_solve(task: SolveTask) -> Done:
    """Decide over all rows at once, or find that it is done."""
    return _once(task, _solve, task.run_bytes)


def _solve(task: SolveTask, store: Store) -> Made:
    """Write what is decided and what is reported, by streams: the lines of a report are never together in memory."""
    assert task.step.solve is not None
    records = task.records.paths()
    parts = [p for path in task.inputs.paths() if (p := exchange.read_part(path, 0, 1)) is not None]
    solved = task.step.solve(pa.concat_tables(parts), ShardRecords(records)) if parts else None
    write_result(store.path(task.address, "arrow"), solved, "shards", shards=len(records), buckets=1)
    reports = task.step.report(solved) if task.step.report and solved is not None else {}
    for title, lines in reports.items():
        with atomic.writing(store.path(task.address, title)) as file:
            file.writelines(lines)
    return 0 if solved is None else solved.num_rows, ["arrow", *sorted(reports)]


@dataclass(frozen=True, slots=True)
class RangeTask:
    """One key range of a global sort.

    Attributes:
        chunks: Name of the list of the shards that hold a part of it: address, then the numbers of the chunks.
    """

    folder: Place
    address: str
    chunks: str
    low: str
    high: str | None
    remedy: ClassVar[str] = FEWER

    def __str__(self) -> str:
        return f"the same part of the sorted lines, from key {self.low or 'the first'}"


def run_range(task: RangeTask) -> Done:
    """Merge one range of keys into one sorted file, or find that it is done."""
    return _once(task, _range)


def _range(task: RangeTask, store: Store) -> Made:
    batches: list[pa.RecordBatch] = []
    for line in store.lines(task.chunks):
        shard, *chunks = line.split()
        batches += exchange.read_range(store.path(shard, "emit.arrow"), list(map(int, chunks)), task.low, task.high)
    path = store.path(task.address, "arrow")
    if not batches:
        atomic.write_bytes(path, b"")
        return 0, ["arrow"]
    table = exchange.by_key(pa.Table.from_batches(batches))
    parts = [table.slice(i, exchange.CHUNK_ROWS) for i in range(0, max(table.num_rows, 1), exchange.CHUNK_ROWS)]
    exchange.write_parts(path, parts, holds_text=True)
    return table.num_rows, ["arrow"]


Made: TypeAlias = tuple[int, list[str]]
"""How many rows a task made, and which files."""
Addressed = TypeVar("Addressed", BucketTask, SolveTask, RangeTask)


def _once(task: Addressed, make: Callable[[Addressed, Store], Made], run_bytes: int = 0) -> Done:
    """Do a task that knows its address, or find that it is done."""
    RUN_BYTES.set(run_bytes)
    store = Store(task.folder)
    if found := store.find(task.address):
        return found
    start = clock.cpu_seconds()
    with without_collector():
        rows, files = make(task, store)
    done = Done(task.address, rows, store.measure(task.address, files), cpu=clock.cpu_seconds() - start)
    return store.commit(done)
