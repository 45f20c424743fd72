"""Where files lie: a path of this machine, or a path in an object store, under the few verbs that both have.

Local files are `pathlib.Path` and nothing else. `RemotePath` has the same names for what the toolkit asks of a path, so
that whoever reads, lists or removes files need not know where they lie. Writing differs, and only `toolkit.files.atomic`
writes: locally a finished file is renamed into place; an object store has no rename, and there a completed put is the
atom.
"""

from __future__ import annotations

import fnmatch
import functools
import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import pyarrow as pa

from toolkit.errors import SourceError, UsageError

WHOLE = 1 << 20
"""Objects up to this size are fetched by one request; of larger ones only what is read."""
COPY_BYTES = 8 << 20
_URL = re.compile(r"([a-z][a-z0-9+.-]+)://([^/?]*)([^?]*)(\?.*)?", re.IGNORECASE)


class Status(NamedTuple):
    """What is known of an object, under the names of `os.stat_result`."""

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True, order=True)
class RemotePath:
    """A path in an object store.

    Attributes:
        root: Scheme and bucket, such as `s3://datasets`.
        key: What stands behind it, without a slash at either end.
        settings: The query of the URL: what `pyarrow.fs` takes there, such as `?region=eu-west-1`.

    >>> path = place("s3://datasets/病历/run?region=eu-west-1") / "release" / "manifest.json"
    >>> str(path), path.name, path.suffix
    ('s3://datasets/病历/run/release/manifest.json', 'manifest.json', '.json')
    >>> path.parent.parent.relative_to(place("s3://datasets?region=eu-west-1")).as_posix()
    '病历/run'
    """

    root: str
    key: str
    settings: str = ""

    def __str__(self) -> str:
        return f"{self.root}/{self.key}"

    @property
    def url(self) -> str:
        """What `place` makes the same path of."""
        return f"{self}{self.settings}"

    def __fspath__(self) -> str:
        raise TypeError(f"{self} lies in an object store; this reader needs a file of this machine")

    def __truediv__(self, more: str | Path) -> RemotePath:
        return self.at(f"{self.key}/{more}".strip("/"))

    @property
    def name(self) -> str:
        """The last part."""
        return self.key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The ending, with its dot."""
        return Path(self.name).suffix

    @property
    def parent(self) -> RemotePath:
        """All but the last part."""
        return self.at(self.key.rpartition("/")[0])

    def absolute(self) -> RemotePath:
        """Itself: a URL depends on no folder."""
        return self

    def relative_to(self, other: RemotePath) -> Path:
        """The part below another."""
        return Path(self.key).relative_to(other.key)

    def exists(self) -> bool:
        """Whether there is an object, or one below."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether there is an object under exactly this name."""
        return bool(self._info().is_file)

    def is_dir(self) -> bool:
        """Whether there is an object below."""
        return next(self._below(), None) is not None

    def stat(self) -> Status:
        """Size and time of an object.

        Raises:
            FileNotFoundError: There is none.
        """
        info = self._info()
        if not info.is_file:
            raise FileNotFoundError(2, "no such object", str(self))
        return Status(info.size or 0, info.mtime_ns or 0)

    def read_bytes(self) -> bytes:
        """The whole object."""
        with self.native() as file:
            return bytes(file.readall())

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """Open for reading; whoever writes goes through `toolkit.files.atomic`."""
        assert mode == "rb"
        return io.BufferedReader(self.native(), COPY_BYTES)

    def native(self) -> pa.NativeFile:
        """Open for Arrow."""
        with self._reached() as (system, name):
            file = system.open_input_file(name)
            if file.size() > WHOLE:
                return file
            with file:
                return pa.BufferReader(file.read_buffer())

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing: an object needs no folder."""

    def write_bytes(self, data: bytes) -> None:
        """Store a small object."""
        self.put(io.BytesIO(data))

    def put(self, file: BinaryIO) -> None:
        """Store the content of a finished file; nothing is to be seen of it before the last byte has arrived."""
        # Arrow would pack by itself what is called *.gz, though it holds packed bytes already
        with self._reached() as (system, name), system.open_output_stream(name, compression=None) as out:
            shutil.copyfileobj(file, out, COPY_BYTES)

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove an object."""
        with suppress(FileNotFoundError) if missing_ok else nullcontext(), self._reached() as (system, name):
            system.delete_file(name)

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        """Objects below whose path fits; `*` stays within one part, `**` does not."""
        fits = _pattern(pattern)
        return (path for path in self._below() if fits.fullmatch(path.relative_to(self).as_posix()))

    def rglob(self, pattern: str) -> Iterator[RemotePath]:
        """Objects at any depth whose name fits."""
        return (path for path in self._below() if fnmatch.fnmatchcase(path.name, pattern))

    def _below(self) -> Iterator[RemotePath]:
        from pyarrow import fs

        with self._reached() as (system, name):
            found = system.get_file_info(fs.FileSelector(name, recursive=True, allow_not_found=True))
        start = len(name) - len(self.key)
        keys = (info.path.strip("/")[start:] for info in found if info.is_file)
        yield from sorted(self.at(key.strip("/")) for key in keys)

    def at(self, key: str) -> RemotePath:
        """The place with another key in the same bucket."""
        return RemotePath(self.root, key, self.settings)

    def _info(self) -> Any:
        with self._reached() as (system, name):
            return system.get_file_info(name)

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        """The store and the name of this place in it; trouble on the way is told with the place."""
        try:
            system, bucket = _bucket(self.root, self.settings)
            yield system, "/".join(part for part in (bucket.strip("/"), self.key) if part)
        except FileNotFoundError:
            raise FileNotFoundError(2, "no such object", str(self)) from None
        except OSError as error:
            raise SourceError(
                f"{self}: {str(error).partition(' Detail: ')[0][:300]}",
                hint="check the bucket, its region and your credentials; what was finished is kept, the same command goes on",
            ) from None


Place: TypeAlias = Path | RemotePath


def place(given: str | Place) -> Place:
    """The place that a user names.

    >>> place("build/病历"), place("s3://datasets/build/")
    (PosixPath('build/病历'), RemotePath(root='s3://datasets', key='build', settings=''))
    >>> place("C://odd") == Path("C://odd")  # one letter is a drive
    True
    """
    if not isinstance(given, str):
        return given
    found = _URL.fullmatch(given)
    if not found:
        return Path(given)
    scheme, bucket, key, settings = found.groups()
    if scheme.lower() == "file":
        return Path(key)
    return RemotePath(f"{scheme.lower()}://{bucket}", key.strip("/"), settings or "")


def listed(folder: Place, pattern: str) -> list[Place]:
    """The files below a folder whose path fits, in order."""
    found: list[Place] = [*folder.glob(pattern)]
    return sorted(found, key=str)


def native(path: Place) -> pa.NativeFile:
    """Open for Arrow, to be read here and there."""
    return path.native() if isinstance(path, RemotePath) else pa.OSFile(str(path))


def mapped(path: Place) -> pa.NativeFile:
    """The same for a file of which little is read by many: a memory map where there is one."""
    if isinstance(path, RemotePath):
        return path.native()
    return pa.memory_map(str(path)) if path.stat().st_size else pa.BufferReader(b"")


def lock_file(folder: Place) -> Path:
    """The file whose lock says that a run writes there. It is always of this machine: object stores have no locks."""
    if isinstance(folder, RemotePath):
        name = hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest()
        return Path(tempfile.gettempdir()) / f"toolkit-{name}.lock"
    return folder / ".lock"


@functools.cache
def _bucket(root: str, settings: str) -> tuple[Any, str]:
    """The file system of a bucket, connected once in each process, and the bucket's name in it."""
    from pyarrow import fs

    try:
        return fs.FileSystem.from_uri(root + _saving_requests(root, settings))  # type: ignore[no-any-return]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _by_fsspec(root)


def _saving_requests(root: str, settings: str) -> str:
    """In S3 a small object can be put by one request instead of three."""
    if not root.startswith("s3://") or "allow_delayed_open" in settings:
        return settings
    return f"{settings}{'&' if settings else '?'}allow_delayed_open=true"


def _by_fsspec(root: str) -> tuple[Any, str]:
    """Stores that Arrow does not know itself: whatever fsspec finds a package for."""
    import fsspec
    from pyarrow import fs

    scheme, _, bucket = root.partition("://")
    try:
        return fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem(scheme))), bucket
    except ValueError:
        raise UsageError(f"{root}: no known object store", hint="use s3://, gs://, or a path of this machine") from None
    except ImportError as error:
        raise UsageError(f"{root}: {error}", hint="install the package that fsspec names") from None


def _pattern(glob: str) -> re.Pattern[str]:
    r"""A glob as an expression over whole relative paths.

    >>> bool(_pattern("*/*.json").fullmatch("ab/1.json")), bool(_pattern("*.json").fullmatch("ab/1.json"))
    (True, False)
    >>> bool(_pattern("**/*.md").fullmatch("法律/民法典.md")), bool(_pattern("**/*.md").fullmatch("a.md"))
    (True, True)
    """
    steps = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(steps.get(part) or re.escape(part) for part in parts))
