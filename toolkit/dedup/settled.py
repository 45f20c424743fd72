"""Between equal and near: records as the decisions about equal texts leave them, and pairs that name who stayed.

Rounds name the first of equal texts. Who of them stays is known only when their facts have been looked at; then pairs are
told of those, and later steps see a merged interval and what a survivor replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup import decisions
from toolkit.dedup.kernel import Pairs, components
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.near import NONE
from toolkit.dedup.pairs import Kind, pairs_table, spanning
from toolkit.kinds import Records

_CHANGED = ("validity", "replaces")


class Settled:
    """`Records` with the merged intervals and the replaced of some decisions."""

    def __init__(self, records: Records, decided: pa.Table) -> None:
        touched = pc.or_(decided.column("merged"), pc.greater(pc.list_value_length(decided.column("replaces")), 0))
        self._records, self._decided = records, decided.filter(touched).sort_by("ref")

    def take(self, refs: pa.Int64Array, columns: Sequence[str]) -> pa.Table:
        """The named columns of these records, in this order."""
        table = self._records.take(refs, columns)
        at = pc.index_in(refs, value_set=self._decided.column("ref").combine_chunks())
        if at.null_count == len(at):
            return table
        rows = self._decided.take(at.drop_null())
        rows = rows.append_column("row", pa.array(np.flatnonzero(at.is_valid().to_numpy(zero_copy_only=False))))
        for name in set(columns) & set(_CHANGED):
            column = table.column(name).combine_chunks()
            table = table.set_column(table.schema.get_field_index(name), name, decisions.changed(name, column, rows))
        return table


def in_turn(parts: Sequence[pa.Table]) -> pa.Table:
    """Decisions that are carried out one after the other, as one table."""
    numbered = [t.append_column("turn", pa.array(np.full(t.num_rows, n, dtype=np.int8))) for n, t in enumerate(parts)]
    return pa.concat_tables(numbered, promote_options="default")


def turns(decided: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The three parts of `in_turn`."""
    equal, alike, against = (decided.filter(pc.equal(decided.column("turn"), n)) for n in range(3))
    return equal, alike, against


def dropped_by(decided: pa.Table) -> I64:
    """The refs of the records that leave, sorted."""
    return np.sort(decided.filter(pc.is_valid(decided.column("reason"))).column("ref").to_numpy())


SPANNED = 1 << 22
"""Pairs that are made fewer together; what comes out waits for more."""


def spanned(rows: pa.Table) -> pa.Table:
    """The rows of all buckets, with as few pairs of texts that stay apart as link the same ones."""
    others, waiting, held, least = [], [NONE], 0, 0
    for batch in rows.to_batches():
        apart = pc.equal(batch.column("kind"), int(Kind.VETOED))
        others.append(batch.filter(pc.invert(apart)))
        pairs = batch.filter(apart)
        waiting.append(Pairs(*(pairs.column(n).to_numpy() for n in Pairs._fields)))
        held += pairs.num_rows
        if held > max(SPANNED, 2 * least):
            waiting = [spanning(_joined(waiting))]
            held = least = len(waiting[0].left)
    links = pairs_table(spanning(_joined(waiting)), Kind.VETOED).select(rows.column_names).cast(rows.schema)
    return pa.concat_tables([pa.Table.from_batches(others, rows.schema), links])


def _joined(parts: Sequence[Pairs]) -> Pairs:
    return Pairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def renamed(rows: pa.Table, twins: pa.Table, decided: pa.Table, records: Records) -> pa.Table:
    """Pairs of texts as pairs of the records that stayed of them.

    Most often that is one for one. Where equal texts of different things or times stay, each is paired with one of its own
    time, so that they may merge, and with one of another, so that the link is seen: never all with all.

    Args:
        rows: Measured pairs and links of crowds, by the first of equal texts.
        twins: The first of equal texts and its members.
        decided: What was decided about equal texts.
        records: The records, with what was decided.
    """
    firsts, members = twins.column("left").to_numpy(), twins.column("right").to_numpy()
    stays = (members >= 0) & ~np.isin(members, dropped_by(decided))
    of, refs = firsts[stays], members[stays]
    names, count = np.unique(of, return_counts=True)
    one = np.isin(of, names[count == 1])
    rows = _one_for_one(rows, of[one], refs[one])
    groups: dict[int, list[int]] = {first: [] for first in np.setdiff1d(firsts, of[one]).tolist()}
    for first, ref in zip(of[~one].tolist(), refs[~one].tolist(), strict=True):
        groups[first].append(ref)
    crowd = rows.column("kind").to_numpy() == Kind.CROWD
    hard = ~crowd & (np.isin(rows.column("left"), list(groups)) | np.isin(rows.column("right"), list(groups)))
    easy, links = rows.filter(pa.array(~crowd & ~hard)), _links(rows.filter(pa.array(crowd)), groups)
    return pa.concat_tables(
        [easy, _of_several(rows.filter(pa.array(hard)), groups, records), pairs_table(links, Kind.CROWD)]
    )


def _one_for_one(rows: pa.Table, old: I64, new: I64) -> pa.Table:
    """Rows with other names for some of those that they pair."""
    for name in ("left", "right"):
        at, column = rows.schema.get_field_index(name), rows.column(name)
        known = pa.array(new).take(pc.index_in(column.combine_chunks(), value_set=pa.array(old)))
        rows = rows.set_column(at, rows.schema.field(name), pc.coalesce(known, column))
    return rows


def _of_several(rows: pa.Table, groups: Mapping[int, Sequence[int]], records: Records) -> pa.Table:
    """Pairs with groups of which not just one stayed, and between the members of each."""
    several = [group for group in groups.values() if len(group) > 1]
    times = _times([ref for group in several for ref in group], records)
    named = [
        (a, b, *rest)
        for one, two, *rest in zip(*(c.to_pylist() for c in rows.columns), strict=True)
        for a, b in matched(groups.get(one, [one]), groups.get(two, [two]), times)
    ]
    named += [(group[0], other, 1.0, int(Kind.VETOED)) for group in several for other in group[1:]]
    columns = zip(*named, strict=True) if named else [()] * len(rows.schema)
    new = [pa.array(values, field.type) for values, field in zip(columns, rows.schema, strict=True)]
    return pa.table(new, schema=rows.schema)


def _times(refs: Sequence[int], records: Records) -> dict[int, str]:
    """What says of which thing and when each of some records is true."""
    if not refs:
        return {}
    validity = records.take(pa.array(refs, pa.int64()), ["validity"]).column("validity").to_pylist()
    said = [[(v or {}).get(n) for n in ("fact_key", "valid_from", "valid_until")] for v in validity]
    return dict(zip(refs, map(repr, said), strict=True))


def matched(left: Sequence[int], right: Sequence[int], times: Mapping[int, str]) -> list[tuple[int, int]]:
    """Pairs between two groups of equal texts: each member with one of its time and one of another.

    >>> matched([1], [5, 6], {})
    [(1, 5), (1, 6)]
    >>> matched([1, 2], [5, 6, 7], {1: "2019", 2: "2024", 5: "2019", 6: "2024", 7: "2026"})
    [(1, 5), (1, 6), (1, 7), (2, 5), (2, 6)]
    """
    if min(len(left), len(right)) < 2:  # noqa: PLR2004 - one with each of the others
        return [(a, b) for a in left for b in right]
    found = {(a, b) for a in left for b in _partners(times[a], right, times)}
    found |= {(a, b) for b in right for a in _partners(times[b], left, times)}
    return sorted(found)


def _partners(time: str, others: Sequence[int], times: Mapping[int, str]) -> list[int]:
    same = next((o for o in others if times[o] == time), None)
    other = next((o for o in others if times[o] != time), None)
    return [o for o in (same, other) if o is not None]


def _links(rows: pa.Table, groups: Mapping[int, Sequence[int]]) -> Pairs:
    """The chains of crowds through the records that stayed."""
    members, labels = components(rows.column("left").to_numpy(), rows.column("right").to_numpy())
    several = np.isin(members, list(groups))
    chosen = zip(members[several].tolist(), labels[several].tolist(), strict=True)
    more = [(ref, label) for member, label in chosen for ref in groups[member]]
    added = np.array(more, np.int64).reshape(-1, 2)
    refs, labels = np.append(members[~several], added[:, 0]), np.append(labels[~several], added[:, 1])
    order = np.lexsort((refs, labels))
    refs, labels = refs[order], labels[order]
    linked = labels[1:] == labels[:-1]
    return Pairs(refs[:-1][linked], refs[1:][linked], np.zeros(int(linked.sum())))
