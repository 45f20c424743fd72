"""The only module that reads a clock; what it gives goes to progress and to `work/run.json`, never into a decision."""

from __future__ import annotations

import datetime as dt
import resource
import time


def seconds() -> float:
    """Seconds of a clock that never goes back."""
    return time.monotonic()


def cpu_seconds() -> float:
    """CPU seconds of this process, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def stamp() -> str:
    """The moment, for people, as RFC 3339 in UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
