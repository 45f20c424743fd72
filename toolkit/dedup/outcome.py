"""What pairs of near records come to: decisions, column by column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from toolkit.dedup.decisions import DECISIONS
from toolkit.dedup.kernel import Pairs, components
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.known import Known, places


def decided(
    known: Known, found: Sequence[Pairs], variants: Pairs, *, kept_for: I64, score: np.ndarray, reason: str
) -> pa.Table:
    """Say of all that are linked with another who leaves for whom, and what those that stay keep of them.

    Args:
        known: The records; all else names them by their place.
        found: Similar pairs; the first are all there are, those of crowds lead to the leaders only.
        variants: Pairs that stay apart, by their time or by what they say.
        kept_for: For every record the one that it leaves for, or -1.
        score: The similarity of the two.
        reason: Why they leave.
    """
    cluster = _clusters(known, [*found, variants])
    told = np.flatnonzero(cluster >= 0)
    lost = kept_for[told] >= 0
    varies = np.isin(told, np.concatenate([variants.left, variants.right])) & ~lost
    columns = {
        "ref": pa.array(known.refs[told]),
        "id": known.ids.take(pa.array(told)),
        "reason": _where(lost, reason),
        "survivor": known.ids.take(pa.array(kept_for[told], mask=~lost)),
        "similarity": pa.array(score[told], mask=~lost),
        "cluster": known.ids.take(pa.array(cluster[told])),
        "flag": _where(varies, "near_variant"),
        "replaces": _replaces(known, kept_for, told),
        "likes": _likes(known, found, told),
    }
    unchanged = {"merged": pa.scalar(value=False), "indexed": pa.scalar(value=False)}
    constants = {f.name: pa.repeat(unchanged.get(f.name, pa.scalar(None, f.type)), len(told)) for f in DECISIONS}
    return pa.table({**constants, **columns}, schema=DECISIONS)


def _where(mask: np.ndarray, word: str) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(mask), np.int32), mask=~mask), [word]).cast(pa.string())


def _clusters(known: Known, linked: Sequence[Pairs]) -> I64:
    """For every record the one with the smallest id of those it is linked with, over any chain; -1 where there is none."""
    members, labels = components(*(np.concatenate([pairs[side] for pairs in linked]) for side in (0, 1)))
    smallest = np.full(len(known.refs), len(known.refs))
    np.minimum.at(smallest, labels, places(known.by_id)[members])
    cluster = np.full(len(known.refs), -1)
    cluster[members] = known.by_id[smallest[labels]]
    return cluster


def _replaces(known: Known, kept_for: I64, told: I64) -> pa.ListArray:
    """What a survivor keeps of those that leave for it, in the order of their ids."""
    lost = np.flatnonzero(kept_for >= 0)
    lost = lost[np.lexsort((places(known.by_id)[lost], kept_for[lost]))]
    return _lists(kept_for[lost], known.replaced.take(pa.array(lost)), told, "replaces")


def _likes(known: Known, found: Sequence[Pairs], told: I64) -> pa.ListArray:
    """For every record the better ones that it resembles: all that a decision at a higher threshold needs."""
    one, two, value = (np.concatenate(parts) for parts in zip(*found, strict=True))
    crowd = np.repeat([n > 0 for n in range(len(found))], [len(pairs.left) for pairs in found])
    swap = known.order[one] < known.order[two]
    later, better = np.where(swap, two, one), np.where(swap, one, two)
    value = np.fromiter((round(v, 6) for v in value), np.float64, len(value))
    turn = np.lexsort((crowd, places(known.by_id)[better], -value, later))
    parts = [known.ids.take(pa.array(better[turn])), pa.array(value[turn]), pa.array(crowd[turn])]
    fields = DECISIONS.field("likes").type.value_type
    return _lists(later[turn], pa.StructArray.from_arrays(parts, fields=list(fields)), told, "likes")


def _lists(owners: I64, values: pa.Array, told: I64, name: str) -> pa.ListArray:
    """Values as one list for each record that is told of; owners are in order, and all of them told of."""
    offsets = np.searchsorted(owners, np.append(told, np.iinfo(np.int64).max)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=DECISIONS.field(name).type)
