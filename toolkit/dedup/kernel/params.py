"""What every backend must agree on: shingles, permutations, and the bands that follow from the threshold."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.errors import UsageError, unknown_name
from toolkit.text.shingles import UNITS, WIDTH

PERMUTATIONS = 190
WIDEST = 32
MISS = 1e-3
ROWS_AT_MOST = 16


@dataclass(frozen=True, kw_only=True)
class Params:
    """The comparison: what a shingle is, from which similarity on two texts are near duplicates, how they are proposed.

    Args:
        threshold: Jaccard similarity from which on two texts are near duplicates, above 0 and at most 1.
        unit: "char" or "word" (see `toolkit.text.shingles.shingles`).
        width: Units in a shingle, from 1 to 32.
        seed: Of the permutations, as datasketch counts it.

    Raises:
        UsageError: A value lies outside its range.

    >>> [(t, Params(threshold=t).bands, Params(threshold=t).rows) for t in (0.7, 0.8, 0.9)]
    [(0.7, 38, 5), (0.8, 23, 6), (0.9, 17, 10)]
    """

    threshold: float = 0.8
    unit: str = "char"
    width: int = WIDTH
    seed: int = 1

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise unknown_name("unit of shingles", self.unit, UNITS)
        if not 0 < self.threshold <= 1:
            raise UsageError(f"threshold {self.threshold}", hint="give a number above 0 and at most 1, for example 0.8")
        if not 1 <= self.width <= WIDEST:
            raise UsageError(f"width {self.width}", hint="give a number of units from 1 to 32, for example 5")

    @property
    def bands(self) -> int:
        """Number of bands: keys per text."""
        return bands_for(self.threshold)[0]

    @property
    def rows(self) -> int:
        """Permutations in a band."""
        return bands_for(self.threshold)[1]


@functools.cache
def bands_for(threshold: float) -> tuple[int, int]:
    """Return (bands, rows) for a threshold: the most selective bands that 190 permutations allow without losing pairs.

    Two texts of similarity s share a band of r rows with probability s^r, and none of b bands with (1 - s^r)^b. Longer
    bands propose fewer pairs in vain, so r is the largest for which b bands keep the loss *at* the threshold (the worst
    case) under 1e-3 with b*r <= 190; exact verification then makes precision 1. Over a real spread of similarities above
    the threshold the loss is a tenth of that: the promise is a recall of 0.999.

    128 permutations would do for that and cost more: at 0.7, bands of 4 rows proposed 270,000 pairs of 100,000 real texts,
    71 % of them below a similarity of 0.1 (common words), and that number grows with the square of the texts.

    >>> bands, rows = bands_for(0.8)
    >>> (1 - 0.8**rows) ** bands < 1e-3
    True
    >>> bands_for(1.0)
    (1, 16)
    """
    for rows in range(ROWS_AT_MOST, 0, -1):
        share = threshold**rows
        bands = math.ceil(math.log(MISS) / math.log1p(-share)) if share < 1 else 1
        if bands * rows <= PERMUTATIONS:
            return bands, rows
    raise UsageError(f"threshold {threshold} is too low to find near duplicates", hint="give at least 0.05")


@functools.cache
def permutations(params: Params) -> npt.NDArray[np.uint32]:
    """Return the factors and addends of `h -> a*h + b mod 2^32` as a (2, n) array: those of datasketch's "affine32".

    The scheme and its drawing order are datasketch 2.0's (`MinHash._init_permutations`); `a` is odd, so that each map is a
    bijection. The test compares them, so that a change there is seen here.
    """
    draw: Any = np.random.RandomState(params.seed)  # the generator datasketch uses; its stream is frozen by numpy
    count = params.bands * params.rows
    factors = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    addends = draw.randint(0, 1 << 32, count, dtype=np.uint32)
    return np.stack([factors, addends])
