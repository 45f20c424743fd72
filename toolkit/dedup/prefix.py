"""Long runs of one band key, without comparing all with all: two sets are looked at only if they share a rare shingle.

The prefix filter of PPJoin (Xiao et al., WWW 2008; `kernel.crowd` has the same for one set): shingles are ordered from the
rarest to the commonest. Two sets of similarity >= t share one of the first |x| - t|x| + 1 of each, in any fixed order, so
nothing is lost; boilerplate is common, hence last, hence never looked up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from toolkit.dedup.index.segment import Keys
from toolkit.dedup.kernel import Params
from toolkit.dedup.kernel.backends import backend_for
from toolkit.dedup.kernel.columns import I64, to_bytes
from toolkit.dedup.kernel.hashes import U64, Units

SLOTS = 1 << 20
_BITS = np.uint64(16)
_EPSILON = 1e-9  # a prefix one too long costs a comparison, one too short would lose a pair


class Crowd(NamedTuple):
    """The members of long runs: how often their shingles occur, and the beginnings of their ordered sets."""

    params: Params
    kernel: str
    counts: I64
    prefixes: Keys

    @classmethod
    def of(cls, forms: pa.Array, members: I64, params: Params, kernel: str) -> Crowd:
        """Order and cut the sets of some members.

        Args:
            forms: Normal forms.
            members: Which of them.
            params: The comparison.
            kernel: One of `KERNELS`.
        """
        units = _units(forms.take(pa.array(members)), params, kernel)
        counts = np.bincount(_slots(units.values), minlength=SLOTS)
        tokens, owners = _prefixes(units, counts, params.threshold)
        order = np.argsort(tokens, kind="stable")
        return cls(params, kernel, counts, Keys(tokens[order], members[owners[order]].astype(np.uint32)))

    def candidates(self, forms: pa.Array, rows: I64) -> tuple[I64, I64]:
        """The pairs of some rows with members that can reach the threshold."""
        units = _units(forms.take(pa.array(rows)), self.params, self.kernel)
        tokens, owners = _prefixes(units, self.counts, self.params.threshold)
        which, at = self.prefixes.matches(tokens)
        return rows[owners[which]], self.prefixes.row[at].astype(np.int64)


def _units(forms: pa.Array, params: Params, kernel: str) -> Units:
    texts = to_bytes(forms)
    units: Units = backend_for(kernel, texts).shingle_hashes(texts, params)
    return units


def _slots(values: U64) -> I64:
    return (values & np.uint64(SLOTS - 1)).astype(np.int64)


def _prefixes(units: Units, counts: I64, threshold: float) -> tuple[U64, I64]:
    """The first tokens of every set, the rarest first, and the owner of each."""
    frequency = np.minimum(counts[_slots(units.values)], (1 << 16) - 1).astype(np.uint64)
    tokens = (frequency << np.uint64(48)) | (units.values >> _BITS)
    owners = np.repeat(np.arange(len(units.offsets) - 1), np.diff(units.offsets))
    order = np.lexsort((tokens, owners))
    tokens, owners = tokens[order], owners[order]
    new = np.ones(len(tokens), dtype=np.bool_)
    new[1:] = (tokens[1:] != tokens[:-1]) | (owners[1:] != owners[:-1])
    tokens, owners = tokens[new], owners[new]
    sizes = np.bincount(owners, minlength=len(units.offsets) - 1)
    lengths = sizes - np.ceil(threshold * sizes - _EPSILON).astype(np.int64) + 1
    places = np.arange(len(owners)) - (np.cumsum(sizes) - sizes)[owners]
    early = places < lengths[owners]
    return tokens[early], owners[early]
