"""Data of other programs in and out: dicts, pandas, datasets and pyarrow become record batches and come back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from toolkit.errors import UsageError
from toolkit.kinds import Batch, Counts, Passed, Step, run_steps
from toolkit.record import LEAVING_SCHEMA, SCHEMA, Row, columns_of, content_hash, empty_batch, record_id, rows_of

BATCH_ROWS = 1000
_FIELDS = frozenset(SCHEMA.names)
_GIVE = "give an iterable of dicts, a pandas, datasets or pyarrow table"
_MESSAGE_LISTS = ("messages", "chosen", "rejected")


@dataclass(frozen=True)
class Rejection:
    """A record that left, and why."""

    record: Row
    disposition: str
    stage: str
    reason: str
    detail: str | None


@dataclass(frozen=True)
class Result:
    """What a stage made of your data.

    Attributes:
        kept: The kind of thing that went in.
        rejected: All that left, with disposition, stage, reason and detail.
        counts: The account: rows in, derived, kept, and those that left by (disposition, reason).
    """

    kept: Any
    rejected: list[Rejection]
    counts: Counts


def record_row(row: Mapping[str, Any], occurrence: int = 0) -> Row:
    """Fit one foreign row into the record: known fields stay, the rest survives in `extra`.

    >>> record_row({"prompt": "感冒吃什么？", "科室": "内科"})["extra"]
    '{"科室":"内科"}'
    """
    if not isinstance(row, Mapping):
        raise UsageError(f"a row is a mapping of columns to values, and {repr(row)[:60]} is none", hint=_GIVE)
    known = {k: v for k, v in row.items() if k in _FIELDS and _fits(k, v)}
    if isinstance(known.get("scores"), list):
        known["scores"] = {pair["key"]: pair["value"] for pair in known["scores"]}
    rest = {k: v for k, v in row.items() if k not in known}
    if rest:
        inside = known.get("extra")
        merged = (orjson.loads(inside) if isinstance(inside, str) else {}) | rest
        known["extra"] = orjson.dumps(merged, default=str).decode()
    known.setdefault("content_hash", content_hash(known))
    known.setdefault("kind", "document" if known.get("text") is not None else "example")
    known.setdefault("id", record_id("", "", f"{known['content_hash']}#{occurrence}"))
    return known


def _fits(field: str, value: Any) -> bool:
    if field in _MESSAGE_LISTS:
        return value is None or (isinstance(value, list) and all(isinstance(m, dict) and _is_message(m) for m in value))
    return True


def _is_message(message: Mapping[str, Any]) -> bool:
    texts = all(v is None or isinstance(v, str) for v in message.values())
    return texts and set(message) <= {"role", "content", "parts", "tool_calls", "extra"}


_HALF = re.compile("[\ud800-\udfff]")


def _valid_record(row: Mapping[str, Any]) -> Row:
    """A record of a row; half a character, which no file can hold, becomes the replacement character."""
    try:
        return record_row(row)
    except orjson.JSONEncodeError:
        return record_row(_whole(row))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_whole(k): _whole(v) for k, v in value.items()}
    return [_whole(v) for v in value] if isinstance(value, list) else value


def fitted(rows: Sequence[Row]) -> Batch:
    """A batch of rows; a number in a field of text becomes its text, what fits no field otherwise goes to `extra`.

    >>> fitted([{"id": 7, "text": ["头孢"], "prompt": "剂量？"}]).select(["id", "text", "prompt", "extra"]).to_pylist()
    [{'id': '7', 'text': None, 'prompt': '剂量？', 'extra': '{"text":["头孢"]}'}]
    """
    try:
        return columns_of(rows)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, UnicodeError):
        return columns_of([_mended(row) for row in rows])


def _mended(row: Row) -> Row:
    held, rest = {}, {}
    for name, value in row.items():
        kind = SCHEMA.field(name).type
        plain = isinstance(value, int | float) and pa.types.is_string(kind)
        mended = orjson.dumps(value).decode() if plain else value
        try:
            pa.array([mended], kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, UnicodeError):
            rest[name] = value
        else:
            held[name] = mended
    if rest:
        held["extra"] = orjson.dumps(orjson.loads(held.get("extra") or "{}") | rest, default=str).decode()
    if "id" in rest:
        held["id"] = record_id("", "", held["content_hash"])
    return held


def batches_of_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Batch]:
    """Batches from dicts; equal rows without an id are numbered, so that each keeps a name of its own."""
    seen: Counter[str] = Counter()
    ready: list[Row] = []
    for row in rows:
        record = _valid_record(row)
        if "id" not in row:
            content = record["content_hash"]
            if seen[content]:
                record["id"] = record_id("", "", f"{content}#{seen[content]}")
            seen[content] += 1
        ready.append(record)
        if len(ready) == BATCH_ROWS:
            yield fitted(ready)
            ready = []
    if ready:
        yield fitted(ready)


def batch_of(batch: Batch | pa.Table) -> Batch:
    """One batch of records from any Arrow batch or table."""
    if batch.schema.equals(SCHEMA) and isinstance(batch, pa.RecordBatch):
        return batch
    parts = list(batches_of_rows(batch.to_pylist()))
    return pa.concat_batches(parts) if parts else empty_batch()


def with_leaving(passed: Passed) -> Batch:
    """Kept and leaving rows in one batch, `leaving` null for those kept."""
    kept = passed.kept.append_column("leaving", pa.nulls(passed.kept.num_rows, LEAVING_SCHEMA.field("leaving").type))
    return pa.concat_batches([kept, passed.leaving.select(kept.schema.names)])


def batches_of(data: Any) -> Iterator[Batch]:
    """Batches of records from any kind of data that `run_data` takes."""
    return _INTO[_kind(data)](data)


def run_data(steps: Sequence[Step], data: Any, stage: str) -> Result:
    """Run the steps of a stage on foreign data."""
    kind = _kind(data)
    batches, gone, counts = run_steps(steps, list(batches_of(data)), stage)
    table = pa.Table.from_batches(batches, schema=SCHEMA)
    return Result(_BACK[kind](table), [r for b in gone for r in rejections(b)], counts)


def rejections(leaving: Batch) -> Iterator[Rejection]:
    """The rows that left, as objects."""
    for row in rows_of(leaving):
        why = row.pop("leaving")
        yield Rejection(row, why["disposition"], why["stage"], why["reason"], why.get("detail"))


def _kind(data: Any) -> str:
    module, name = type(data).__module__.partition(".")[0], type(data).__name__
    if name in ("DatasetDict", "IterableDatasetDict", "Series"):
        hint = (
            "run on one series as a frame: series.to_frame('text')"
            if name == "Series"
            else "run on one split, such as data['train']"
        )
        raise UsageError(f"cannot run on {name}", hint=hint)
    if module in ("pandas", "datasets"):
        return module
    if isinstance(data, pa.Table | pa.RecordBatch):
        return "pyarrow"
    if isinstance(data, Iterable) and not isinstance(data, str | bytes | Mapping):
        return "rows"
    raise UsageError(f"cannot run on {name}", hint=_GIVE)


def _pandas_rows(frame: Any) -> Iterator[Batch]:
    # NaN is pandas' null; astype(object) first, else `where` turns it back into NaN
    clean = frame.astype(object).where(frame.notna(), None)
    yield from batches_of_rows({k: _unboxed(v) for k, v in row.items()} for row in clean.to_dict("records"))


def _unboxed(value: Any) -> Any:
    """Lists in a data frame are numpy arrays, at every depth."""
    if isinstance(value, dict):
        return {k: _unboxed(v) for k, v in value.items()}
    if isinstance(value, list) or type(value).__name__ == "ndarray":
        return [_unboxed(v) for v in value]
    return value.item() if type(value).__module__ == "numpy" else value


def _arrow_rows(table: pa.Table | pa.RecordBatch) -> Iterator[Batch]:
    whole = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
    if whole.schema.equals(SCHEMA):
        yield from whole.to_batches(max_chunksize=BATCH_ROWS)
        return
    rows = (row for batch in whole.to_batches(max_chunksize=BATCH_ROWS) for row in batch.to_pylist())
    yield from batches_of_rows(rows)


def _to_dataset(table: pa.Table) -> Any:
    import datasets

    return datasets.Dataset(without_maps(narrow(table)))


_PAIRS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.float64())]))


def without_maps(table: pa.Table) -> pa.Table:
    """Maps as lists of key and value, for libraries that have no maps; `record_row` reads them back."""
    for n, field in enumerate(table.schema):
        if pa.types.is_map(field.type):
            pairs = [None if m is None else [{"key": k, "value": v} for k, v in m] for m in table.column(n).to_pylist()]
            table = table.set_column(n, field.name, pa.array(pairs, _PAIRS))
    return table


def narrow(table: pa.Table) -> pa.Table:
    """Only the columns that hold something: what people want to see in a data frame. Maps become JSON-like lists."""
    filled = [n for n in table.schema.names if table.column(n).null_count < table.num_rows or n == "id"]
    return table.select(filled)


_INTO: dict[str, Callable[[Any], Iterator[Batch]]] = {
    "rows": batches_of_rows,
    "pandas": _pandas_rows,
    "datasets": lambda data: batches_of_rows(dict(row) for row in data),
    "pyarrow": _arrow_rows,
}
_BACK: dict[str, Callable[[pa.Table], Any]] = {
    "rows": rows_of,
    "pandas": lambda table: narrow(table).to_pandas(maps_as_pydicts="strict"),
    "datasets": _to_dataset,
    "pyarrow": lambda table: table,
}
