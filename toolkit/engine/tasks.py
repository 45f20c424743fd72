"""What a runner calls for each shard of a phase. It may be called again: what is done is found by its address."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pyarrow as pa

from toolkit.engine import clock, exchange
from toolkit.engine.phases import Phase, Work
from toolkit.engine.store import (
    LEFT,
    RECORDS,
    Done,
    Files,
    RecordWriter,
    Store,
    digest,
    read_records,
    record_writer,
)
from toolkit.errors import ToolkitError
from toolkit.files import atomic
from toolkit.files.places import Place
from toolkit.kinds import (
    RUN_BYTES,
    Batch,
    Counts,
    Export,
    KeyReduce,
    Map,
    Passed,
    Read,
    Unit,
    applied,
    leave,
    pass_through,
    split_leaving,
)
from toolkit.reasons import Disposition
from toolkit.record import LEAVING_SCHEMA, SCHEMA

LEFT_SCHEMA: pa.Schema = LEAVING_SCHEMA.append(pa.field("stage_number", pa.int64()))


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a unit."""

    unit: Unit
    rows: int

    def digest(self) -> str:
        """Content address of the part."""
        return digest("first", self.unit.digest(), str(self.rows))

    def batches(self, read: Read) -> Iterator[Batch]:
        """The part, in batches."""
        left = self.rows
        for batch in read.read(self.unit):
            yield batch.slice(0, left)
            left -= batch.num_rows
            if left <= 0:
                return


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard of a phase.

    Attributes:
        folder: The store.
        source: A unit to read, or the address of the shard that the phase before made.
        shard: Number of the shard, in output order.
        results: The result of the reduce that this phase applies; batch number = shard.
        shards: How many shards the phase has.
        buckets: How many buckets its emission has.
        run_bytes: Bytes of input for each worker (see `RUN_BYTES`).
        careful: One row at a time, each noted on disk before it is touched: how a row that kills its worker is found.
        skip: Rows that killed their worker; they are quarantined without being touched.
    """

    folder: Place
    phase: Phase
    source: Unit | str
    shard: int
    results: Files | None
    shards: int
    buckets: int
    batch_rows: int
    run_bytes: int = 0
    careful: bool = False
    skip: frozenset[int] = frozenset()
    remedy: ClassVar[str] = "take that file out of its source"

    def __str__(self) -> str:
        return f"the same piece of input: {self.source}"

    def gentler(self) -> ShardTask | None:
        """The same task after its worker died alone: first smaller and careful, then without the row that did it.

        Returns:
            None where nothing gentler is left: the input kills its reader before a row comes out of it.
        """
        if not self.careful:
            return replace(self, careful=True)
        row = _read_crumb(self._crumbs())
        return None if row is None or row in self.skip else replace(self, skip=self.skip | {row})

    def _crumbs(self) -> Place:
        return self.folder / f"{self.phase.prefix}-{self.shard}.crumb"

    def crumb(self, row: int) -> None:
        """Note on disk which row comes next."""
        self._crumbs().parent.mkdir(parents=True, exist_ok=True)
        self._crumbs().write_bytes(row.to_bytes(8, "little"))


def _read_crumb(path: Place) -> int | None:
    try:
        return int.from_bytes(path.read_bytes(), "little")
    except FileNotFoundError:
        return None


@dataclass
class _Output:
    """The open files of a shard and what has been counted so far."""

    kept: RecordWriter
    left: RecordWriter
    emission: exchange.BucketWriter | exchange.SortedWriter | None
    counts: dict[int, Counts] = field(default_factory=dict)


def run_shard(task: ShardTask) -> Done:
    """Do one shard, or find that it is done: input content, steps with options, and the result that touches it name it."""
    RUN_BYTES.set(task.run_bytes)
    store, result = Store(task.folder), _result_of(task)
    address = _shard_address(task, result)
    if found := store.find(address):
        return found
    start = clock.cpu_seconds()
    with without_collector(), ExitStack() as stack:
        kept = stack.enter_context(record_writer(store.path(address, RECORDS), SCHEMA))
        left = stack.enter_context(record_writer(store.path(address, LEFT), LEFT_SCHEMA))
        emission = stack.enter_context(_emission(task, store.path(address, "emit.arrow")))
        out = _Output(kept, left, emission)
        for passed_on, counts in _through_works(task, result, out):
            _finish_batch(task.phase, passed_on, counts, out)
    suffixes = [RECORDS, LEFT, *(["emit.arrow"] if emission else [])]
    chunks = emission.chunks if emission else []
    done = Done(address, kept.rows, store.measure(address, suffixes), out.counts, chunks, clock.cpu_seconds() - start)
    return store.commit(done)


def _shard_address(task: ShardTask, result: pa.Table | None) -> str:
    source = task.source if isinstance(task.source, str) else task.source.digest()
    sliced = b"" if result is None or not result.num_rows else _table_bytes(result)
    skipped = ",".join(map(str, sorted(task.skip)))
    return digest("shard", task.phase.prefix, source, sliced, str(task.buckets), skipped)


def _table_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _result_of(task: ShardTask) -> pa.Table | None:
    paths = task.results.paths() if task.results else ()
    tables = [p for path in paths if (p := exchange.read_part(path, task.shard, task.shards)) is not None]
    return pa.concat_tables(tables).sort_by("row") if tables else None


@contextmanager
def _emission(task: ShardTask, path: Place) -> Iterator[exchange.BucketWriter | exchange.SortedWriter | None]:
    work = task.phase.emit
    if work is None:
        yield None
        return
    with atomic.writing(path) as file:
        sort = isinstance(work.step, Export)
        writer = exchange.SortedWriter(file) if sort else exchange.BucketWriter(file, task.buckets)
        yield writer
        writer.close()


@contextmanager
def without_collector() -> Iterator[None]:
    """Rows are acyclic: the cyclic garbage collector only costs time while a shard runs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(1)  # what the task made; a full collection looks at all modules again, for 90 ms
        pa.default_memory_pool().release_unused()
        if was_enabled:
            gc.enable()


def _through_works(task: ShardTask, result: pa.Table | None, out: _Output) -> Iterator[tuple[Batch, dict[int, Counts]]]:
    first, *rest = task.phase.works
    for passed in _first(task, first, result):
        counts = {first.stage: passed.counts}
        _write_left(passed.leaving, first, out)
        batch = passed.kept
        for work in rest:
            batch = _step(work, batch, counts, out)
        yield batch, counts


def _first(task: ShardTask, work: Work, result: pa.Table | None) -> Iterator[Passed]:
    """The batches of the shard after the first work of the phase: a Read, or the result of a reduce applied."""
    start = 0
    for batch in _batches(task, work):
        if start in task.skip:
            yield _skipped(batch, work)
        elif isinstance(work.step, KeyReduce):
            yield pass_through(applied(work.step, result, start), batch, work.name)
        else:
            kept, leaving = split_leaving(batch)
            yield Passed(kept, leaving, Counts.of(kept, leaving))
        start += batch.num_rows


def _batches(task: ShardTask, work: Work) -> Iterator[Batch]:
    """What the shard is made of, in batches; row by row, each with a note of its number, where care is needed."""
    rows = 1 if task.careful else task.batch_rows
    if isinstance(work.step, Read):
        unit = task.source
        assert not isinstance(unit, str)
        whole = unit.batches(work.step) if isinstance(unit, FirstRows) else work.step.read(unit)
        batches: Iterator[Batch] = (w.slice(at, rows) for w in whole for at in range(0, w.num_rows, rows))
    else:
        batches = read_records(Store(task.folder).path(str(task.source), RECORDS), rows)
    for number, batch in enumerate(batches):
        if task.careful:
            task.crumb(number)
        yield batch


def _skipped(batch: Batch, work: Work) -> Passed:
    detail = "the worker died on this record each time: out of memory, or a crash in a library"
    if "leaving" in batch.schema.names:
        batch = batch.drop_columns(["leaving"])
    everything = pa.repeat(pa.scalar(value=True), batch.num_rows)
    gone = leave(batch, everything, work.name, "worker_died", detail, disposition=Disposition.QUARANTINED)
    kept, leaving = split_leaving(gone)
    return Passed(kept, leaving, Counts.of(kept, leaving))


def _step(work: Work, batch: Batch, counts: dict[int, Counts], out: _Output) -> Batch:
    step = work.step
    assert isinstance(step, Map)
    passed = pass_through(lambda part, _start: step.apply(part), batch, work.name)
    _count(work, passed.counts, counts)
    _write_left(passed.leaving, work, out)
    return passed.kept


def _count(work: Work, fresh: Counts, counts: dict[int, Counts]) -> None:
    if work.stage in counts:
        counts[work.stage].follow(fresh)
    else:
        counts[work.stage] = fresh


def _write_left(leaving: Batch, work: Work, out: _Output) -> None:
    if leaving.num_rows:
        number = pa.array([work.stage] * leaving.num_rows, pa.int64())
        columns = [leaving.column(name) for name in LEAVING_SCHEMA.names]
        out.left.write(pa.RecordBatch.from_arrays([*columns, number], schema=LEFT_SCHEMA))


def _finish_batch(phase: Phase, batch: Batch, counts: dict[int, Counts], out: _Output) -> None:
    """Emit for the next phase, write what stays, and add up."""
    if phase.emit is not None:
        batch = _emit(phase.emit, batch, counts, out)
    out.kept.write(batch)
    for stage, fresh in counts.items():
        out.counts.setdefault(stage, Counts()).add(fresh)


def _emit(work: Work, batch: Batch, counts: dict[int, Counts], out: _Output) -> Batch:
    step = work.step
    assert isinstance(step, KeyReduce | Export)
    assert out.emission is not None
    try:
        rows = step.emit(batch)
    except (ToolkitError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - a row that cannot be emitted is found by bisecting and quarantined like any other
        passed = pass_through(lambda part, _start: (step.emit(part), part)[1], batch, work.name)
        _count(work, passed.counts, counts)
        _write_left(passed.leaving, work, out)
        batch, rows = passed.kept, step.emit(passed.kept)
    if rows.num_rows:
        at = rows.schema.get_field_index("row")
        shifted = pa.compute.add(rows.column("row").cast(pa.int64()), pa.scalar(out.kept.rows, pa.int64()))
        out.emission.add(rows.set_column(at, "row", shifted))
    return batch
