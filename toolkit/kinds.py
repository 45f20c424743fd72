"""The kinds of work a stage is built of, and how one batch goes through them.

A *Map* is row-local and pure. A *KeyReduce* is the only global primitive: rows are emitted by key, one task per bucket
reduces them, the result is applied as a Map. Engines differ in where the batches lie; what happens to a batch is here,
so that a library call in one process and a run on a cluster do the same.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.errors import BrokenPromiseError, ToolkitError
from toolkit.reasons import Disposition
from toolkit.record import LEAVING, set_columns

Batch: TypeAlias = pa.RecordBatch
SHARD_BITS = 32
"""A *ref* names a row anywhere in a run: shard number << 32 | row in the shard."""


RUN_BYTES: ContextVar[int] = ContextVar("RUN_BYTES", default=0)
"""Bytes of input that this process will see: a hint for the choice among implementations of equal results."""


class Records(Protocol):
    """Random access to the records of a phase, for the verification of candidates."""

    def take(self, refs: pa.Int64Array, columns: Sequence[str]) -> pa.Table:
        """Return the named columns of the rows with these refs, in this order."""


@dataclass(frozen=True)
class Map:
    """Row-local and pure: every row that goes in comes out, kept or with `leaving` filled; new rows name `parents`.

    The output depends on the row, the options and the version only; never on batch borders, worker, clock or set order.
    """

    apply: Callable[[Batch], Batch]


@dataclass(frozen=True)
class KeyReduce:
    """The global primitive.

    Attributes:
        emit: Narrow rows of a batch: `key`, `row` (index in the batch) and whatever the rounds need.
        rounds: Each reduces the rows of one bucket, with an order-independent result; all but the last return `key`
            again. Rows carry `ref` in place of `row`.
        apply: Gets a batch and the result rows that concern it (`row` = index in the batch).
        solve: One deterministic function over all rows of the last round, in one task.
        report: What people want to see of the solved rows: file name -> lines, written beside the release.

    A `key` is a hash already: uint64, or binary of 16 bytes. Result rows carry `ref`.
    """

    emit: Callable[[Batch], pa.Table]
    rounds: Sequence[Callable[[pa.Table, Records], pa.Table]]
    apply: Callable[[Batch, pa.Table], Batch]
    solve: Callable[[pa.Table, Records], pa.Table] | None = None
    report: Callable[[pa.Table], Mapping[str, Iterable[bytes]]] | None = None


class Unit(Protocol):
    """A piece of input that one task reads: a byte range of a file, or a few whole files."""

    def digest(self) -> str:
        """A content address: equal input gives equal digests, whenever and wherever it is read."""


@dataclass(frozen=True)
class Read:
    """Where records come from; only the first step of a run. Unreadable rows come out too, with `leaving` filled.

    Attributes:
        units: Plan the work, in the order of the output: (source, URI, position).
        read: Batches of one unit; pure.
    """

    units: Callable[[], Sequence[Unit]]
    read: Callable[[Unit], Iterator[Batch]]


@dataclass(frozen=True)
class Export:
    """Where records go, sorted over all shards; only the last step of a run.

    Attributes:
        emit: Rows of a batch with `key` (binary; its byte order is the order of the output) and what is to be written.
    """

    emit: Callable[[Batch], pa.Table]


Step: TypeAlias = Map | KeyReduce | Read | Export


@dataclass
class Counts:
    """What one stage did with its rows; the account is the sum of these."""

    rows_in: int = 0
    derived: int = 0
    kept: int = 0
    left: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)
    """(disposition, reason) -> rows."""

    def add(self, other: Counts) -> None:
        """Add the counts of another shard."""
        self.rows_in += other.rows_in
        self.derived += other.derived
        self.kept += other.kept
        self.left.update(other.left)

    def follow(self, other: Counts) -> None:
        """Add the counts of the next step of the same stage: what that one keeps is what the stage keeps."""
        self.derived += other.derived
        self.kept = other.kept
        self.left.update(other.left)

    @classmethod
    def of(cls, kept: Batch, leaving: Batch) -> Counts:
        """The counts of rows just read: all that came out had come in."""
        return cls(kept.num_rows + leaving.num_rows, 0, kept.num_rows, Counter(_reasons(leaving)))

    def by(self, disposition: Disposition) -> int:
        """Rows that left by one disposition."""
        return sum(n for (d, _), n in self.left.items() if d == disposition)

    def check(self, stage: str) -> None:
        """Raise where the account does not add up: in + derived = kept + all that left."""
        left = sum(self.left.values())
        if self.rows_in + self.derived != self.kept + left:
            raise BrokenPromiseError(
                f"the account of {stage} does not add up: {self.rows_in} in + {self.derived} derived"
                f" != {self.kept} kept + {left} left",
                hint="please report this with the recipe; no release was written",
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values, sorted."""
        left = [[d, r, n] for (d, r), n in sorted(self.left.items())]
        return {"in": self.rows_in, "derived": self.derived, "kept": self.kept, "left": left}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Counts:
        """Read what `to_json` wrote."""
        left = Counter({(d, r): n for d, r, n in value["left"]})
        return cls(value["in"], value["derived"], value["kept"], left)


@dataclass(frozen=True)
class Passed:
    """What became of one batch: the rows that stay, those that leave, and the counts."""

    kept: Batch
    leaving: Batch
    counts: Counts


def leave(
    batch: Batch, mask: pa.BooleanArray, stage: str, reason: str, detail: pa.Array | str | None = None, *,
    disposition: Disposition = Disposition.REJECTED,
) -> Batch:  # fmt: skip
    """Mark the rows of `mask` as leaving; rows that leave already keep their first reason.

    Args:
        batch: Records, with or without the column `leaving`.
        mask: True where the row leaves; null counts as False.
        stage: Name of the stage.
        reason: A code of `toolkit.reasons`.
        detail: Prose with evidence, one for all or one per row.
        disposition: How they leave.
    """
    mask = pc.fill_null(mask, False)
    if not pc.any(mask).as_py():
        return batch
    n = batch.num_rows
    details = detail if isinstance(detail, pa.Array) else pa.array([detail] * n, pa.string())
    constants = [pa.repeat(pa.scalar(str(v)), n) for v in (disposition, stage, reason)]
    fresh = pa.StructArray.from_arrays(
        [*constants, details.cast(pa.string())], fields=list(LEAVING), mask=pc.invert(mask)
    )
    if "leaving" in batch.schema.names:
        old = batch.column("leaving")
        fresh = pc.if_else(pc.is_valid(old), old, fresh)
    return set_columns(batch, {"leaving": fresh})


def staying(batch: Batch) -> pa.BooleanArray:
    """True for the rows that no rule has marked as leaving."""
    if "leaving" not in batch.schema.names:
        return pa.repeat(True, batch.num_rows)
    return pc.is_null(batch.column("leaving"))


def pass_through(work: Callable[[Batch, int], Batch], batch: Batch, stage: str) -> Passed:
    """Run one step on one batch; a row that makes it fail is found by bisecting and quarantined.

    Args:
        work: The step, called with a batch and the number of its first row in `batch`.
        batch: Records without `leaving`.
        stage: Name for the counts and for the quarantined row.
    """
    parts = [split_leaving(out) for out in _guarded(work, batch, 0, stage)]
    kept = _concat([k for k, _ in parts])
    leaving = _concat([g for _, g in parts])
    derived = _derived(batch, kept) + _derived(batch, leaving)
    counts = Counts(batch.num_rows, derived, kept.num_rows, Counter(_reasons(leaving)))
    counts.check(stage)
    return Passed(kept, leaving, counts)


def _guarded(work: Callable[[Batch, int], Batch], batch: Batch, start: int, stage: str) -> Iterator[Batch]:
    try:
        yield work(batch, start)
    except (ToolkitError, MemoryError):
        raise
    except Exception as error:
        if not batch.num_rows:  # no row to blame, and halves of nothing would never end
            raise
        if batch.num_rows == 1:  # quarantined with its text; the fault limit stops silence
            detail = f"{type(error).__name__}: {str(error)[:300]}"
            everything = pa.array([True])
            yield leave(batch, everything, stage, "stage_error", detail, disposition=Disposition.QUARANTINED)
            return
        half = batch.num_rows // 2
        yield from _guarded(work, batch.slice(0, half), start, stage)
        yield from _guarded(work, batch.slice(half), start + half, stage)


def split_leaving(batch: Batch) -> tuple[Batch, Batch]:
    """Part the rows that stay from those that leave."""
    if "leaving" not in batch.schema.names:
        return batch, batch.slice(0, 0).append_column("leaving", pa.nulls(0, LEAVING))
    stays = pc.is_null(batch.column("leaving"))
    return batch.filter(stays).drop_columns(["leaving"]), batch.filter(pc.invert(stays))


def _concat(batches: Sequence[Batch]) -> Batch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _reasons(leaving: Batch) -> Iterator[tuple[str, str]]:
    for value in leaving.column("leaving").to_pylist():
        yield value["disposition"], value["reason"]


def _derived(before: Batch, after: Batch) -> int:
    """Count the rows that name a row of `before` as a parent."""
    parents = after.column("parents")
    if parents.null_count == after.num_rows:
        return 0
    known = pc.is_in(parents.flatten(), value_set=before.column("id"))
    return int(pc.count_distinct(pc.list_parent_indices(parents).filter(known)).as_py())


def rows_within(result: pa.Table, start: int, length: int) -> pa.Table:
    """Cut the result rows that concern a batch out of those of its shard; `row` becomes the index in the batch."""
    if result.num_rows == 0:
        return result
    row = result.column("row")
    inside = result.filter(pc.and_(pc.greater_equal(row, start), pc.less(row, start + length)))
    shifted = pc.subtract(inside.column("row"), pa.scalar(start, pa.int64()))
    return inside.set_column(inside.schema.get_field_index("row"), "row", shifted)


def run_steps(steps: Iterable[Step], batches: list[Batch], stage: str) -> tuple[list[Batch], list[Batch], Counts]:
    """Run the steps of one stage in this process; the engine does the same over shards.

    Returns:
        The batches that stay, the batches that leave, and the counts of the stage.
    """
    gone: list[Batch] = []
    rows = sum(b.num_rows for b in batches)
    total = Counts(rows, 0, rows)
    for number, step in enumerate(steps):
        passed = list(_step(step, batches, stage))
        counts = Counts()
        for p in passed:
            counts.add(p.counts)
        total.follow(counts)
        if number == 0:  # a Read brings rows of its own
            total.rows_in = counts.rows_in
        gone += [p.leaving for p in passed if p.leaving.num_rows]
        batches = [p.kept for p in passed]
    total.check(stage)
    return batches, gone, total


def _step(step: Step, batches: list[Batch], stage: str) -> Iterator[Passed]:
    if isinstance(step, Read):
        for whole in (batch for unit in step.units() for batch in step.read(unit)):
            kept, leaving = split_leaving(whole)
            yield Passed(kept, leaving, Counts.of(kept, leaving))
        return
    for work, batch in zip(_works(step, batches), batches, strict=True):
        yield pass_through(work, batch, stage)


def _works(step: Map | KeyReduce | Export, batches: list[Batch]) -> list[Callable[[Batch, int], Batch]]:
    if isinstance(step, Export):  # writes files, changes no record
        return [lambda batch, _start: batch] * len(batches)
    if isinstance(step, Map):
        return [lambda batch, _start: step.apply(batch)] * len(batches)
    if not batches:
        return []
    rows = pa.concat_tables([with_refs(step.emit(batch), shard) for shard, batch in enumerate(batches)])
    for reduce in step.rounds:
        rows = reduce(rows, _InMemory(batches)) if rows.num_rows else rows
    if not rows.num_rows:
        return [applied(step, None)] * len(batches)
    rows = step.solve(rows, _InMemory(batches)) if step.solve else rows
    return [applied(step, result) for result in by_shard(rows, len(batches))]


def applied(step: KeyReduce, result: pa.Table | None, start: int = 0) -> Callable[[Batch, int], Batch]:
    """The Map that applies the result of a KeyReduce to a batch whose first row is number `start` of its shard.

    Records that no result row concerns pass as they are.
    """
    if result is None or not result.num_rows:
        return lambda batch, _offset: batch
    return lambda batch, offset: step.apply(batch, rows_within(result, start + offset, batch.num_rows))


def with_refs(rows: pa.Table, shard: int, start: int = 0) -> pa.Table:
    """Replace `row` by `ref`."""
    refs = pc.add(rows.column("row").cast(pa.int64()), pa.scalar((shard << SHARD_BITS) + start, pa.int64()))
    return rows.set_column(rows.schema.get_field_index("row"), "ref", refs)


def by_shard(rows: pa.Table, shards: int) -> Iterator[pa.Table]:
    """Split result rows by shard and replace `ref` by `row`, in ascending order."""
    rows = rows.sort_by("ref")
    refs, at = rows.column("ref").to_numpy(), rows.schema.get_field_index("ref")
    borders = refs.searchsorted([n << SHARD_BITS for n in range(shards + 1)])
    for shard, (a, b) in enumerate(itertools.pairwise(borders.tolist())):
        yield rows.slice(a, b - a).set_column(at, "row", pa.array(refs[a:b] - (shard << SHARD_BITS)))


class _InMemory:
    """`Records` over batches in this process; batch number = shard number."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches

    def take(self, refs: pa.Int64Array, columns: Sequence[str]) -> pa.Table:
        starts, total = [], 0
        for batch in self._batches:
            starts.append(total)
            total += batch.num_rows
        shard = pc.shift_right(refs, pa.scalar(SHARD_BITS, pa.int64()))
        row = pc.bit_wise_and(refs, pa.scalar((1 << SHARD_BITS) - 1, pa.int64()))
        at = pc.add(pc.take(pa.array(starts, pa.int64()), shard), row)
        return pa.Table.from_batches([b.select(list(columns)) for b in self._batches]).take(at)
