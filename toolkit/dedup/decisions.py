"""What a reduce decided about records, as narrow rows; applied to their batches, and reported to people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, TypedDict

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.kinds import Batch, leave
from toolkit.record import SCHEMA, Row, rows_of, set_columns

DECISIONS = pa.schema(
    [
        ("ref", pa.int64()),
        ("id", pa.string()),
        ("reason", pa.string()),
        ("survivor", pa.string()),
        ("similarity", pa.float64()),
        ("cluster", pa.string()),
        ("flag", pa.string()),
        ("replaces", SCHEMA.field("replaces").type),
        ("valid_from", pa.string()),
        ("valid_until", pa.string()),
        ("merged", pa.bool_()),
        ("indexed", pa.bool_()),
        ("likes", pa.list_(pa.struct([("id", pa.string()), ("similarity", pa.float64()), ("crowd", pa.bool_())]))),
    ]
)

BLOCK = 10_000
"""Rows that are Python objects at once: a decision takes a hundred times the memory of its row."""


class Like(TypedDict):
    """A better record that one resembles; in a crowd only leaders are measured."""

    id: str
    similarity: float
    crowd: bool


class Decision(NamedTuple):
    """What was decided about one record; the defaults change nothing.

    Attributes:
        reason: Why it leaves, or None.
        survivor: Id of the kept record that it resembles; never one that was dropped itself.
        cluster: Smallest id of all that are linked with it.
        flag: A flag for a record that stays.
        replaces: What a survivor keeps of those it stands for.
        valid_from: With `merged`, the interval that a survivor gets.
        indexed: It is about a record of the index, or its survivor is one.
        likes: All better records that it resembles at the threshold.
    """

    ref: int
    id: str
    reason: str | None = None
    survivor: str | None = None
    similarity: float | None = None
    cluster: str | None = None
    flag: str | None = None
    replaces: Sequence[Row] = ()
    valid_from: str | None = None
    valid_until: str | None = None
    merged: bool = False
    indexed: bool = False
    likes: Sequence[Like] = ()


def table_of(decisions: Iterable[Decision]) -> pa.Table:
    """Decisions as a table, ordered by ref; only a block of them is there as Python objects."""
    rows = iter(decisions)
    blocks = [_columns(block) for block in iter(lambda: list(islice(rows, BLOCK)), [])]
    return pa.Table.from_batches(blocks, DECISIONS).sort_by("ref")


def _columns(rows: Sequence[Decision]) -> pa.RecordBatch:
    columns = zip(zip(*rows, strict=True), DECISIONS, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(values, field.type) for values, field in columns], schema=DECISIONS)


def apply(batch: Batch, rows: pa.Table, stage: str) -> Batch:
    """Carry out the decisions on the records of a batch; only the rows that change are looked at."""
    for name in ("clusters", "flags", "replaces", "validity"):
        batch = set_columns(batch, {name: changed(name, batch.column(name), rows)})
    for reason in sorted(filter(None, pc.unique(rows.column("reason")).to_pylist())):
        details: list[str | None] = [None] * batch.num_rows
        for decision in rows.filter(pc.equal(rows.column("reason"), reason)).to_pylist():
            details[decision["row"]] = _detail(decision)
        mask = pa.array([detail is not None for detail in details])
        batch = leave(batch, mask, stage, reason, pa.array(details, pa.string()))
    return batch


def _detail(decision: Row) -> str:
    where = " of the index" if decision["indexed"] else ""
    return f"same as {decision['survivor']}{where} at similarity {decision['similarity']:.4f}"


_ADDED: dict[str, tuple[str, Callable[[Any, Row], Any]]] = {
    "clusters": ("cluster", lambda old, row: _without_repeats([*(old or []), row["cluster"]])),
    "flags": ("flag", lambda old, row: _without_repeats([*(old or []), row["flag"]])),
    "replaces": ("replaces", lambda old, row: _without_repeats([*(old or []), *row["replaces"]])),
    "validity": ("merged", lambda old, row: {**(old or {}), **{n: row[n] for n in ("valid_from", "valid_until")}}),
}
"""Column of a record -> the column of a decision that changes it, and how."""


def changed(name: str, column: pa.Array, rows: pa.Table) -> pa.Array:
    """One column of records after some decisions; `row` says where each belongs."""
    cause, change = _ADDED[name]
    rows = rows.filter(pa.array([bool(value) for value in rows.column(cause).to_pylist()], pa.bool_()))
    if not rows.num_rows:
        return column
    at = rows.column("row").to_numpy()
    old = column.take(pa.array(at)).to_pylist()
    values = [change(value, row) for value, row in zip(old, rows.to_pylist(), strict=True)]
    places = np.arange(len(column))
    places[at] = len(column) + np.arange(len(at))
    return pa.concat_arrays([column, pa.array(values, column.type)]).take(pa.array(places))


def _without_repeats(values: list[Any]) -> list[Any]:
    if len(values) < 2:  # noqa: PLR2004 - one is no repeat
        return values
    seen = {orjson.dumps(v, option=orjson.OPT_SORT_KEYS): v for v in reversed(values)}
    return list(reversed(seen.values()))


def clusters(solved: pa.Table, threshold: float | None = None) -> dict[str, Iterator[bytes]]:
    """`clusters.jsonl`: a line per survivor with those dropped for it, and for near ones what decides at a higher threshold.

    Args:
        solved: The decisions.
        threshold: From which similarity on they were made; None for equal texts.
    """
    likes = pc.greater(pc.list_value_length(solved.column("likes")), 0)
    told = solved.filter(pc.or_(pc.is_valid(solved.column("reason")), likes))
    return {"clusters.jsonl": _cluster_lines(told, threshold)} if told.num_rows else {}


def _cluster_lines(told: pa.Table, threshold: float | None) -> Iterator[bytes]:
    survivor = pc.coalesce(told.column("survivor"), told.column("id"))  # who stays stands for itself
    told = told.set_column(told.schema.get_field_index("survivor"), "survivor", survivor)
    order = pc.sort_indices(told, [("survivor", "ascending"), ("id", "ascending")])
    rows = (row for at in range(0, len(order), BLOCK) for row in rows_of(told.take(order[at : at + BLOCK])))
    for name, group in groupby(rows, key=itemgetter("survivor")):
        dropped, own = [], {}
        for row in group:
            if "reason" in row:
                dropped.append(row)
            else:
                own = row
        yield _line(name, own, dropped, threshold)


def _line(survivor: str, own: Row, rows: Sequence[Row], threshold: float | None) -> bytes:
    line: Row = {"survivor": survivor} | ({} if threshold is None else {"threshold": threshold}) | _likes(own)
    replaced = [r["id"] for r in rows if r["ref"] < 0]
    if replaced:
        line["replaces"] = replaced
    elif any(r.get("indexed") for r in rows):
        line["indexed"] = True
    line["members"] = [
        {"id": r["id"], "similarity": round(r["similarity"], 6), "reason": r["reason"]} | _likes(r) for r in rows
    ]
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _likes(row: Row) -> Row:
    """The other records that it resembles, where there are more than the one it was dropped for."""
    likes = [[like["id"], like["similarity"]] for like in row.get("likes", ()) if like["id"] != row.get("survivor")]
    crowd = any(like["crowd"] for like in row.get("likes", ()))
    return ({"likes": likes} if likes else {}) | ({"crowd": True} if crowd else {})
