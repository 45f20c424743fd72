"""Train, valid and test without leaks: what shares a source document or a duplicate cluster stays together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.errors import UsageError

SPLITS = ("train", "valid", "test")
MOST_ROWS = 50_000_000
"""Rows of the narrow table that the driver holds (about 40 bytes each); beyond that the split is refused."""


def emit(batch: pa.RecordBatch) -> pa.Table:
    """For every record the key of its source document, and of every cluster it belongs to."""
    clusters = batch.column("clusters")
    names = documents(batch).to_pylist() + clusters.flatten().to_pylist()
    rows = np.concatenate([np.arange(batch.num_rows), pc.list_parent_indices(clusters).to_numpy()])
    keys = [hashlib.blake2b(name.encode(), digest_size=16).digest() for name in names]
    return pa.table({"key": pa.array(keys, pa.binary(16)), "row": pa.array(rows, pa.int64())})


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


def smallest_key(rows: pa.Table, _records: object) -> pa.Table:
    """Rows of one bucket as they are: linking keys over buckets is the part of `assign`."""
    return rows.select(["key", "ref"])


def assign(rows: pa.Table, shares: Mapping[str, float], seed: int) -> pa.Table:
    """Give every record its split.

    Args:
        rows: `key` (16 bytes) and `ref`: which node each record is tied to.
        shares: Share of each split; they add up to 1.
        seed: Another seed gives another split.

    Returns:
        `ref` and `split`, one row per record.
    """
    if rows.num_rows > MOST_ROWS:
        raise UsageError(f"the split holds {rows.num_rows:,} rows in memory, more than {MOST_ROWS:,}",
                         hint="release in parts, each with its own sources")  # fmt: skip
    refs, record = np.unique(rows.column("ref").to_numpy(), return_inverse=True)
    keys, node = _numbered(rows.column("key"))
    group = _components(record, node, len(refs), len(keys))
    names = _group_names(group, record, node, keys)
    sizes = np.bincount(group)
    chosen = _choose(names, sizes, shares, seed)
    return pa.table({"ref": pa.array(refs), "split": pa.array(SPLITS).take(pa.array(chosen[group]))})


def _numbered(keys: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
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


def _components(record: np.ndarray, node: np.ndarray, records: int, nodes: int) -> np.ndarray:
    """Number the connected components of the graph of records and nodes; one number per record."""
    if len(record) == records:  # no clusters: every record hangs on one node
        group = np.empty(records, np.int64)
        group[record] = node
        return group
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = records + nodes
    graph = coo_matrix((np.ones(len(record), np.int8), (record, records + node)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    _, group = np.unique(labels[:records], return_inverse=True)
    return np.asarray(group)


def _group_names(group: np.ndarray, record: np.ndarray, node: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Name each group by its smallest node: a name that no order of shards or rows can change."""
    smallest = np.full(group.max() + 1, len(keys), np.int64)
    np.minimum.at(smallest, group[record], node)
    return np.asarray(keys[smallest])


def _choose(names: np.ndarray, sizes: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Fill the splits with whole groups: large ones first, each where most is missing, then single records by lot.

    Large groups land in train, and the shares are met as closely as whole groups allow; the seed decides the lot.
    """
    key = seed.to_bytes(8, "little", signed=True)
    drawn = [hashlib.blake2b(name, digest_size=8, key=key).digest() for name in names.astype(">u8").view("V16").ravel()]
    lot = np.frombuffer(b"".join(drawn), ">u8")
    order = np.lexsort((names[:, 1], names[:, 0], lot, -sizes))
    missing = np.array([shares.get(s, 0.0) for s in SPLITS]) * sizes.sum()
    chosen = np.zeros(len(names), np.int64)
    large = int((sizes > 1).sum())
    for g in order[:large].tolist():
        best = int(missing.argmax())
        chosen[g] = best
        missing[best] -= sizes[g]
    chosen[order[large:]] = _by_lot(missing, len(order) - large)
    return chosen


def _by_lot(missing: np.ndarray, singles: int) -> np.ndarray:
    """Deal out single records in proportion to what each split still misses."""
    open_ = np.maximum(missing, 0)
    total = open_.sum()
    ends = np.rint(np.cumsum(open_[::-1]) / total * singles).astype(np.int64) if total else np.array([0, 0, singles])
    return np.asarray(len(SPLITS) - 1 - np.searchsorted(ends, np.arange(singles), side="right"))
