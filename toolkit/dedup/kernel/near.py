"""All steps in one process: from a column of texts to who is dropped for whom. The stage does the same over shards.

1. Exact keys: of equal normal forms the first in survivor order goes on.
2. Band keys, candidates, exact similarity, salient keys: the verified pairs, and the vetoed ones.
3. Crowds: `leaders` of each, restricted to equal salient keys.
4. In survivor order a text is dropped when it is similar to one that is kept; it points to the most similar of those.
5. A crowd whose leader was dropped for a text outside is asked again, with its kept members only, until nothing is new.

So no two kept texts that share a band and a salient key reach the threshold, and no dropped text points to a dropped one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import IO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.kernel import functions as f
from toolkit.dedup.kernel.backends import choose_kernel
from toolkit.dedup.kernel.candidates import Candidates, candidate_pairs, components
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import U64, distinct, spread_array
from toolkit.dedup.kernel.params import Params

F64 = npt.NDArray[np.float64]
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
KEY_BYTES = 64 << 20
"""Band keys that are kept in memory."""
BLOCK = 1 << 25
"""Bytes of normal forms that are compared at once."""
FEW, GROWTH = 64, 16
"""Pairs that are compared at first, when nothing is known of the size of the texts, and how many times more at a step."""


class Texts(Protocol):
    """What is asked of the texts: to be read once in order, and again by row. A `pyarrow.ChunkedArray` does both."""

    def __len__(self) -> int: ...

    def iterchunks(self) -> Iterable[pa.Array]:
        """Yield all texts once, in order."""
        ...

    def take(self, indices: pa.Array) -> pa.Array | pa.ChunkedArray:
        """Return the texts of some rows, in the order asked."""
        ...


class Pairs(NamedTuple):
    """Pairs of rows with their exact similarity."""

    left: I64
    right: I64
    similarity: F64

    def chosen(self, mask: npt.NDArray[np.bool_]) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.left[mask], self.right[mask], self.similarity[mask])


NONE = Pairs(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))


class NearDuplicates(NamedTuple):
    """What was found: `dropped` (left is dropped for right, which is kept) and `vetoed` (alike, but saying another thing)."""

    dropped: Pairs
    vetoed: Pairs


def near_duplicates(
    texts: Texts | pa.Array, *, params: Params, order: I64 | None = None, kernel: str = "auto", normal: bool = False
) -> NearDuplicates:
    """Find all near duplicates of a column and decide who stays.

    Args:
        texts: The texts, or anything that yields and takes them (`Texts`).
        params: The comparison.
        order: Rank of every row, smallest first to stay; without it earlier rows stay.
        kernel: One of `KERNELS`; equal results.
        normal: Whether the texts are in normal form.

    >>> column = pa.array(["每日3次，饭后服用，连服七天。", "每日3次，饭后服用，连服7天！", "每日2次，饭后服用，连服七天。", "可以", "不行"])
    >>> near_duplicates(column, params=Params(threshold=0.5)).dropped.left.tolist()  # 2 is not 3
    [1]
    """
    whole = pa.chunked_array([texts]) if isinstance(texts, pa.Array) else texts
    chosen = choose_kernel(kernel, len(whole), getattr(whole, "nbytes", 0))
    work = Work(whole, params, chosen, normal)
    rank = np.arange(len(whole)) if order is None else np.argsort(np.argsort(order, kind="stable"))
    lengths, exact = work.scan()
    twin = _first_twins(exact, rank)
    del exact
    pairs = work.candidates((twin == np.arange(len(twin))) & (lengths > 0))
    alone = ~pairs.crowded
    verified, vetoed = work.verify(pairs.left[alone], pairs.right[alone])
    crowds = crowds_of(pairs.left[pairs.crowded], pairs.right[pairs.crowded], rank)
    _, kept_for, similarity = settle(work, crowds, verified, rank)
    return NearDuplicates(_with_twins(twin, kept_for, similarity, lengths), vetoed)


class Work(NamedTuple):
    """The texts and how they are compared: the steps that read texts again, for one process and for a stage over shards.

    `apart` gives each row a number (say, of its fact key and interval); a crowd is settled within equal numbers only.
    """

    texts: Texts
    params: Params
    kernel: str
    normal: bool
    apart: U64 | None = None

    def take(self, rows: I64) -> pa.Array:
        """Return the normal forms of some rows."""
        found = self.texts.take(pa.array(rows))
        return found if self.normal else f.normal_column(found, kernel=self.kernel)

    def forms(self) -> Iterator[pa.Array]:
        """Yield the normal forms of all texts, once and in order."""
        for chunk in self.texts.iterchunks():
            yield chunk if self.normal else f.normal_column(chunk, kernel=self.kernel)

    def scan(self) -> tuple[I64, U64]:
        """Return the bytes of every normal form and its exact key."""
        lengths, exact = [np.zeros(0, dtype=np.int64)], [np.zeros((0, 2), dtype=np.uint64)]
        for forms in self.forms():
            sizes = pc.fill_null(pc.binary_length(forms), 0).to_numpy(zero_copy_only=False)
            lengths.append(sizes.astype(np.int64))
            exact.append(f.exact_halves(forms, kernel=self.kernel, normal=True))
        return np.concatenate(lengths), np.concatenate(exact)

    def candidates(self, wanted: npt.NDArray[np.bool_]) -> Candidates:
        """Return the candidates among some rows, each once; the pairs of short runs and the chains of crowds apart.

        The band keys are the largest array there is: where they are many, they wait in a file for their band's turn.
        """
        plain, chains = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64)
        rows = np.flatnonzero(wanted)
        with tempfile.SpooledTemporaryFile(max_size=KEY_BYTES) as file:
            self._write_keys(wanted, 8 * len(rows), file)
            for band in range(self.params.bands):
                file.seek(8 * len(rows) * band)
                found = candidate_pairs(np.frombuffer(file.read(8 * len(rows)), dtype=np.uint64), rows)
                packed = (found.left.astype(np.uint64) << np.uint64(32)) | found.right.astype(np.uint64)
                plain = distinct(np.concatenate([plain, packed[~found.crowded]]))
                chains = distinct(np.concatenate([chains, packed[found.crowded]]))
        both = np.concatenate([plain, chains])
        crowded = np.repeat([False, True], [len(plain), len(chains)])
        return Candidates((both >> _HALF).astype(np.int64), (both & _LOW).astype(np.int64), crowded)

    def _write_keys(self, wanted: npt.NDArray[np.bool_], size: int, file: IO[bytes]) -> None:
        """Write the keys of some rows band by band, each band `size` bytes."""
        first = used = 0
        for forms in self.forms():
            rows, found = f.band_keys(forms, params=self.params, kernel=self.kernel, normal=True)
            found = found[wanted[rows + first]]
            for band in range(self.params.bands):
                file.seek(size * band + used)
                file.write(found[:, band].tobytes())
            used, first = used + 8 * len(found), first + len(forms)

    def verify(self, left: I64, right: I64) -> tuple[Pairs, Pairs]:
        """Measure pairs; return those that reach the threshold, and of these apart those whose salient tokens differ.

        They are taken in the order given, which for speed is sorted. How many at once is learnt from the size of the
        texts of those before, so that some tens of megabytes are in memory whatever the texts are.
        """
        found: list[tuple[Pairs, npt.NDArray[np.bool_]]] = []
        first, step = 0, FEW
        while first < len(left):
            last = first + step
            pairs, equal, size = self._measured(left[first:last], right[first:last])
            found.append((pairs, equal))
            first, step = last, max(1, min(GROWTH * step, step * BLOCK // (size or 1)))
        if not found:
            return NONE, NONE
        pairs = Pairs(*(np.concatenate(columns) for columns in zip(*(p for p, _ in found), strict=True)))
        equal = np.concatenate([e for _, e in found])
        return pairs.chosen(equal), pairs.chosen(~equal)

    def _measured(self, left: I64, right: I64) -> tuple[Pairs, npt.NDArray[np.bool_], int]:
        """Return the pairs that reach the threshold, which of them have equal salient tokens, and the bytes read."""
        rows, places = _unique(np.concatenate([left, right]))
        forms = self.take(rows)
        one, two = places[: len(left)], places[len(left) :]
        similarity = self._similarity(forms, one, two)
        near = similarity > 0
        asked, places = _unique(np.concatenate([one[near], two[near]]))
        half = len(places) // 2
        equal = f.salient_alike(
            forms.take(pa.array(asked)), places[:half], places[half:], kernel=self.kernel, normal=True
        )
        return Pairs(left[near], right[near], similarity[near]), equal, forms.nbytes

    def _similarity(self, forms: pa.Array, one: I64, two: I64) -> F64:
        """Return the similarities that reach the threshold; else 0."""
        params = self.params
        return f.pair_similarities(
            forms, one, two, params=params, least=params.threshold, kernel=self.kernel, normal=True
        )

    def lead(self, rows: I64) -> Pairs:
        """Return who follows whom among rows in survivor order."""
        forms = self.take(rows)
        same = f.salient_keys(forms, kernel=self.kernel, normal=True)
        if self.apart is not None:
            same = spread_array(same + self.apart[rows].astype(np.uint64))
        member, leader, _ = f.leaders(forms, params=self.params, same=same, kernel=self.kernel, normal=True)
        similarity = self._similarity(forms, member, leader)
        sure = similarity > 0
        return Pairs(rows[member[sure]], rows[leader[sure]], similarity[sure])


def _unique(rows: I64) -> tuple[I64, I64]:
    """Return the distinct rows, sorted, and the place of each row among them."""
    names = distinct(rows)
    return names, np.searchsorted(names, rows)


def _first_twins(exact: U64, rank: I64) -> I64:
    """Return for every row the first in survivor order of those with its exact key."""
    order = np.lexsort((rank, exact[:, 1], exact[:, 0]))
    ordered = exact[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])[: len(order)]
    twin = np.empty(len(order), dtype=np.int64)
    twin[order] = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))]
    return twin


def crowds_of(left: I64, right: I64, rank: I64) -> list[I64]:
    """Return the members of every crowd in survivor order."""
    refs, labels = components(left, right)
    order = np.lexsort((rank[refs], labels))
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    return [part for part in np.split(refs[order], edges) if len(part)]


def settle(work: Work, crowds: list[I64], pairs: Pairs, rank: I64) -> tuple[list[Pairs], I64, F64]:
    """Decide who is kept; ask again every crowd that has a kept member that did not lead.

    Args:
        work: The texts.
        crowds: Members of every crowd, in survivor order.
        pairs: Verified pairs; a row named in none of them and in no crowd is kept.
        rank: Place of every row in survivor order.

    Returns:
        All pairs found, for every row the kept row it is dropped for or -1, and the similarity of the two.
    """
    found = [pairs, *(work.lead(crowd) for crowd in crowds)]
    led = [np.setdiff1d(crowd, part.left) for crowd, part in zip(crowds, found[1:], strict=True)]
    while True:
        kept_for, similarity = _keep(found, rank)
        again = []
        for at, crowd in enumerate(crowds):
            kept = crowd[kept_for[crowd] < 0]
            if np.isin(kept, led[at]).all():
                continue
            again.append(work.lead(kept))
            led[at] = np.setdiff1d(kept, again[-1].left)
        if not sum(len(part.left) for part in again):
            return found, kept_for, similarity
        found += again


def _keep(found: list[Pairs], rank: I64) -> tuple[I64, F64]:
    """Return for every row the kept row it is dropped for, or -1, and the similarity."""
    one, two, value = (np.concatenate(parts) for parts in zip(*found, strict=True))
    swap = rank[one] < rank[two]
    later, earlier = np.where(swap, two, one), np.where(swap, one, two)
    order = np.lexsort((rank[earlier], -value, rank[later]))
    kept_for, similarity = np.full(len(rank), -1, dtype=np.int64), np.zeros(len(rank))
    rows = zip(later[order].tolist(), earlier[order].tolist(), value[order].tolist(), strict=True)
    for row, choices in groupby(rows, key=itemgetter(0)):
        for _, other, score in choices:
            if kept_for[other] < 0:
                kept_for[row], similarity[row] = other, score
                break
    return kept_for, similarity


def _with_twins(twin: I64, kept_for: I64, similarity: F64, lengths: I64) -> Pairs:
    """Return all dropped rows: near ones, and twins, which share the fate of the first of them."""
    goal, score = kept_for[twin], np.where(kept_for[twin] < 0, 1.0, similarity[twin])
    target = np.where(goal < 0, twin, goal)
    dropped = np.flatnonzero((target != np.arange(len(twin))) & (lengths > 0))
    return Pairs(dropped, target[dropped], score[dropped])
