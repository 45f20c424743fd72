"""Whether a place can be written to, asked before any work is done; nothing of the user's is ever replaced."""

from __future__ import annotations

import os

from toolkit.errors import UsageError
from toolkit.files.atomic import UNFINISHED
from toolkit.files.places import Place, RemotePath, listed


def check_file(path: Place) -> None:
    """Refuse a file that cannot be written under this name.

    Raises:
        UsageError: A folder has that name, or the file would lie in something that is no folder or not ours to write in.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder", hint=f"name a file, such as {path / 'records.jsonl'}")
    _check_parent(path)


def check_folder(path: Place) -> None:
    """Refuse a folder that cannot be made or written in.

    Raises:
        UsageError: A file has that name, or the folder is not ours to write in.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path}: is a file", hint="name a folder")
    _check_parent(path / "release")


def check_replaceable(path: Place, *marks: str) -> None:
    """Refuse to replace a folder that this program did not write: it would be gone.

    Args:
        path: The folder to be written as a whole.
        marks: Files that show that it is one of ours.

    Raises:
        UsageError: It holds something, and not all of the marks.
    """
    check_folder(path)
    ours = all((path / mark).is_file() for mark in marks) or (path / UNFINISHED).is_file()
    if ours or not path.is_dir() or not listed(path, "*"):
        return
    raise UsageError(f"{path}: holds files that are no release of this toolkit, and would be replaced as a whole",
                     hint="name a new folder, or remove this one yourself")  # fmt: skip


def _check_parent(path: Place) -> None:
    if isinstance(path, RemotePath):
        return  # nothing can be asked of a store but to put something
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise UsageError(f"{above}: is a file, so {path.name} cannot lie in it", hint="name another folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise UsageError(
            f"{above}: may not be written to", hint="name another folder, or ask for the right to write here"
        )
