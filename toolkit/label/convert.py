"""`label.convert`: rows that are in a training format already are read with that format."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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
        outcome = _read_row(columns, name) if columns else "no columns"
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


def _read_row(columns: Columns, name: str | None) -> tuple[Format, dict[str, Any]] | str:
    """The format and the example, or why there is none."""
    reading = reading_of(columns, name)
    return reading.of(columns) if reading else _read(columns, name)


class Reading(NamedTuple):
    """How a format reads rows of texts that have the same columns, the same of them empty.

    Attributes:
        form: The format.
        fields: Field of the example -> column that fills it, or None where it is empty.
        rest: The columns that no field took.
    """

    form: Format
    fields: tuple[tuple[str, str | None], ...]
    rest: tuple[str, ...]

    def of(self, columns: Columns) -> tuple[Format, dict[str, Any]]:
        """Read one such row."""
        example: dict[str, Any] = {field: columns[column] if column else "" for field, column in self.fields}
        if self.rest:
            example["extra"] = {column: columns[column] for column in self.rest}
        return self.form, example


def reading_of(columns: Columns, name: str | None) -> Reading | None:
    """How a row is read, found once for all rows of its shape; None for a row that must be read by itself.

    What a format makes of a row of texts depends on their names and on which are empty, not on what they say; tests hold
    every format to that.

    >>> reading = reading_of({"指令": "解释高血压", "输入": "", "输出": "血压持续升高。", "科室": "内科"}, None)
    >>> reading.fields, reading.rest
    ((('prompt', '指令'), ('input', None), ('output', '输出')), ('科室',))
    >>> reading_of({"messages": [{"role": "user", "content": "Hi"}]}, None)  # a list is looked at
    """
    if set(map(type, columns.values())) != _TEXTS:
        return None
    return _reading(tuple(columns), tuple(map(bool, columns.values())), name)


_TEXTS = {str}


@lru_cache(maxsize=1024)
def _reading(names: tuple[str, ...], filled: tuple[bool, ...], name: str | None) -> Reading | None:
    marks = {
        column: f"\ue000{n}\ue001" if full else "" for n, (column, full) in enumerate(zip(names, filled, strict=True))
    }
    outcome = _read(marks, name)
    if isinstance(outcome, str):
        return None  # the refusal may speak of the row
    form, example = outcome
    column_of = {mark: column for column, mark in marks.items() if mark}
    rest = example.pop("extra", None) or {}
    plain = all(type(text) is str and (not text or text in column_of) for text in example.values())
    if not plain or any(marks.get(column) != text for column, text in rest.items()):
        return None
    return Reading(form, tuple((field, column_of.get(text)) for field, text in example.items()), tuple(rest))


def _read(columns: Columns, name: str | None) -> tuple[Format, dict[str, Any]] | str:
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
