"""Which files a source consists of: paths, folders and globs become files with a URI that does not depend on the machine."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from toolkit.collect.sources import Source
from toolkit.errors import SourceError
from toolkit.files.places import Place, RemotePath, place

UNNAMED = ("", "files")
"""Ids of the sources that only hold the paths of a command."""
_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


class File(NamedTuple):
    """A file of a source.

    Attributes:
        path: Where it lies now.
        uri: Its path relative to the source's root, POSIX slashes, NFC: the same on every machine.
        size: Bytes.
        refused: Why it is not read, or nothing.
        modified: When it was written last, to notice a change during the run; it enters no record and no address.
        facts: (record field, value): what a table says of the file.
    """

    path: str
    uri: str
    size: int
    refused: str = ""
    modified: int | None = None
    facts: tuple[tuple[str, str], ...] = ()


def files_of(source: Source, root: Path) -> tuple[File, ...]:
    """Find the files of a source, ordered by URI; a file that two paths hit is one file.

    The root of a path is `root` where it lies inside; for a path that leads elsewhere it is the part before the first
    wildcard (the folder, for a file).

    Raises:
        SourceError: A path does not exist, or a glob hits nothing; all of them are named.
    """
    found: dict[str, File] = {}
    lost = []
    for given in source.paths:
        hits = [*_files(place(given), root, recursive=source.recursive)]
        found |= {file.uri: file for file in hits}
        if not hits:
            lost.append(given)
    if lost:
        names = "; ".join(_nothing_at(name, root) for name in lost)
        where = f"source {source.id!r}: " if source.id not in UNNAMED else ""
        raise SourceError(f"{where}{names}",
                          hint="check the spelling; paths of a registry are relative to it; `-` is the standard input")  # fmt: skip
    return tuple(found[uri] for uri in sorted(found))


def _files(given: Place, root: Path, *, recursive: bool) -> Iterator[File]:
    if isinstance(given, RemotePath):
        yield from (_object(path, base) for path, base in _objects(given, recursive=recursive))
    else:
        yield from (_file(path, base) for path, base in _hits(str(given), root, recursive=recursive))


def _objects(given: RemotePath, *, recursive: bool) -> Iterator[tuple[RemotePath, RemotePath]]:
    """Objects of a store with the place that their URI is relative to."""
    if given.is_file():
        yield given, given.parent
        return
    parts = given.key.split("/")
    wild = next((i for i, part in enumerate(parts) if any(c in part for c in "*?")), len(parts))
    start = given.at("/".join(parts[:wild]))
    pattern = "/".join(parts[wild:]) or ("**/*" if recursive else "*")
    for path in start.glob(f"{pattern}/*" if pattern.endswith("**") else pattern):
        if not _hidden(path.relative_to(start)):
            yield path, start


def _object(path: RemotePath, base: RemotePath) -> File:
    uri = unicodedata.normalize("NFC", path.relative_to(base).as_posix())
    status = path.stat()
    return File(path.url, uri, status.st_size, modified=status.st_mtime_ns)


def _nothing_at(given: str, root: Path) -> str:
    """Say why a path gives no file, with the nearest name that is there."""
    if isinstance(place(given), RemotePath):
        return f"no file at {given!r}"
    path = root / Path(given).expanduser()
    shown = os.path.relpath(path) if path.is_absolute() and _inside(path, Path()) else given
    if path.is_dir():
        return f"{shown!r} is a folder without files"
    start, wild = _split(path)
    looked = start if wild else path.parent
    there = sorted(p.name for p in looked.iterdir()) if looked.is_dir() and not wild else []
    near = difflib.get_close_matches(path.name, there, 1)
    said = (
        f"; did you mean {near[0]!r}?" if near else "" if looked.is_dir() else f"; there is no folder {str(looked)!r}"
    )
    return f"no file at {shown!r}{said}"


def _hits(given: str, root: Path, *, recursive: bool) -> Iterator[tuple[Path, Path]]:
    """Files with the folder that their URI is relative to."""
    start, wild = _split(root / Path(given).expanduser())
    inside = _inside(start, root)
    if not wild:
        if start.is_dir():
            yield from ((path, root if inside else start) for path in _walk(start, recursive=recursive))
        elif start.exists():
            yield start, root if inside else start.parent
        return
    base = root if inside else start
    if start.is_dir():
        for path in start.glob(wild):
            if not _hidden(path.relative_to(start)) and path.is_file():
                yield path, base


def _split(path: Path) -> tuple[Path, str]:
    """The part before the first wildcard, and the rest; a file whose name holds brackets is a file."""
    if path.exists():
        return path, ""
    wild = next((i for i, part in enumerate(path.parts) if any(c in part for c in "*?[")), len(path.parts))
    rest = path.parts[wild:]
    return Path(*path.parts[:wild]), "/".join((*rest, "*") if rest and rest[-1] == "**" else rest)


def plain(path: Path) -> Path:
    """Absolute, without `..`; links stay, because a URI says where a file is named, not where it is stored."""
    return Path(os.path.normpath(path.absolute()))


def named(given: str, start: Path = Path()) -> str:
    """A path as tasks can use it wherever they stand: absolute, or the URL as it is."""
    where = place(given)
    return given if isinstance(where, RemotePath) else str(plain(start / where.expanduser()))


def _inside(path: Path, root: Path) -> bool:
    return plain(path).is_relative_to(plain(root))


def _walk(folder: Path, *, recursive: bool) -> Iterator[Path]:
    for path in folder.rglob("*") if recursive else folder.iterdir():
        if not _hidden(path.relative_to(folder)) and path.is_file():
            yield path


def _hidden(relative: Path) -> bool:
    return any(part.startswith((".", "~$")) or part.lower() in _JUNK for part in relative.parts)


def _file(path: Path, base: Path) -> File:
    whole = plain(path)
    uri = unicodedata.normalize("NFC", whole.relative_to(plain(base)).as_posix())
    if not _inside(path.resolve(), base.resolve()):
        return File(
            str(whole), uri, 0, "the link leads out of the source's folder; copy the file or name its real path"
        )
    status = path.stat()
    return File(str(whole), uri, status.st_size, modified=status.st_mtime_ns)


def common_root(paths: tuple[str, ...], root: Path) -> Path:
    """The folder that URIs of plain paths are relative to: what the paths have in common.

    >>> common_root(("data/问答/*.csv", "data/laws"), Path("/srv")).as_posix()
    '/srv/data'
    """
    folders = []
    for given in paths:
        if isinstance(place(given), RemotePath):
            continue
        start, wild = _split(root / Path(given).expanduser())
        folders.append(plain(start if wild or start.is_dir() else start.parent))
    return Path(os.path.commonpath(folders)) if folders else root
