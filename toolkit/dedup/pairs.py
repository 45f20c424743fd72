"""The vocabulary of the rows between emission and solve."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pyarrow as pa

from toolkit.dedup.kernel import Pairs


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
