"""The verbs of the index: add, remove, compact, rebuild. One process at a time; each ends by replacing the manifest."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from toolkit.dedup.index import manifest as manifests
from toolkit.dedup.index import segment
from toolkit.dedup.index.manifest import NAME, Manifest, SegmentEntry, Settings, check_files, folder_of
from toolkit.dedup.index.read import Index
from toolkit.dedup.kernel import Params
from toolkit.engine.exchange import read_batches
from toolkit.errors import DataError, UsageError
from toolkit.kinds import SHARD_BITS, Batch
from toolkit.memory import locked

_LOW = (1 << SHARD_BITS) - 1


@dataclass
class Added:
    """What `add` did with the records it was given.

    Attributes:
        known: Already there with this id and text.
        empty: Nothing in the compared fields.
    """

    new: int = 0
    known: int = 0
    empty: int = 0


def add(
    state: Path | str, batches: Iterable[Batch], *, fields: Sequence[str], params: Params, kernel: str = "auto"
) -> Added:
    """Add records; an index that is not there yet is made. Adding the same records again changes nothing.

    A record that is there with another text is added beside the old one: both were shipped.

    Raises:
        UsageError: The index was made for another comparison, or another process writes.

    >>> import tempfile
    >>> from toolkit.dedup.index import open_index
    >>> from toolkit.record import columns_of
    >>> batch = columns_of([{"id": "甲", "text": "每日三次，饭后服用。"}, {"id": "b", "text": "Take it with food."}])
    >>> with tempfile.TemporaryDirectory() as state:
    ...     first = add(state, [batch], fields=("text",), params=Params())
    ...     again = add(state, [batch], fields=("text",), params=Params())  # what is known stays untouched
    ...     first.new, again.new, again.known, open_index(state, ("text",)).manifest.live
    (2, 0, 2, 2)
    """
    folder = folder_of(state, fields)
    settings = Settings.of(fields, params)
    with locked(folder):
        if not manifests.holds_index(folder):
            manifests.save(folder, Manifest(settings))
        index = Index(state, fields)
        index.settings.check(settings, folder)
        done = Added()
        fresh = _fresh(index, batches, done, kernel)
        entries = [segment.write(folder, table, params, kernel) for table in _blocks(fresh)]
        _replace(folder, index.manifest, (*index.manifest.segments, *entries))
    return done


def _fresh(index: Index, batches: Iterable[Batch], done: Added, kernel: str) -> Iterator[pa.Table]:
    """What is to be stored of each batch."""
    known = index.known()
    fields = index.settings.fields
    added: dict[str, set[str]] = {}
    for batch in batches:
        table = segment.stored(batch, fields, kernel)
        done.empty += batch.num_rows - table.num_rows
        new = []
        for name, text in zip(table.column("id").to_pylist(), table.column("text").to_pylist(), strict=True):
            there = added.setdefault(name, set())
            there |= _texts(index, known.pop(name, []))
            new.append(text not in there)
            there.add(text)
        done.new += sum(new)
        done.known += len(new) - sum(new)
        yield table.filter(pa.array(new, pa.bool_()))


def _texts(index: Index, entries: Sequence[int]) -> set[str]:
    return set(index.texts(np.array(entries)).to_pylist()) if entries else set()


def _blocks(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Records in the size of segments."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(t.num_rows for t in waiting) >= segment.SEGMENT_ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if any(t.num_rows for t in waiting):
        yield pa.concat_tables(waiting)


def _replace(folder: Path, old: Manifest, segments: Sequence[SegmentEntry]) -> Manifest:
    """Let these segments count, then remove every file that counts no more."""
    new = dataclasses.replace(old, segments=tuple(segments))
    manifests.save(folder, new)
    names = {s.name for s in new.segments}
    for path in sorted(folder.glob("*.*")):
        if path.name.partition(".")[0] not in names and path.name not in (NAME, ".lock"):
            path.unlink()
    return new


def remove(state: Path | str, fields: Sequence[str], *, ids: Collection[str] = (), source: str | None = None) -> int:
    """Take records out: they are found no more; `compact` erases their text.

    Args:
        state: The state folder.
        fields: Which index of it.
        ids: Ids of records.
        source: Or all records of a source.

    Returns:
        How many entries were taken out.
    """
    if not ids and source is None:
        raise UsageError("nothing to remove", hint="name ids, or a source with --source")
    folder = folder_of(state, fields)
    with locked(_there(folder)):
        index = Index(state, fields)
        gone = [entry for entry, _ in index.find(ids=tuple(ids), source=source)]
        segments = []
        for number, s in enumerate(index.manifest.segments):
            rows = {entry & _LOW for entry in gone if entry >> SHARD_BITS == number}
            segments.append(dataclasses.replace(s, removed=tuple(sorted({*s.removed, *rows}))))
        _replace(folder, index.manifest, segments)
    return len(gone)


def compact(state: Path | str, fields: Sequence[str], *, kernel: str = "auto") -> Manifest:
    """Write all segments anew: few large files, and nothing left of what was removed."""
    folder = folder_of(state, fields)
    with locked(_there(folder)):
        index = Index(state, fields)
        index.check()
        return _rewritten(folder, index.manifest, index.settings.params, kernel)


def rebuild(state: Path | str, fields: Sequence[str], *, params: Params | None = None, kernel: str = "auto") -> tuple[Manifest, list[str]]:  # fmt: skip
    """Make all keys again from the stored texts: after damage, for another threshold, or for a new normal form.

    Args:
        state: The state folder.
        fields: Which index of it.
        params: The comparison; by default that of the index.
        kernel: One of `KERNELS`.

    Returns:
        The manifest, and the segments whose texts are damaged too: their records must be added again.

    Where the manifest itself is damaged, nothing tells what was removed: those records count again.
    """
    folder = folder_of(state, fields)
    with locked(_there(folder)):
        old = _manifest_or_files(state, fields, params)
        lost, segments = [], []
        for entry in old.segments:
            records = {segment.RECORDS: entry.files[segment.RECORDS]}
            try:
                check_files(folder, dataclasses.replace(entry, files=records), whole=True)
            except DataError:
                lost.append(entry.name)
                continue
            segments.append(entry)
        chosen = params or old.settings.params
        settings = Settings.of(fields, chosen)
        return _rewritten(folder, Manifest(settings, tuple(segments)), chosen, kernel), lost


def _manifest_or_files(state: Path | str, fields: Sequence[str], params: Params | None) -> Manifest:
    """The manifest; where it is damaged, one made from the files of texts that can be read."""
    try:
        return manifests.load(state, fields)
    except DataError:
        folder = folder_of(state, fields)
        settings = Settings.of(fields, params or Params())
        found = []
        for path in sorted(folder.glob(f"*.{segment.RECORDS}")):
            try:
                rows = sum(batch.num_rows for batch in read_batches(path, {"id"}.__contains__))
            except (pa.ArrowException, OSError):
                continue
            entry = segment.described(path)
            found.append(SegmentEntry(path.name.partition(".")[0], rows, {segment.RECORDS: entry}))
        return Manifest(settings, tuple(found))


def _rewritten(folder: Path, old: Manifest, params: Params, kernel: str) -> Manifest:
    """Write what counts into new segments; a record that lies in two files (a crash can leave that) is taken once."""
    blocks = _blocks(_unseen(_live(folder, entry) for entry in old.segments))
    return _replace(folder, old, [segment.write(folder, block, params, kernel) for block in blocks])


def _unseen(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    seen: set[bytes] = set()
    for table in tables:
        pairs = zip(table.column("id").to_pylist(), table.column("text").to_pylist(), strict=True)
        marks = [hashlib.blake2b(f"{len(name)}:{name}{text}".encode(), digest_size=12).digest() for name, text in pairs]
        fresh = [mark not in seen for mark in marks]
        seen.update(marks)
        yield table.filter(pa.array(fresh, pa.bool_()))


def _live(folder: Path, entry: SegmentEntry) -> pa.Table:
    table = pa.Table.from_batches(read_batches(folder / f"{entry.name}.{segment.RECORDS}"), segment.STORED)
    stays = np.ones(table.num_rows, dtype=np.bool_)
    stays[list(entry.removed)] = False
    return table.filter(pa.array(stays))


def _there(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no index", hint="make it with: toolkit index add FILE --state DIR")
    return folder
