"""The story of one record, read from what a run left: where it came from, what was done to it, where it went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from toolkit.errors import UsageError
from toolkit.files.places import Place, listed, place
from toolkit.record import Row

WHERE_IDS = "ids stand in release/provenance.jsonl, in rejected/*.jsonl and in the files beside them"


@dataclass(frozen=True)
class Found:
    """A record as it lies in a file of a run; `file` says how it ended."""

    file: str
    row: Row


def entries(out: Place, needle: bytes) -> Iterator[Found]:
    """All lines of a run that mention an id."""
    names = ["release/provenance.jsonl", *(f"rejected/{p.name}" for p in listed(out / "rejected", "*.jsonl"))]
    for name in (*names, "held.jsonl", "rag/docs.jsonl", "quarantine.jsonl"):
        path = out / name
        if path.is_file():
            with path.open("rb") as lines:
                for line in lines:
                    if needle in line:
                        yield Found(name, orjson.loads(line))


def story(out: Place | str, record_id: str) -> list[str]:
    """Tell what became of a record, as lines for people.

    Args:
        out: The `--out` folder of a run.
        record_id: The id, or as much of its beginning as names one record.

    Raises:
        UsageError: Nothing, or more than one record, begins so.
    """
    out = place(out)
    if not record_id.strip():
        raise UsageError("an empty id names no record", hint=WHERE_IDS)
    if not (out / "rejected").is_dir():
        raise UsageError(f"{out}: no run has written here", hint="give the --out folder of `toolkit run`")
    found = list(entries(out, record_id.encode()))
    own = {f.row["id"]: f for f in found if f.row["id"].startswith(record_id)}
    made = [f for f in found if any(p.startswith(record_id) for p in f.row.get("parents", ()))]
    named = set(own) | {p for f in made for p in f.row["parents"] if p.startswith(record_id)}
    if not named:
        raise UsageError(f"{record_id}: is in no file of this run", hint=WHERE_IDS)
    if len(named) > 1:
        some = ", ".join(sorted(named)[:3])
        raise UsageError(f"{record_id}: {len(named)} ids begin so: {some}", hint="give more of the id")
    name = named.pop()
    lines = (
        _own_lines(own[name])
        if name in own
        else [f"{name}", *_origin(made[0].row), "consumed: examples were made of it"]
    )
    return [*lines, *_children(made)]


def _own_lines(found: Found) -> list[str]:
    row = found.row
    lines = [str(row["id"]), *_origin(row)]
    if row.get("parents"):
        labeling = row.get("labeling", {})
        lines.append(f"derived by {labeling.get('by', '?')} from {', '.join(row['parents'])}")
    lines += [f"{name}: {', '.join(row[name])}" for name in ("fixes", "flags", "clusters") if row.get(name)]
    lines += [f"replaces {r['id']} ({r.get('source')}: {r.get('uri')})" for r in row.get("replaces", ())]
    lines += _validity(row.get("validity", {}))
    return [*lines, _end(found)]


def _origin(row: Row) -> list[str]:
    source = row.get("source", {})
    place = ", ".join(
        f"{k} {v if not isinstance(v, list) else ' > '.join(v)}" for k, v in source.get("locator", {}).items()
    )
    return [f"collected from {source.get('id', '?')}: {source.get('uri', '?')}{f' ({place})' if place else ''}"]


def _validity(validity: Row) -> list[str]:
    if not validity.get("valid_from") and not validity.get("valid_until"):
        return []
    evidence = "; ".join(
        f"{e.get('field')} by {e.get('method')}, rank {e.get('rank')}" for e in validity.get("evidence", ())
    )
    return [
        f"valid {validity.get('valid_from', '...')} to {validity.get('valid_until', '...')}{f' ({evidence})' if evidence else ''}"
    ]


def _end(found: Found) -> str:
    row: dict[str, Any] = found.row
    if found.file.endswith("provenance.jsonl"):
        return f"released: line {row['line']} of {row['split']}.jsonl in every target"
    detail = f": {row['detail']}" if row.get("detail") else ""
    return f"left at {row['stage']}, {row['reason']}{detail} ({found.file})"


def _children(made: list[Found]) -> list[str]:
    shown = [f"  {f.row['id']} {_end(f)}" for f in made[:20]]
    more = [f"  ... and {len(made) - 20} more"] if len(made) > 20 else []  # noqa: PLR2004 - what fits on a screen
    return [f"made into {len(made)} records:", *shown, *more] if made else []
