"""What a reduce decided about records, as narrow rows; applied to their batches, and reported to people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.kinds import Batch, leave
from toolkit.record import SCHEMA, Row, rows_of, set_columns, struct_with

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
    ]
)


class Decision(NamedTuple):
    """What was decided about one record; the defaults change nothing.

    Attributes:
        reason: Why it leaves, or None.
        survivor: Id of the kept record that it resembles; never one that was dropped itself.
        cluster: Smallest id of all that are linked with it.
        flag: A flag for a record that stays.
        replaces: What a survivor keeps of those it stands for.
        valid_from: With `merged`, the interval that a survivor gets.
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


def table_of(decisions: Iterable[Decision]) -> pa.Table:
    """Decisions as a table, ordered by ref."""
    rows = [d._asdict() for d in sorted(decisions, key=lambda d: d.ref)]
    return pa.Table.from_pylist(rows, schema=DECISIONS)


def apply(batch: Batch, rows: pa.Table, stage: str) -> Batch:
    """Carry out the decisions on the records of a batch."""
    at = rows.column("row").to_numpy()
    found: list[Row | None] = [None] * batch.num_rows
    for number, row in zip(at.tolist(), rows.to_pylist(), strict=True):
        found[number] = row
    batch = set_columns(batch, _lists(batch, found))
    if any(d and d["merged"] for d in found):
        batch = set_columns(batch, {"validity": _intervals(batch, found)})
    for reason in sorted({d["reason"] for d in found if d and d["reason"]}):
        mask = pa.array([bool(d and d["reason"] == reason) for d in found])
        detail = pa.array([_detail(d) if d and d["reason"] == reason else None for d in found], pa.string())
        batch = leave(batch, mask, stage, reason, detail)
    return batch


def _detail(decision: Row) -> str:
    return f"same as {decision['survivor']} at similarity {decision['similarity']:.4f}"


def _lists(batch: Batch, found: Sequence[Row | None]) -> dict[str, pa.Array]:
    """The list columns that decisions add to: clusters, flags, replaces."""
    added = {
        "clusters": [[d["cluster"]] if d and d["cluster"] else [] for d in found],
        "flags": [[d["flag"]] if d and d["flag"] else [] for d in found],
        "replaces": [(d["replaces"] or []) if d else [] for d in found],
    }
    columns = {}
    for name, more in added.items():
        if any(more):
            old = batch.column(name).to_pylist()
            values = [_without_repeats([*(o or []), *m]) or None for o, m in zip(old, more, strict=True)]
            columns[name] = pa.array(values, SCHEMA.field(name).type)
    return columns


def _without_repeats(values: list[Any]) -> list[Any]:
    seen = {orjson.dumps(v, option=orjson.OPT_SORT_KEYS): v for v in reversed(values)}
    return list(reversed(seen.values()))


def _intervals(batch: Batch, found: Sequence[Row | None]) -> pa.StructArray:
    """The validity of survivors that took in the interval of an equal text."""
    column = batch.column("validity")
    fields = {}
    for name in ("valid_from", "valid_until"):
        old = pc.struct_field(column, name).to_pylist()
        new = [d[name] if d and d["merged"] else o for o, d in zip(old, found, strict=True)]
        fields[name] = pa.array(new, pa.string())
    return struct_with(column, fields)


def clusters(solved: pa.Table) -> dict[str, list[bytes]]:
    """`clusters.jsonl`: one line per survivor with its members, or per group of which all stay."""
    groups: dict[str, list[Row]] = {}
    for row in rows_of(solved):
        key = row.get("survivor") or (row["id"] if row.get("replaces") else None)
        if key is not None:
            groups.setdefault(key, []).append(row)
    lines = []
    for survivor in sorted(groups):
        members = [
            {"id": r["id"], "similarity": round(r["similarity"], 6), "reason": r["reason"]}
            for r in sorted(groups[survivor], key=lambda r: str(r["id"]))
            if r.get("reason")
        ]
        if members:
            lines.append(orjson.dumps({"survivor": survivor, "members": members}, option=orjson.OPT_APPEND_NEWLINE))
    return {"clusters.jsonl": lines} if lines else {}
