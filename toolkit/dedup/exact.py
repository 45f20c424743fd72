"""Equal normal forms: one stays, unless they are true of different things or at different times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pyarrow as pa

from toolkit.dedup.decisions import Decision, table_of
from toolkit.dedup.known import facts_in_turn
from toolkit.dedup.survivor import Facts, newest, rank, touching
from toolkit.kinds import Records

REASON = "exact_duplicate"


def solve(rows: pa.Table, records: Records, fields: Sequence[str], as_of: str | None) -> pa.Table:
    """Decide in every group of equal texts who stays.

    Args:
        rows: `left` names the group, `right` is a member of it.
        records: The records.
        fields: What is compared.
        as_of: The day for which the newest valid one is chosen.
    """
    ordered = rows.sort_by([("left", "ascending"), ("right", "ascending")])
    facts = facts_in_turn(records, ordered.column("right").to_numpy(), fields)
    pairs = zip(ordered.column("left").to_numpy(), facts, strict=True)
    return table_of(d for _, group in groupby(pairs, key=lambda p: p[0]) for d in decide([f for _, f in group], as_of))


def decide(group: Sequence[Facts], as_of: str | None) -> Iterator[Decision]:
    """Decide about records of equal text.

    Without a fact key, records whose intervals meet become one record with the interval of both. Versions of one fact
    become the version that is newest and valid at `as_of`, with its own interval: a wider one would begin before the
    newest version, and aging would call text that is in force superseded. A copy without any date is taken in by the
    dated one where there is just one, so that a dead law does not live on in an undated copy. Others (another fact key, a
    gap in time) all stay and form a cluster, which no split tears apart.
    """
    runs = _runs(group)
    cluster = min(f.id for f in group) if len(runs) > 1 else None
    for run in runs:
        begins, ends, merged = _interval(run)
        keeper = _keeper(_able(run, (begins, ends)) if merged else run, as_of)
        lost = sorted((f for f in run if f.ref != keeper.ref), key=lambda f: f.id)
        if lost or cluster:
            yield Decision(keeper.ref, keeper.id, cluster=cluster, replaces=[f.as_replaced() for f in lost],
                           valid_from=begins, valid_until=ends, merged=merged)  # fmt: skip
        for f in lost:
            yield Decision(f.ref, f.id, REASON, keeper.id, 1.0)


def _keeper(run: Sequence[Facts], as_of: str | None) -> Facts:
    dated = [f for f in run if f.dated] or run
    versions = len({f.lasts for f in dated}) > 1 and dated[0].lasts[0] is not None
    return min(dated, key=lambda f: (newest(f, as_of) if versions else (), rank(f, as_of)))


def _able(run: Sequence[Facts], interval: tuple[str | None, str | None]) -> Sequence[Facts]:
    """Those that can have the merged interval: a record of the index (negative ref) keeps the one it was shipped with."""
    return [f for f in run if f.ref >= 0 or f.lasts[1:] == interval] or run


def _runs(group: Sequence[Facts]) -> list[list[Facts]]:
    """Part a group into runs of which one record stays each."""
    undated = [f for f in group if not f.dated]
    dated = sorted(
        (f for f in group if f.dated), key=lambda f: (str(f.lasts[0]), f.lasts[1] or "", f.lasts[2] or "", f.id)
    )
    runs: list[list[Facts]] = []
    for f in dated:
        if runs and runs[-1][0].lasts[0] == f.lasts[0] and any(f.lasts == g.lasts or touching(f, g) for g in runs[-1]):
            runs[-1].append(f)
        else:
            runs.append([f])
    if undated and len(runs) == 1:
        return [[*runs[0], *undated]]
    return [*runs, undated] if undated else runs


def _interval(run: Sequence[Facts]) -> tuple[str | None, str | None, bool]:
    """The interval of a run without a fact key, and whether it is wider than that of its records."""
    spans = {f.lasts[1:] for f in run if f.dated and f.lasts[0] is None}
    if len(spans) < 2:  # noqa: PLR2004 - one interval is no merger
        return None, None, False
    starts, ends = [s for s, _ in spans], [e for _, e in spans]
    return (
        None if None in starts else min(filter(None, starts)),
        None if None in ends else max(filter(None, ends)),
        True,
    )
