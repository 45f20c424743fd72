"""Write a release folder: lines in order, sidecars, provenance, and a manifest that carries what determines its bytes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.files import atomic, outputs
from toolkit.files.json_columns import text_bytes
from toolkit.files.places import Place
from toolkit.formats import get
from toolkit.release import render
from toolkit.release.split import SPLITS

Exported: TypeAlias = Callable[[Callable[[str], bool] | None], Iterable[pa.RecordBatch]]


MARKS = ("manifest.json", "provenance.jsonl")
"""What every release folder holds: only such a folder is ever replaced."""


@dataclass
class _File:
    """One file of the release while it is written."""

    stream: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    lines: int = 0
    size: int = 0

    def write(self, lines: pa.StringArray) -> None:
        data = text_bytes(lines)
        self.stream.write(data)
        self.digest.update(data)
        self.lines += len(lines)
        self.size += len(data)

    def facts(self) -> dict[str, Any]:
        return {"sha256": self.digest.hexdigest(), "lines": self.lines, "bytes": self.size}


def write_release(
    folder: Place, targets: Iterable[str], exported: Exported, manifest: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """Write `folder` as a whole; it appears under its name when the last byte is there.

    Args:
        folder: The release folder; an older one is replaced, any other folder with files in it is refused.
        targets: Names of formats; one subfolder each.
        exported: Gives the sorted rows of the Export, or those columns of them whose name is asked for; called twice,
            since the columns of a file are known at its end.
        manifest: What determines the bytes: recipe, `as_of`, versions, the account.

    Returns:
        The manifest as written, with path, hash, lines and size of every file.
    """
    outputs.check_replaceable(folder, *MARKS)
    names = list(targets)
    columns = _columns(names, exported(lambda name: name == "split" or name.endswith(" columns")))
    with atomic.writing_folder(folder) as temporary:
        files = _write_lines(temporary, names, columns, exported(None))
        for name in names:
            files |= _write_sidecars(temporary, name, columns)
        complete = {**manifest, "files": dict(sorted(files.items()))}
        (temporary / "manifest.json").write_bytes(_json(complete))
    return complete


def _columns(targets: list[str], exported: Iterable[pa.RecordBatch]) -> dict[tuple[str, str], list[str]]:
    """The columns of every file that will have lines: (target, split) -> names."""
    found: dict[tuple[str, str], set[str]] = {}
    for batch in exported:
        for target in targets:
            pairs = pa.table({"s": batch.column("split"), "c": batch.column(f"{target} columns")})
            for row in pairs.group_by(["s", "c"], use_threads=False).aggregate([]).to_pylist():
                found.setdefault((target, row["s"]), set()).update(row["c"].split(","))
    return {key: [c for c in get(key[0]).columns if c in names] for key, names in found.items()}


def _write_lines(
    folder: Path, targets: list[str], columns: Mapping[tuple[str, str], list[str]], exported: Iterable[pa.RecordBatch]
) -> dict[str, Any]:  # fmt: skip
    with ExitStack() as stack:
        open_files: dict[str, _File] = {}
        for path in [*(f"{target}/{split}.jsonl" for target, split in sorted(columns)), "provenance.jsonl"]:
            (folder / path).parent.mkdir(exist_ok=True)
            open_files[path] = _File(stack.enter_context((folder / path).open("wb")))
        numbers: Counter[str] = Counter()
        # the lines of one batch are hashed and written while those of the next are made: half the time is in either
        hand = stack.enter_context(ThreadPoolExecutor(1))
        behind: list[Future[None]] = []
        for batch in exported:
            ready = list(_ready(batch, targets, columns, numbers))
            _wait(behind)
            behind = [hand.submit(open_files[path].write, lines) for path, lines in ready]
        _wait(behind)
        return {path: file.facts() for path, file in open_files.items()}


def _wait(behind: Iterable[Future[None]]) -> None:
    for written in behind:
        written.result()


def _ready(
    batch: pa.RecordBatch, targets: list[str], columns: Mapping[tuple[str, str], list[str]], numbers: Counter[str]
) -> Iterator[tuple[str, pa.StringArray]]:
    """The lines of a batch, by the file that they go to."""
    for split in pc.unique(batch.column("split")).to_pylist():
        part = batch.filter(pc.equal(batch.column("split"), split))
        for target in targets:
            yield f"{target}/{split}.jsonl", _lines(part, target, columns[target, split])
    yield "provenance.jsonl", render.numbered(batch.column("provenance"), _numbers(batch.column("split"), numbers))


def _numbers(splits: pa.StringArray, numbers: Counter[str]) -> pa.Int64Array:
    """Count the lines of every split on."""
    found = np.zeros(len(splits), np.int64)
    for split in pc.unique(splits).to_pylist():
        here = np.flatnonzero(pc.equal(splits, split).to_numpy(zero_copy_only=False))
        found[here] = numbers[split] + np.arange(1, len(here) + 1)
        numbers[split] += len(here)
    return pa.array(found)


def _lines(batch: pa.RecordBatch, target: str, columns: Sequence[str]) -> pa.StringArray:
    """The lines of a target, each with the columns that any line of its file has."""
    written = batch.column(target)
    short = pc.not_equal(batch.column(f"{target} columns"), ",".join(columns))
    if not pc.any(short).as_py():
        return written
    longer = [render.completed(line.encode(), target, columns) for line in written.filter(short).to_pylist()]
    return pc.replace_with_mask(written, short, pa.array(longer, pa.binary()).cast(pa.string()))


def _write_sidecars(folder: Path, target: str, columns: Mapping[tuple[str, str], list[str]]) -> dict[str, Any]:
    sidecar = get(target).sidecar
    if sidecar is None:
        return {}
    named = {f"{s}.jsonl": tuple(columns[target, s]) for s in SPLITS if (target, s) in columns}
    facts = {}
    for name, data in sidecar(named).items():
        (folder / target).mkdir(exist_ok=True)
        (folder / target / name).write_bytes(data)
        facts[f"{target}/{name}"] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    return facts


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
