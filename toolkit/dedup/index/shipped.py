"""A release read back as records: lines of a target joined with their provenance, so that what was shipped can be indexed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from toolkit.errors import SourceError
from toolkit.formats import FORMATS, CannotRead, get
from toolkit.record import Row, columns_of, content_hash

BLOCK = 1000
_KEPT = ("id", "source", "validity", "labeling")


def is_release(path: Path) -> bool:
    """Whether a path is the folder that a run calls `release/`."""
    return (path / "provenance.jsonl").is_file()


def release_batches(folder: Path) -> Iterator[pa.RecordBatch]:
    """The examples of a release as records.

    Targets write one example in different shapes; the shape whose content hash the provenance names is taken, so that a
    later run compares what this one did. Where none has it (a format joined prompt and input), the first target is taken:
    its copies are then found as near duplicates, not as equal ones.

    Raises:
        SourceError: The folder holds no target, or its lines do not fit its provenance.
    """
    targets = [name for name in FORMATS if (folder / name).is_dir()]
    if not targets:
        raise SourceError(f"{folder}: holds no training format that is known", hint=f"known: {', '.join(FORMATS)}")
    streams: dict[tuple[str, str], Iterator[bytes]] = {}
    rows: list[Row] = []
    with (folder / "provenance.jsonl").open("rb") as lines:
        for line in lines:
            known = orjson.loads(line)
            shapes = [s for t in targets for s in _shapes(t, _next(folder, t, known, streams))]
            rows.append(_chosen(shapes, known) | {k: known[k] for k in _KEPT if k in known})
            if len(rows) == BLOCK:
                yield columns_of(rows)
                rows = []
    if rows:
        yield columns_of(rows)


def _next(folder: Path, target: str, known: Row, streams: dict[tuple[str, str], Iterator[bytes]]) -> Row:
    key = (target, known["split"])
    path = folder / target / f"{known['split']}.jsonl"
    if key not in streams:
        streams[key] = _lines(path)
    line = next(streams[key], None)
    if line is None:
        raise SourceError(
            f"{path}: has fewer lines than provenance.jsonl names", hint="take the release as it was written"
        )
    found: Row = orjson.loads(line)
    return found


def _lines(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            yield from file


def _shapes(target: str, row: Row) -> Iterator[Row]:
    """What a line may have been: as the format reads it, and two turns as prompt and output."""
    try:
        example: Row = dict(get(target).read(row))
    except CannotRead:
        return
    example.pop("extra", None)
    yield example
    turns = [m for m in example.get("messages") or () if m.get("role") != "system"]
    if [t.get("role") for t in turns] == ["user", "assistant"] and not example.get("tools"):
        rest = {k: v for k, v in example.items() if k != "messages"}
        systems = [m["content"] for m in example["messages"] if m.get("role") == "system"]
        system: dict[str, Any] = {"system": systems[0]} if systems else {}
        yield {**rest, **system, "prompt": turns[0].get("content"), "output": turns[1].get("content")}


def _chosen(shapes: list[Row], known: Row) -> Row:
    same = (s for s in shapes if content_hash(s) == known.get("content_hash"))
    plain = (s for s in shapes if "prompt" in s)
    return next(same, None) or next(plain, None) or (shapes[0] if shapes else {})
