"""Who stays: what is known of a record that decides between two that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dates import parse_loose
from toolkit.dedup.compare import compared
from toolkit.dedup.kernel import normal_column
from toolkit.dedup.kernel.columns import I64
from toolkit.kinds import Records
from toolkit.record import Row, rows_of

UNKNOWN_AUTHORITY = 9
BLOCK = 5_000
"""Rows whose texts are in memory while facts are gathered."""


class Facts(NamedTuple):
    """What decides about one record.

    Attributes:
        ref: Where it lies in the run.
        lasts: Its fact key and interval, as written; all None where nothing says when it was true.
    """

    ref: int
    id: str
    human: bool
    authority: int
    published: str | None
    lasts: tuple[str | None, str | None, str | None]
    length: int
    source: Row

    @property
    def dated(self) -> bool:
        """Whether anything says of what or when it is true."""
        return self.lasts != (None, None, None)

    def as_replaced(self) -> Row:
        """What the survivor keeps of it."""
        source = self.source
        kept = {"id": self.id, "source": source.get("id"), "uri": source.get("uri"), "license": source.get("license")}
        return {k: v for k, v in kept.items() if v is not None}


def rank(facts: Facts, as_of: str | None) -> tuple[Any, ...]:
    """Sort key, the survivor first: human-approved, then authority, newest valid at `as_of`, longest, smallest id.

    A record of the index (negative ref) comes before a new one that is better by its id alone: ids are hashes, and a copy
    does not replace what was shipped.

    >>> old = Facts(0, "a", False, 2, "2019", (None, None, None), 9, {})
    >>> new = old._replace(id="b", published="2024-03")
    >>> min([old, new], key=lambda f: rank(f, "2026-11-22")).id, min([old, new], key=lambda f: rank(f, "2020-01-01")).id
    ('b', 'a')
    >>> law = old._replace(id="z", authority=1)
    >>> min([new, law], key=lambda f: rank(f, None)).id  # an official source before a newer one
    'z'
    """
    return (not facts.human, facts.authority, *newest(facts, as_of), -facts.length, facts.ref >= 0, facts.id)


_RULES = ("it is approved by a person", "its authority is higher", "it is valid", "it is newer", "it is longer")


def why(better: Facts, other: Facts, as_of: str | None) -> str:
    """The first rule that puts one record before another.

    >>> old = Facts(0, "a", False, 2, "2019", (None, None, None), 9, {})
    >>> why(old._replace(published="2024-03"), old, None), why(old, old._replace(id="b"), None)
    ('it is newer', 'its id is smaller')
    """
    pairs = zip(_RULES, rank(better, as_of), rank(other, as_of), strict=False)
    return next((rule for rule, a, b in pairs if a != b), "its id is smaller")


def newest(facts: Facts, as_of: str | None) -> tuple[bool, int]:
    """Sort key: not valid at `as_of` comes last; among the others the later day comes first."""
    _, begins, ends = facts.lasts
    start = _days(begins or facts.published)
    end = _days(ends)
    day = _days(as_of)
    valid = day is None or ((start is None or start[0] <= day[0]) and (end is None or end[1] >= day[0]))
    return not valid, -(start[0] if start else 0)


@lru_cache(maxsize=65536)
def _days(text: str | None) -> tuple[int, int] | None:
    """First and last day that a partial date may mean."""
    date = parse_loose(text) if text else None
    return None if date is None else (date.earliest.toordinal(), date.latest.toordinal())


def touching(left: Facts, right: Facts) -> bool:
    """Whether two intervals meet or overlap: no day lies between them.

    >>> a = Facts(0, "a", False, 1, None, ("law:甲", "2019-01-01", "2020-12-31"), 9, {})
    >>> touching(a, a._replace(lasts=("law:甲", "2021-01-01", None)))
    True
    >>> touching(a, a._replace(lasts=("law:甲", "2022-01-01", None)))
    False
    """
    (_, from_a, until_a), (_, from_b, until_b) = left.lasts, right.lasts
    return _meets(until_a, from_b) and _meets(until_b, from_a)


def _meets(until: str | None, begins: str | None) -> bool:
    end, start = _days(until), _days(begins)
    return end is None or start is None or start[0] <= end[0] + 1


def facts_of(records: Records, refs: Sequence[int] | I64, fields: Sequence[str]) -> Iterator[Facts]:
    """Gather the facts of some records, block by block."""
    for at in range(0, len(refs), BLOCK):
        block = pa.array(refs[at : at + BLOCK], pa.int64())
        table = records.take(block, ["id", "source", "validity", "labeling", *fields])
        # of the normal form: spaces between characters or repeated signs make no text the longer one
        lengths = pc.binary_length(normal_column(compared(table, fields))).to_pylist()
        rows = rows_of(table.select(["id", "source", "validity", "labeling"]))
        for ref, row, length in zip(block.to_pylist(), rows, lengths, strict=True):
            yield _facts(ref, row, length)


def _facts(ref: int, row: Row, length: int) -> Facts:
    source, validity, labeling = (row.get(name) or {} for name in ("source", "validity", "labeling"))
    human = labeling.get("status") in ("approved", "edited") and labeling.get("kind") == "human"
    lasts = (validity.get("fact_key"), validity.get("valid_from"), validity.get("valid_until"))
    authority = source.get("authority") or UNKNOWN_AUTHORITY
    return Facts(ref, row["id"], human, authority, source.get("published_at"), lasts, length, source)
