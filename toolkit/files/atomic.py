"""Files that are there whole or not at all: temporary name, fsync, rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only when all is written.

    A crash leaves a `*.tmp` and nothing else; an error inside removes even that.
    """
    # two workers may write one shard at once (a cluster tries a task again whose worker it merely lost sight of), in one
    # process or on two machines where both are number 1 of a container: a process id does not keep them apart
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write a small file at once."""
    with writing(path) as file:
        file.write(data)


@contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """Fill a folder that appears under its name only when it is complete, in place of an older one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    old = path.with_name(f"{path.name}.old.tmp")
    remove_folder(temporary)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        remove_folder(old)
        if path.exists():
            path.replace(old)
        temporary.replace(path)
        remove_folder(old)
    except BaseException:
        remove_folder(temporary)
        raise


def remove_folder(path: Path) -> None:
    """Remove a folder and what is in it; nothing happens where there is none."""
    import shutil

    if path.exists():
        shutil.rmtree(path)
