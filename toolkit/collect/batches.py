"""Batches of records from drafts: what a source says of all its rows is one repeated value, not a thousand dicts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from toolkit.collect.draft import Draft
from toolkit.collect.sources import Source
from toolkit.frames import fitted
from toolkit.reasons import Disposition, check_reason
from toolkit.record import LEAVING, LOCATOR, SOURCE, columns_of, set_columns

BATCH_ROWS = 1000


def batches(drafts: Iterable[Draft], source: Source) -> Iterator[pa.RecordBatch]:
    """Cut a stream of drafts into batches; order stays."""
    for whole, group in itertools.groupby(drafts, key=lambda draft: draft.whole):
        while ready := list(itertools.islice(group, BATCH_ROWS)):
            yield fitted([d.row for d in ready]) if whole else _batch(ready, source)


def _batch(drafts: Sequence[Draft], source: Source) -> pa.RecordBatch:
    batch = set_columns(columns_of([d.row for d in drafts]), {"source": _source_column(drafts, source)})
    if not any(d.leaving for d in drafts):
        return batch
    return batch.append_column("leaving", _leaving_column(drafts))


def _source_column(drafts: Sequence[Draft], source: Source) -> pa.StructArray:
    each: dict[str, Any] = {
        "uri": pa.array([d.uri for d in drafts], pa.string()),
        "sha256": pa.array([d.sha256 for d in drafts], pa.string()),
        "locator": _locator_column(drafts),
    }
    for name in sorted({name for d in drafts if d.own for name in d.own}):
        constant = getattr(source, name, None)
        values = [(d.own or {}).get(name, constant) for d in drafts]
        each[name] = pa.array(values, SOURCE.field(name).type)
    constants = {f.name: getattr(source, f.name, None) for f in SOURCE}
    arrays = [each[f.name] if f.name in each else _repeat(constants[f.name], f.type, len(drafts)) for f in SOURCE]
    return pa.StructArray.from_arrays(arrays, fields=list(SOURCE))


def _repeat(value: Any, arrow: pa.DataType, length: int) -> pa.Array:
    return pa.nulls(length, arrow) if value is None else pa.repeat(pa.scalar(value, arrow), length)


def _locator_column(drafts: Sequence[Draft]) -> pa.StructArray:
    known = {
        "key": pa.array([d.key for d in drafts], pa.string()),
        # a declared id is the position: line numbers would make shuffled rows differ (P2 b)
        "line": pa.array([None if d.key is not None else d.line for d in drafts], pa.int64()),
        "row": pa.array([None if d.key is not None else d.number for d in drafts], pa.int64()),
    }
    arrays = [known[f.name] if f.name in known else pa.nulls(len(drafts), f.type) for f in LOCATOR]
    mask = pa.array([d.key is None and d.line is None and d.number is None for d in drafts])
    return pa.StructArray.from_arrays(arrays, fields=list(LOCATOR), mask=mask)


def _leaving_column(drafts: Sequence[Draft]) -> pa.StructArray:
    reasons = [check_reason(d.leaving[0]) if d.leaving else None for d in drafts]
    values = {
        "disposition": [r and Disposition.QUARANTINED.value for r in reasons],
        "stage": [r and "collect" for r in reasons],
        "reason": reasons,
        "detail": [d.leaving[1] if d.leaving else None for d in drafts],
    }
    arrays = [pa.array(values[f.name], pa.string()) for f in LEAVING]
    return pa.StructArray.from_arrays(arrays, fields=list(LEAVING), mask=pa.array([r is None for r in reasons]))
