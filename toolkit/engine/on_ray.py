"""The runner `ray`: shard tasks as Ray tasks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit.errors import MissingExtraError, UsageError

RETRIES = 3
"""How often Ray itself tries a task again whose worker died."""


@dataclass(frozen=True)
class Ray:
    """A driver of a Ray cluster."""

    ray: Any
    remote: Any

    def slots(self) -> int:
        """CPUs of all nodes."""
        return int(self.ray.cluster_resources().get("CPU", 1))

    def start(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """A reference to the answer to come."""
        return self.remote.remote(function, *args)

    def result(self, call: Any) -> Any:
        """Wait for it."""
        return self.ray.get(call)

    def cancel(self, call: Any) -> None:
        """Kill the worker that does it."""
        self.ray.cancel(call, force=True)


def run(function: Callable[..., Any], *args: Any) -> Any:
    """What a worker runs."""
    return function(*args)


def connect() -> Ray:
    """The connection of the program, else one to `RAY_ADDRESS` or to the cluster that this machine is part of."""
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", extra="ray", purpose="--engine ray") from None
    if not ray.is_initialized():
        try:
            ray.init(address=os.environ.get("RAY_ADDRESS", "auto"))
        except ConnectionError as error:
            raise UsageError(
                f"--engine ray: no cluster is found: {str(error).splitlines()[0]}",
                hint="set RAY_ADDRESS, or run this on a node of the cluster",
            ) from None
    return Ray(ray, ray.remote(max_retries=RETRIES)(run))
