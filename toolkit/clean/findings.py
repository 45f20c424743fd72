"""What was found against records, and how that becomes flags and rejections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from toolkit.kinds import Batch, leave
from toolkit.record import SCHEMA, set_columns


@dataclass(frozen=True)
class Finding:
    """One rule against some records of a batch.

    Attributes:
        rule: Name of the rule; also the flag.
        reason: Reason code of the rejection.
        rejects: Whether it rejects or only flags.
        details: Row -> what was measured, in prose.
    """

    rule: str
    reason: str
    rejects: bool
    details: Mapping[int, str]


def settle(batch: Batch, findings: Sequence[Finding], stage: str) -> Batch:
    """Write the findings into a batch: flags on what stays, `leaving` on what is rejected, by its first finding.

    >>> from toolkit.record import columns_of
    >>> batch = columns_of([{"id": "a", "output": "。"}, {"id": "b", "output": "5 mg", "flags": ["no_date"]}])
    >>> done = settle(batch, [Finding("too_short", "too_short", True, {0: "output"}), Finding("stale", "stale", False, {1: "x"})], "clean")
    >>> done.column("leaving").to_pylist()[0]["reason"], done.column("flags").to_pylist()[1]
    ('too_short', ['no_date', 'stale'])
    """
    flagged = [(row, finding.rule) for finding in findings if not finding.rejects for row in finding.details]
    batch = add_to_list(batch, "flags", flagged)
    for finding in findings:
        if finding.rejects and finding.details:
            batch = _reject(batch, finding, stage)
    return batch


def add_to_list(batch: Batch, column: str, added: Iterable[tuple[int, str]]) -> Batch:
    """Append (row, word) pairs to a column of lists; what stands there already is not repeated."""
    words = list(added)
    if not words:
        return batch
    lists = batch.column(column).to_pylist()
    for row, word in words:
        known = lists[row] or []
        if word not in known:
            lists[row] = [*known, word]
    return set_columns(batch, {column: pa.array(lists, SCHEMA.field(column).type)})


def _reject(batch: Batch, finding: Finding, stage: str) -> Batch:
    mask = np.zeros(batch.num_rows, bool)
    mask[list(finding.details)] = True
    details = pa.array([finding.details.get(row) for row in range(batch.num_rows)], pa.string())
    return leave(batch, pa.array(mask), stage, finding.reason, details)
