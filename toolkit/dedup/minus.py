"""One set minus another: records that are equal or near to a record of the given files leave; nothing of those is kept.

Row-local once the files are read, so it is a Map; each process holds the files in memory (some 700 bytes a record and the
texts). For a larger set add it to an index once and name that.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.compare import compared
from toolkit.dedup.index.segment import Keys
from toolkit.dedup.kernel import CROWD, Pairs, Params, Work, band_keys, normal_column
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.dedup.prefix import Crowd
from toolkit.dedup.reference import Place, places
from toolkit.errors import UsageError
from toolkit.formats import CannotRead, Format, detect
from toolkit.frames import record_row
from toolkit.kinds import Batch, leave
from toolkit.record import Row, columns_of

SAMPLE = 50
"""Rows of a file by which its format is known."""
AT_ONCE = 64
"""Candidates of a record that are measured before those that already found their like are left out."""


class Other(NamedTuple):
    """The set that is subtracted: distinct normal forms, where each stands first, and its keys.

    Attributes:
        crowd: The forms of runs too long to be compared with all.
    """

    fields: tuple[str, ...]
    params: Params
    kernel: str
    forms: pa.Array
    names: tuple[str, ...]
    exact: Keys
    bands: Keys
    crowd: Crowd


@functools.lru_cache(maxsize=4)
def other(
    paths: tuple[str, ...], digests: tuple[str, ...], fields: tuple[str, ...], params: Params, kernel: str = "auto"
) -> Other:
    """Read the files of the set that is subtracted.

    Args:
        paths: Files of records, or of rows in a training format.
        digests: Of their content; a changed file is read again.
        fields: What is compared.
        params: The comparison.
        kernel: One of `KERNELS`.

    Raises:
        UsageError: The rows of a file have none of the fields and are in no known format.
    """
    del digests
    forms, names = _forms(paths, fields, kernel)
    halves = exact_halves(forms, kernel=kernel, normal=True)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    exact = Keys(halves[order, 0], order.astype(np.uint32), halves[order, 1])
    inked, keys = band_keys(forms, params=params, kernel=kernel, normal=True)
    flat, owners = keys.ravel(), np.repeat(inked, params.bands).astype(np.uint32)
    order = np.argsort(flat, kind="stable")
    bands = Keys(flat[order], owners[order])
    _, run, lengths = np.unique(bands.key, return_inverse=True, return_counts=True)
    members = np.unique(bands.row[lengths[run] > CROWD]).astype(np.int64)
    return Other(fields, params, kernel, forms, names, exact, bands, Crowd.of(forms, members, params, kernel))


def _forms(paths: Sequence[str], fields: Sequence[str], kernel: str) -> tuple[pa.Array, tuple[str, ...]]:
    """The distinct normal forms of some files, and where each stands first."""
    names: list[str] = []
    texts = [pa.array([], pa.string())]
    for path in paths:
        rows = list(_records(path, fields))
        names += [name for name, _ in rows]
        texts.append(compared(columns_of([row for _, row in rows]), fields))
    forms = normal_column(pa.concat_arrays(texts), kernel=kernel)
    halves = exact_halves(forms, kernel=kernel, normal=True)
    firsts = np.sort(np.unique(halves, axis=0, return_index=True)[1])
    return forms.take(pa.array(firsts)), tuple(names[n] for n in firsts.tolist())


def _records(path: str, fields: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """The rows of a file as records: as they are, or as their training format reads them."""
    rows = places(path)
    sample = list(itertools.islice(rows, SAMPLE))
    if not sample:
        return
    reads = _reader(path, sample, fields)
    yield from ((place.name, record_row(reads(place.row))) for place in itertools.chain(sample, rows))


def _reader(path: str, sample: Sequence[Place], fields: Sequence[str]) -> Callable[[Row], Row]:
    """How the rows of a file become records: a toolkit's own stay, a training format is read, fields are taken."""
    found = detect([place.row for place in sample])
    if not any("content_hash" in place.row for place in sample) and not found.ambiguous:
        return partial(_read, found.format())
    if any(place.row.get(field) for place in sample for field in fields):
        return dict
    raise UsageError(
        f"{path}: its rows have none of the compared fields {', '.join(fields)} and are in no known format",
        hint="turn it into records first: toolkit label convert, or toolkit label map",
    )


def _read(form: Format, row: Row) -> Row:
    try:
        example: Row = dict(form.read(row))
    except CannotRead:
        return {}
    return {k: v for k, v in example.items() if k != "extra"}


def apply(batch: Batch, known: Other, stage: str) -> Batch:
    """Let the records leave that the other set has; the detail names the file and line."""
    forms = normal_column(compared(batch, known.fields), kernel=known.kernel)
    inked = pc.greater(pc.binary_length(forms), 0).to_numpy(zero_copy_only=False)
    halves = exact_halves(forms, kernel=known.kernel, normal=True)
    which, at = known.exact.matches(halves[:, 0])
    assert known.exact.half is not None
    same = (known.exact.half[at] == halves[which, 1]) & inked[which]
    equal = Pairs(which[same], known.exact.row[at[same]].astype(np.int64), np.ones(int(same.sum())))
    batch = _drop(batch, stage, "exact_duplicate", known.names, equal)
    near = _measured(forms, known, *_candidates(forms, known, np.setdiff1d(np.flatnonzero(inked), equal.left)))
    return _drop(batch, stage, "near_duplicate", known.names, near)


def _candidates(forms: pa.Array, known: Other, wanted: I64) -> tuple[I64, I64]:
    """Pairs that may be near: by their band keys, in long runs by their rare shingles."""
    rows, keys = band_keys(forms, params=known.params, kernel=known.kernel, normal=True)
    keys, rows = keys[np.isin(rows, wanted)], rows[np.isin(rows, wanted)]
    flat, owners = keys.ravel(), np.repeat(rows, keys.shape[1])
    lengths = np.searchsorted(known.bands.key, flat, "right") - np.searchsorted(known.bands.key, flat, "left")
    short = lengths <= CROWD
    which, at = known.bands.matches(flat[short])
    few = np.stack([owners[short][which], known.bands.row[at].astype(np.int64)])
    many = np.stack(known.crowd.candidates(forms, np.unique(owners[~short])))
    left, right = np.unique(np.concatenate([few, many], axis=1), axis=1)
    return left, right


def _measured(forms: pa.Array, known: Other, left: I64, right: I64) -> Pairs:
    """The pairs that reach the threshold and say the same numbers and negations; enough of them for every row to leave."""
    texts = pa.chunked_array([forms, known.forms])
    work = Work(texts, known.params, known.kernel, normal=True)
    found = [Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    while len(left):
        turn = np.arange(len(left)) - np.searchsorted(left, left)
        now = turn < AT_ONCE
        near, _ = work.verify(left[now], right[now] + len(forms))
        found.append(near._replace(right=near.right - len(forms)))
        rest = ~now & ~np.isin(left, near.left)
        left, right = left[rest], right[rest]
    return Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _drop(batch: Batch, stage: str, reason: str, names: Sequence[str], pairs: Pairs) -> Batch:
    """Let rows leave, each for the most similar that was measured; of equal ones for the first."""
    details: list[str | None] = [None] * batch.num_rows
    order = np.lexsort((pairs.right, -pairs.similarity, pairs.left))
    for n in order[::-1].tolist():  # the best comes last and stays
        details[int(pairs.left[n])] = f"same as {names[int(pairs.right[n])]} at similarity {pairs.similarity[n]:.4f}"
    mask = pa.array([d is not None for d in details])
    return leave(batch, mask, stage, reason, pa.array(details, pa.string()))
