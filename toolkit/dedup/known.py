"""The facts of many records: only a block of them is there as Python objects, the others stand in columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.decisions import BLOCK
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import U64
from toolkit.dedup.survivor import Facts, facts_of, rank
from toolkit.kinds import Records
from toolkit.record import SCHEMA

FACTS = pa.schema(
    [
        ("ref", pa.int64()),
        ("id", pa.string()),
        ("human", pa.bool_()),
        ("authority", pa.int64()),
        ("published", pa.string()),
        ("lasts", pa.list_(pa.string(), 3)),
        ("length", pa.int64()),
        ("source", pa.struct([(name, pa.string()) for name in ("id", "uri", "license")])),
    ]
)
REPLACED: pa.StructType = SCHEMA.field("replaces").type.value_type


def facts_in_turn(records: Records, refs: I64, fields: Sequence[str]) -> Iterator[Facts]:
    """The facts of some records in the order given; they are read in the order in which they lie, each shard once."""
    order = np.argsort(refs, kind="stable")
    blocks = map(_narrow, _blocks(facts_of(records, refs[order], fields)))
    table = pa.Table.from_batches(blocks, FACTS).take(pa.array(places(order)))
    for batch in table.to_batches(BLOCK):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            facts = Facts(*row)
            yield facts._replace(lasts=(facts.lasts[0], facts.lasts[1], facts.lasts[2]))  # a tuple again


def _narrow(facts: Sequence[Facts]) -> pa.RecordBatch:
    columns = zip(zip(*facts, strict=True), FACTS, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(values, field.type) for values, field in columns], schema=FACTS)


class Known(NamedTuple):
    """Records side by side.

    Attributes:
        order: Place of each in survivor order.
        by_id: The records in the order of their ids.
        times: A number per fact key and interval: records of different ones are never merged.
        replaced: What a survivor keeps of each.
    """

    refs: I64
    ids: pa.StringArray
    order: I64
    by_id: I64
    times: U64
    replaced: pa.StructArray


def known_of(records: Records, refs: I64, fields: Sequence[str], as_of: str | None) -> Known:
    """Gather the facts of some records, and put the records into the order in which they survive."""
    facts = facts_of(records, refs, fields)
    rows = pa.Table.from_batches([_columns(block, as_of) for block in _blocks(facts)])
    ranks = [(name, "ascending") for name in rows.column_names if name.startswith("rank")]
    by_rank, by_id = (pc.sort_indices(rows, keys).to_numpy() for keys in ([*ranks, _ID], [_ID]))
    ids, replaced = (rows.column(name).combine_chunks() for name in ("id", "replaced"))
    return Known(refs, ids, places(by_rank), by_id.astype(np.int64), rows.column("time").to_numpy(), replaced)


def places(order: npt.NDArray[np.integer]) -> I64:
    """The place of everything in an order.

    >>> places(np.array([2, 0, 1])).tolist()
    [1, 2, 0]
    """
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(len(order))
    return found


_ID = ("id", "ascending")


def _blocks(facts: Iterator[Facts]) -> Iterator[list[Facts]]:
    return iter(lambda: list(islice(facts, BLOCK)), [])


def _columns(facts: Sequence[Facts], as_of: str | None) -> pa.RecordBatch:
    *ranks, ids = zip(*(rank(f, as_of) for f in facts), strict=True)
    times = np.fromiter((time_number(f) for f in facts), np.uint64, len(facts))
    columns = {f"rank {n}": pa.array(map(int, values), pa.int64()) for n, values in enumerate(ranks)}
    replaced = pa.array([f.as_replaced() for f in facts], REPLACED)
    return pa.RecordBatch.from_pydict({**columns, "id": pa.array(ids), "time": times, "replaced": replaced})


def time_number(facts: Facts) -> int:
    """A number for the fact key and the interval of a record.

    >>> law = Facts(0, "a", False, 1, None, ("law:甲", "2019-01-01", None), 9, {})
    >>> time_number(law) == time_number(law._replace(id="b")), time_number(law) == time_number(law._replace(lasts=("", "", "")))
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(repr(facts.lasts).encode(), digest_size=8).digest(), "little")
