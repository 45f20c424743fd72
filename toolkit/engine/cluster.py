"""What the runners on clusters share: a task waits in a thread of the driver while a worker elsewhere does it.

Nothing is scheduled or stored here. The framework finds a worker and tries again when one dies; shards lie in the work
folder, which driver and workers see under one path. What a task raises travels back as a value, so that whatever the
framework raises means one thing: the task was lost with its workers, and the `Runner` submits it again.
"""

from __future__ import annotations

import re
import signal
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from toolkit.engine.store import Done, Store, code_digest
from toolkit.errors import SourceError, ToolkitError, UsageError

THREADS = 4096
"""More than a window of tasks needs; a thread is only made when a task waits for it."""


class Link(Protocol):
    """A connection to a cluster: what each framework has under a name of its own."""

    def slots(self) -> int:
        """How many tasks the workers of this moment run at once."""

    def start(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Ask for a call on some worker; returns what the two others take."""

    def result(self, call: Any) -> Any:
        """Wait for the answer."""

    def cancel(self, call: Any) -> None:
        """End the call, by force where the framework can."""


@dataclass
class ClusterPool:
    """Workers of a cluster that the user has. It has as many as it has: `--workers` counts those of this machine.

    Attributes:
        connect: Gives the connection of the program where there is one, else makes one. The framework closes it when
            the program ends.
    """

    connect: Callable[[], Link]
    link: Link | None = None
    most: int = 1

    @property
    def workers(self) -> int:
        """How many tasks run at once, at the best so far: what is in flight does not shrink when a worker leaves."""
        with _failing_as(_unreachable):
            self.most = max(self.most, self._linked().slots())
        return self.most

    def open(self) -> Executor:
        """Connect again, and try one worker before any work is lost on one that lacks the toolkit."""
        self.link = None
        with _failing_as(_unreachable):
            calls = _Calls(self._linked())
            calls.call(str, "")
        return calls

    def alone(self) -> Executor:
        """The same: one task alone has a worker to itself."""
        return self.open()

    def kill(self, executor: Executor) -> None:
        """Cancel what is in flight; the cluster keeps its workers."""
        assert isinstance(executor, _Calls)
        executor.cancel()
        executor.shutdown(wait=False, cancel_futures=True)

    def _linked(self) -> Link:
        if self.link is None:
            with _signals_kept():
                self.link = self.connect()
        return self.link


class _Calls(ThreadPoolExecutor):
    def __init__(self, link: Link) -> None:
        super().__init__(THREADS, thread_name_prefix="toolkit-call")
        self._link = link
        self._flying: set[Any] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(self.call, fn, *args, **kwargs)

    def call(self, function: Callable[[Any], Any], task: Any) -> Any:
        with _failing_as(BrokenExecutor):
            call = self._link.start(answer, code_digest(), function, task)
            self._flying.add(call)
            try:
                value, error = self._link.result(call)
            finally:
                self._flying.discard(call)
        if error is not None:
            raise error
        _check_seen(task, value)
        return value

    def cancel(self) -> None:
        for call in list(self._flying):
            with suppress(BrokenExecutor), _failing_as(BrokenExecutor):
                self._link.cancel(call)


def answer(code: str, function: Callable[[Any], Any], task: Any) -> tuple[Any, Exception | None]:
    """Run a task on a worker: its value, or what it raised.

    >>> answer(code_digest(), str.upper, "高血压 ok")
    ('高血压 OK', None)
    >>> answer("of yesterday", str.upper, "高血压 ok")[1].message
    'a worker of the cluster runs other code than this machine'
    """
    if code_digest() != code:
        return None, UsageError(
            "a worker of the cluster runs other code than this machine",
            hint="install the same Python, instruct-toolkit and packages on both, and start the workers again;"
            " mixed versions would give mixed records",
        )
    try:
        return function(task), None
    except Exception as error:  # noqa: BLE001 - raised again in the driver; each framework would wrap it in its own way
        error.add_note(traceback.format_exc())
        return None, error


def _check_seen(task: Any, value: Any) -> None:
    if isinstance(value, Done) and not Store(task.folder).path(value.address, "json").is_file():
        raise SourceError(
            f"{task.folder}: a worker finished a shard there that this machine cannot see",
            hint="choose an --out on storage that driver and workers mount under the same path",
        )


@contextmanager
def _failing_as(kind: Callable[[str], Exception]) -> Iterator[None]:
    """Give the errors of all frameworks one name; ours keep theirs."""
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        raise kind(f"{type(error).__name__}: {error}") from error


def _unreachable(trouble: str) -> SourceError:
    return SourceError(
        f"the cluster runs no task: {gist(trouble)}",
        hint="the toolkit and its packages must be installed on every worker; when the cluster is back, the same command"
        " goes on where it stopped",
    )


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ctrl-C stays ours: Spark and Ray install handlers when they connect, and a run could no longer drain."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        with suppress(ValueError):  # not the main thread: nobody could have changed them
            for number, handler in kept.items():
                signal.signal(number, handler)


def gist(trouble: str) -> str:
    r"""The line of a long remote traceback that says what is wrong: the last that names an error.

    >>> gist("An error occurred while calling z:collect.\n  File x\nModuleNotFoundError: No module named 'toolkit'\n\tat org")
    "ModuleNotFoundError: No module named 'toolkit'"
    >>> gist("连接被拒绝 (connection refused)")  # one line stays as it is
    '连接被拒绝 (connection refused)'
    """
    named = [line.strip() for line in trouble.splitlines() if re.match(r"\s*[A-Za-z_.]+(?:Error|Exception): ", line)]
    return (named or trouble.strip().splitlines() or ["no reason given"])[-1][:300]
