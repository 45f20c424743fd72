"""Runs tasks on any `concurrent.futures.Executor`: order of results, a window of tasks in flight, broken pools."""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol, TypeVar

from toolkit.errors import DataError, StoppedError

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Kept = TypeVar("Kept")

LOST = (BrokenExecutor, MemoryError)
"""How a task ends that was too much for its worker: the system killed it, or a limit refused it memory."""
MOST_DEATHS = 2
"""How often a task may lose its worker in company; after that it runs alone, and more gently with every death."""


class Pool(Protocol):
    """A way to get executors; `local`, `dask`, `spark` and `ray` are each a few lines."""

    @property
    def workers(self) -> int:
        """How many tasks run at once."""

    def open(self) -> Executor:
        """A fresh executor."""

    def alone(self) -> Executor:
        """An executor of one worker, to find the task that kills it."""

    def kill(self, executor: Executor) -> None:
        """End the workers at once."""


@dataclass
class Stop:
    """Whether the user asked to stop: once drains, twice kills."""

    asked: int = 0

    def raise_if_asked(self) -> None:
        """Raise `StoppedError` after the first request."""
        if self.asked:
            raise StoppedError("stopped on request", hint="run the same command again to go on where it stopped")


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Ctrl-C or SIGTERM once: finish what is in flight, then stop. Twice: stop now. Outside the main thread: nothing."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
        stop.asked += 1

    try:
        before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: the program that calls us owns the signals
        yield stop
        return
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Runner:
    """Runs tasks and gives their answers in the order of the tasks.

    A worker that dies takes its pool with it; only tasks without an answer are submitted again, those that were in
    flight at two deaths alone, so that one bad document cannot take the others down.
    """

    pool: Pool
    stop: Stop
    executor: Executor | None = None
    deaths: Counter[int] = field(default_factory=Counter)

    def run(
        self, function: Callable[[Task], Answer], tasks: Sequence[Task], on_done: Callable[[Answer], Kept]
    ) -> list[Kept]:  # fmt: skip
        """Run all tasks; `on_done` hears of each as it ends, and what it gives back is kept."""
        answers: dict[int, Kept] = {}
        self.deaths.clear()
        while len(answers) < len(tasks):
            waiting = [i for i in range(len(tasks)) if i not in answers]
            suspects = [i for i in waiting if self.deaths[i] >= MOST_DEATHS]
            if suspects:
                self._alone(function, tasks, suspects[0], answers, on_done)
            else:
                self._together(function, tasks, waiting, answers, on_done)
        return [answers[i] for i in range(len(tasks))]

    def close(self) -> None:
        """End the pool."""
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
            self.executor = None

    def _together(
        self, function: Callable[[Task], Answer], tasks: Sequence[Task], waiting: Sequence[int],
        answers: dict[int, Kept], on_done: Callable[[Answer], Kept],
    ) -> None:  # fmt: skip
        todo = iter(waiting)
        flying: dict[Future[Answer], int] = {}
        try:
            while True:
                # a window keeps the memory of the driver flat in the number of shards
                room = 2 * self.pool.workers - len(flying)
                for i in itertools.islice(todo, 0 if self.stop.asked else room):
                    flying[self._submit(function, tasks[i])] = i
                if not flying:
                    break
                self._collect(flying, answers, on_done)
        except LOST:
            self.deaths.update(flying.values())
            self._drop_pool()
        self.stop.raise_if_asked()

    def _submit(self, function: Callable[[Task], Answer], task: Task) -> Future[Answer]:
        if self.executor is None:
            self.executor = self.pool.open()
        return self.executor.submit(function, task)

    def _collect(
        self, flying: dict[Future[Answer], int], answers: dict[int, Kept], on_done: Callable[[Answer], Kept]
    ) -> None:
        ended, _ = wait(flying, timeout=0.5, return_when=FIRST_COMPLETED)
        if self.stop.asked > 1:
            self._drop_pool()
            self.stop.raise_if_asked()
        for future in sorted(ended, key=lambda f: flying[f]):
            answers[flying[future]] = on_done(future.result())
            del flying[future]

    def _alone(
        self, function: Callable[[Task], Answer], tasks: Sequence[Task], number: int,
        answers: dict[int, Kept], on_done: Callable[[Answer], Kept],
    ) -> None:  # fmt: skip
        task: Any = tasks[number]
        while True:
            executor = self.pool.alone()
            try:
                answer = self._awaited(executor, executor.submit(function, task))
            except LOST:
                gentler = task.gentler() if hasattr(task, "gentler") else None
                if gentler is None:
                    raise DataError(
                        f"a worker died again and again on {str(task)[:500]}",
                        hint=f"give workers more memory, or {getattr(task, 'remedy', 'less to do')}; what was finished is kept",
                    ) from None
                task = gentler
            else:
                answers[number] = on_done(answer)
                return
            finally:
                executor.shutdown(wait=False, cancel_futures=True)
            self.stop.raise_if_asked()

    def _awaited(self, executor: Executor, future: Future[Answer]) -> Answer:
        """Wait for the one task that runs alone; asked twice to stop, no longer."""
        while not wait([future], timeout=0.5).done:
            if self.stop.asked > 1:
                self.pool.kill(executor)
                self.stop.raise_if_asked()
        return future.result()

    def _drop_pool(self) -> None:
        if self.executor is not None:
            self.pool.kill(self.executor)
            self.executor = None
