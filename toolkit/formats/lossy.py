"""Writing what a target can hold, with a list of what it could not: loss by request only, and never unsaid."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from toolkit.formats.base import Format
from toolkit.formats.example import CannotHold, Example, Row, pack, unpack

_MESSAGE_KEY = re.compile(r"/messages/([0-9]+)/extra/([^/]+)")
_FIELD = re.compile(r"/(system|tools|chosen|rejected|desirable)")
_COLUMN = re.compile(r"/extra/([^/]+)")


class Written(NamedTuple):
    """A row, and every field that had to stay behind."""

    row: Row
    lost: tuple[CannotHold, ...]


def write_lossy(target: Format, example: Example) -> Written:
    """Write an example, leaving behind what the target has no place for.

    Turns and their text are never left behind: where those do not fit, the example does not.

    Raises:
        CannotHold: What does not fit is a turn, its text, its parts or its calls.

    >>> from toolkit.formats import get
    >>> written = write_lossy(get("openai-chat"), {"prompt": "头痛？", "output": "先休息。", "extra": {"科室": "内科"}})
    >>> written.row["messages"][1]["content"], [lost.field for lost in written.lost]
    ('先休息。', ['/extra/科室'])
    """
    lost: list[CannotHold] = []
    while True:
        try:
            return Written(target.write(example), tuple(lost))
        except CannotHold as error:
            if any(error.field == before.field for before in lost):
                raise
            example = _without(example, error)
            lost.append(error)


def _without(example: Example, error: CannotHold) -> Example:
    """Copy an example without one field; raise the error again where the field is the content itself."""
    if match := _FIELD.fullmatch(error.field):
        return {**example, match[1]: None}  # type: ignore[misc]  # one of the fields named in the pattern
    if match := _COLUMN.fullmatch(error.field):
        return {**example, "extra": _dropped(example.get("extra") or {}, match[1])}
    if match := _MESSAGE_KEY.fullmatch(error.field):
        messages = list(example.get("messages") or [])
        index = int(match[1])
        text = messages[index].get("extra") or "{}"
        kept = _dropped(unpack(text, field=error.field), match[2])
        messages[index] = {**messages[index], "extra": pack(kept) if kept else None}
        return {**example, "messages": messages}
    raise error


def _dropped(values: dict[str, Any], token: str) -> dict[str, Any]:
    key = token.replace("~1", "/").replace("~0", "~")
    return {name: value for name, value in values.items() if name != key}
