"""`label.convert`: rows that are in a training format already are read with that format."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.formats import FORMATS, CannotRead, Detection, Format, detect, get
from toolkit.kinds import Batch
from toolkit.label.columns import Columns, dump_columns, foreign_rows, has_target, without_placeholder
from toolkit.label.derive import Draft, Labeled

VERSION = 1

_SHOWN = 12


def convert_rows(batch: Batch, rows: Sequence[int], name: str | None, *, final: bool) -> Labeled:
    """Read rows in a training format.

    Args:
        batch: Records.
        rows: Numbers of those that may be read; examples and documents among them are left alone.
        name: The format, or None to tell it from each row.
        final: Refuse rows that are in no known format; else they stay for another labeler.
    """
    labeled = Labeled()
    settled = _settled(batch).to_pylist()
    for i, columns in foreign_rows(batch, [i for i in rows if not settled[i]]):
        outcome = _read(columns, name) if columns else "no columns"
        if not isinstance(outcome, str):
            _add(labeled, i, *outcome)
        elif final:
            labeled.refused[i] = ("no_format", outcome)
    return labeled


def _settled(batch: Batch) -> pa.BooleanArray:
    """True for documents and for examples that collect mapped: they have a prompt and an output, or messages, or a pair."""
    has = {name: pc.is_valid(batch.column(name)) for name in ("text", "prompt", "output", "messages", "chosen")}
    pair = pc.and_(has["prompt"], has["output"])
    return pc.or_(pc.or_(has["text"], pair), pc.or_(has["messages"], has["chosen"]))


def _read(columns: Columns, name: str | None) -> tuple[Format, dict[str, Any]] | str:
    """The format and the example, or why there is none."""
    form = get(name) if name else _format_of(columns)
    if isinstance(form, str):
        return form
    try:
        return form, dict(form.read(columns))
    except CannotRead as error:
        return f"{form.name}: {error.message}"


def _format_of(columns: Columns) -> Format | str:
    detection = detect_row(columns)
    if not detection.ambiguous:
        return FORMATS[detection.best.name]
    likely = "; ".join(f"{c.name} {c.score:.2f} ({c.reason})" for c in detection.candidates if c.score > 0)
    return f"columns {', '.join(list(columns)[:_SHOWN])}: {likely or 'no known format'}"


def detect_row(columns: Columns) -> Detection:
    """Tell the format of one row.

    Where all values are plain, names and types alone decide, so equal shapes are judged once.

    >>> detect_row({"指令": "解释高血压", "输出": "血压持续升高。"}).best.name
    'alpaca'
    >>> detect_row({"title": "Notes", "body": "…"}).ambiguous
    True
    """
    if any(isinstance(value, list | dict) for value in columns.values()):
        return detect([columns])
    return _detect_shape(tuple((name, type(value)) for name, value in columns.items()))


@lru_cache(maxsize=1024)
def _detect_shape(shape: tuple[tuple[str, type], ...]) -> Detection:
    return detect([{name: kind() for name, kind in shape}])


def _add(labeled: Labeled, row: int, form: Format, example: dict[str, Any]) -> None:
    extra = example.pop("extra", None)
    if not has_target(example):
        labeled.refused[row] = ("empty_target", f"read as {form.name}; the target is blank")
        return
    if example.get("input"):
        example["input"] = without_placeholder(example["input"])
    labeled.drafts.append(
        Draft(
            row=row, place="", labeler="convert", by=f"convert:{form.name}@{VERSION}", kind="convert", fields=example,
            extra=dump_columns(extra),
        )
    )  # fmt: skip
