"""Bytes, lines and ranges."""

import gzip
import hashlib
import tempfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files import chunks as chunk_module
from toolkit.files.chunks import chunks, sha256
from toolkit.files.found import UnreadableError
from toolkit.files.lines import cut, lines

CONTENT = "".join(f"{n}\t第{n}行，高血压\n" for n in range(20_000)).encode()
PACK = {".gz": lambda data: gzip.compress(data, mtime=0), ".zst": zstandard.ZstdCompressor().compress}


def _file(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("ending", PACK)
def test_packed_files_are_unpacked(tmp_path, ending):
    path = _file(tmp_path, f"a.jsonl{ending}", PACK[ending](CONTENT))

    assert b"".join(chunks(path)) == CONTENT


@pytest.mark.parametrize("ending", PACK)
def test_members_that_follow_each_other_are_all_read(tmp_path, ending):
    path = _file(tmp_path, f"a.jsonl{ending}", PACK[ending](b"one\n") + PACK[ending](b"two\n"))

    assert b"".join(chunks(path)) == b"one\ntwo\n"


@pytest.mark.parametrize("ending", PACK)
def test_a_packed_file_that_ends_early_says_so_after_its_last_good_byte(tmp_path, ending):
    path = _file(tmp_path, f"a.jsonl{ending}", PACK[ending](CONTENT)[:-200])
    stream = chunks(path)
    read = []

    with pytest.raises(UnreadableError, match="ends early"):
        read.extend(stream)
    assert CONTENT.startswith(b"".join(read))
    assert len(b"".join(read)) > len(CONTENT) // 2


@pytest.mark.parametrize("ending", PACK)
def test_a_file_that_is_not_packed_as_its_name_says_is_refused(tmp_path, ending):
    path = _file(tmp_path, f"a.jsonl{ending}", b"plain text, not packed at all\n" * 10)

    with pytest.raises(UnreadableError, match="cannot be unpacked"):
        list(chunks(path))


@pytest.mark.parametrize("ending", PACK)
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(chunk_module, "FREE_BYTES", 1 << 20)
    path = _file(tmp_path, f"bomb{ending}", PACK[ending](bytes(64 << 20)))
    read = []

    with pytest.raises(UnreadableError, match="more than 200 times its size"):
        read.extend(map(len, chunks(path)))
    assert sum(read) < 64 << 20


def test_zeros_after_a_packed_file_are_padding(tmp_path):
    path = _file(tmp_path, "a.gz", gzip.compress(b"one\n") + bytes(512))

    assert b"".join(chunks(path)) == b"one\n"


def test_the_hash_is_that_of_the_file(tmp_path):
    assert sha256(_file(tmp_path, "a", CONTENT)) == hashlib.sha256(CONTENT).hexdigest()


@given(st.binary(), st.integers(1, 8))
def test_lines_joined_are_the_stream(data, size):
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    numbered = list(lines(parts))

    assert b"\n".join(line for _, line in numbered) == data.removesuffix(b"\n")
    assert [number for number, _ in numbered] == list(range(1, len(numbered) + 1))


@given(
    st.lists(st.sampled_from([b"", b"a", b"\xe9\xab\x98", b"long line"]), max_size=30),
    st.integers(1, 40),
    st.booleans(),
)
def test_ranges_cover_every_line_once_with_its_number(rows, size, ended):
    data = b"\n".join(rows) + (b"\n" if ended and rows else b"")
    with tempfile.TemporaryDirectory() as folder:
        path = _file(Path(folder), "a", data)
        digest, ranges = cut(path, size)
        pieces = [list(lines(chunks(path, r.start, r.end), r.line)) for r in ranges]

    assert digest == hashlib.sha256(data).hexdigest()
    assert [pair for piece in pieces for pair in piece] == list(lines([data] if data else []))
    assert [r.end for r in ranges[:-1]] == [r.start for r in ranges[1:]]


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("toolkit.files.lines.MAX_LINE", 100)

    with pytest.raises(UnreadableError, match="line 2 is longer"):
        list(lines([b"a\n" + b"b" * 60, b"b" * 60]))
