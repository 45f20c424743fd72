"""Shards under their content address: data files first, the manifest last; the manifest is the commit."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from toolkit.engine import exchange
from toolkit.engine.exchange import read_batches
from toolkit.files import atomic
from toolkit.files.places import Place, listed
from toolkit.kinds import Counts
from toolkit.record import empty_batch

BATCH_ROWS = 1_000
"""Rows of a batch of a shard: what is read to get at one row. At 10,000 the verification of near duplicates read a
million records sixty times over."""
RECORDS, LEFT = "records.arrow", "left.arrow"
"""Endings of a shard's files: the records that stay, and those that left."""
PACKAGES = (
    "ahocorasick-rs",
    "chardet",
    "datasketch",
    "ftfy",
    "langdetect",
    "lxml",
    "markdown-it-py",
    "numpy",
    "orjson",
    "phonenumbers",
    "pyarrow",
)
"""Packages whose behavior reaches a record; their versions are part of every address and of the manifest."""


def digest(*parts: str | bytes) -> str:
    """Hash parts to an address; borders count."""
    total = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


def file_digest(path: Place) -> str:
    """Hash a file to find out whether it was damaged; against chance, not against malice, at a tenth of the cost."""
    return measured(path)[1]


def measured(path: Place) -> tuple[int, str]:
    """Size and hash of a file, by opening it once: in an object store every look is a request."""
    with path.open("rb") as file:
        hashed = hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()
        return file.tell(), hashed


@functools.cache
def code_digest() -> str:
    """Hash the code that makes the bytes: this package and the packages whose behavior reaches a record.

    A version that somebody must remember to raise is sooner or later wrong; this one cannot be.
    """
    root = Path(__file__).parents[1]
    files = [p.read_bytes() for p in sorted(root.rglob("*.py"))]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return digest(sys.version.partition(" ")[0], *versions, *files)


@dataclass(frozen=True, slots=True)
class Done:
    """The manifest of one finished task."""

    address: str
    rows: int
    files: dict[str, tuple[int, str]]
    """suffix -> (bytes, digest)."""
    counts: dict[int, Counts] = field(default_factory=dict)
    """Number of the stage -> what it did in this shard."""
    chunks: list[list[str]] = field(default_factory=list)
    """First and last key of every batch of a sorted emission, hexadecimal."""
    cpu: float = 0.0
    cached: bool = False

    @property
    def reports(self) -> list[str]:
        """Names of the files that people read; the others are Arrow files."""
        return [name for name in sorted(self.files) if not name.endswith("arrow")]

    def to_json(self) -> bytes:
        """The manifest as it lies on disk."""
        counts = {str(k): c.to_json() for k, c in sorted(self.counts.items())}
        value = {
            "address": self.address,
            "rows": self.rows,
            "files": self.files,
            "counts": counts,
            "chunks": self.chunks,
        }
        return json.dumps(value | {"cpu": round(self.cpu, 3)}, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Done:
        """Read a manifest."""
        v = json.loads(data)
        counts = {int(k): Counts.from_json(c) for k, c in v["counts"].items()}
        files = {k: (int(size), str(hashed)) for k, (size, hashed) in v["files"].items()}
        return cls(v["address"], v["rows"], files, counts, v["chunks"], v["cpu"], cached=True)


@dataclass(frozen=True)
class Store:
    """The folder `work/shards` of a run."""

    root: Place

    def path(self, address: str, suffix: str) -> Place:
        """Where a file of a shard lies."""
        return self.root / address[:2] / f"{address}.{suffix}"

    def find(self, address: str) -> Done | None:
        """The manifest of a finished task whose files are all there and unchanged; else it must be done again."""
        path = self.path(address, "json")
        try:
            done = Done.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):  # a manifest that cannot be read is no commit
            return None
        whole = all(self._is_whole(address, suffix, *known) for suffix, known in done.files.items())
        return done if whole and done.address == address else None

    def _is_whole(self, address: str, suffix: str, size: int, hashed: str) -> bool:
        try:
            return measured(self.path(address, suffix)) == (size, hashed)
        except FileNotFoundError:
            return False

    def commit(self, done: Done) -> Done:
        """Write the manifest: from here on the task counts as done."""
        atomic.write_bytes(self.path(done.address, "json"), done.to_json())
        return done

    def measure(self, address: str, suffixes: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Size and digest of the files of a shard."""
        return {suffix: measured(self.path(address, suffix)) for suffix in suffixes}

    def listed(self, lines: Sequence[str]) -> str:
        """Write down what is too long to send with every task; give its name. The end of the run removes it."""
        name = digest("list", *lines)
        atomic.write_bytes(self.path(name, "list"), "\n".join(lines).encode())
        return name

    def lines(self, name: str) -> list[str]:
        """The lines of a list."""
        return self.path(name, "list").read_bytes().decode().splitlines()

    def remove_others(self, addresses: set[str]) -> None:
        """Remove what the finished run did not use: shards of older options, leftovers of a crash."""
        for path in listed(self.root, "*/*"):
            if path.name.partition(".")[0] not in addresses:
                path.unlink()


@dataclass(frozen=True)
class Files:
    """One file of each of many finished tasks, named by a list in the store: what carries it does not grow with them."""

    store: Store
    listed: str
    suffix: str

    def paths(self) -> list[Place]:
        """Where they lie, in the order of the list."""
        return [self.store.path(address, self.suffix) for address in self.store.lines(self.listed)]


class RecordWriter:
    """Writes a shard in Arrow batches of equal size, whatever the size of the batches that come."""

    def __init__(self, file: Any, schema: pa.Schema, compression: pa.Codec | None = None) -> None:
        self._file, self._schema, self._compression = file, schema, compression
        self._writer: pa.RecordBatchFileWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._rows_waiting = 0
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        if not batch.num_rows:
            return
        self._waiting.append(batch)
        self._rows_waiting += batch.num_rows
        self.rows += batch.num_rows
        if self._rows_waiting >= BATCH_ROWS:
            self._flush(self._rows_waiting - self._rows_waiting % BATCH_ROWS)

    def close(self) -> None:
        """Write what is left and the footer."""
        self._flush(self._rows_waiting)
        (self._writer or self._opened(empty_batch(self._schema))).close()

    def _flush(self, rows: int) -> None:
        if not self._waiting:
            return
        whole = self._waiting[0] if len(self._waiting) == 1 else pa.concat_batches(self._waiting)
        self._writer = self._writer or self._opened(whole.slice(0, BATCH_ROWS))
        for start in range(0, rows, BATCH_ROWS):
            self._writer.write_batch(whole.slice(start, min(BATCH_ROWS, rows - start)))
        rest = whole.slice(rows)
        self._waiting, self._rows_waiting = [rest] if rest.num_rows else [], rest.num_rows

    def _opened(self, first: pa.RecordBatch) -> pa.RecordBatchFileWriter:
        return exchange.new_file(self._file, self._schema, self._compression or exchange.packing(first))


@contextmanager
def record_writer(path: Place, schema: pa.Schema, compression: pa.Codec | None = None) -> Iterator[RecordWriter]:
    """A shard that appears when it is complete. Without a codec named its first rows say whether packing pays."""
    with atomic.writing(path) as file:
        writer = RecordWriter(file, schema, compression)
        yield writer
        writer.close()


def read_records(path: Place, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a shard, in order."""
    for batch in read_batches(path):
        for start in range(0, batch.num_rows, batch_rows):
            yield batch.slice(start, batch_rows)


class ShardRecords:
    """`Records` over the shards of a phase: reads only what is asked for."""

    def __init__(self, paths: Sequence[Place]) -> None:
        self._paths = paths

    def take(self, refs: pa.Int64Array, columns: Sequence[str]) -> pa.Table:
        """Columns of the rows with these refs, in this order."""
        import numpy as np

        from toolkit.kinds import SHARD_BITS

        wanted = refs.to_numpy()
        order = np.argsort(wanted, kind="stable")
        ordered = wanted[order]
        borders = np.searchsorted(ordered >> SHARD_BITS, np.arange(len(self._paths) + 1))
        parts = [
            _take_rows(path, ordered[a:b] & ((1 << SHARD_BITS) - 1), columns)
            for path, a, b in zip(self._paths, borders, borders[1:], strict=False)
            if b > a
        ]
        if not parts:
            return pa.table({c: pa.nulls(0) for c in columns})
        found = pa.concat_tables(parts).combine_chunks()
        if (ordered == wanted).all():
            return found
        return found.take(pa.array(np.argsort(order, kind="stable")))


def _take_rows(path: Place, rows: Any, columns: Sequence[str]) -> pa.Table:
    """Some rows of a shard, in order. Of a map only the columns asked for are read, batch by batch."""
    import numpy as np

    numbers, firsts = np.unique(rows // BATCH_ROWS, return_index=True)
    groups = zip(numbers.tolist(), np.split(rows % BATCH_ROWS, firsts[1:]), strict=True)
    with exchange.opened(path, columns.__contains__) as file:
        parts = [file.get_batch(n).select(list(columns)).take(pa.array(places)) for n, places in groups]
    return pa.Table.from_batches(parts)
