"""One record as a line of each target, as a line of provenance, and as a key that sorts the release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from toolkit.formats import CannotDump, CannotHold, Example, dumps_line, get, validator
from toolkit.record import Row, rows_of

EXAMPLE_FIELDS = ("prompt", "input", "output", "system", "messages", "tools", "chosen", "rejected", "desirable")
PROVENANCE_FIELDS = (
    "id", "content_hash", "parents", "clusters", "replaces", "lang", "source", "validity", "labeling", "scores", "flags",
    "checks", "fixes", "weight", "split",
)  # fmt: skip


def examples_of(batch: pa.RecordBatch) -> list[Example]:
    """The example fields of a batch, without what is null."""
    rows: Any = rows_of(batch.select([f for f in EXAMPLE_FIELDS if f in batch.schema.names]))
    return list(rows)


def findings(example: Example, targets: Sequence[str]) -> str | None:
    """Say why a target cannot take an example, or None where all can.

    >>> findings({"prompt": "高血压怎么办？", "output": "低盐饮食。"}, ["openai-chat"])
    >>> findings({"prompt": "高血压怎么办？", "output": " "}, ["openai-chat"])
    'openai-chat: E204 /messages/1/content is blank'
    """
    for target in targets:
        try:
            row = get(target).write(example)
            found = validator(target).check(row)
            faults = [str(f) for f in found if f.act == "R"]
        except CannotHold as error:
            faults = [error.message]
        if faults:
            return f"{target}: {'; '.join(faults)}"
    return None


def line(example: Example, target: str) -> tuple[bytes, str]:
    """The line of an example and the names of its columns, joined by commas."""
    row = get(target).write(example)
    return dumps_line(row), ",".join(row)


def completed(written: bytes, target: str, columns: Sequence[str]) -> bytes:
    r"""A line with the optional columns that other lines of its file have: readers infer types from what they see.

    >>> completed(b'{"instruction":"Q","input":"","output":"A"}', "llamafactory-alpaca", ["output", "input", "instruction", "system"])
    b'{"instruction":"Q","input":"","output":"A","system":""}\n'
    """
    return dumps_line(get(target).complete(orjson.loads(written), tuple(columns)))


def provenance(row: Row) -> bytes:
    """What leads from a line of the release back to its source; `numbered` says which line."""
    return orjson.dumps(
        {name: row[name] for name in PROVENANCE_FIELDS if name in row}, option=orjson.OPT_APPEND_NEWLINE
    )


def numbered(line: bytes, number: int) -> bytes:
    """A line of provenance that begins with the number of its line in the file of its split, the same in every target."""
    return b'{"line":%d,' % number + line[1:]


def order_key(row: Row) -> bytes:
    r"""A key whose byte order is that of the release: source, URI, position, then id.

    A declared id is the position; else row or line, then the place within the document.

    >>> rows = [{"id": "b", "source": {"id": "s", "uri": "甲", "locator": {"line": n}}} for n in (10, 9)]
    >>> order_key(rows[1]) < order_key(rows[0])
    True
    """
    source: Row = row.get("source") or {}
    place: Row = source.get("locator") or {}
    texts = [str(source.get("id") or ""), str(source.get("uri") or ""), str(place.get("key") or "")]
    numbers = [place.get("page"), place.get("line") or place.get("row"), place.get("order"), place.get("start")]
    head = b"".join(t.encode() + b"\0" for t in texts)
    return head + b"".join((n or 0).to_bytes(8, "big") for n in numbers) + str(row["id"]).encode()


__all__ = ["CannotDump", "completed", "examples_of", "findings", "line", "numbered", "order_key", "provenance"]
