"""An index open for reading: from keys to entries, from entries to records. Nothing here writes."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.dedup.index import manifest as manifests
from toolkit.dedup.index.manifest import Manifest, Settings, check_files, folder_of
from toolkit.dedup.index.segment import BANDS, EXACT, RECORDS, Keys
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import U64
from toolkit.engine.exchange import read_batches
from toolkit.engine.store import ShardRecords, digest
from toolkit.errors import StoppedError
from toolkit.kinds import SHARD_BITS
from toolkit.record import Row, columns_of, prune

_OWN = ("id", "source", "validity", "labeling")


class Index:
    """The index of one set of fields.

    An *entry* is a record in it, named by a number: segment << 32 | row. Numbers hold while the manifest stays the same.
    """

    def __init__(self, state: Path | str, fields: Sequence[str]) -> None:
        self.folder = folder_of(state, fields)
        self.manifest: Manifest = manifests.load(state, fields)
        for entry in self.manifest.segments:
            check_files(self.folder, entry, whole=False)
        self._paths = [[self.folder / f"{s.name}.{x}" for s in self.manifest.segments] for x in (RECORDS, EXACT, BANDS)]

    @property
    def settings(self) -> Settings:
        """How it compares."""
        return self.manifest.settings

    @property
    def mark(self) -> str:
        """A digest of all that an answer depends on."""
        return digest("dedup index", self.manifest.to_json())

    def check(self) -> None:
        """Read every byte and refuse what is not as it was written."""
        for entry in self.manifest.segments:
            check_files(self.folder, entry, whole=True)

    @functools.cached_property
    def _exact(self) -> list[Keys]:
        return [Keys.open(path) for path in self._paths[1]]

    @functools.cached_property
    def _bands(self) -> list[Keys]:
        return [Keys.open(path) for path in self._paths[2]]

    @functools.cached_property
    def _removed(self) -> list[npt.NDArray[np.uint32]]:
        return [np.array(s.removed, dtype=np.uint32) for s in self.manifest.segments]

    def by_exact(self, halves: U64) -> tuple[I64, I64]:
        """The entries of exact keys, given as (keys, 2): which key, and the entry."""
        found = []
        for number, keys in enumerate(self._exact):
            which, at = keys.matches(halves[:, 0])
            assert keys.half is not None
            same = keys.half[at] == halves[which, 1]
            found.append(self._entries(number, which[same], keys.row[at[same]]))
        return _joined(found)

    def by_bands(self, wanted: U64) -> tuple[I64, I64]:
        """The entries of band keys: which key, and the entry."""
        found = []
        for number, keys in enumerate(self._bands):
            which, at = keys.matches(wanted)
            found.append(self._entries(number, which, keys.row[at]))
        return _joined(found)

    def _entries(self, segment: int, which: I64, rows: npt.NDArray[np.uint32]) -> tuple[I64, I64]:
        stays = ~np.isin(rows, self._removed[segment])
        return which[stays], (segment << SHARD_BITS) + rows[stays].astype(np.int64)

    def take(self, entries: I64, columns: Sequence[str]) -> pa.Table:
        """Entries as records, in this order: what they are compared by stands in the first of the compared fields."""
        fields = self.settings.fields
        wanted = [c for c in columns if c in _OWN]
        texts = ["text"] if any(c in fields for c in columns) else []
        try:
            table = ShardRecords(self._paths[0]).take(pa.array(entries, pa.int64()), [*wanted, *texts])
        except FileNotFoundError:
            raise changed(self.folder) from None
        rows = [_as_record(row, fields[0]) for row in table.to_pylist()]
        return pa.Table.from_batches([columns_of(rows)]).select(list(columns))

    def texts(self, entries: I64) -> pa.Array:
        """The compared texts of entries."""
        try:
            table = ShardRecords(self._paths[0]).take(pa.array(entries, pa.int64()), ["text"])
        except FileNotFoundError:
            raise changed(self.folder) from None
        return pa.array(table.column("text").to_pylist(), pa.string())

    def rows(self) -> Iterator[tuple[int, Row]]:
        """All entries that count, with their stored row."""
        for number, (path, removed) in enumerate(zip(self._paths[0], self._removed, strict=True)):
            gone, row = set(removed.tolist()), 0
            for batch in read_batches(path):
                for value in batch.to_pylist():
                    if row not in gone:
                        yield (number << SHARD_BITS) + row, value
                    row += 1

    def find(self, *, ids: Sequence[str] = (), source: str | None = None) -> Iterator[tuple[int, Row]]:
        """The entries with one of these ids, or of a source; all where neither is given."""
        wanted = set(ids)
        for entry, row in self.rows():
            named = not wanted or row["id"] in wanted
            if named and (source is None or (row["source"] or {}).get("id") == source):
                yield entry, row

    def known(self) -> dict[str, list[int]]:
        """Id -> entries: more than one where a record was shipped again with another text."""
        found: dict[str, list[int]] = {}
        for number, (path, removed) in enumerate(zip(self._paths[0], self._removed, strict=True)):
            gone = set(removed.tolist())
            names = (
                name for batch in read_batches(path, {"id"}.__contains__) for name in batch.column("id").to_pylist()
            )
            for row, name in enumerate(names):
                if row not in gone:
                    found.setdefault(name, []).append((number << SHARD_BITS) + row)
        return found


def _as_record(row: Row, field: str) -> Row:
    text = row.pop("text", None)
    if text is not None:
        # the compared text of messages is "role content" joined: a message without a role gives it back
        row[field] = [{"role": "", "content": text}] if field == "messages" else text
    pruned: Any = prune(row)
    return {"id": "", **(pruned or {})}


def _joined(found: Sequence[tuple[I64, I64]]) -> tuple[I64, I64]:
    nothing = np.zeros(0, dtype=np.int64)
    which, entries = zip(*found, strict=True) if found else ((), ())
    return np.concatenate([nothing, *which]), np.concatenate([nothing, *entries])


def open_index(state: Path | str, fields: tuple[str, ...], mark: str | None = None) -> Index:
    """Open an index.

    Args:
        state: The state folder.
        fields: The compared fields.
        mark: What a run was planned with: then it is opened once a process, and must still be that.

    Raises:
        StoppedError: Another process changed the index since.
    """
    return Index(state, fields) if mark is None else _planned(str(state), fields, mark)


@functools.lru_cache(maxsize=8)
def _planned(state: str, fields: tuple[str, ...], mark: str) -> Index:
    index = Index(state, fields)
    if index.mark != mark:
        raise changed(index.folder)
    return index


def changed(folder: Path) -> StoppedError:
    """The answer to a writer that did not wait."""
    return StoppedError(f"{folder}: the index was changed while a run read it", hint="run the same command again")
