"""The runner `spark`: shard tasks as Spark jobs of one partition each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit.errors import MissingExtraError, UsageError


@dataclass(frozen=True)
class Spark:
    """A Spark application. Each call is a job in a group of its own, so that it can be cancelled."""

    context: Any

    def slots(self) -> int:
        """Cores of all executors."""
        return int(self.context.defaultParallelism)

    def start(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """A plan; Spark starts it when the answer is asked for."""
        return self.context.parallelize([args], 1).map(lambda given: function(*given))

    def result(self, call: Any) -> Any:
        """Run the job; Spark itself tries again on another executor, `spark.task.maxFailures` times."""
        self.context.setJobGroup(_group(call), "toolkit")  # of this thread
        return call.collect()[0]

    def cancel(self, call: Any) -> None:
        """Cancel the job."""
        self.context.cancelJobGroup(_group(call))


def _group(call: Any) -> str:
    return f"toolkit-{call.id()}"


def connect() -> Spark:
    """The context of the program, else one with the settings that Spark finds for the user."""
    try:
        from pyspark import SparkContext
    except ImportError:
        raise MissingExtraError("pyspark", extra="spark", purpose="--engine spark") from None
    context = SparkContext.getOrCreate()
    if context.master == "local[*]":  # what Spark falls back to when it finds no setting
        context.stop()
        raise UsageError(
            "--engine spark: no master is named",
            hint="set spark.master in spark-defaults.conf, or PYSPARK_SUBMIT_ARGS='--master spark://HOST:7077"
            " pyspark-shell'; one machine alone is faster with --engine local",
        )
    return Spark(context)
