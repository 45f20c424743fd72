"""A segment: some records with the text they are compared by, and two sorted tables of keys that lead to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.compare import compared
from toolkit.dedup.index.manifest import SegmentEntry, form_mark
from toolkit.dedup.kernel import Params, band_keys, normal_column
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.dedup.kernel.hashes import U64
from toolkit.engine.store import file_digest, record_writer
from toolkit.files import atomic
from toolkit.record import SCHEMA

RECORDS, EXACT, BANDS = "records.arrow", "exact.arrow", "bands.arrow"
SEGMENT_ROWS = 100_000
"""Records of a segment at most: keys are sorted in memory, some 700 bytes a record."""
LEVEL = 9
_KEPT = {
    "source": ("id", "uri", "license", "authority", "published_at"),
    "validity": ("fact_key", "valid_from", "valid_until"),
    "labeling": ("kind", "status"),
}
"""What the survivor rule asks, and what the report says of an indexed record."""


def _fields(name: str) -> list[pa.Field]:
    return [pa.field(f, SCHEMA.field(name).type.field(f).type) for f in _KEPT[name]]


STORED: pa.Schema = pa.schema(
    [("id", pa.string()), ("text", pa.string()), *((name, pa.struct(_fields(name))) for name in _KEPT)]
)


def stored(batch: pa.RecordBatch, fields: Sequence[str], kernel: str) -> pa.Table:
    """What the index keeps of records; those with nothing to compare are left out.

    >>> from toolkit.record import columns_of
    >>> batch = columns_of([{"id": "a", "prompt": "剂量？", "output": "5mg"}, {"id": "b", "prompt": "？"}])
    >>> stored(batch, ("prompt", "output"), "numpy").select(["id", "text"]).to_pylist()
    [{'id': 'a', 'text': '剂量？\ue0005mg'}]
    """
    texts = compared(batch, fields)
    columns = [batch.column("id"), texts]
    for name, kept in _KEPT.items():
        parts = [pc.struct_field(batch.column(name), f) for f in kept]
        columns.append(pa.StructArray.from_arrays(parts, fields=_fields(name)))
    table = pa.Table.from_arrays([pa.array(c) for c in columns], schema=STORED)
    return table.filter(pc.greater(pc.binary_length(normal_column(texts, kernel=kernel)), 0))


def write(folder: Path, table: pa.Table, params: Params, kernel: str) -> SegmentEntry:
    """Write the files of a segment; it counts when the manifest names it."""
    name = _name(table, params)
    path = folder / f"{name}.{RECORDS}"
    with record_writer(path, STORED, pa.Codec("zstd", compression_level=LEVEL)) as writer:
        for batch in table.to_batches():
            writer.write(batch)
    write_keys(folder, name, table.column("text"), params, kernel)
    return measured(folder, name, table.num_rows)


def write_keys(folder: Path, name: str, texts: pa.ChunkedArray, params: Params, kernel: str) -> None:
    """Write the two tables of keys of a segment, sorted."""
    forms = normal_column(texts, kernel=kernel)
    exact = exact_halves(forms, kernel=kernel, normal=True)
    order = np.lexsort((exact[:, 1], exact[:, 0]))
    halves = {"key": exact[order, 0], "half": exact[order, 1]}
    _write_table(folder / f"{name}.{EXACT}", {**halves, "row": order.astype(np.uint32)})
    rows, keys = band_keys(forms, params=params, kernel=kernel, normal=True)
    flat = keys.ravel()
    order = np.argsort(flat, kind="stable")
    owners = np.repeat(rows.astype(np.uint32), params.bands)
    _write_table(folder / f"{name}.{BANDS}", {"key": flat[order], "row": owners[order]})


def measured(folder: Path, name: str, rows: int, removed: tuple[int, ...] = ()) -> SegmentEntry:
    """The entry of a segment whose files lie there."""
    paths = {suffix: folder / f"{name}.{suffix}" for suffix in (RECORDS, EXACT, BANDS)}
    return SegmentEntry(name, rows, {suffix: described(path) for suffix, path in paths.items()}, removed)


def described(path: Path) -> tuple[int, str]:
    """Size and digest of a file."""
    return path.stat().st_size, file_digest(path)


def _name(table: pa.Table, params: Params) -> str:
    """Content address: the same records make the same segment; other keys never lie under the name of these."""
    total = hashlib.blake2b(f"{params} {form_mark(params)}".encode(), digest_size=8)
    for column in ("id", "text"):
        for text in table.column(column).to_pylist():
            total.update(f"{len(text)}:{text}".encode())
    return total.hexdigest()


def _write_table(path: Path, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    with atomic.writing(path) as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


class Keys(NamedTuple):
    """A sorted table of keys, mapped from disk: only the pages that are asked for are read."""

    key: U64
    row: npt.NDArray[np.uint32]
    half: U64 | None = None

    @classmethod
    def open(cls, path: Path) -> Keys:
        """Map the file; numpy sees it without a copy."""
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        columns = {n: table.column(n).combine_chunks().to_numpy() for n in table.column_names}
        return cls(**columns)

    def matches(self, wanted: U64) -> tuple[I64, I64]:
        """Which of the wanted keys stand here, and the places in the table: two columns of equal length.

        >>> keys = Keys(np.array([3, 5, 5, 9], dtype=np.uint64), np.array([7, 0, 2, 1], dtype=np.uint32))
        >>> [part.tolist() for part in keys.matches(np.array([4, 5, 9], dtype=np.uint64))]
        [[1, 1, 2], [1, 2, 3]]
        """
        low, high = np.searchsorted(self.key, wanted, "left"), np.searchsorted(self.key, wanted, "right")
        counts = high - low
        which = np.repeat(np.arange(len(wanted)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, np.repeat(low, counts) + within
