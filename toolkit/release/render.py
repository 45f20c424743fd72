"""Records as lines of each target, as lines of provenance, and as keys that sort the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.files.json_columns import json_members
from toolkit.formats import CannotHold, Example, dumps_line, get, validator
from toolkit.record import rows_of
from toolkit.release import plain

EXAMPLE_FIELDS = (*plain.TEXTS, *plain.OTHERS)
PROVENANCE_FIELDS = (
    "id", "content_hash", "parents", "clusters", "replaces", "lang", "source", "validity", "labeling", "scores", "flags",
    "checks", "fixes", "weight", "split",
)  # fmt: skip


def examples_of(batch: pa.RecordBatch) -> list[Example]:
    """The example fields of a batch, without what is null."""
    rows: Any = rows_of(batch.select(EXAMPLE_FIELDS))
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


@cache
def _findings_of_shape(shape: int, targets: tuple[str, ...]) -> str | None:
    return findings(plain.specimen(shape), targets)


def judged(batch: pa.RecordBatch, targets: tuple[str, ...]) -> pa.StringArray:
    """What `findings` says of every example of a batch."""
    codes = plain.shapes(batch)
    known = {int(code): _findings_of_shape(int(code), targets) for code in np.unique(codes) if code != plain.NO_SHAPE}
    other = codes == plain.NO_SHAPE
    if not other.any() and not any(known.values()):
        return pa.nulls(batch.num_rows, pa.string())
    rest = iter([findings(example, targets) for example in examples_of(batch.filter(pa.array(other)))])
    return pa.array([next(rest) if code == plain.NO_SHAPE else known[code] for code in codes.tolist()], pa.string())


def lines(batch: pa.RecordBatch, targets: Sequence[str]) -> dict[str, tuple[pa.StringArray, pa.StringArray]]:
    """The lines of a batch for every target, and the columns of each line, joined by commas."""
    codes = plain.shapes(batch)
    other = codes == plain.NO_SHAPE
    mask = pa.array(other)
    shaped = plain.Lines(batch if not other.any() else batch.filter(pc.invert(mask)), codes[~other])
    found = {target: shaped.of(target) for target in targets}
    if not other.any():
        return found
    examples = examples_of(batch.filter(mask))
    place = pa.array(np.argsort(np.argsort(other, kind="stable")))  # plain ones first, then the others
    return {t: _beside(found[t], [_line(e, t) for e in examples], place) for t in targets}


def _beside(
    some: tuple[pa.StringArray, pa.StringArray], others: Sequence[tuple[str, str]], place: pa.Array
) -> tuple[pa.StringArray, pa.StringArray]:  # fmt: skip
    columns = zip(some, zip(*others, strict=True), strict=True)
    first, second = (pa.concat_arrays([a, pa.array(b, pa.string())]).take(place) for a, b in columns)
    return first, second


def _line(example: Example, target: str) -> tuple[str, str]:
    row = get(target).write(example)
    return dumps_line(row).decode(), ",".join(row)


def completed(written: bytes, target: str, columns: Sequence[str]) -> bytes:
    r"""A line with the optional columns that other lines of its file have: readers infer types from what they see.

    >>> completed(b'{"instruction":"Q","input":"","output":"A"}', "llamafactory-alpaca", ["output", "input", "instruction", "system"])
    b'{"instruction":"Q","input":"","output":"A","system":""}\n'
    """
    return dumps_line(get(target).complete(orjson.loads(written), tuple(columns)))


def provenance(batch: pa.RecordBatch) -> pa.StringArray:
    """What leads from a line of the release back to its source: the rest of an object that `numbered` opens."""
    members = json_members(PROVENANCE_FIELDS, [batch.column(name) for name in PROVENANCE_FIELDS], batch.num_rows)
    return pc.binary_join_element_wise(members, "}\n", "")


def numbered(rest: pa.StringArray, numbers: pa.Array) -> pa.StringArray:
    """Lines of provenance, each with the number of its line in the file of its split, the same in every target."""
    return pc.binary_join_element_wise('{"line":', numbers.cast(pa.string()), rest, "")


def order_keys(batch: pa.RecordBatch) -> pa.BinaryArray:
    r"""Keys whose byte order is that of the release: source, URI, position, then id.

    A declared id is the position; else row or line, then the place within the document.

    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "b", "source": {"id": "s", "uri": "甲", "locator": {"line": n}}} for n in (10, 9)]
    >>> keys = order_keys(columns_of(rows)).to_pylist()
    >>> keys[1] < keys[0]
    True
    """
    source = _children(batch.column("source"))
    place = _children(source["locator"])
    line, row = _numbers(place["line"]), _numbers(place["row"])
    numbers = [_numbers(place["page"]), np.where(line, line, row), _numbers(place["order"]), _numbers(place["start"])]
    packed = np.stack(numbers, axis=1).astype(">u8").tobytes()
    width = len(numbers) * 8
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), batch.num_rows, [None, pa.py_buffer(packed)])
    texts = [pc.fill_null(part, "").cast(pa.binary()) for part in (source["id"], source["uri"], place["key"])]
    head = pc.binary_join_element_wise(*texts, b"", b"\0")
    return pc.binary_join_element_wise(head, fixed.cast(pa.binary()), batch.column("id").cast(pa.binary()), b"")


def _children(column: pa.StructArray) -> Mapping[str, pa.Array]:
    return {field.name: child for field, child in zip(column.type, column.flatten(), strict=True)}


def _numbers(column: pa.Int64Array) -> np.ndarray:
    numbers: np.ndarray = pc.fill_null(column, 0).to_numpy(zero_copy_only=False)
    return numbers


__all__ = ["completed", "findings", "judged", "lines", "numbered", "order_keys", "provenance"]
