"""Rows of tables and data sets: read in a known training format, or put together by templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow.compute as pc

from toolkit.formats import FORMATS, CannotRead, Detection, Format, detect, get
from toolkit.kinds import Batch
from toolkit.label.derive import Draft, Labeled
from toolkit.record import rows_of
from toolkit.text.templates import Condition, Template

Columns = dict[str, Any]

FIELDS = ("prompt", "input", "output", "system", "messages", "tools", "chosen", "rejected", "desirable")
"""The example fields; those that are set count as columns of the row beside what is in `extra`."""

PLACEHOLDERS = frozenset(
    "<noinput>|<no input>|<no_input>|<input>|noinput|no input|no input.|n/a|n/a.|none|none.|null|nil|"
    "无|无。|無|無。|无输入|無輸入|没有输入|沒有輸入|无需输入|不适用|不適用|暂无|<无>|（无）|(无)|（無）".split("|")
)
"""What people write into an input column that has nothing in it, in lower case."""

NO_TARGET = frozenset({"", "<nooutput>", "<no output>", "<no_output>", "<无输出>", "<無輸出>"})

_VERSION = 1
_Shape = tuple[tuple[str, type], ...]
_detected: dict[_Shape, Detection] = {}


def without_placeholder(text: str | None) -> str | None:
    """Empty an input that says only that there is none.

    >>> [without_placeholder(t) for t in ("<noinput>", " N/A ", "无", "无，患者否认过敏史", "None of the above")]
    ['', '', '', '无，患者否认过敏史', 'None of the above']
    """
    return "" if text is not None and text.strip().casefold() in PLACEHOLDERS else text


def has_target(example: Mapping[str, Any]) -> bool:
    """Say whether there is something to learn: an output, a last message, or a chosen answer.

    >>> has_target({"prompt": "剂量？", "output": "\\u3000"}), has_target({"messages": [{"role": "assistant", "content": "5 mg"}]})
    (False, True)
    """
    messages = example.get("chosen") or example.get("messages")
    if messages:
        last = messages[-1]
        return bool((last.get("content") or "").strip() or last.get("tool_calls") or last.get("parts"))
    return (example.get("output") or "").strip().casefold() not in NO_TARGET


def detect_row(row: Columns) -> Detection:
    """Tell the format of one row. Where all values are plain, names and types decide, and equal shapes are judged once."""
    if any(isinstance(value, list | dict) for value in row.values()):
        return detect([row])
    shape = tuple((name, type(value)) for name, value in row.items())
    if shape not in _detected:
        if len(_detected) > 1000:  # noqa: PLR2004 - ragged files have many shapes; forgetting costs time and changes nothing
            _detected.clear()
        _detected[shape] = detect([row])
    return _detected[shape]


def foreign_rows(batch: Batch, rows: Sequence[int]) -> Iterator[tuple[int, Columns]]:
    """The columns of rows: what `extra` carries, and the example fields that are set. A row without any is left out."""
    extra = batch.column("extra").to_pylist()
    filled = [name for name in FIELDS if batch.column(name).null_count < batch.num_rows]
    values = {name: batch.column(name).to_pylist() for name in filled}
    for i in rows:
        columns: Columns = orjson.loads(extra[i]) if extra[i] else {}
        columns.update((name, values[name][i]) for name in filled if values[name][i] is not None)
        if columns:
            yield i, columns


def convert_rows(batch: Batch, rows: Sequence[int], name: str | None, *, final: bool) -> Labeled:
    """Read rows in a training format.

    Args:
        batch: Records.
        rows: Numbers of those that may be read. Examples and documents among them are left alone.
        name: The format, or None to tell it from each row.
        final: Refuse rows that are in no known format; else they stay for another labeler.
    """
    labeled = Labeled()
    done = pc.or_(_complete(batch), pc.is_valid(batch.column("text"))).to_pylist()
    for i, columns in foreign_rows(batch, [i for i in rows if not done[i]]):
        outcome = _read(columns, name)
        if isinstance(outcome, str):
            if final:
                labeled.refused[i] = ("no_format", outcome)
        else:
            _add(labeled, i, *outcome)
    return labeled


def _complete(batch: Batch) -> Any:
    pair = pc.and_(pc.is_valid(batch.column("prompt")), pc.is_valid(batch.column("output")))
    return pc.or_(pair, pc.or_(pc.is_valid(batch.column("messages")), pc.is_valid(batch.column("chosen"))))


def _read(columns: Columns, name: str | None) -> tuple[Format, Columns] | str:
    """The format and the example, or why there is none."""
    if name is None:
        detection = detect_row(columns)
        if detection.ambiguous:
            return _unclear(columns, detection)
        form = FORMATS[detection.best.name]
    else:
        form = get(name)
    try:
        return form, dict(form.read(columns))
    except CannotRead as error:
        return f"{form.name}: {error.message}"


def _unclear(columns: Columns, detection: Detection) -> str:
    listed = "; ".join(f"{c.name} {c.score:.2f} ({c.reason})" for c in detection.candidates if c.score > 0)
    return f"columns {', '.join(list(columns)[:12])}: {listed or 'no known format'}"


def _add(labeled: Labeled, row: int, form: Format, example: Columns) -> None:
    extra = example.pop("extra", None)
    if not has_target(example):
        labeled.refused[row] = ("empty_target", f"read as {form.name}; the target is blank")
        return
    if example.get("input"):
        example["input"] = without_placeholder(example["input"])
    labeled.drafts.append(
        Draft(
            row=row, place="", labeler="convert", by=f"convert:{form.name}@{_VERSION}", kind="convert", fields=example,
            extra=orjson.dumps(extra).decode() if extra else None,
        )
    )  # fmt: skip


def map_rows(
    batch: Batch, rows: Sequence[int], templates: Mapping[str, Template], when: Condition | None, *, sole: bool
) -> Labeled:
    """Put examples together from columns.

    Args:
        batch: Records.
        rows: Numbers of those that may be meant.
        templates: Example field -> template.
        when: Which rows are meant.
        sole: The rows are of one named source, so each must have the columns; else only those are meant that have any.
    """
    labeled = Labeled()
    meant = [*templates.values(), *(when.templates if when else ())]
    read = {name for t in meant for name in t.names}
    needed = {name for t in meant for name in t.needed} - _RECORD
    for i, columns in _template_rows(batch, rows):
        if not sole and needed and not any(_has(columns, name) for name in needed):
            continue
        if when is not None and not when.holds(columns):
            continue
        fields = {name: t.render(columns).strip() for name, t in templates.items()}
        rest = {k: v for k, v in columns.items() if k not in _RECORD and k not in FIELDS and k not in read}
        _put(labeled, i, fields, rest)
    return labeled


_DOCUMENT = ("id", "text", "title", "lang", "source", "validity")
_RECORD = frozenset({"text", "title", "lang", "source", "validity", "id"})


def _has(columns: Columns, name: str) -> bool:
    return name in columns or name.partition(".")[0] in columns


def _template_rows(batch: Batch, rows: Sequence[int]) -> Iterator[tuple[int, Columns]]:
    """All that templates may name: the columns of the row, the example fields, and `title`, `text`, `lang`, `source.*`."""
    pass


def _put(labeled: Labeled, row: int, fields: dict[str, str], rest: Columns) -> None:
    pass
