"""Files that are there whole or not at all: temporary name, fsync, rename; in an object store one completed put."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from toolkit.files.places import Place, RemotePath

COMMIT = "manifest.json"
"""What is put last where a folder cannot be renamed: who finds it finds all that it names."""

UNFINISHED = ".unfinished"
"""What stands in such a folder while it is replaced: an interrupted one is ours, and may be written again."""


@contextmanager
def writing(path: Place) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only when all is written.

    A crash leaves a `*.tmp` and nothing else, in an object store nothing; an error inside removes even that.
    """
    if isinstance(path, RemotePath):
        with tempfile.TemporaryFile(prefix="toolkit-") as spool:
            yield cast("BinaryIO", spool)
            spool.seek(0)
            path.put(cast("BinaryIO", spool))
        return
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


def write_bytes(path: Place, data: bytes) -> None:
    """Write a small file at once."""
    with writing(path) as file:
        file.write(data)


@contextmanager
def writing_folder(path: Place) -> Iterator[Path]:
    """Fill a folder of this machine that appears under its name only when it is complete, in place of an older one.

    In an object store the files are put one by one when all are complete, the manifest last; the older manifest goes
    first, so that at no moment one stands beside files that it does not describe.
    """
    if isinstance(path, RemotePath):
        with tempfile.TemporaryDirectory(prefix="toolkit-") as folder:
            yield Path(folder)
            _publish(Path(folder), path)
        return
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


def _publish(folder: Path, to: RemotePath) -> None:
    files = sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: (p.name == COMMIT, p))
    (to / UNFINISHED).write_bytes(b"")
    (to / COMMIT).unlink(missing_ok=True)
    older = {*to.rglob("*")} - {to / UNFINISHED}
    for file in files:
        target = to / file.relative_to(folder)
        older.discard(target)
        if file.name == COMMIT:
            _remove(older)
        with file.open("rb") as content:
            target.put(content)
    _remove(older | {to / UNFINISHED})


def _remove(paths: set[RemotePath]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
    paths.clear()


def remove_folder(path: Path) -> None:
    """Remove a folder and what is in it; nothing happens where there is none."""
    import shutil

    if path.exists():
        shutil.rmtree(path)
