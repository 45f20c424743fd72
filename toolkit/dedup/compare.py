"""What of a record is compared: one string of its fields, which only lives while it is compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

FIELDS = ("text", "prompt", "input", "output", "messages")
BORDER = "\ue000"
"""Stands between fields: a private character that the normal form keeps, so that the borders between fields count."""


def compared(rows: pa.RecordBatch | pa.Table, fields: Sequence[str]) -> pa.Array:
    r"""The compared text of every row; null where all its fields are empty.

    >>> from toolkit.record import columns_of
    >>> compared(columns_of([{"id": "a", "prompt": "剂量？", "output": "5mg"}, {"id": "b"}]), FIELDS).to_pylist()
    ['剂量？\ue0005mg', None]
    """
    columns = [_text(rows.column(name)) for name in fields]
    nothing = columns[0].is_null()
    for column in columns[1:]:
        nothing = pc.and_(nothing, column.is_null())
    # "skip" leaves out a row whose values are all null (pyarrow 26), so that such a row gets an empty text first
    first = pc.if_else(nothing, "", columns[0])
    joined = pc.binary_join_element_wise(first, *columns[1:], BORDER, null_handling="skip")
    return pc.if_else(nothing, None, joined)


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
