"""Columns by their names: the first name is the one we write, the others are read as aliases of it."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.formats.base import Score
from toolkit.formats.example import CannotRead, Row, kind, pointer

Naming = Mapping[str, tuple[str, ...]]
"""Column -> its other names."""

ELSEWHERE: dict[str, str] = {
    "messages": "a chat format",
    "conversations": "sharegpt",
    "conversation": "a chat format",
    "history": "alpaca",
    "instruction": "alpaca",
    "context": "dolly",
    "text": "pretraining text",
    "tools": "a tool-use format",
    "images": "a format with images",
    "videos": "a format with videos",
    "audios": "a format with audio",
    "chosen": "a preference format",
    "rejected": "a preference format",
    "preferred_output": "a preference format",
    "non_preferred_output": "a preference format",
    "rejected_response": "a preference format",
    "kto_tag": "KTO",
    "label": "KTO or a classification table",
}
"""Columns that carry content in some format: a format that does not know them must not claim the row with confidence."""


def settle(row: Row, naming: Naming) -> tuple[dict[str, str], Row]:
    """Part a row into the named columns and the rest; where two names of one column are filled, ours wins.

    >>> settle({"指令": "写首诗", "输出": "床前明月光", "id": 7}, {"instruction": ("指令",), "output": ("输出",)})
    ({'instruction': '写首诗', 'output': '床前明月光'}, {'id': 7})
    >>> settle({"output": "a", "response": "b"}, {"output": ("response",)})  # both filled: nothing is lost
    ({'output': 'a'}, {'response': 'b'})
    """
    found = {}
    for column, aliases in naming.items():
        name = next((name for name in (column, *aliases) if row.get(name) is not None), None)
        if name is not None:
            found[column] = name
    used = set(found.values())
    rest = {key: value for key, value in row.items() if key not in used and value is not None}
    return {column: _text(row[name], name) for column, name in found.items()}, rest


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise CannotRead(pointer(name), f"is of type {kind(value)}, must be a string")
    return value


def score_columns(row: Row, naming: Naming, required: tuple[str, ...], own: frozenset[str] = frozenset()) -> Score:
    """Judge by columns how surely a row is of a format.

    Args:
        row: The row.
        naming: The text columns of the format.
        required: Those without which a row is not of the format.
        own: Further columns of the format that are not text.

    >>> naming = {"prompt": ("question", "问题"), "completion": ("answer", "答案")}
    >>> score_columns({"问题": "二加二？", "答案": "四"}, naming, ("prompt", "completion"))
    Score(value=1.0, reason='has prompt (as 问题), completion (as 答案)')
    >>> score_columns({"title": "Notes"}, naming, ("prompt", "completion"))
    Score(value=0.0, reason="no column 'prompt'")
    """
    names = {column: next((n for n in (column, *naming[column]) if n in row), None) for column in naming}
    for column in required:
        if names[column] is None:
            return Score(0.0, f"no column {column!r}")
    for name in names.values():
        if name is not None and not isinstance(row[name], str | None):
            return Score(0.5, f"column {name!r} is of type {kind(row[name])}, must be a string")
    unknown = [key for key in row if key not in names.values() and key not in own]
    for key in unknown:
        if key in ELSEWHERE:
            return Score(0.5, f"column {key!r} belongs to {ELSEWHERE[key]}")
    shown = ", ".join(c if names[c] == c else f"{c} (as {names[c]})" for c in required)
    return Score(round(1 - min(0.01 * len(unknown), 0.1), 2), f"has {shown}" + _but(unknown))


def _but(unknown: list[str]) -> str:
    return f", and {', '.join(sorted(unknown)[:3])} besides" if unknown else ""
