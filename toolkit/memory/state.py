"""The state folder: where each memory lies in it, and the lock that lets one process write at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolkit.errors import UsageError

PARTS = ("dedup",)
"""Folders of a state folder, one per memory."""


def part_of(state: Path | str, part: str) -> Path:
    """Where one memory lies in a state folder.

    >>> part_of("记忆", "dedup").as_posix()
    '记忆/dedup'
    """
    assert part in PARTS
    return Path(state) / part


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a memory for writing; readers need no lock, since what they read is replaced whole and never changed.

    The lock is of this machine and of the process: the system frees it when the holder dies.

    Raises:
        UsageError: Another process writes there; names it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).decode("ascii", "replace").strip() or "unknown"
            raise UsageError(
                f"{folder}: another process ({holder}) writes there",
                hint="wait for it to end and run the same command again",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield
