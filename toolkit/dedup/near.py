"""Near duplicates: bands propose, the exact similarity decides, what says another thing is left alone.

A bucket of candidates is verified tile by tile (texts of few shards with texts of few shards); the solve keeps, in survivor order, every record that is not similar to one already kept (`toolkit.dedup.kernel.near` is the same in one process).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.compare import ASKED, asked_and_answered, compared
from toolkit.dedup.decisions import table_of
from toolkit.dedup.kernel import Pairs, Params, pair_similarities
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.dedup.kernel.hashes import spread_array
from toolkit.dedup.kernel.near import Work, crowds_of, settle
from toolkit.dedup.known import known_of
from toolkit.dedup.outcome import decided
from toolkit.dedup.pairs import Kind, pairs_table, spanning, tiles
from toolkit.kinds import Records

REASON = "near_duplicate"
PROMPT_SHARE = 0.75
"""How alike the prompts of near examples must be, as a share of the threshold: they are short, so an edit weighs more."""


def verify(
    rows: pa.Table, records: Records, fields: Sequence[str], params: Params, kernel: str, *, indexed: bool = False
) -> pa.Table:  # fmt: skip
    """Measure the pairs of one bucket; all else goes on unmeasured. With an index, all pairs that stay apart are told."""
    left, right, kind = _distinct(*(rows.column(n).to_numpy() for n in ("left", "right", "kind")))
    asked, others = kind == Kind.PAIR, [k for k in (Kind.CROWD, Kind.TWIN, Kind.PROMPT) if (kind == k).any()]
    work = Work(Texts(records, fields), params, kernel, normal=False)
    near, vetoed = work.verify(left[asked], right[asked])
    same = _same_question(near, records, params, kernel)
    apart = Pairs(*(np.concatenate(both) for both in zip(near.chosen(~same), vetoed, strict=True)))
    parts = [(near.chosen(same), Kind.NEAR), (apart if indexed else spanning(apart), Kind.VETOED)]
    parts += [(Pairs(left[kind == k], right[kind == k], np.zeros(int((kind == k).sum()))), k) for k in others]
    return pa.concat_tables([pairs_table(p, k) for p, k in parts])


def _distinct(left: I64, right: I64, kind: np.ndarray) -> tuple[I64, I64, np.ndarray]:
    """Each pair once, tile by tile: what is read together lies together."""
    order = np.lexsort((kind, right, left, tiles(left, right)))
    left, right, kind = left[order], right[order], kind[order]
    new = np.ones(len(left), bool)
    new[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1]) | (kind[1:] != kind[:-1])
    return left[new], right[new], kind[new]


def _same_question(pairs: Pairs, records: Records, params: Params, kernel: str) -> np.ndarray:
    """Whether the prompts of near pairs are alike, too: a long equal answer does not make two questions one.

    Documents ask nothing, and of an indexed record (its ref is negative) only the whole text is known: both pass.
    """
    same = np.ones(len(pairs.left), bool)
    known = np.flatnonzero((pairs.left >= 0) & (pairs.right >= 0))
    if not len(known):
        return same
    refs, places = np.unique(np.concatenate([pairs.left[known], pairs.right[known]]), return_inverse=True)
    asked, _ = asked_and_answered(records.take(pa.array(refs), list(ASKED)))
    one, two = places[: len(known)], places[len(known) :]
    alike = pair_similarities(asked, one, two, params=params, kernel=kernel)
    silent = pc.is_null(asked).to_numpy(zero_copy_only=False)
    same[known] = silent[one] | silent[two] | (alike >= PROMPT_SHARE * params.threshold)
    return same


class Texts:
    """The compared texts by ref, as the kernel asks for them."""

    def __init__(self, records: Records, fields: Sequence[str], refs: I64 | None = None) -> None:
        self._records, self._fields, self._refs = records, fields, refs

    def __len__(self) -> int:
        return 0 if self._refs is None else len(self._refs)

    def iterchunks(self) -> Iterable[pa.Array]:
        """All texts, in order."""
        assert self._refs is not None
        return iter([self.take(pa.array(np.arange(len(self._refs))))])

    def take(self, indices: pa.Array) -> pa.Array:
        """Some texts, by ref, or by place among the refs given."""
        refs = indices if self._refs is None else pa.array(self._refs[indices.to_numpy()])
        return compared(self._records.take(refs, list(self._fields)), self._fields)


def solve(
    rows: pa.Table,
    records: Records,
    fields: Sequence[str],
    as_of: str | None,
    *,
    params: Params,
    kernel: str,
    reason: str = REASON,
) -> pa.Table:
    """Decide over all verified pairs who stays; the others leave for the reason."""
    if not rows.num_rows:
        return table_of([])
    left, right = (rows.column(n).to_numpy() for n in ("left", "right"))
    refs, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    one, two = places[: len(left)], places[len(left) :]
    similarity, kind = rows.column("similarity").to_numpy(), rows.column("kind").to_numpy()
    known = known_of(records, refs, fields, as_of)
    same_time = known.times[one] == known.times[two]
    near, crowd = kind == Kind.NEAR, kind == Kind.CROWD
    pairs = Pairs(*(a[near & same_time] for a in (one, two, similarity)))
    apart = known.times.copy()
    crowded = np.unique(np.concatenate([one[crowd], two[crowd]]))
    apart[crowded] = spread_array(apart[crowded] + _questions(refs[crowded], records, kernel))
    work = Work(Texts(records, fields, refs), params, kernel, normal=False, apart=apart)
    found, kept_for, score = settle(work, crowds_of(one[crowd], two[crowd], known.order), pairs, known.order)
    variants = Pairs(*(a[(near & ~same_time) | (kind == Kind.VETOED)] for a in (one, two, similarity)))
    return decided(known, found, variants, kept_for=kept_for, score=score, reason=reason)


def _questions(refs: I64, records: Records, kernel: str) -> np.ndarray:
    """A number per question, for crowds: their members are compared with few others, so only equal questions merge."""
    numbers = np.zeros(len(refs), np.uint64)
    known = np.flatnonzero(refs >= 0)
    if len(known):
        asked, _ = asked_and_answered(records.take(pa.array(refs[known]), list(ASKED)))
        numbers[known] = exact_halves(asked, kernel=kernel)[:, 0]
    return numbers
