"""The split tears nothing apart that belongs together, and depends on nothing but names, shares and seed."""

import hashlib
import itertools
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.engine.exchange import bucket_of, split_sorted
from toolkit.errors import UsageError
from toolkit.record import columns_of
from toolkit.release import split

SHARES = [(0.9, 0.05, 0.05), (0.5, 0.5, 0.0), (0.0, 0.0, 1.0), (0.34, 0.33, 0.33)]


def by_definition(records, shares, seed):
    """The split of every record, by sets and one group after the other."""
    groups = []
    for ref, keys in records.items():
        touched = [g for g in groups if g[1] & keys]
        groups = [g for g in groups if not g[1] & keys]
        groups.append(({ref}.union(*(g[0] for g in touched)), keys.union(*(g[1] for g in touched))))
    lot_key = seed.to_bytes(8, "little", signed=True)
    drawn = [
        (-len(refs), hashlib.blake2b(min(keys), digest_size=8, key=lot_key).digest(), refs) for refs, keys in groups
    ]
    missing, found = np.array(shares) * len(records), {}
    ordered = sorted(drawn, key=lambda g: g[:2])
    singles = [min(refs) for size, _, refs in ordered if size == -1]
    for size, _, refs in ordered[: len(ordered) - len(singles)]:
        found |= dict.fromkeys(refs, int(missing.argmax()))
        missing[missing.argmax()] += size
    open_ = np.maximum(missing, 0)
    ends = np.rint(np.cumsum(open_[::-1]) / (open_.sum() or 1) * len(singles)).astype(int)
    names = np.repeat([2, 1], np.diff([0, *ends[:2]])).tolist()
    return found | dict(itertools.zip_longest(singles, names, fillvalue=0))


@settings(max_examples=300, deadline=None)
@given(
    tied=st.lists(
        st.tuples(st.integers(0, 30), st.lists(st.integers(0, 12), max_size=3, unique=True)), min_size=1, max_size=50
    ),
    shares=st.sampled_from(SHARES),
    seed=st.integers(-5, 5),
    buckets=st.sampled_from([1, 2, 8]),
    draw=st.randoms(use_true_random=False),
)
def test_lots_drawn_by_bucket_give_the_split_that_its_definition_gives(tied, shares, seed, buckets, draw):
    keys_of = {
        7 * n: {hashlib.blake2b(f"{name}".encode(), digest_size=16).digest() for name in (f"第{d}号", *clusters)}
        for n, (d, clusters) in enumerate(tied)
    }
    rows = [(key, ref, len(keys) > 1) for ref, keys in keys_of.items() for key in keys]
    draw.shuffle(rows)
    keys, refs, linked = zip(*rows, strict=True)
    table = pa.table({"key": pa.array(keys, pa.binary(16)), "ref": pa.array(refs, pa.int64()), "linked": linked})

    parts = split_sorted(table, bucket_of(table.column("key"), buckets), buckets)
    lots = pa.concat_tables([split.complete(part, seed) for part in parts if part.num_rows])
    found = split.assign(lots, dict(zip(split.SPLITS, shares, strict=True)), seed)

    assert dict(zip(*found.to_pydict().values(), strict=True)) == by_definition(keys_of, shares, seed)


def test_only_what_hangs_on_a_cluster_is_left_to_be_linked():
    source = [{"source": {"id": "s", "uri": uri}} for uri in ("民法典.md", "民法典.md", "a.md", "b.md", "b.md")]
    rows = [{"id": str(n)} | s for n, s in enumerate(source)]
    rows[4]["clusters"] = ["c"]

    emitted = split.emit(columns_of(rows)).rename_columns({"row": "ref"})

    lots = split.complete(emitted, 7)
    assert lots.column("key").is_valid().to_pylist() == [False, False, False, True, True, True]
    assert lots.column("size").to_pylist()[:3] == [2, 2, 1]


def test_the_solve_takes_few_bytes_for_a_record():
    count = 200_000
    lots = pa.table({"ref": range(count), "lot": np.arange(count, dtype=np.uint64), "size": np.ones(count, np.int32),
                     "key": pa.nulls(count, pa.binary())})  # fmt: skip

    tracemalloc.start()
    split.assign(lots, {"train": 0.9, "valid": 0.05, "test": 0.05}, 7)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 60 * count


def test_more_rows_than_one_process_is_meant_to_hold_are_refused(monkeypatch):
    monkeypatch.setattr(split, "MOST_ROWS", 1)
    lots = pa.table({"ref": [1, 2], "lot": [1, 2], "size": [1, 1], "key": pa.nulls(2, pa.binary())})

    with pytest.raises(UsageError, match="the split holds 2 rows in memory, more than 1"):
        split.assign(lots, {"train": 1.0}, 7)
