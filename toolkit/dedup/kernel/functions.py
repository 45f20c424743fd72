"""The kernel's functions on Arrow string columns.

Every function takes the normal form itself unless `normal=True` says that the column is `normal_column`'s already; whoever
calls more than one computes it once.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.dedup.kernel.backends import backend_for
from toolkit.dedup.kernel.columns import I64, Bytes, replace_slow, to_bytes, to_column
from toolkit.dedup.kernel.crowd import leaders_of
from toolkit.dedup.kernel.hashes import U64
from toolkit.dedup.kernel.params import Params
from toolkit.dedup.kernel.salience import salient_of, same_salient

Column: TypeAlias = pa.Array | pa.ChunkedArray
LEADERS_BLOCK = 1 << 22  # bytes of texts that a crowd adds at once to the leaders found so far


def normal_column(column: Column, *, kernel: str = "auto") -> pa.Array:
    """Return `toolkit.text.shingles.normal_form` of every text; a null becomes the empty text.

    >>> normal_column(pa.array(["高血壓，能喝 咖啡？", "1.5 MG", None])).to_pylist()
    ['高血压能喝咖啡', '1.5 mg', '']
    """
    texts = to_bytes(column)
    forms, slow = backend_for(kernel, texts).fold(texts)
    return replace_slow(to_column(forms), to_column(texts), slow)


def _normal(column: Column, kernel: str, normal: bool) -> Bytes:
    return to_bytes(column if normal else normal_column(column, kernel=kernel))


def exact_keys(column: Column, *, kernel: str = "auto", normal: bool = False) -> pa.FixedSizeBinaryArray:
    """Return the 128-bit key of every normal form; equal keys are exact duplicates.

    The hash is not cryptographic: it tells apart what people wrote (2^64 texts until a clash is likely), it is no signature.

    >>> keys = exact_keys(pa.array(["能吃吗？", "能 吃 吗", "可以", "不行"])).to_pylist()
    >>> keys[0] == keys[1], keys[2] == keys[3]
    (True, False)
    """
    keys = exact_halves(column, kernel=kernel, normal=normal)
    buffers = [None, pa.py_buffer(np.ascontiguousarray(keys, dtype="<u8"))]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(keys), buffers)


def exact_halves(column: Column, *, kernel: str = "auto", normal: bool = False) -> U64:
    """Return `exact_keys` as two 64-bit columns."""
    texts = _normal(column, kernel, normal)
    keys: U64 = backend_for(kernel, texts).exact(texts)
    return keys


def band_keys(
    column: Column, *, params: Params, only: range | None = None, kernel: str = "auto", normal: bool = False
) -> tuple[I64, U64]:
    """Return the rows whose normal form is not empty, and their band keys as (rows, bands).

    Texts that share a key in any band are candidates. The keys depend on the text and `params` alone; `only` asks for some
    of the bands.

    >>> rows, keys = band_keys(pa.array(["每日三次。", "。", "每日三次"]), params=Params())
    >>> rows.tolist(), keys.shape, bool((keys[0] == keys[1]).all())
    ([0, 2], (2, 23), True)
    """
    texts = _normal(column, kernel, normal)
    lengths = np.diff(texts.offsets)
    rows = np.flatnonzero(lengths)
    chosen = range(params.bands) if only is None else only
    if not len(rows):
        return rows, np.zeros((0, len(chosen)), dtype=np.uint64)
    inked = Bytes(np.concatenate([[0], np.cumsum(lengths[rows])]), texts.data)
    return rows, backend_for(kernel, texts).bands(inked, params, chosen)


def similarities(
    texts_a: Column, texts_b: Column, *, params: Params, kernel: str = "auto", normal: bool = False
) -> npt.NDArray[np.float64]:
    """Return the exact Jaccard similarity of texts that stand opposite each other.

    >>> similarities(pa.array(["可以", "Take it."]), pa.array(["不行", "TAKE IT"]), params=Params()).tolist()
    [0.0, 1.0]
    """
    both = pa.concat_arrays([to_column(_normal(texts, kernel, normal)) for texts in (texts_a, texts_b)])
    half = np.arange(len(texts_a))
    return pair_similarities(both, half, half + len(half), params=params, kernel=kernel, normal=True)


def pair_similarities(
    column: Column,
    left: I64,
    right: I64,
    *,
    params: Params,
    least: float = 0.0,
    kernel: str = "auto",
    normal: bool = False,
) -> npt.NDArray[np.float64]:
    """Return the exact Jaccard similarity of rows `left[i]` and `right[i]` of one column; fastest when sorted by left.

    Args:
        column: The texts.
        left: Rows.
        right: Rows.
        params: What a shingle is.
        least: A smaller similarity is of no interest and told as 0: most of two unlike texts need not be read.
        kernel: One of `KERNELS`.
        normal: Whether the column is in normal form.

    >>> column, rows = pa.array(["每日三次，饭后服用", "每日三次，饭前服用"]), (np.array([0, 0]), np.array([0, 1]))
    >>> [pair_similarities(column, *rows, params=Params(), least=t).round(2).tolist() for t in (0.0, 0.5)]
    [[1.0, 0.14], [1.0, 0.0]]
    """
    texts = _normal(column, kernel, normal)
    found: npt.NDArray[np.float64] = backend_for(kernel, texts).similarities(texts, left, right, params, least)
    return found


def salient_keys(column: Column, *, kernel: str = "auto", normal: bool = False) -> U64:
    """Return a 64-bit hash of `toolkit.text.shingles.salient` of every text; texts with unequal ones are never merged.

    It costs some 50 us for a page (a Python scan), so it is asked for the texts of near pairs only.

    >>> keys = salient_keys(pa.array(["每日3次", "每日三次", "每日2次", "应当服用", "不得服用"]))
    >>> bool(keys[0] == keys[1]), len(set(keys.tolist()))
    (True, 4)
    """
    found = salient_of(_normal(column, kernel, normal))
    digests = (hashlib.blake2b("\x1f".join(words).encode(), digest_size=8).digest() for words in found)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def salient_alike(
    column: Column, left: I64, right: I64, *, kernel: str = "auto", normal: bool = False
) -> npt.NDArray[np.bool_]:
    """Return whether rows `left[i]` and `right[i]` have equal salient tokens; near texts are mostly skipped.

    >>> column = pa.array(["每日3次", "每日三次", "每日2次"])
    >>> salient_alike(column, np.array([0, 0]), np.array([1, 2])).tolist()
    [True, False]
    """
    return same_salient(_normal(column, kernel, normal), left, right)


def leaders(
    column: Column, *, params: Params, same: U64 | None = None, kernel: str = "auto", normal: bool = False
) -> tuple[I64, I64, npt.NDArray[np.float64]]:
    """Return who follows whom in a crowd given in survivor order: members, their leaders, and the similarities.

    A text follows the most similar of the earlier texts that lead, if that one reaches the threshold (of equal ones the
    first); otherwise it leads. Exact: no two leaders with equal `same` reach the threshold.

    Args:
        column: The texts, best first.
        params: The comparison.
        same: Texts are compared only where this value is equal, for example `salient_keys`.
        kernel: One of `KERNELS`.
        normal: Whether the column is in normal form.

    >>> column = pa.array(["本产品仅供参考，不构成医疗建议。", "本产品仅供参考，不构成医疗建议！", "请按说明书使用。"])
    >>> [part.tolist() for part in leaders(column, params=Params())]
    [[1], [0], [1.0]]
    """
    texts = _normal(column, kernel, normal)
    backend = backend_for(kernel, texts)
    values = np.zeros(len(texts.offsets) - 1, dtype=np.uint64) if same is None else same
    lead = np.zeros(0, dtype=np.int64)
    found: list[tuple[I64, I64, npt.NDArray[np.float64]]] = []
    for first, last in _blocks(texts.offsets):
        rows = np.concatenate([lead, np.arange(first, last)])
        units = backend.shingle_hashes(to_bytes(to_column(texts).take(pa.array(rows))), params)
        chosen, similarity = leaders_of(units, values[rows], params.threshold, len(lead), follow=backend.follow)
        member = np.flatnonzero(chosen >= 0)
        found.append((rows[member], rows[chosen[member]], similarity[member]))
        lead = rows[(chosen < 0) & (np.diff(units.offsets) > 0)]
    members, chosen, similarity = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return members, chosen, similarity


def _blocks(offsets: I64) -> list[tuple[int, int]]:
    blocks = (offsets[:-1] - offsets[0]) // LEADERS_BLOCK
    edges = np.flatnonzero(np.diff(blocks, prepend=-1, append=-1)) if len(blocks) else np.zeros(2, dtype=np.int64)
    return list(pairwise(edges.tolist()))
