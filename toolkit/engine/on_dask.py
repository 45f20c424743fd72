"""The runner `dask`: shard tasks on the workers of a Dask scheduler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit.errors import MissingExtraError, UsageError


@dataclass(frozen=True)
class Dask:
    """A client of a scheduler. Start workers with one thread each: the tasks are Python, and threads would take turns."""

    client: Any

    def slots(self) -> int:
        """Threads of all workers."""
        return sum(self.client.nthreads().values())

    def start(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """A future; impure, because a task that is asked for again must look at the files again."""
        return self.client.submit(function, *args, pure=False)

    def result(self, call: Any) -> Any:
        """Wait; Dask itself tries again on another worker until its `allowed-failures` is reached."""
        return call.result()

    def cancel(self, call: Any) -> None:
        """Forget a future; a thread that runs already runs on to its end, and nobody reads what it wrote."""
        call.cancel()


def connect() -> Dask:
    """The client of the program, else one for the scheduler that Dask's own settings name."""
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise MissingExtraError("distributed", extra="dask", purpose="--engine dask") from None
    try:
        client = Client.current()
    except ValueError:
        client = None
    if client is not None and client.status == "running":
        return Dask(client)
    address = dask.config.get("scheduler-address", None)
    if not address:  # without one, Client() would start processes here and say nothing
        raise UsageError(
            "--engine dask: no scheduler is named", hint="set DASK_SCHEDULER_ADDRESS, for example tcp://10.0.0.1:8786"
        )
    return Dask(Client(address))
