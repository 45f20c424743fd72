"""Train, valid and test without leaks: what shares a source document or a duplicate cluster stays together.

Most groups are the records of one document, or one record. Those are complete in their bucket, where each becomes a lot and
a size; only records that hang on clusters are linked in one task. Then all groups are dealt out, by size and lot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.errors import UsageError

SPLITS = ("train", "valid", "test")
MOST_ROWS = 100_000_000
"""Rows that one task holds, some 60 bytes each at the peak; beyond that the split is refused."""

I8: TypeAlias = npt.NDArray[np.int8]
I32: TypeAlias = npt.NDArray[np.int32]
I64: TypeAlias = npt.NDArray[np.int64]
U64: TypeAlias = npt.NDArray[np.uint64]
F64: TypeAlias = npt.NDArray[np.float64]


def emit(batch: pa.RecordBatch) -> pa.Table:
    """For every record the key of its source document, and of every cluster it belongs to.

    `linked` says that the record hangs on more than its document.
    """
    clusters = batch.column("clusters")
    names = documents(batch).to_pylist() + clusters.flatten().to_pylist()
    of_cluster = pc.list_parent_indices(clusters).to_numpy()
    rows = np.concatenate([np.arange(batch.num_rows), of_cluster])
    keys = [hashlib.blake2b(name.encode(), digest_size=16).digest() for name in names]
    linked = np.isin(rows, of_cluster)
    return pa.table({"key": pa.array(keys, pa.binary(16)), "row": pa.array(rows, pa.int64()), "linked": linked})


def documents(batch: pa.RecordBatch) -> pa.StringArray:
    r"""The name of what each record was taken from: its document, which for a table is the row; itself where none is known.

    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "1", "source": {"id": "s", "uri": "民法典.md", "locator": {"order": 3}}}, {"id": "2"}]
    >>> documents(columns_of(rows)).to_pylist()
    ['s\x00民法典.md\x00', '2']
    """
    source = batch.column("source")
    name, uri = (pc.struct_field(source, part) for part in ("id", "uri"))
    key, line, row = (pc.struct_field(source, ["locator", part]) for part in ("key", "line", "row"))
    said = [pc.if_else(pc.equal(part, nothing), None, part) for part, nothing in ((key, ""), (line, 0), (row, 0))]
    place = pc.coalesce(*[part.cast(pa.string()) for part in said], "")
    document = pc.binary_join_element_wise(pc.fill_null(name, ""), pc.fill_null(uri, ""), place, "\0")
    return pc.if_else(pc.or_(pc.is_valid(name), pc.is_valid(uri)), document, batch.column("id"))


def complete(rows: pa.Table, seed: int) -> pa.Table:
    """Draw the lots of one bucket: of those groups of which no record hangs on another key as well.

    Args:
        rows: `key` (16 bytes), `ref` and `linked` of all records that are tied to the keys of this bucket.
        seed: Another seed gives another split.

    Returns:
        `ref`, with the `lot` and the `size` of its group, or else with the `key` that is still to be linked.
    """
    keys, node = _numbered(rows.column("key"))
    sizes = np.bincount(node)
    linked = np.zeros(len(keys), np.bool_)
    linked[node[rows.column("linked").to_numpy()]] = True
    lots = np.zeros(len(keys), np.uint64)
    lots[~linked] = _lots(keys[~linked], seed)
    open_ = pa.array(linked[node])
    named = rows.column("key").filter(open_).cast(pa.binary()).combine_chunks()
    left = pc.replace_with_mask(pa.nulls(len(node), pa.binary()), open_, named)  # 4 bytes for a lot, not 16
    return pa.table({"ref": rows.column("ref"), "lot": lots[node], "size": sizes[node].astype(np.int32), "key": left})


def assign(rows: pa.Table, shares: Mapping[str, float], seed: int) -> pa.Table:
    """Give every record its split.

    Args:
        rows: What `complete` made of all buckets.
        shares: Share of each split; they add up to 1.
        seed: Another seed gives another split.

    Returns:
        `ref` and the number of its split in `SPLITS`, one row per record.
    """
    if rows.num_rows > MOST_ROWS:
        raise UsageError(f"the split holds {rows.num_rows:,} rows in memory, more than {MOST_ROWS:,}",
                         hint="release in parts, each with its own sources")  # fmt: skip
    refs, lots, sizes = _drawn(rows, seed)
    return pa.table({"ref": refs, "split": _dealt(lots, sizes, shares)})


def _drawn(rows: pa.Table, seed: int) -> tuple[I64, U64, I32]:
    """Every record once, with the lot and the size of its group."""
    open_ = rows.column("key").is_valid()
    linked, closed = _linked(rows.filter(open_), seed), pc.invert(open_).to_numpy()
    refs, lots, sizes = (np.concatenate([rows.column(n).to_numpy()[closed], linked[n]]) for n in ("ref", "lot", "size"))
    return refs, lots, sizes


def _linked(rows: pa.Table, seed: int) -> dict[str, np.ndarray]:
    """`ref`, `lot` and `size` of the records that hang on several keys, or on one with such a record.

    A group is named by its smallest key: a name that no order of shards or rows can change.
    """
    refs, record = np.unique(rows.column("ref").to_numpy(), return_inverse=True)
    keys, node = _numbered(rows.column("key").cast(pa.binary(16)))
    group = _components(record, node, len(refs), len(keys))
    sizes = np.bincount(group)
    smallest = np.full(len(sizes), len(keys), np.int64)
    np.minimum.at(smallest, group[record], node)
    lots = _lots(keys[smallest], seed)
    return {"ref": refs, "lot": lots[group], "size": sizes[group].astype(np.int32)}


def _numbered(keys: pa.ChunkedArray) -> tuple[U64, I64]:
    """The distinct keys in order, as two big-endian halves each, and the number of every key among them."""
    column = keys.combine_chunks()
    halves = np.frombuffer(column.buffers()[1], ">u8").reshape(-1, 2)[column.offset : column.offset + len(column)]
    halves = halves.astype(np.uint64)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    begins = np.ones(len(ordered), np.bool_)
    begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    number = np.empty(len(ordered), np.int64)
    number[order] = np.cumsum(begins) - 1
    return ordered[begins], number


def _components(record: I64, node: I64, records: int, nodes: int) -> I64:
    """Number the connected components of the graph of records and nodes; one number per record."""
    if not records:
        return np.zeros(0, np.int64)
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = records + nodes
    graph = coo_matrix((np.ones(len(record), np.int8), (record, records + node)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    _, group = np.unique(labels[:records], return_inverse=True)
    return np.asarray(group)


def _lots(keys: U64, seed: int) -> U64:
    """What every group draws: a number that its name and the seed decide. From here on it stands for the group.

    Should two groups of one size ever draw the same, they are dealt out together: that is no leak.
    """
    key = seed.to_bytes(8, "little", signed=True)
    names = keys.astype(">u8").view("V16").ravel()
    drawn = (hashlib.blake2b(name, digest_size=8, key=key).digest() for name in names)
    return np.fromiter((int.from_bytes(lot, "big") for lot in drawn), np.uint64, len(names))


def _dealt(lots: U64, sizes: I32, shares: Mapping[str, float]) -> I8:
    """Fill the splits with whole groups: large ones first, each where most is missing, then single records by lot.

    Large groups land in train, and the shares are met as closely as whole groups allow; the seed decides the lot.

    >>> lots = np.array([5, 5, 5, 1, 2, 3, 4], np.uint64)  # three records of one document, and four alone
    >>> _dealt(lots, np.array([3, 3, 3, 1, 1, 1, 1]), {"train": 0.7, "valid": 0.15, "test": 0.15}).tolist()
    [0, 0, 0, 2, 1, 0, 0]
    """
    missing = np.array([shares.get(s, 0.0) for s in SPLITS]) * len(lots)
    chosen = np.zeros(len(lots), np.int8)
    large = sizes > 1
    chosen[large] = _one_by_one(lots[large], sizes[large], missing)
    chosen[~large] = _by_lot(lots[~large], missing)
    return chosen


def _one_by_one(lots: U64, sizes: I32, missing: F64) -> I8:
    """Deal out groups, the largest first; what is missing of each split is counted down."""
    order = np.lexsort((lots, -sizes))
    lots, sizes = lots[order], sizes[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (lots[1:] != lots[:-1]) | (sizes[1:] != sizes[:-1])
    dealt = np.zeros(int(begins.sum()), np.int8)
    for group, size in enumerate(sizes[begins].tolist()):
        dealt[group] = best = int(missing.argmax())
        missing[best] -= size
    chosen = np.empty(len(order), np.int8)
    chosen[order] = np.repeat(dealt, np.diff(np.append(np.flatnonzero(begins), len(order))))
    return chosen


def _by_lot(lots: U64, missing: F64) -> I8:
    """Deal out single records in proportion to what each split still misses."""
    open_ = np.maximum(missing, 0)
    total = open_.sum()
    ends = np.rint(np.cumsum(open_[::-1]) / total * len(lots)).astype(np.int64) if total else np.zeros(2, np.int64)
    limits = np.sort(lots)[ends[ends < len(lots)]]
    return (len(SPLITS) - 1 - np.searchsorted(limits, lots, side="right")).astype(np.int8)
