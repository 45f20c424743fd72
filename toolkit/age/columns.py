"""Batches in and out: the raw values of many records as keys of a few answers, and the answers back as columns.

Most records of one source say the same about their validity, so each distinct answer is found once per batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.age.evidence import DATES, FLAGS, OF_SOURCE, Claim, Known, Said
from toolkit.age.policy import Subject
from toolkit.kinds import Batch
from toolkit.record import EVIDENCE, set_columns, struct_with


class Key(NamedTuple):
    """What an answer depends on."""

    said: Said
    subject: Subject


class Distinct(NamedTuple):
    """The distinct keys of a batch, and which of them each row has."""

    keys: list[Key]
    codes: list[int]

    def spread(self, values: Sequence[Any], arrow: pa.DataType) -> pa.Array:
        """A column from one value per key."""
        return pa.array(values, arrow).take(pa.array(self.codes, pa.int64()))


def distinct(batch: Batch, *, fact_keys: bool) -> Distinct:
    """Read what every record says about its validity.

    Args:
        batch: Records.
        fact_keys: Whether answers depend on the fact key; if not, records of one source share their answers.
    """
    n = batch.num_rows
    validity, source = _children(batch.column("validity")), _children(batch.column("source"))
    said = [_values((source if f in (*OF_SOURCE, "jurisdiction") else validity).get(f), n) for f in Said._fields[:-1]]
    fact_key = _values(validity.get("fact_key") if fact_keys else None, n)
    subjects = [fact_key, *(_values(source.get(f), n) for f in ("id", "doc_type", "domain"))]
    numbers: dict[tuple[Any, ...], int] = {}
    rows = zip(*said, _claims(batch.column("validity")), *subjects, strict=False)
    codes = [numbers.setdefault(row, len(numbers)) for row in rows]
    return Distinct([_key(row) for row in numbers], codes)


def _key(row: tuple[Any, ...]) -> Key:
    *said, claims, fact_key, source, doc_type, domain = row
    return Key(
        Said(*said)._replace(evidence=tuple(Claim(*c) for c in claims)), Subject(fact_key, source, doc_type, domain)
    )


def _children(column: pa.StructArray) -> dict[str, pa.Array]:
    if column.null_count == len(column):
        return {}
    return {f.name: c for f, c in zip(column.type, column.flatten(), strict=True)}


def _values(column: pa.Array | None, length: int) -> list[Any]:
    if column is None or column.null_count == length:
        return [None] * length
    values: list[Any] = column.to_pylist()
    return values


def _claims(validity: pa.StructArray) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """The evidence of every row, without end where there is none at all."""
    column = _children(validity).get("evidence")
    if column is None or column.null_count == len(column):
        return itertools.repeat(())
    values = column.flatten()
    flat = _children(values)
    claims = list(zip(*(_values(flat.get(name), len(values)) for name in Claim._fields), strict=True))
    return iter([tuple(claims[a:b]) for a, b in itertools.pairwise(_borders(column))])


def _borders(column: pa.ListArray) -> list[int]:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_pylist()
    return list(itertools.accumulate(lengths, initial=0))


def write_known(batch: Batch, rows: Distinct, known: Sequence[Known]) -> Batch:
    """Write what is known into `validity`, `source` and `flags`; columns that do not change are left as they are.

    Args:
        batch: Records.
        rows: Their keys.
        known: One answer per key.
    """
    pairs = list(zip((key.said for key in rows.keys), known, strict=True))
    texts = {f: [_text(k, f) for k in known] for f in DATES}
    words = {"tz": [_zone(s, k) for s, k in pairs], "volatility": [k.volatility for k in known]}
    changed = {
        f: rows.spread(values, pa.string())
        for f, values in (texts | words).items()
        if any(getattr(s, f) != value for (s, _), value in zip(pairs, values, strict=True))
    }
    if any(s.evidence != k.evidence for s, k in pairs):
        changed["evidence"] = _rewritten(batch.column("validity"), [pairs[code] for code in rows.codes])
    ours = {f: c for f, c in changed.items() if f not in OF_SOURCE}
    theirs = {f: c for f, c in changed.items() if f in OF_SOURCE}
    columns = {n: struct_with(batch.column(n), c) for n, c in (("validity", ours), ("source", theirs)) if c}
    return with_flags(set_columns(batch, columns), rows.codes, [k.flags for k in known], FLAGS)


def _text(known: Known, field: str) -> str | None:
    return str(known.dates[field].date) if field in known.dates else None


def _zone(said: Said, known: Known) -> str | None:
    """The zone is that of the civil days: where there are none, only one that was given stays."""
    return known.tz if known.dates or said.tz == known.tz else None


def _rewritten(validity: pa.StructArray, pairs: Sequence[tuple[Said, Known]]) -> pa.Array:
    """Drop and append evidence; a claim that stays keeps every field, also those that merging never looks at."""
    arrow = validity.type.field("evidence").type
    old = _children(validity).get("evidence", pa.nulls(len(validity), arrow))
    flat = old.flatten()
    fresh: dict[Claim, int] = {}
    picks: list[int] = []
    ends = [0]
    for start, (said, known) in zip(_borders(old), pairs, strict=False):
        stay = [start + i for i, claim in enumerate(said.evidence) if claim in known.evidence]
        added = known.evidence[len(stay) :]
        picks += [*stay, *(len(flat) + fresh.setdefault(claim, len(fresh)) for claim in added)]
        ends.append(len(picks))
    values = pa.concat_arrays([flat, pa.array([c._asdict() for c in fresh], EVIDENCE)]).take(
        pa.array(picks, pa.int64())
    )
    empty = pa.array([a == b for a, b in itertools.pairwise(ends)])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values, mask=empty, type=arrow)


def with_flags(
    batch: Batch, codes: Sequence[int], flags: Sequence[tuple[str, ...]], owned: Sequence[str] = ()
) -> Batch:
    """Add flags; those of `owned` that no longer hold are taken away. Flags that stand already keep their place.

    Args:
        batch: Records.
        codes: Which of `flags` each row gets.
        flags: One tuple per code.
        owned: The flags that the caller alone sets.
    """
    if not any(flags) and batch.column("flags").null_count == batch.num_rows:
        return batch
    old = [tuple(f) if f else () for f in _values(batch.column("flags"), batch.num_rows)]
    pairs = dict.fromkeys(zip(old, codes, strict=True))
    merged = {(before, code): _merged(before, flags[code], owned) for before, code in pairs}
    column = pa.array([merged[pair] or None for pair in zip(old, codes, strict=True)], batch.schema.field("flags").type)
    return set_columns(batch, {"flags": column})


def _merged(old: Sequence[str], new: Sequence[str], owned: Sequence[str]) -> list[str]:
    if not old:
        return list(new)
    kept = [flag for flag in old if flag in new or flag not in owned]
    return kept + [flag for flag in new if flag not in kept]
