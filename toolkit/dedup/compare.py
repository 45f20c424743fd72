"""What of a record is compared: one string of its fields, which only lives while it is compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.kernel.functions import exact_halves

REST = ("title", "extra")
"""What counts only where a record is neither a document nor an example yet: the question of a bare answer stands there."""
CONDITIONS = ("system", "tools", "desirable", *REST)
"""Fields of which nothing near is looked for: records that differ in one are never merged."""
FIELDS = ("text", "prompt", "input", "output", "messages", "chosen", "rejected", *CONDITIONS)
BORDER = "\ue000"
"""Stands between fields: a private character that the normal form keeps, so that the borders between fields count."""


def compared(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> pa.Array:
    r"""The compared text of every row; null where all its fields are empty.

    The conditions are one number in it, and numbers that differ forbid a merge.

    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "a", "prompt": "剂量？", "output": "5mg"}, {"id": "b"}, {"id": "c", "text": "剂量", "extra": '{"页":1}'}]
    >>> compared(columns_of(rows), FIELDS).to_pylist()
    ['剂量？\ue0005mg', None, '剂量']
    >>> one, two = ({"id": question, "output": "5mg", "extra": question} for question in ("成人剂量？", "儿童剂量？"))
    >>> len(set(compared(columns_of([one, two]), FIELDS).to_pylist()))
    2
    """
    told = _joined(rows, [name for name in fields if name not in CONDITIONS])
    conditions = _conditions(rows, fields)
    return told if conditions is None else _beside(told, conditions)


def _joined(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> pa.Array:
    columns = [_text(column) for column in map(rows.column, fields) if column.null_count < rows.num_rows]
    return _beside(*columns) if columns else pa.nulls(rows.num_rows, pa.string())


def _beside(*columns: pa.Array) -> pa.Array:
    nothing = columns[0].is_null()
    for column in columns[1:]:
        nothing = pc.and_(nothing, column.is_null())
    # "skip" leaves out a row whose values are all null (pyarrow 26), so that such a row gets an empty text first
    first = pc.if_else(nothing, "", columns[0])
    joined = pc.binary_join_element_wise(first, *columns[1:], BORDER, null_handling="skip")
    return pc.if_else(nothing, None, joined)


def _conditions(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> pa.Array | None:
    """One number for all that must be equal; None where no row has such a thing."""
    names = [name for name in CONDITIONS if name in fields and rows.column(name).null_count < rows.num_rows]
    if not names:
        return None
    whole = _whole(rows, fields) if set(names) & set(REST) else None
    told = [pc.binary_join_element_wise(name, _condition(rows, name, whole), " ") for name in names]
    both = _beside(*told)
    return pc.if_else(both.is_null(), None, pa.array(exact_halves(both)[:, 0]).cast(pa.string()))


def _condition(rows: pa.RecordBatch | pa.Table, name: str, whole: pa.Array | None) -> pa.Array:
    column = _one(rows.column(name))
    return _text((pc.if_else(whole, None, column) if name in REST else column).cast(pa.string()))


def _whole(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> pa.Array:
    """Whether a row is a document or an example."""
    nothing = pa.repeat(pa.scalar(value=False), rows.num_rows)
    text, prompt, output, messages, chosen = (
        _filled(rows.column(name)) if name in fields else nothing
        for name in ("text", "prompt", "output", "messages", "chosen")
    )
    return reduce(pc.or_, (text, messages, pc.and_(prompt, pc.or_(output, chosen))))


def _filled(column: Any) -> pa.Array:
    """Where something stands, without looking at what."""
    column = _one(column)
    size = pc.list_value_length(column) if pa.types.is_list(column.type) else pc.binary_length(column)
    return pc.fill_null(pc.greater(size, 0), fill_value=False)


ASKED = ("prompt", "input", "output", "messages")
"""The fields that `asked_and_answered` reads."""


def asked_and_answered(rows: pa.RecordBatch | pa.Table) -> tuple[pa.Array, pa.Array]:
    """What every example asks, and what it answers; null where it is no example with both."""
    asked, answered = compared(rows, ("prompt", "input")), compared(rows, ("output",))
    messages = rows.column("messages")
    if messages.null_count < len(messages):
        turns = [_turns(m) for m in messages.to_pylist()]
        asked = pc.coalesce(asked, pa.array([t[0] for t in turns], pa.string()))
        answered = pc.coalesce(answered, pa.array([t[1] for t in turns], pa.string()))
    both = pc.and_(pc.is_valid(asked), pc.is_valid(answered))
    return pc.if_else(both, asked, None), pc.if_else(both, answered, None)


def _turns(messages: list[dict[str, Any]] | None) -> tuple[str | None, str | None]:
    if not messages or messages[-1]["role"] != "assistant":
        return None, None
    return BORDER.join(m.get("content") or "" for m in messages[:-1]) or None, messages[-1].get("content") or None


def _text(column: Any) -> pa.Array:
    column = _one(column)
    if pa.types.is_list(column.type):
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.string())
        column = pa.array([_said(messages) for messages in column.to_pylist()], pa.string())
    empty = pc.equal(pc.binary_length(column), 0)
    return pc.if_else(empty, None, column)


def _said(messages: list[dict[str, Any]] | None) -> str | None:
    if not messages:
        return None
    return BORDER.join(
        f"{m['role']} {m.get('content') or ''}{m.get('parts') or ''}{m.get('tool_calls') or ''}" for m in messages
    )


def _one(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
