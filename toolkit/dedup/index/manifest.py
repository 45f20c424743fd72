"""`index.json`: how the records of an index are compared, and which segments count."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from toolkit.dedup.compare import FIELDS
from toolkit.dedup.kernel import Params, band_keys, exact_keys
from toolkit.dedup.kernel.columns import fold_table
from toolkit.engine.store import file_digest
from toolkit.errors import DataError, UsageError
from toolkit.files import atomic
from toolkit.memory import part_of

NAME = "index.json"
ALL = "all"
"""The folder of an index of all fields."""
VERSION = 1
_PROBES = ("高血壓患者，能否服用 Aspirin？", "1.5mg, 120/80, 3-5 C# !x", "年 龄 7 0 岁", "Don't stop.", "是")
"""Texts whose keys show a change of the rules of context, which the folding table does not hold."""


@functools.cache
def form_mark(params: Params) -> str:
    """A digest of the normal form, the hashes and the bands: keys of different marks must not meet.

    It is computed from what the functions do, so nobody has to remember to raise a version.
    """
    total = hashlib.blake2b(fold_table().tobytes(), digest_size=8)
    probes = pa.array(_PROBES)
    total.update(b"".join(exact_keys(probes, kernel="numpy").to_pylist()))
    total.update(np.ascontiguousarray(band_keys(probes, params=params, kernel="numpy")[1]).tobytes())
    return total.hexdigest()


@dataclass(frozen=True)
class Settings:
    """How the records of an index are compared.

    >>> Settings.of(("prompt", "output"), Params(threshold=0.9)).bands
    17
    """

    fields: tuple[str, ...]
    threshold: float
    unit: str
    width: int
    seed: int
    bands: int
    rows: int
    form: str

    @classmethod
    def of(cls, fields: Sequence[str], params: Params) -> Settings:
        """The settings of a comparison."""
        p = params
        return cls(tuple(fields), p.threshold, p.unit, p.width, p.seed, p.bands, p.rows, form_mark(p))

    @property
    def params(self) -> Params:
        """The comparison."""
        return Params(threshold=self.threshold, unit=self.unit, width=self.width, seed=self.seed)

    def check(self, wanted: Settings, where: Path) -> None:
        """Refuse to mix keys that were made differently.

        Raises:
            UsageError: Says what differs and the two ways out.
        """
        names = ("fields", "threshold", "unit", "width", "seed", "bands", "rows", "form")
        differ = [n for n in names if getattr(self, n) != getattr(wanted, n)]
        if not differ:
            return
        shown = "; ".join(f"{n} is {getattr(self, n)}, not {getattr(wanted, n)}" for n in differ[:3])
        if differ == ["form"]:
            shown = "another version of the toolkit made its keys"
        raise UsageError(
            f"{where}: the index was made for another comparison: {shown}",
            hint=f"compare as the index does, or make its keys again: toolkit index rebuild --state {where.parents[1]}"
            f"{_asked_for(self.fields)} --threshold {wanted.threshold} --unit {wanted.unit}",
        )


@dataclass(frozen=True)
class SegmentEntry:
    """One segment that counts.

    Attributes:
        files: Suffix -> (bytes, digest).
        removed: Rows that were removed since; `compact` erases them.
    """

    name: str
    rows: int
    files: Mapping[str, tuple[int, str]]
    removed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What an index is made of."""

    settings: Settings
    segments: tuple[SegmentEntry, ...] = field(default_factory=tuple)

    def to_json(self) -> bytes:
        """As it lies on disk."""
        value = {"version": VERSION, "settings": self.settings, "segments": self.segments}
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read what `to_json` wrote."""
        value: dict[str, Any] = orjson.loads(data)
        if value["version"] != VERSION:
            raise ValueError(f"version {value['version']}")
        settings = value["settings"] | {"fields": tuple(value["settings"]["fields"])}
        segments = tuple(_segment(s) for s in value["segments"])
        return cls(Settings(**settings), segments)

    @property
    def live(self) -> int:
        """Records that count."""
        return sum(s.rows - len(s.removed) for s in self.segments)

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(size for s in self.segments for size, _ in s.files.values())


def _segment(value: Mapping[str, Any]) -> SegmentEntry:
    files = {suffix: (int(size), str(digest)) for suffix, (size, digest) in value["files"].items()}
    return SegmentEntry(value["name"], int(value["rows"]), files, tuple(value["removed"]))


def folder_of(state: Path | str, fields: Sequence[str]) -> Path:
    """Where the index of a set of fields lies.

    >>> folder_of("记忆", ("prompt", "output")).as_posix()
    '记忆/dedup/prompt-output'
    """
    return part_of(state, "dedup") / ("-".join(fields) if tuple(fields) != FIELDS else ALL)


def indexes_of(state: Path | str) -> list[tuple[str, ...]]:
    """The sets of fields that a state folder has an index for."""
    return [_fields_of(folder) for folder in sorted(part_of(state, "dedup").glob("*")) if holds_index(folder)]


def holds_index(folder: Path) -> bool:
    """Whether an index lies in a folder, if only what is left of one that lost its manifest."""
    return (folder / NAME).is_file() or any(folder.glob("*.records.arrow"))


def _fields_of(folder: Path) -> tuple[str, ...]:
    return FIELDS if folder.name == ALL else tuple(folder.name.split("-"))


def said(fields: Sequence[str]) -> str:
    """A set of fields for people."""
    return "all fields" if tuple(fields) == FIELDS else ",".join(fields)


def _asked_for(fields: Sequence[str]) -> str:
    """The option that names a set of fields, as it follows a command."""
    return "" if tuple(fields) == FIELDS else f" --fields {','.join(fields)}"


def load(state: Path | str, fields: Sequence[str]) -> Manifest:
    """Read the manifest of an index.

    Raises:
        UsageError: There is none; names those that there are.
        DataError: It cannot be read.
    """
    folder = folder_of(state, fields)
    try:
        return Manifest.from_json((folder / NAME).read_bytes())
    except FileNotFoundError:
        if holds_index(folder):
            raise corrupted(folder / NAME, "is missing") from None
        known = ", ".join(said(f) for f in indexes_of(state))
        raise UsageError(
            f"{state}: holds no index of {said(fields)}" + (f", only of {known}" if known else ""),
            hint=f"make it with: toolkit index add FILE --state {state}{_asked_for(fields)}",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise corrupted(folder / NAME, f"is no manifest ({str(error)[:80]})") from None


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest; from here on the new segments count."""
    atomic.write_bytes(folder / NAME, manifest.to_json())


def check_files(folder: Path, entry: SegmentEntry, *, whole: bool) -> None:
    """Refuse a segment that is not what was written.

    Args:
        folder: Of the index.
        entry: The segment.
        whole: Read every byte; else only sizes are compared.

    Raises:
        DataError: A file is missing, cut off or changed; says how to mend it.
    """
    for suffix, (size, digest) in entry.files.items():
        path = folder / f"{entry.name}.{suffix}"
        if not path.is_file():
            raise corrupted(path, "is missing")
        if path.stat().st_size != size:
            raise corrupted(path, f"has {path.stat().st_size} bytes, not {size}")
        if whole and file_digest(path) != digest:
            raise corrupted(path, "was changed after it was written")


def corrupted(path: Path, how: str) -> DataError:
    """The answer to a damaged file: what to run."""
    state, option = path.parents[2], _asked_for(_fields_of(path.parent))
    return DataError(
        f"{path}: the index is damaged: the file {how}",
        hint=f"make the keys again from the stored texts: toolkit index rebuild --state {state}{option}",
    )
