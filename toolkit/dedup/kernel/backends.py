"""Which implementation runs: four names, one interface, equal results."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple

from toolkit.dedup.kernel.columns import Bytes
from toolkit.errors import MissingExtraError, unknown_name
from toolkit.kinds import RUN_BYTES

KERNELS = ("auto", "numba", "numpy", "datasketch")
NUMBA_ROWS = 20_000
NUMBA_BYTES = 6 << 20


class Backend(NamedTuple):
    """The functions a backend provides, all on UTF-8 bytes (`by_numpy` documents them)."""

    fold: Callable[..., Any]
    exact: Callable[..., Any]
    bands: Callable[..., Any]
    shingle_hashes: Callable[..., Any]
    similarities: Callable[..., Any]
    follow: Callable[..., Any]


def choose_kernel(kernel: str, rows: int, size: int = 0) -> str:
    """Return the backend that a name means for an input: `auto` is numba where its start-up (2 s) is worth it.

    Callers that work in batches ask once, with the number of all rows, and pass the answer on.

    Args:
        kernel: One of `KERNELS`.
        rows: Texts in the whole input.
        size: Bytes in the whole input, where known.

    Raises:
        UsageError: The name is unknown.
        MissingExtraError: numba was asked for and is not installed.

    >>> choose_kernel("auto", 1000)
    'numpy'
    >>> choose_kernel("nunpy", 1000)
    Traceback (most recent call last):
    toolkit.errors.UsageError: unknown kernel 'nunpy'
    did you mean 'numpy'?
    """
    if kernel not in KERNELS:
        raise unknown_name("kernel", kernel, KERNELS)
    installed = importlib.util.find_spec("numba") is not None
    if kernel == "numba" and not installed:
        raise MissingExtraError("numba", extra="fast", purpose="the numba kernel")
    if kernel == "auto":
        large = rows >= NUMBA_ROWS or size >= NUMBA_BYTES
        return "numba" if large and installed else "numpy"
    return kernel


def backend_for(kernel: str, texts: Bytes) -> Backend:
    """Return the backend for some texts: those at hand, or those of the whole run where it says how large it is."""
    return _load(choose_kernel(kernel, len(texts.offsets) - 1, max(len(texts.data), RUN_BYTES.get())))


@functools.cache
def _load(kernel: str) -> Backend:
    from toolkit.dedup.kernel import by_numpy, crowd

    numpy = Backend(
        by_numpy.fold,
        by_numpy.exact,
        by_numpy.bands,
        by_numpy.shingle_hashes,
        by_numpy.similarities,
        crowd.follow_arrays,
    )
    if kernel == "datasketch":
        from toolkit.dedup.kernel import by_datasketch

        return numpy._replace(bands=by_datasketch.bands)
    if kernel == "numba":
        from toolkit.dedup.kernel import by_numba as b

        return Backend(b.fold, b.exact, b.bands, b.shingle_hashes, b.similarities, b.follow)
    return numpy
