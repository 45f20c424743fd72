"""A run against the index: indexed records take part in the reduces of dedup as if they stood in the run.

An entry goes by the ref `~entry`, which is negative: it belongs to no shard, so nothing that is decided about it reaches a
record; the report sees it. So the new batch is decided on exactly as if it had come together with those indexed records
that it resembles. Per bucket only the entries that share a key with it are looked up, and only candidates are read.

*Limit.* dedup(A), then dedup(B | index of A), leaves what dedup(A + B) leaves, but for one thing: a record of A that was
dropped for an indexed record is not called back when a better newcomer replaces that one. So the two differ at most in
clusters that hold a replaced record and a record dropped earlier; where nothing is replaced they are equal. Records that
only their ids tell apart count as better where they were shipped (`survivor.rank`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.decisions import table_of
from toolkit.dedup.index.read import Index
from toolkit.dedup.kernel import Pairs, components
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import U64, distinct
from toolkit.dedup.pairs import Kind, pairs_table
from toolkit.kinds import Records


class WithIndex:
    """`Records` of a run and, by negative refs, of the index."""

    def __init__(self, records: Records, index: Index) -> None:
        self._records, self._index = records, index

    def take(self, refs: pa.Int64Array, columns: Sequence[str]) -> pa.Table:
        """The named columns of these records and entries, in this order."""
        numbers = refs.to_numpy()
        indexed = numbers < 0
        if not indexed.any():
            return self._records.take(refs, columns)
        tables = [self._index.take(~numbers[indexed], columns)]
        if not indexed.all():
            tables.append(self._records.take(pa.array(numbers[~indexed]), columns))
        order = np.argsort(np.concatenate([np.flatnonzero(indexed), np.flatnonzero(~indexed)]))
        parts = {c: [chunk for t in tables for chunk in t.column(c).chunks] for c in columns}
        whole = pa.table({c: pa.chunked_array(chunks, tables[0].column(c).type) for c, chunks in parts.items()})
        return whole.take(pa.array(order))


def add_bands(keys: U64, refs: I64, index: Index) -> tuple[U64, I64]:
    """The rows of a bucket of band keys, and those of the entries with such a key."""
    names = distinct(keys)
    which, entries = index.by_bands(names)
    return np.concatenate([keys, names[which]]), np.concatenate([refs, ~entries])


Solve = Callable[[pa.Table, Records], pa.Table]


def solve_exact(rows: pa.Table, records: Records, index: Index, solve: Solve) -> pa.Table:
    """Decide about equal texts; a record that is in the index stands for itself."""
    both = WithIndex(records, index)
    own = _own(rows.column("right").to_numpy(), both)
    rows = rows.filter(pc.invert(pc.is_in(rows.column("right"), value_set=pa.array(list(own), pa.int64()))))
    return _told(solve(rows, both)) if rows.num_rows else table_of([])


def solve_near(rows: pa.Table, records: Records, index: Index, solve: Solve) -> pa.Table:
    """Decide about near texts; a record that is in the index stands for itself, and so does one that replaced one."""
    both = WithIndex(records, index)
    left, right = (rows.column(n).to_numpy() for n in ("left", "right"))
    own = _own(np.concatenate([left, right]), both)
    crowd, claimed = pc.equal(rows.column("kind"), int(Kind.CROWD)), pa.array(list(own), pa.int64())
    strange = pc.or_(*(pc.is_in(rows.column(n), value_set=claimed) for n in ("left", "right")))
    kept = rows.filter(pc.invert(pc.or_(crowd, strange)))
    links = _relinked(rows.filter(crowd), own)
    rows = pa.concat_tables([kept, links.cast(kept.schema)])
    return _told(solve(rows, both)) if rows.num_rows else table_of([])


def _own(refs: I64, records: Records) -> dict[int, int]:
    """Entries that a record of the run is, or has replaced -> that record."""
    refs = np.unique(refs)
    new, old = refs[refs >= 0], refs[refs < 0]
    if not len(old) or not len(new):
        return {}
    found = records.take(pa.array(new), ["id", "replaces"])
    stands: dict[str, int] = {}
    for ref, row in zip(new.tolist(), found.to_pylist(), strict=True):
        for name in [*(r["id"] for r in row["replaces"] or ()), row["id"]]:
            stands.setdefault(name, ref)
    names = records.take(pa.array(old), ["id"]).column("id").to_pylist()
    return {ref: stands[name] for ref, name in zip(old.tolist(), names, strict=True) if name in stands}


def _relinked(links: pa.Table, own: Mapping[int, int]) -> pa.Table:
    """The links of crowds with entries named by the records that stand for them; crowds of the index alone vanish."""
    one, two = (np.array([own.get(r, r) for r in links.column(n).to_pylist()], np.int64) for n in ("left", "right"))
    one, two = one[one != two], two[one != two]
    members, labels = components(one, two)
    with_new = members[np.isin(labels, labels[members >= 0])]
    wanted = np.isin(one, with_new)
    left, right = np.minimum(one, two)[wanted], np.maximum(one, two)[wanted]
    return pairs_table(Pairs(left, right, np.zeros(len(left))), Kind.CROWD)


def _told(decided: pa.Table) -> pa.Table:
    """Decisions that concern the run: about its records, and about entries that one of them replaces."""
    run = pc.greater_equal(decided.column("ref"), 0)
    ours, theirs = (decided.filter(side).column("id").combine_chunks() for side in (run, pc.invert(run)))
    for_ours, for_theirs = (pc.is_in(decided.column("survivor"), value_set=ids) for ids in (ours, theirs))
    indexed = pc.or_(pc.invert(run), pc.and_(for_theirs, pc.invert(for_ours)))
    told = decided.set_column(decided.schema.get_field_index("indexed"), "indexed", indexed)
    return told.filter(pc.or_(run, for_ours))
