"""The vocabulary of the rows between emission and solve."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pyarrow as pa

from toolkit.dedup.kernel import Pairs, components
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import SPREAD_1, SPREAD_2, STEP, U64, UNIT_FACTOR
from toolkit.kinds import SHARD_BITS


class Kind(IntEnum):
    """What a row is about.

    Attributes:
        TEXT: A record: its exact key and all its band keys.
        PROMPT: The key of what a record asks; later two records that ask the same.
        TWIN: The first of equal texts, and one of them (the first itself too).
        BAND: One band key.
        PAIR: Two texts to be measured.
        CROWD: A link between two members of a crowd.
        NEAR: Two texts that are alike.
        VETOED: Two texts that are alike and say another thing.
    """

    TEXT = 0
    PROMPT = 1
    TWIN = 2
    BAND = 3
    PAIR = 4
    CROWD = 5
    NEAR = 6
    VETOED = 7


def pairs_table(pairs: Pairs, kind: Kind) -> pa.Table:
    """Pairs of one kind as rows.

    >>> pairs_table(Pairs(np.array([1]), np.array([2]), np.array([0.9])), Kind.NEAR).to_pylist()
    [{'left': 1, 'right': 2, 'similarity': 0.9, 'kind': 6}]
    """
    kinds = np.full(len(pairs.left), kind, dtype=np.uint8)
    return pa.table({**dict(zip(Pairs._fields, map(pa.array, pairs), strict=True)), "kind": kinds})


def spanning(pairs: Pairs) -> Pairs:
    """As few pairs as link the same records: of a component all with its smallest.

    Of texts that are alike and say another thing (a table of doses, a form with numbers) only this is asked: which hang
    together. There may be many pairs for each record. Not for a run with an index: an entry may leave with all its pairs,
    and those that it was the middle of would fall apart.

    >>> left, right = np.array([1, 1, 2, 5]), np.array([2, 3, 3, 6])
    >>> [side.tolist() for side in spanning(Pairs(left, right, np.ones(4)))[:2]]
    [[1, 1, 5], [2, 3, 6]]
    """
    members, least = components(pairs.left, pairs.right)
    linked = members != least
    return Pairs(least[linked], members[linked], np.zeros(int(linked.sum())))


TILE_SHARDS, TILE_ROWS = SHARD_BITS + 4, 16
"""A tile is sixteen shards by sixteen, of shards with more than 65,536 rows only so many rows: it bounds the pairs that lie together."""


def tiles(left: I64, right: I64) -> U64:
    """A number for each pair by where its two texts lie: pairs of a tile are read from 32 shards, however many there are.

    >>> refs = np.array([1, 17, 40]) << SHARD_BITS
    >>> one, two = tiles(refs, refs + 5), tiles(refs, refs[:1] + 5)
    >>> bool((one == two)[0]), bool((one == two)[1])
    (True, False)
    """
    sides = zip((left, right), ((STEP, SPREAD_1), (SPREAD_2, UNIT_FACTOR)), strict=True)
    return sum((_part(refs, factors) for refs, factors in sides), np.zeros(len(left), np.uint64))


def _part(refs: I64, factors: tuple[int, int]) -> U64:
    shards, rows = refs >> TILE_SHARDS, (refs & ((1 << SHARD_BITS) - 1)) >> TILE_ROWS
    numbers: U64 = shards.astype(np.uint64) * np.uint64(factors[0]) + rows.astype(np.uint64) * np.uint64(factors[1])
    return numbers
