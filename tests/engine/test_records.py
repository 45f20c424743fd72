"""Records by ref: what is asked for is what comes, from whatever shard, and little more is read."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engine.store import BATCH_ROWS, ShardRecords, read_records, record_writer
from toolkit.kinds import SHARD_BITS
from toolkit.record import SCHEMA, columns_of

ROWS = 2 * BATCH_ROWS + 7


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(3):
        with record_writer(folder / f"{shard}", SCHEMA) as out:
            known = {"id": [f"{shard}.{row}" for row in range(ROWS)], "text": [f"药{row}" for row in range(ROWS)]}
            columns = [pa.array(known.get(f.name, [None] * ROWS), f.type) for f in SCHEMA]
            out.write(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
    return [folder / f"{shard}" for shard in range(3)]


@given(asked=st.lists(st.tuples(st.integers(0, 2), st.integers(0, ROWS - 1)), max_size=30))
def test_records_come_in_the_order_asked_each_as_often_as_asked(shards, asked):
    refs = np.array([shard << SHARD_BITS | row for shard, row in asked], np.int64)
    table = ShardRecords(shards).take(pa.array(refs), ["text", "id", "messages"])

    assert table.column_names == ["text", "id", "messages"]
    assert table.column("id").to_pylist() == [f"{shard}.{row}" for shard, row in asked]
    assert table.column("text").to_pylist() == [f"药{row}" for _, row in asked]


@pytest.mark.parametrize(("text", "packed"), [("每日三次", True), (None, False)], ids=["short", "long"])
def test_records_are_packed_where_it_halves_them_and_read_the_same(tmp_path, text, packed):
    lots = random.Random(7)
    rows = [{"id": f"{n:032x}", "text": text or lots.randbytes(2000).hex()} for n in range(2500)]
    batch = columns_of(rows)

    with record_writer(tmp_path / "shard", SCHEMA) as writer:
        writer.write(batch)

    assert ((tmp_path / "shard").stat().st_size < batch.nbytes / 2) is packed
    assert pa.Table.from_batches(read_records(tmp_path / "shard", 700)).equals(pa.Table.from_batches([batch]))
    taken = ShardRecords([tmp_path / "shard"]).take(pa.array([2400, 3, 1999]), ["text"])
    assert taken.column("text").to_pylist() == [rows[n]["text"] for n in (2400, 3, 1999)]
