"""The driver: plans shards, runs phases and reduces, watches the fault limit, adds up the account. It holds no texts."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from toolkit.engine import exchange
from toolkit.engine.phases import Phase, phases_of
from toolkit.engine.progress import Progress
from toolkit.engine.reduces import BucketTask, RangeTask, SolveTask, run_bucket, run_range, run_solve
from toolkit.engine.runner import Runner
from toolkit.engine.store import LEFT, RECORDS, Done, Files, Store, digest, read_records
from toolkit.engine.tasks import FirstRows, ShardTask, run_shard
from toolkit.errors import DataError, UsageError
from toolkit.files.places import Place, lock_file
from toolkit.kinds import Batch, Counts, Export, KeyReduce, Read, Unit
from toolkit.reasons import Disposition
from toolkit.stage import Stage

FAULTS_AT_LEAST = 10
"""A share of a handful of rows says nothing: below this many quarantined rows the limit does not stop a run."""
BUCKET_ROWS = 32_768
"""Records whose keys one task of a reduce holds in memory, or up to twice as many."""
RANGE_CHUNKS = 8
"""Chunks of 1,000 lines that one task of the global sort holds in memory."""


@dataclass(frozen=True)
class Settings:
    """How to run, without any effect on what comes out.

    Attributes:
        batch_rows: Rows that go through the stages at once.
        fault_limit: Share of quarantined rows that stops the run.
        limit: Only the first so many rows of the input.
    """

    batch_rows: int = 1000
    fault_limit: float = 0.05
    limit: int | None = None


@dataclass
class Finished:
    """A run that is done: where its records lie and what became of every row."""

    store: Store
    stages: list[str]
    counts: list[Counts]
    shards: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Addresses of the shards that may hold rows that left, in order of phase and shard."""
    sorted_parts: list[Place] = field(default_factory=list)
    reports: dict[str, list[str]] = field(default_factory=dict)
    """Address of a Solve -> the names of what it reported."""
    used: set[str] = field(default_factory=set)
    cpu: float = 0.0
    reused: int = 0

    def add_up(self, totals: Mapping[int, Counts]) -> None:
        """Add what a phase did, by number of the stage."""
        for stage, counts in totals.items():
            if self.counts[stage].rows_in:
                self.counts[stage].follow(counts)
            else:
                self.counts[stage] = counts

    def records(self) -> Iterator[Batch]:
        """The records that stayed to the end, in order."""
        for address in self.shards:
            yield from read_records(self.store.path(address, RECORDS), 1000)

    def leaving(self) -> Iterator[Batch]:
        """The records that left, with `leaving` and `stage_number`."""
        for address in self.left:
            yield from read_records(self.store.path(address, LEFT), 1000)

    def reported(self) -> dict[str, list[Place]]:
        """What the global steps have to say beside the release: name of a file -> its parts, in the order of the stages."""
        found: dict[str, list[Place]] = {}
        for address, titles in self.reports.items():
            for title in titles:
                found.setdefault(title, []).append(self.store.path(address, title))
        return found

    def exported(self, columns: Callable[[str], bool] | None = None) -> Iterator[Batch]:
        """The rows of the Export, in order of their key; of all columns, or of those whose name is asked for."""
        for path in self.sorted_parts:
            if path.stat().st_size:
                yield from exchange.read_batches(path, columns)


@contextmanager
def locked(folder: Place) -> Iterator[None]:
    """One run at a time in one output folder. The lock is of this machine; the system frees it when the holder dies."""
    path = lock_file(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{folder.parent}: another run is writing there", hint="wait for it, or use another --out"
            ) from None
        yield


class Driver:
    """Runs stages over shards in one work folder."""

    def __init__(self, work: Place, runner: Runner, progress: Progress, settings: Settings) -> None:
        self._store = Store(work.absolute() / "shards")  # workers elsewhere stand in another folder
        self._runner, self._progress, self._settings = runner, progress, settings
        self._run_bytes = 0

    def run(self, stages: Sequence[Stage]) -> Finished:
        """Run all stages.

        Raises:
            DataError: The fault limit was passed.
            BrokenPromiseError: The account does not add up.
        """
        phases = phases_of(stages)
        read = phases[0].works[0].step
        assert isinstance(read, Read)
        units = read.units() if self._settings.limit is None else first_rows(read, self._settings.limit)
        done = Finished(self._store, [s.name for s in stages], [Counts() for _ in stages])
        sources: Sequence[Unit | str] = units
        self._run_bytes = sum(getattr(u, "size", 0) for u in units) // self._runner.pool.workers
        result: Files | None = None
        rows = 0
        for phase in phases:
            buckets = bucket_count(len(sources), rows)
            shards = self._phase(phase, sources, buckets, result, done)
            sources, rows = done.shards, sum(s.rows for s in shards)
            if phase.emit is not None and isinstance(phase.emit.step, KeyReduce):
                result = self._reduce(phase, phase.emit.step, shards, buckets, done)
            elif phase.emit is not None:
                done.sorted_parts = self._sort(phase, shards, done)
        for name, counts in zip(done.stages, done.counts, strict=True):
            counts.check(name)
        return done

    def _phase(
        self, phase: Phase, sources: Sequence[Unit | str], buckets: int, result: Files | None, done: Finished
    ) -> list[Done]:
        tasks = [
            ShardTask(
                self._store.root,
                phase,
                source,
                n,
                result,
                len(sources),
                buckets,
                self._settings.batch_rows,
                self._run_bytes,
            )
            for n, source in enumerate(sources)
        ]
        names = [w.name for w in phase.works]
        shards = self._tasks(" + ".join(dict.fromkeys(names)), run_shard, tasks, done)
        done.shards = [s.address for s in shards]
        done.left += done.shards
        self._check_faults(done)
        return shards

    def _tasks(self, title: str, function: Callable[[Any], Done], tasks: Sequence[Any], done: Finished) -> list[Done]:
        """Run tasks and add up what they did; of each manifest only what later tasks need stays in memory."""
        totals: dict[int, Counts] = {}

        def keep(answer: Done) -> Done:
            advance(answer)
            done.used.add(answer.address)
            done.reused += answer.cached
            done.cpu += 0.0 if answer.cached else answer.cpu
            if answer.reports:
                done.reports[answer.address] = answer.reports
            for stage, counts in answer.counts.items():
                totals.setdefault(stage, Counts()).add(counts)
            return Done(answer.address, answer.rows, {}, chunks=answer.chunks)

        with self._progress.phase(title, len(tasks)) as advance:
            kept = self._runner.run(function, tasks, keep)
        done.add_up(totals)
        return kept

    def _check_faults(self, done: Finished) -> None:
        faults = sum(c.by(Disposition.QUARANTINED) for c in done.counts)
        total = done.counts[0].rows_in
        if faults < FAULTS_AT_LEAST or faults <= self._settings.fault_limit * total:
            return
        examples = [
            f"  {row['stage']}: {row['reason']}: {row['detail']}"
            for batch in done.leaving()
            for row in batch.column("leaving").to_pylist()
            if row["disposition"] == Disposition.QUARANTINED
        ][:5]
        raise DataError(
            f"{faults} of {total} rows could not be processed, more than the limit of {self._settings.fault_limit:.0%}:\n"
            + "\n".join(examples),
            hint="mend the cause, or raise --fault-limit; nothing was written",
        )

    def _reduce(
        self, phase: Phase, step: KeyReduce, shards: Sequence[Done], buckets: int, done: Finished
    ) -> Files:  # fmt: skip
        """Run the rounds of a reduce over its buckets; returns the files whose batches the shards apply."""
        assert phase.emit is not None
        addresses = [s.address for s in shards]
        listed = self._store.listed(addresses)
        inputs, records = Files(self._store, listed, "emit.arrow"), Files(self._store, listed, RECORDS)
        address, name = digest(phase.prefix, *addresses), phase.emit.name
        for number, reduce in enumerate(step.rounds):
            last = number == len(step.rounds) - 1
            layout = ("whole" if step.solve else "shards") if last else "buckets"
            names = [digest("bucket", address, str(number), str(b), str(buckets)) for b in range(buckets)]
            root, first = self._store.root, number == 0
            tasks = [
                BucketTask(root, n, name, inputs, b, buckets, first, reduce, layout, records, self._run_bytes)
                for b, n in enumerate(names)
            ]
            answers = self._tasks(f"{name} reduce", run_bucket, tasks, done)
            inputs = Files(self._store, self._store.listed([a.address for a in answers]), "arrow")
        if step.solve is None:
            return inputs
        solve = SolveTask(self._store.root, digest("solve", address), name, step, inputs, records, self._run_bytes)
        self._tasks(f"{name} solve", run_solve, [solve], done)
        return Files(self._store, self._store.listed([solve.address]), "arrow")

    def _sort(self, phase: Phase, shards: Sequence[Done], done: Finished) -> list[Place]:
        """The files that hold the Export in order: those of the shards, as in most runs, or new ones."""
        assert phase.emit is not None
        assert isinstance(phase.emit.step, Export)
        chunks = [c for s in shards for c in s.chunks]
        if exchange.in_order(chunks):
            return [self._store.path(s.address, "emit.arrow") for s in shards]
        borders = exchange.range_borders(chunks, max(1, len(chunks) // RANGE_CHUNKS))
        address = digest(phase.prefix, *[s.address for s in shards])
        tasks = [
            RangeTask(
                self._store.root, digest("range", address, low, high or ""), self._range(shards, low, high), low, high
            )
            for low, high in zip(borders, [*borders[1:], None], strict=True)
        ]
        answers = self._tasks(f"{phase.emit.name} sort", run_range, tasks, done)
        return [self._store.path(a.address, "arrow") for a in answers]

    def _range(self, shards: Sequence[Done], low: str, high: str | None) -> str:
        held = ((s.address, exchange.overlapping(s.chunks, low, high)) for s in shards)
        return self._store.listed([f"{address} {' '.join(map(str, chunks))}" for address, chunks in held if chunks])


def first_rows(read: Read, limit: int) -> list[Unit]:
    """Units that hold the first so many rows: what `--limit` reads."""
    units: list[Unit] = []
    for unit in read.units():
        if limit <= 0:
            break
        rows = 0
        for batch in read.read(unit):
            rows += batch.num_rows
            if rows >= limit:
                break
        units.append(FirstRows(unit, min(rows, limit)))
        limit -= rows
    return units


def bucket_count(shards: int, rows: int) -> int:
    """How many buckets a reduce has: a power of two, so that one bucket fits into memory.

    Args:
        shards: Of the phase that emits.
        rows: Records that come into it, as far as known: short ones are many in a shard.

    >>> [bucket_count(n, 0) for n in (1, 3, 160, 1600)], bucket_count(160, 1_000_000), bucket_count(160, 10_000_000)
    ([1, 1, 64, 512], 64, 256)
    """
    return max(_power(shards // 2), _power(rows // BUCKET_ROWS))


def _power(number: int) -> int:
    """The largest power of two that is not larger, at least 1."""
    return 1 << (max(1, number).bit_length() - 1)
