"""How narrow rows travel between tasks: each writer leaves one file, each reader takes its batch out of every file.

Two layouts. *By bucket*: batch number = bucket (or shard) of the reader; a large writer repeats the sequence, so that
its memory stays constant. *Sorted*: batches in key order with the first and last key of each in the manifest, so that a
reader of a key range opens only what it needs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.files import atomic
from toolkit.files.places import Place, mapped, native

FLUSH_BYTES = 128 << 20
"""What a writer of narrow rows holds before it writes one sequence of batches: a bound for a shard of any size."""
RUN_BYTES = 8 << 20
"""A sorted run: its rows hold text."""
CHUNK_ROWS = 1_000
PACKED, WORTH, PROBE_BYTES = "lz4", 0.5, 1 << 20
"""How rows that hold text are packed, the share of their bytes at which it pays, and how many are tried."""


def bucket_of(keys: pa.Array | pa.ChunkedArray, buckets: int) -> np.ndarray:
    """The bucket of every key. A key is a hash already: uint64, or the first eight of sixteen bytes."""
    column = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    if pa.types.is_fixed_size_binary(column.type):
        # the buffer is taken as it is: copying 16 bytes a row through Python costs more than the rest of the shuffle
        raw = np.frombuffer(column.buffers()[1], dtype=np.uint8)
        width = column.type.byte_width
        first = column.offset * width
        grid = raw[first : first + len(column) * width].reshape(-1, width)
        values = np.ascontiguousarray(grid[:, :8]).view(np.uint64).ravel()
    else:
        values = column.to_numpy(zero_copy_only=False).astype(np.uint64, copy=False)
    return (values % np.uint64(buckets)).astype(np.int64)


def new_file(
    file: BinaryIO | pa.NativeFile, schema: pa.Schema, compression: pa.Codec | str | None
) -> pa.RecordBatchFileWriter:
    """An Arrow file; no threads, for a task has one core."""
    return pa.ipc.new_file(file, schema, options=pa.ipc.IpcWriteOptions(compression=compression, use_threads=False))


def packing(batch: pa.RecordBatch) -> str | None:
    """How a file is packed that begins with these rows: where lz4 halves them, which short texts do and long ones do not.

    Packed bytes are also fewer to copy, to hash and to wait for; at half of them the CPU comes out even.

    >>> def rows(texts):
    ...     return pa.record_batch({"text": texts, "license": ["CC-BY-4.0"] * len(texts), "title": pa.nulls(len(texts), pa.string())})
    >>> packing(rows([f"第{n}条 每日三次" for n in range(99)]))
    'lz4'
    >>> packing(rows([f"{n**999:x}" for n in range(9, 99)])) is None  # left as they are
    True
    """
    if not pa.Codec.is_available(PACKED):
        return None
    probe = batch.slice(0, max(1, batch.num_rows * PROBE_BYTES // max(batch.nbytes, PROBE_BYTES)))
    sizes = []
    for compression in (PACKED, None):
        sink = pa.MockOutputStream()
        with new_file(sink, batch.schema, compression) as writer:
            writer.write_batch(probe)
        sizes.append(sink.size())
    return PACKED if sizes[0] <= WORTH * sizes[1] else None


class Writer:
    """Collects rows and writes them to an open file in portions that fit into memory; without rows it stays empty."""

    at_once = 0
    """Bytes of rows that are held at most."""
    holds_text = False
    """Else the rows are keys and numbers; hashes do not become smaller."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: list[pa.Table] = []
        self._bytes = 0
        self._writer: Any = None
        self.chunks: list[list[str]] = []

    def add(self, rows: pa.Table) -> None:
        """Add rows with a `key`."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= self.at_once:
            self._flush()

    def close(self) -> None:
        """Write what is left and the footer."""
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        for batch in self.batches(table):
            if self._writer is None:
                self._writer = new_file(self._file, batch.schema, packing(batch) if self.holds_text else None)
            self._writer.write_batch(batch)
        self._waiting, self._bytes = [], 0

    def batches(self, table: pa.Table) -> Iterable[pa.RecordBatch]:
        """The batches that are written of one portion."""
        batches: list[pa.RecordBatch] = table.to_batches()
        return batches


class BucketWriter(Writer):
    """One batch per bucket and portion."""

    at_once = FLUSH_BYTES

    def __init__(self, file: BinaryIO, buckets: int) -> None:
        super().__init__(file)
        self._buckets = buckets

    def batches(self, table: pa.Table) -> Iterable[pa.RecordBatch]:
        """Batch number = bucket, counted on from portion to portion."""
        return map(_one_batch, split_sorted(table, bucket_of(table.column("key"), self._buckets), self._buckets))


class SortedWriter(Writer):
    """Sorted runs in chunks, with the first and last key of each."""

    at_once = RUN_BYTES
    holds_text = True

    def batches(self, table: pa.Table) -> Iterable[pa.RecordBatch]:
        """The chunks of one run."""
        for batch in by_key(table).combine_chunks().to_batches(max_chunksize=CHUNK_ROWS):
            keys = batch.column("key")
            self.chunks.append([keys[0].as_py().hex(), keys[-1].as_py().hex()])
            yield batch


def split_sorted(table: pa.Table, numbers: np.ndarray, count: int) -> list[pa.Table]:
    """Split rows by a number from 0 to count - 1, keeping their order within each."""
    order = np.argsort(numbers, kind="stable")
    ordered = table.take(pa.array(order))
    borders = np.searchsorted(numbers[order], np.arange(count + 1))
    return [ordered.slice(int(a), int(b - a)) for a, b in itertools.pairwise(borders)]


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return (
        batches[0]
        if batches
        else pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in table.schema], schema=table.schema)
    )


def write_parts(path: Place, parts: Iterable[pa.Table], *, holds_text: bool = False) -> None:
    """Write one batch per part; there is at least one."""
    batches = map(_one_batch, parts)
    first = next(batches)
    compression = packing(first) if holds_text else None
    with atomic.writing(path) as file, new_file(file, first.schema, compression) as writer:
        for batch in itertools.chain([first], batches):
            writer.write_batch(batch)


def read_part(path: Place, number: int, parts: int) -> pa.Table | None:
    """All batches that belong to one reader; None where the writer had no rows."""
    with mapped(path) as source:
        if not source.size():
            return None
        file = open_file(source)
        batches = [file.get_batch(i) for i in range(number, file.num_record_batches, parts)]
        return pa.Table.from_batches(batches, schema=file.schema)


def read_batches(
    path: Place, columns: Callable[[str], bool] | None = None, numbers: Iterable[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """All batches of a file, or some of them, or some of their columns."""
    # no memory map: its pages count as memory of the process
    with native(path) as source:
        file = _with_columns(source, columns)
        yield from (file.get_batch(n) for n in (range(file.num_record_batches) if numbers is None else numbers))


@contextmanager
def opened(path: Place, columns: Callable[[str], bool]) -> Iterator[pa.RecordBatchFileReader]:
    """A file of which little is read: some columns of some batches, of which only what is looked at is fetched."""
    with mapped(path) as source:
        yield _with_columns(source, columns)


def open_file(source: pa.NativeFile, fields: list[int] | None = None) -> pa.RecordBatchFileReader:
    """An Arrow file, or some fields of it; no threads, for a task has one core."""
    return pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False))


def _with_columns(source: pa.NativeFile, columns: Callable[[str], bool] | None) -> pa.RecordBatchFileReader:
    if columns is None:
        return open_file(source)
    chosen = [n for n, name in enumerate(open_file(source).schema.names) if columns(name)]
    return open_file(source, chosen)


def by_key(table: pa.Table) -> pa.Table:
    """Rows in the order of their key; rows that are in order already, as most are, stay where they are."""
    keys = pa.array(table.column("key").combine_chunks())
    return table if pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py() else table.sort_by("key")


def in_order(chunks: Sequence[Sequence[str]]) -> bool:
    """Whether chunks stand in the order of their keys, so that nothing is left to sort.

    >>> in_order([["00", "3f"], ["3f", "7f"]]), in_order([["40", "7f"], ["00", "3f"]])
    (True, False)
    """
    return all(last <= first for (_, last), (first, _) in itertools.pairwise(chunks))


def overlapping(chunks: Sequence[Sequence[str]], low: str, high: str | None) -> tuple[int, ...]:
    """The numbers of the chunks that may hold keys from `low` up to, but without, `high`.

    >>> overlapping([["00", "3f"], ["40", "7f"], ["80", "ff"]], "40", "80")
    (1,)
    """
    inside = ((n, first, last) for n, (first, last) in enumerate(chunks))
    return tuple(n for n, first, last in inside if last >= low and (high is None or first < high))


def read_range(path: Place, chunks: Sequence[int], low: str, high: str | None) -> list[pa.RecordBatch]:
    """The rows with low <= key < high (hexadecimal; no upper end = to the last), out of the chunks named."""
    with native(path) as source:
        file = open_file(source)
        return [_within(file.get_batch(n), low, high) for n in chunks]


def _within(batch: pa.RecordBatch, low: str, high: str | None) -> pa.RecordBatch:
    key = batch.column("key")
    mask = pc.greater_equal(key, pa.scalar(bytes.fromhex(low), key.type))
    if high is not None:
        mask = pc.and_(mask, pc.less(key, pa.scalar(bytes.fromhex(high), key.type)))
    return batch.filter(mask)


def range_borders(chunks: Sequence[Sequence[str]], parts: int) -> list[str]:
    """The first key of each range, so that the ranges hold about equally many chunks; the first range begins at the start."""
    firsts = sorted({first for first, _ in chunks})
    picked = [firsts[len(firsts) * i // parts] for i in range(1, parts)] if firsts else []
    return ["", *sorted(set(picked) - {""})]
