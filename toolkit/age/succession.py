"""Which version of a fact is the newest in force: a KeyReduce over the fact key.

Only versions that have certainly begun take part: one that is not in force yet replaces nothing, and one without a date
has no place in the order. A version is older than another only if every reading of its start lies before every reading
of the other's; equal starts (many examples of one document) never replace each other. A record names the newest version
as its successor, not the next link of the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.age.columns import Distinct
from toolkit.age.evidence import Known
from toolkit.age.policy import Policy, Subject
from toolkit.age.verdict import Successor
from toolkit.dates import Interval, PartialDate, zone
from toolkit.kinds import Batch, Records

_STRENGTHS = (True, False)
_VERSION = (("first", pa.int64()), ("last", pa.int64()), ("strong", pa.bool_()), ("id", pa.string()),
            ("source", pa.string()), ("valid_from", pa.string()))  # fmt: skip
EMITTED = pa.schema([("key", pa.binary(16)), ("row", pa.int64()), *_VERSION])
SUCCESSORS = pa.schema(
    [("ref", pa.int64()), ("id", pa.string()), ("source", pa.string()), ("valid_from", pa.string()),
     ("certain", pa.bool_())]
)  # fmt: skip


class Version(NamedTuple):
    """A version that has begun.

    Attributes:
        first: The earliest moment its start may mean, in microseconds.
        last: The latest moment.
        strong: The date of its start is strong enough to remove a record.
    """

    first: int
    last: int
    strong: bool
    id: str
    source: str | None
    valid_from: str


def versions(batch: Batch, rows: Distinct, known: Sequence[Known], policy: Policy, day: PartialDate) -> pa.Table:
    """Emit a narrow row for every record that has a fact key and has certainly begun on the day.

    Args:
        batch: Records.
        rows: Their keys.
        known: One answer per key.
        policy: Says which dates are strong.
        day: The day to judge from.
    """
    starts = [_begun(k, key.subject, policy, day) for k, key in zip(known, rows.keys, strict=True)]
    fact_keys = _strings(batch, "validity", "fact_key")
    ids, sources = batch.column("id").to_pylist(), _strings(batch, "source", "id")
    emitted = (
        (_digest(fact_key), row, first, last, strong, ids[row], sources[row], text)
        for row, (fact_key, code) in enumerate(zip(fact_keys, rows.codes, strict=True))
        if fact_key and (start := starts[code])
        for first, last, strong, text in (start,)
    )
    return _table(EMITTED, emitted)


def has_fact_keys(batch: Batch) -> bool:
    """Tell whether any record can have a newer version at all."""
    return any(_strings(batch, "validity", "fact_key"))


def _strings(batch: Batch, column: str, field: str) -> list[str | None]:
    values = batch.column(column)
    if values.null_count == len(values):
        return [None] * len(values)
    texts: list[str | None] = pc.struct_field(values, field).to_pylist()
    return texts


def _begun(known: Known, subject: Subject, policy: Policy, day: PartialDate) -> tuple[int, int, bool, str] | None:
    """Tell when a version began and how strongly that is known, if it has certainly begun."""
    start = known.dates.get("valid_from")
    if start is None or Interval(start.date, None, known.tz).contains(day) != "yes":
        return None
    text = str(start.date)
    return *moments(text, known.tz), start.rank >= policy.gate(subject.doc_type), text


def _digest(fact_key: str) -> bytes:
    return hashlib.blake2b(fact_key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _table(schema: pa.Schema, rows: Iterable[Sequence[object]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


@lru_cache(maxsize=1 << 16)
def moments(text: str, tz: str) -> tuple[int, int]:
    """Tell the first and the last moment a date may mean, in microseconds of UTC since the year 1.

    >>> first, last = moments("2021", "Asia/Shanghai")
    >>> (last - first + 1) // 86_400_000_000
    365
    >>> moments("2021-01-01T08:00:00+08:00", "UTC") == moments("2021-01-01T00:00:00Z", "Asia/Shanghai")
    True
    """
    partial = PartialDate(text)
    if partial.instant is not None:
        offset = partial.instant.utcoffset() or timedelta(0)
        moment = _micros(partial.instant.replace(tzinfo=None)) - offset // timedelta(microseconds=1)
        return moment, moment
    end = _midnight(partial.latest, tz) + _DAY - 1
    return _midnight(partial.earliest, tz), end


_DAY = timedelta(days=1) // timedelta(microseconds=1)


def _midnight(day: date, tz: str) -> int:
    """Integers, not datetimes: the years 1 and 9999 stand for "ever" and leave the calendar when they are shifted."""
    start = datetime.combine(day, time(), zone(tz))
    return _micros(start.replace(tzinfo=None)) - (start.utcoffset() or timedelta(0)) // timedelta(microseconds=1)


def _micros(naive: datetime) -> int:
    return (naive - datetime.min) // timedelta(microseconds=1)  # noqa: DTZ901 - both are without a zone: a plain count


def newest(rows: pa.Table, _records: Records) -> pa.Table:
    """Find for every version the newest one that is certainly later, among the strong ones, else among the weak."""
    keys, refs = rows.column("key").to_pylist(), rows.column("ref").to_pylist()
    found = [Version(*values) for values in zip(*(rows.column(n).to_pylist() for n, _ in _VERSION), strict=True)]
    heads: dict[tuple[bytes, bool], Version] = {}
    for key, version in zip(keys, found, strict=True):
        head = heads.get((key, version.strong))
        if head is None or _rank(version) < _rank(head):
            heads[key, version.strong] = version
    pairs = ((ref, _successor(version, [heads.get((key, s)) for s in _STRENGTHS])) for key, ref, version in
             zip(keys, refs, found, strict=True))  # fmt: skip
    return _table(SUCCESSORS, [(ref, *successor) for ref, successor in pairs if successor])


def _rank(version: Version) -> tuple[int, str, str]:
    """The latest start first; ties by id, so that the order of arrival says nothing."""
    return -version.first, version.id, version.source or ""


def _successor(version: Version, heads: Sequence[Version | None]) -> Successor | None:
    head = next((h for h in heads if h is not None and version.last < h.first), None)
    if head is None:
        return None
    return Successor(head.id, head.source, head.valid_from, version.strong and head.strong)


def successors(result: pa.Table) -> dict[int, Successor]:
    """Read the result rows of one batch: row -> successor."""
    names = Successor._fields
    rows = zip(*(result.column(n).to_pylist() for n in ("row", *names)), strict=True)
    return {row: Successor(*values) for row, *values in rows}
