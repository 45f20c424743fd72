"""Bytes of a file as a stream of chunks, unpacked on the way; constant memory, and limits against bombs."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from toolkit.files.found import UnreadableError
from toolkit.files.places import Place

CHUNK = 1 << 20
PACKED_CHUNK = 1 << 12
"""Packed bytes given to the unpacker at once; small, because zstd turns 4 bytes into 128 KiB."""
FREE_BYTES = 64 << 20
"""Unpacked bytes that are never refused, whatever the ratio: small repetitive files are honest."""
MAX_RATIO = 200
MAX_BYTES = 64 << 30


def packing_of(name: str) -> str:
    """The ending that says how a file is packed, or nothing.

    >>> packing_of("病历.jsonl.gz"), packing_of("notes.jsonl")
    ('.gz', '')
    """
    return next((ending for ending in UNPACKERS if name.lower().endswith(ending)), "")


def chunks(path: Place, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Read a file in chunks of about 1 MiB; `.gz` and `.zst` are unpacked.

    Args:
        path: The file.
        start: First byte of a range; only for files that are not packed.
        end: Byte after the last; None means the whole rest.

    Raises:
        UnreadableError: The packed file is broken, ends early, or unpacks to more than the limits allow.
    """
    packing = packing_of(path.name)
    if packing:
        yield from _gathered(_unpacked(path, UNPACKERS[packing]))
        return
    with path.open("rb") as file:
        file.seek(start)
        left = end - start if end is not None else None
        while block := file.read(CHUNK if left is None else min(CHUNK, left)):
            left = None if left is None else left - len(block)
            yield block


def sha256(path: Place) -> str:
    """Hash of the file as it lies on the disk: for a packed file, of the packed bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _gzip() -> Any:
    return zlib.decompressobj(wbits=31)


def _zstandard() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


UNPACKERS: dict[str, Callable[[], Any]] = {".gz": _gzip, ".zst": _zstandard}


def _gathered(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Join small parts to chunks; what stands before a fault comes out before it is raised."""
    ready = bytearray()
    try:
        for part in parts:
            ready += part
            if len(ready) >= CHUNK:
                yield bytes(ready)
                ready.clear()
    except UnreadableError:
        if ready:
            yield bytes(ready)
        raise
    if ready:
        yield bytes(ready)


def _unpacked(path: Place, unpacker: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack member by member: both libraries would stop in silence where a stream ends early or a second one begins."""
    packed = unpacked = 0
    stream, begun = unpacker(), False
    with path.open("rb") as file:
        while block := file.read(PACKED_CHUNK):
            packed += len(block)
            while block:
                if stream.eof:
                    stream, begun = unpacker(), False
                    block = block.lstrip(b"\0")  # tar and tapes pad with zeros
                    continue
                begun = True
                part = _unpack(stream, block, path)
                block = stream.unused_data if stream.eof else b""
                unpacked += len(part)
                _check_size(path, packed, unpacked)
                yield part
    if begun and not stream.eof:
        raise UnreadableError(f"{path.name}: the packed file ends early after {unpacked:,} bytes of content",
                              hint="copy or download it again; what came before the end was read")  # fmt: skip


def _unpack(stream: Any, block: bytes, path: Place) -> bytes:
    import zstandard

    try:
        part: bytes = stream.decompress(block)
    except (zlib.error, zstandard.ZstdError) as error:
        raise UnreadableError(f"{path.name}: cannot be unpacked: {error}",
                              hint="check that the ending names the real packing; what came before was read") from None  # fmt: skip
    return part


def _check_size(path: Place, packed: int, unpacked: int) -> None:
    if unpacked > MAX_BYTES or (unpacked > FREE_BYTES and unpacked > MAX_RATIO * packed):
        raise UnreadableError(
            f"{path.name}: unpacks to more than {MAX_RATIO} times its size or {MAX_BYTES >> 30} GiB",
            hint="if that is honest data, unpack it yourself and collect the unpacked file",
        )
