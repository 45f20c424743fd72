"""Repeated places: equal rows of one file get names of their own, rows with one declared id are reduced to one.

A record's id is a hash of (source, file, logical place), so that records of one place meet under one key. Where the
place is a declared id, the row with the smallest content hash stays, whatever the order of the rows; where it is the
content itself, the rows are equal and are numbered by position.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.kinds import KeyReduce, Records, leave
from toolkit.record import record_id, set_columns

ANONYMOUS = ("", "")
"""Source id and URI of rows that came without a file, as `toolkit.frames` names them."""


def count_places() -> KeyReduce:
    """The second step of collect."""
    return KeyReduce(emit, (occurrences,), settle)


def number_rows() -> KeyReduce:
    """For records that come from a program or an earlier stage: rows without a name are numbered, others stay."""
    return KeyReduce(emit, (occurrences,), renumber)


def emit(batch: pa.RecordBatch) -> pa.Table:
    """One narrow row for every record: a key for its name, and its content."""
    names = batch.column("id").to_pylist()
    columns = {
        "key": pa.array([hashlib.blake2b(name.encode(), digest_size=16).digest() for name in names], pa.binary(16)),
        "content": batch.column("content_hash"),
        "row": pa.array(np.arange(batch.num_rows)),
    }
    return pa.table(columns)


def occurrences(rows: pa.Table, _records: Records) -> pa.Table:
    """Number the records of each key by (content, position); only those after the first come out.

    >>> table = pa.table({"key": [b"a", b"b", b"a", b"a"], "content": ["2", "1", "1", "2"], "ref": [0, 1, 2, 3]})
    >>> occurrences(table, None).to_pydict()
    {'ref': [0, 3], 'occurrence': [1, 2]}
    """
    keys = rows.column("key").combine_chunks()
    counted = pc.value_counts(keys)
    repeated = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    rows = rows.filter(pc.is_in(keys, value_set=repeated))
    rows = rows.sort_by([("key", "ascending"), ("content", "ascending"), ("ref", "ascending")])
    keys = rows.column("key").combine_chunks()
    number = np.arange(len(keys))
    begins = np.ones(len(keys), bool)
    begins[1:] = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
    occurrence = number - np.maximum.accumulate(np.where(begins, number, 0))
    table = pa.table({"ref": rows.column("ref").cast(pa.int64()), "occurrence": pa.array(occurrence, pa.int64())})
    return table.filter(pc.greater(table.column("occurrence"), 0))


def settle(batch: pa.RecordBatch, repeated: pa.Table) -> pa.RecordBatch:
    """Rename the later ones of equal rows; let the later ones of a declared id leave."""
    if repeated.num_rows == 0:
        return batch
    names = batch.column("id").to_pylist()
    details: list[str | None] = [None] * batch.num_rows
    for row, occurrence in _pairs(repeated):
        record = batch.slice(row, 1).select(["content_hash", "source"]).to_pylist()[0]
        content, source = record["content_hash"], record["source"] or {}
        source_id, uri = source.get("id") or "", source.get("uri") or ""
        if names[row] == record_id(source_id, uri, content):
            names[row] = record_id(source_id, uri, f"{content}#{occurrence}")
        else:
            details[row] = _twice(uri, source.get("locator") or {}, names[row])
    batch = set_columns(batch, {"id": pa.array(names, pa.string())})
    return leave(
        batch, pa.array([d is not None for d in details]), "collect", "duplicate_id", pa.array(details, pa.string())
    )


def _twice(uri: str, locator: dict[str, object], name: str) -> str:
    shown = locator.get("key") or name
    return f"{uri}: the id {shown!r} of the declared id column stands more than once; the row with the smallest content hash stays; give each row an id of its own"


def renumber(batch: pa.RecordBatch, repeated: pa.Table) -> pa.RecordBatch:
    """Rename the later ones of equal rows that had no name; names that were given stay, even twice."""
    if repeated.num_rows == 0:
        return batch
    names = batch.column("id").to_pylist()
    contents = batch.column("content_hash").to_pylist()
    for row, occurrence in _pairs(repeated):
        if names[row] == record_id(*ANONYMOUS, f"{contents[row]}#0"):
            names[row] = record_id(*ANONYMOUS, f"{contents[row]}#{occurrence}")
    return set_columns(batch, {"id": pa.array(names, pa.string())})


def _pairs(repeated: pa.Table) -> list[tuple[int, int]]:
    return list(zip(repeated.column("row").to_pylist(), repeated.column("occurrence").to_pylist(), strict=True))
