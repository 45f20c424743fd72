"""What every reader of rows gives: a row that was found, or a fault that says what is wrong and where."""

from __future__ import annotations

from typing import Any, NamedTuple

from toolkit.errors import SourceError

RAW_LIMIT = 2000
"""Characters of unreadable material that are kept, so that a person can see what it was."""


class Found(NamedTuple):
    """One row of a file.

    Attributes:
        value: Column name -> value.
        line: Physical line of the row's beginning, from 1; for JSON lines and CSV.
        row: Index of the row, from 0; for Parquet and JSON arrays.
        fixes: What reading had to mend, such as `lone_surrogate`.
    """

    value: dict[str, Any]
    line: int | None = None
    row: int | None = None
    fixes: tuple[str, ...] = ()


class Fault(NamedTuple):
    """Something that could not be read; it becomes a quarantined record.

    Attributes:
        reason: A code of `toolkit.reasons`.
        detail: What is wrong, where, and what to do.
        raw: The beginning of the material itself.
        line: As in `Found`.
        row: As in `Found`.
    """

    reason: str
    detail: str
    raw: str = ""
    line: int | None = None
    row: int | None = None


class UnreadableError(SourceError):
    """A file that cannot be read, or not beyond some point; caught by the reader of the stage, which quarantines it."""


def clip(raw: str | bytes) -> str:
    r"""The beginning of unreadable material as text that any JSON or Arrow writer takes.

    >>> clip(b"\xd5\xe2 {")
    '�� {'
    >>> clip("高血压\ud83d")  # half an emoji
    '高血压�'
    """
    text = raw[: 4 * RAW_LIMIT].decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return replace_surrogates(text[:RAW_LIMIT])


def replace_surrogates(text: str) -> str:
    r"""Replace halves of surrogate pairs by U+FFFD; whole characters beyond U+FFFF stay.

    >>> replace_surrogates("好\ud83d"), replace_surrogates("好👩‍⚕️")
    ('好�', '好👩‍⚕️')
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
