"""The record: one Arrow schema for documents and examples, from the first file read to the last line written.

A *document* has `text`; an *example* has `prompt`/`input`/`output`, or `messages`, or `chosen`/`rejected`. Every field
but `id` may be null. `schemas/record.schema.json` is generated from `SCHEMA`; a test holds the two together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

Row = dict[str, Any]

_S, _I, _F, _B = pa.string(), pa.int64(), pa.float64(), pa.bool_()


def _struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct(list(fields.items()))


MESSAGE = _struct(role=_S, content=_S, parts=_S, tool_calls=_S, extra=_S)
LOCATOR = _struct(key=_S, page=_I, row=_I, line=_I, headings=pa.list_(_S), article=_S, order=_I, start=_I, end=_I)
SOURCE = _struct(
    id=_S, uri=_S, title=_S, doc_type=_S, domain=_S, publisher=_S, authority=_I, license=_S, jurisdiction=_S,
    retrieved_at=_S, published_at=_S, modified_at=_S, sha256=_S, etag=_S, state=_S, locator=LOCATOR,
)  # fmt: skip
EVIDENCE = _struct(field=_S, value=_S, method=_S, rank=_I, start=_I, end=_I, doc_sha256=_S, by=_S, reason=_S)
VALIDITY = _struct(
    valid_from=_S, valid_until=_S, as_of=_S, verified_at=_S, tz=_S, volatility=_S, ttl=_S, fact_key=_S,
    supersedes=pa.list_(_S), evidence=pa.list_(EVIDENCE),
)  # fmt: skip
LABELING = _struct(
    by=_S, kind=_S, confidence=_F, status=_S, template=_S, quotes=pa.list_(_struct(start=_I, end=_I)),
    votes=pa.list_(_struct(by=_S, value=_S)), model=_S, request_key=_S,
    decisions=pa.list_(_struct(by=_S, verdict=_S, at=_S, seconds=_F, reason=_S, before=_S)),
)  # fmt: skip

SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("id", _S, nullable=False),
        ("content_hash", _S),
        ("kind", _S),
        ("parents", pa.list_(_S)),
        ("clusters", pa.list_(_S)),
        ("replaces", pa.list_(_struct(id=_S, source=_S, uri=_S, license=_S))),
        # document
        ("text", _S),
        ("title", _S),
        ("headings", pa.list_(_S)),
        # example
        ("prompt", _S),
        ("input", _S),
        ("output", _S),
        ("system", _S),
        ("messages", pa.list_(MESSAGE)),
        ("tools", _S),
        ("chosen", pa.list_(MESSAGE)),
        ("rejected", pa.list_(MESSAGE)),
        ("desirable", _B),
        ("task", _S),
        # what is known of it
        ("lang", _S),
        ("source", SOURCE),
        ("validity", VALIDITY),
        ("labeling", LABELING),
        ("scores", pa.map_(_S, _F)),
        ("flags", pa.list_(_S)),
        ("checks", pa.list_(_struct(name=_S, level=_S, ok=_B, detail=_S))),
        ("fixes", pa.list_(_S)),
        ("weight", _F),
        ("split", _S),
        ("extra", _S),
    ]
)

CONTENT = (
    "text",
    "prompt",
    "input",
    "output",
    "system",
    "messages",
    "tools",
    "chosen",
    "rejected",
    "desirable",
    "extra",
)
"""The fields that make two records equal; the hash covers these and nothing else."""

LEAVING = _struct(disposition=_S, stage=_S, reason=_S, detail=_S)
"""How a record leaves: type of the column `leaving` that a stage adds; null means kept."""

LEAVING_SCHEMA: pa.Schema = SCHEMA.append(pa.field("leaving", LEAVING))


def hash_parts(*parts: str) -> str:
    """Hash strings to 32 hex digits; the borders between the parts count.

    >>> hash_parts("ab", "c") == hash_parts("a", "bc")
    False
    """
    joined = "".join([f"{len(p)}:{p}" for p in parts])
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def content_hash(row: Mapping[str, Any]) -> str:
    """Hash what a record says, not where it was found.

    >>> content_hash({"prompt": "剂量？", "source": {"uri": "a"}}) == content_hash({"prompt": "剂量？"})
    True
    """
    return hash_values([row.get(field) for field in CONTENT])


def hash_values(values: Sequence[Any]) -> str:
    """Hash the values of the `CONTENT` fields, in that order."""
    return hashlib.blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def record_id(source_id: str, uri: str, place: str) -> str:
    """Name a collected record by source, URI relative to the source's root, and logical place."""
    return hash_parts("record", source_id, uri, place)


def derived_id(parents: Iterable[str], stage: str, labeler: str, place: str, item: int = 0) -> str:
    """Name a record that a stage made of others; the same parents in any order give the same name."""
    return hash_parts("derived", *sorted(parents), stage, labeler, place, str(item))


def columns_of(rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Build a batch from rows: one pass per field that occurs, nulls for the rest.

    >>> columns_of([{"id": "a", "text": "高血压"}]).column("text").to_pylist()
    ['高血压']
    """
    return pa.RecordBatch.from_arrays(_arrays(SCHEMA, rows), schema=SCHEMA)


def _arrays(fields: Iterable[pa.Field], rows: Sequence[Mapping[str, Any]]) -> list[pa.Array]:
    present = {name for row in rows for name in row}
    return [
        _array(f.type, [row.get(f.name) for row in rows]) if f.name in present else pa.nulls(len(rows), f.type)
        for f in fields
    ]


def _array(arrow: pa.DataType, values: list[Any]) -> pa.Array:
    """Structs are built column by column: three times as fast as `pa.array` on dicts."""
    if not pa.types.is_struct(arrow):
        return pa.array(values, arrow)
    nulls = [v is None for v in values]
    children = _arrays(arrow, [v or {} for v in values])
    mask = pa.array(nulls) if any(nulls) else None
    return pa.StructArray.from_arrays(children, fields=list(arrow), mask=mask)


def rows_of(batch: pa.RecordBatch | pa.Table) -> list[Row]:
    """Turn a batch into rows without nulls and empty lists; the inverse of `columns_of`.

    >>> rows_of(columns_of([{"id": "a", "source": {"id": "s"}, "flags": []}]))
    [{'id': 'a', 'source': {'id': 's'}}]
    """
    return [row or {} for row in _dicts(batch.schema.names, batch.columns, batch.num_rows)]


def _dicts(names: Sequence[str], columns: Sequence[pa.Array], length: int) -> list[Row | None]:
    filled = [
        (name, _values(column)) for name, column in zip(names, columns, strict=True) if column.null_count < length
    ]
    if not filled:
        return [None] * length
    keys = [name for name, _ in filled]
    rows = zip(*(values for _, values in filled), strict=True)
    return [{k: v for k, v in zip(keys, row, strict=True) if v is not None} or None for row in rows]


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_struct(column.type):
        return _dicts([f.name for f in column.type], column.flatten(), len(column))
    values: list[Any] = column.to_pylist(maps_as_pydicts="strict")
    if pa.types.is_list(column.type) and column.type.value_type == _S:
        return [v or None for v in values]
    return [prune(v) for v in values] if pa.types.is_nested(column.type) else values


def prune(value: Any) -> Any:
    """Drop null fields, empty lists and empty structs, at every depth."""
    if isinstance(value, dict):
        kept = {k: p for k, v in value.items() if (p := prune(v)) is not None}
        return kept or None
    if isinstance(value, list):
        return [prune(v) for v in value] or None
    return value


def set_columns(batch: pa.RecordBatch, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Replace or append columns, keeping the order of the rest."""
    for name, column in columns.items():
        at = batch.schema.get_field_index(name)
        # the old field, not just its name: a field that becomes nullable makes another schema
        batch = batch.set_column(at, batch.schema.field(at), column) if at >= 0 else batch.append_column(name, column)
    return batch


def struct_with(column: pa.StructArray, fields: Mapping[str, pa.Array]) -> pa.StructArray:
    """Replace fields of a struct column; a null struct becomes one that holds only these."""
    kept = {f.name: c for f, c in zip(column.type, column.flatten(), strict=True)}
    return pa.StructArray.from_arrays([fields.get(f.name, kept[f.name]) for f in column.type], fields=list(column.type))


def empty_batch(schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    """A batch without rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in schema], schema=schema)


def json_schema() -> dict[str, Any]:
    """The record as JSON Schema, generated from `SCHEMA`."""
    properties = {f.name: _json_type(f.type, nullable=f.nullable) for f in SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "record",
        "description": "One document or example between two stages. Generated from toolkit/record.py by `make docs`.",
        "type": "object",
        "properties": properties,
        "required": ["id"],
        "additionalProperties": False,
    }


def _json_type(arrow: pa.DataType, *, nullable: bool = True) -> dict[str, Any]:
    simple = {_S: "string", _I: "integer", _F: "number", _B: "boolean"}
    if arrow in simple:
        return {"type": [simple[arrow], "null"] if nullable else simple[arrow]}
    if pa.types.is_map(arrow):
        return {"type": ["object", "null"], "additionalProperties": _json_type(arrow.item_type)}
    if pa.types.is_list(arrow):
        return {"type": ["array", "null"], "items": _json_type(arrow.value_type)}
    inner = {f.name: _json_type(f.type) for f in arrow}
    return {"type": ["object", "null"], "properties": inner, "additionalProperties": False}
