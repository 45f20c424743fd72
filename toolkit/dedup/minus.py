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

from toolkit.dedup.compare import compared
from toolkit.dedup.index.segment import Keys
from toolkit.dedup.kernel import Params, band_keys, normal_column, pair_similarities, salient_keys
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.dedup.kernel.near import F64
from toolkit.dedup.reference import Place, places
from toolkit.errors import UsageError
from toolkit.formats import CannotRead, Format, detect
from toolkit.frames import record_row
from toolkit.kinds import Batch, leave
from toolkit.record import Row, columns_of

SAMPLE = 50
PAIRS = 50_000
"""Candidate pairs whose texts are in memory at once."""


class Other(NamedTuple):
    """The set that is subtracted: normal forms, where each stands, and its keys."""

    forms: pa.Array
    names: tuple[str, ...]
    exact: Keys
    bands: Keys


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
    names: list[str] = []
    texts = [pa.array([], pa.string())]
    for path in paths:
        rows = list(_records(path, fields))
        names += [name for name, _ in rows]
        texts.append(compared(columns_of([row for _, row in rows]), fields))
    forms = normal_column(pa.concat_arrays(texts), kernel=kernel)
    halves = exact_halves(forms, kernel=kernel, normal=True)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    exact = Keys(halves[order, 0], order.astype(np.uint32), halves[order, 1])
    inked, keys = band_keys(forms, params=params, kernel=kernel, normal=True)
    flat, owners = keys.ravel(), np.repeat(inked, params.bands).astype(np.uint32)
    order = np.argsort(flat, kind="stable")
    return Other(forms, tuple(names), exact, Keys(flat[order], owners[order]))


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


def apply(batch: Batch, known: Other, stage: str, fields: Sequence[str], params: Params, kernel: str) -> Batch:
    """Let the records leave that the other set has; the detail names the file and line."""
    forms = normal_column(compared(batch, fields), kernel=kernel)
    inked = np.array([bool(form) for form in forms.to_pylist()], bool)
    halves = exact_halves(forms, kernel=kernel, normal=True)
    which, at = known.exact.matches(halves[:, 0])
    assert known.exact.half is not None
    same = (known.exact.half[at] == halves[which, 1]) & inked[which]
    which, at = which[same], at[same]
    batch = _drop(
        batch, stage, "exact_duplicate", known, which, known.exact.row[at].astype(np.int64), np.ones(len(which))
    )
    left, right = _candidates(forms, known, params, kernel, np.setdiff1d(np.flatnonzero(inked), which))
    return _drop(batch, stage, "near_duplicate", known, *_verified(forms, known, left, right, params, kernel))


def _candidates(forms: pa.Array, known: Other, params: Params, kernel: str, wanted: I64) -> tuple[I64, I64]:
    rows, keys = band_keys(forms, params=params, kernel=kernel, normal=True)
    which, at = known.bands.matches(keys.ravel())
    left, right = rows[which // params.bands], known.bands.row[at].astype(np.int64)
    stays = np.isin(left, wanted)
    pairs = np.unique(np.stack([left[stays], right[stays]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _verified(
    forms: pa.Array, known: Other, left: I64, right: I64, params: Params, kernel: str
) -> tuple[I64, I64, F64]:
    """The pairs that reach the threshold and say the same numbers and negations."""
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for start in range(0, len(left), PAIRS):
        one, two = left[start : start + PAIRS], right[start : start + PAIRS]
        ones, here = np.unique(one, return_inverse=True)
        twos, there = np.unique(two, return_inverse=True)
        texts = pa.concat_arrays([forms.take(pa.array(ones)), known.forms.take(pa.array(twos))])
        there = there + len(ones)
        similarity = pair_similarities(texts, here, there, params=params, kernel=kernel, normal=True)
        near = np.flatnonzero(similarity >= params.threshold)
        needed, inverse = np.unique(np.concatenate([here[near], there[near]]), return_inverse=True)
        salient = salient_keys(texts.take(pa.array(needed)), kernel=kernel, normal=True)[inverse]
        sure = near[salient[: len(near)] == salient[len(near) :]]
        found.append((one[sure], two[sure], similarity[sure]))
    first, second, scores = zip(*found, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(scores)


def _drop(batch: Batch, stage: str, reason: str, known: Other, rows: I64, others: I64, similarity: F64) -> Batch:
    """Let rows leave, each for the most similar of the others; of equal ones for the first."""
    details: list[str | None] = [None] * batch.num_rows
    order = np.lexsort((others, -similarity, rows))
    for n in order[::-1].tolist():  # the best comes last and stays
        details[int(rows[n])] = f"same as {known.names[int(others[n])]} at similarity {similarity[n]:.4f}"
    mask = pa.array([d is not None for d in details])
    return leave(batch, mask, stage, reason, pa.array(details, pa.string()))
