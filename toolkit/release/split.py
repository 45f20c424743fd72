"""Train, valid and test without leaks: what shares a source document or a duplicate cluster stays together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from toolkit.errors import UsageError
from toolkit.record import Row, rows_of

SPLITS = ("train", "valid", "test")
MOST_ROWS = 50_000_000
"""Rows of the narrow table that the driver holds (about 40 bytes each); beyond that the split is refused."""


def emit(batch: pa.RecordBatch) -> pa.Table:
    """For every record the key of its source document, and of every cluster it belongs to."""
    rows = rows_of(batch.select(["id", "source", "clusters"]))
    pairs = [(number, node) for number, row in enumerate(rows) for node in nodes(row)]
    return pa.table(
        {
            "key": pa.array([hashlib.blake2b(n.encode(), digest_size=16).digest() for _, n in pairs], pa.binary(16)),
            "row": pa.array([n for n, _ in pairs], pa.int64()),
        }
    )


def nodes(row: Row) -> list[str]:
    r"""What ties a record to others: its document, which for a table is the row, and its clusters.

    >>> nodes({"id": "1", "source": {"id": "s", "uri": "民法典.md", "locator": {"order": 3}}, "clusters": ["c"]})
    ['s\x00民法典.md\x00', 'c']
    """
    source: Row = row.get("source") or {}
    place: Row = source.get("locator") or {}
    if "id" not in source and "uri" not in source:
        return [str(row["id"]), *row.get("clusters", ())]
    at = place.get("key") or place.get("line") or place.get("row") or ""
    return ["\0".join((str(source.get("id", "")), str(source.get("uri", "")), str(at))), *row.get("clusters", ())]


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
    keys, node = np.unique(_as_bytes(rows.column("key")), return_inverse=True)
    group = _components(record, node, len(refs), len(keys))
    names = _group_names(group, record, node, keys)
    sizes = np.bincount(group)
    chosen = _choose(names, sizes, shares, seed)
    return pa.table({"ref": pa.array(refs), "split": pa.array(np.array(SPLITS)[chosen[group]].tolist(), pa.string())})


def _as_bytes(keys: pa.ChunkedArray) -> np.ndarray:
    # S16 drops zero bytes at the end; all keys have sixteen, so no two become equal by it
    return np.array(keys.to_pylist(), dtype="S16")


def _components(record: np.ndarray, node: np.ndarray, records: int, nodes_: int) -> np.ndarray:
    """Number the connected components of the graph of records and nodes; one number per record."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = records + nodes_
    graph = coo_matrix((np.ones(len(record), np.int8), (record, records + node)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    _, group = np.unique(labels[:records], return_inverse=True)
    return np.asarray(group)


def _group_names(group: np.ndarray, record: np.ndarray, node: np.ndarray, keys: np.ndarray) -> list[bytes]:
    """Name each group by its smallest node: a name that no order of shards or rows can change."""
    smallest = np.full(group.max() + 1, len(keys), np.int64)
    np.minimum.at(smallest, group[record], node)
    return [bytes(keys[n]) for n in smallest]


def _choose(names: list[bytes], sizes: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """Fill the splits with whole groups: large ones first, each where most is missing, then single records by lot.

    Large groups land in train, and the shares are met as closely as whole groups allow; the seed decides the lot.
    """
    key = seed.to_bytes(8, "little", signed=True)
    lot = [hashlib.blake2b(name, digest_size=8, key=key).digest() for name in names]
    order = sorted(range(len(names)), key=lambda g: (-int(sizes[g]), lot[g], names[g]))
    missing = np.array([shares.get(s, 0.0) for s in SPLITS]) * sizes.sum()
    chosen = np.zeros(len(names), np.int64)
    large = int((sizes > 1).sum())
    for g in order[:large]:
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
