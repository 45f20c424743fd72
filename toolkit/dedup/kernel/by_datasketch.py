"""The datasketch backend: its `MinHash` makes the signatures, one Python object per text; the rest is the numpy backend.

It exists to be believed: the permutations of the other backends are datasketch's, and this shows it on any input.
"""

from __future__ import annotations

import numpy as np
from datasketch import MinHash

from toolkit.dedup.kernel import hashes
from toolkit.dedup.kernel.by_numpy import shingle_hashes
from toolkit.dedup.kernel.columns import Bytes
from toolkit.dedup.kernel.hashes import U32, U64
from toolkit.dedup.kernel.params import Params


def signatures(texts: Bytes, params: Params) -> U32:
    """Return the MinHash signatures of texts in normal form, none of them empty."""
    units = shingle_hashes(texts, params)
    short = (units.values >> np.uint64(32)).astype(np.uint32)
    sets = (short[a:b].tolist() for a, b in zip(units.offsets[:-1], units.offsets[1:], strict=True))
    count = params.bands * params.rows
    sketches = MinHash.generator(sets, num_perm=count, seed=params.seed, hashfunc=int, scheme="affine32")
    rows = [sketch.hashvalues for sketch in sketches]
    return np.array(rows, dtype=np.uint32).reshape(len(rows), count)


def bands(texts: Bytes, params: Params, only: range) -> U64:
    """Return the keys of some bands of texts in normal form, none of them empty, as (texts, bands)."""
    part = signatures(texts, params)[:, only.start * params.rows : only.stop * params.rows]
    return hashes.band_keys_array(part, only)
