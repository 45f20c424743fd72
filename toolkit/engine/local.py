"""The local runner: worker processes that end when the driver is gone."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class LocalPool:
    """Processes of this machine."""

    workers: int

    def open(self) -> Executor:
        """A pool of `workers` processes."""
        return _Processes(self.workers)

    def alone(self) -> Executor:
        """A pool of one process."""
        return _Processes(1)

    def kill(self, executor: Executor) -> None:
        """Kill the workers: they may hang in a parser."""
        # Python 3.14 has kill_workers(); before that the processes are only to be had from the private table
        processes = list((getattr(executor, "_processes", None) or {}).values())
        for process in processes:
            process.kill()
        executor.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class InProcess:
    """No processes at all: tasks run where they are submitted, for debugging and for small data."""

    workers: int = 1

    def open(self) -> Executor:
        """An executor that runs a task at once."""
        return _Inline()

    def alone(self) -> Executor:
        """The same."""
        return _Inline()

    def kill(self, executor: Executor) -> None:
        """Nothing to kill."""


class _Inline(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised again by whoever asks for the result, as by every executor
            future.set_exception(error)
        return future


class _Processes(ProcessPoolExecutor):
    """A pool whose workers do not import the main module of the program that calls us.

    forkserver imports `__main__` again in every worker; a script without the `if __name__ == "__main__"` guard would
    start itself again. Our tasks live in this package and need nothing of it.
    """

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["toolkit.engine.preload"])
        super().__init__(workers, mp_context=context, initializer=_begin)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with _without_main():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _without_main() -> Iterator[None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin() -> None:
    """Prepare a worker: the driver alone hears Ctrl-C, and a driver that is gone takes its workers along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what is imported stays: the collector need not look at it again
    _give_memory_back()
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _give_memory_back() -> None:
    """Use jemalloc, which gives back what a shard needed at its peak: 50 MB less than mimalloc at the same CPU."""
    if "jemalloc" in pa.supported_memory_backends():
        pa.set_memory_pool(pa.jemalloc_memory_pool())


def _end_with_driver() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)  # the work of a shard without its driver is redone anyway; nothing half-written has a name
