"""A path in an object store answers like a path of this machine. The store is fsspec's in memory; tests/cluster has S3."""

import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from toolkit.errors import UsageError
from toolkit.files import atomic
from toolkit.files.outputs import check_replaceable
from toolkit.files.places import COPY_BYTES, WHOLE, RemotePath, listed, lock_file, mapped, native, place


@pytest.fixture(params=["disk", "store"])
def folder(request, tmp_path):
    return tmp_path if request.param == "disk" else place(f"memory://{uuid.uuid4().hex}/run")


@pytest.mark.parametrize("size", [0, 5, WHOLE + 1, COPY_BYTES + 1])
def test_what_is_written_is_read_again(folder, size):
    path, data = folder / "病历" / "a.bin", bytes(n % 251 for n in range(size))

    atomic.write_bytes(path, data)

    assert path.stat().st_size == size
    assert path.read_bytes() == data
    with path.open("rb") as file:
        assert file.read() == data
    for opened in (native, mapped):
        with opened(path) as file:
            file.seek(size // 2)
            assert file.read() == data[size // 2 :]


@pytest.mark.parametrize("name", ["a.gz", "a.zst", "a.bz2"])
def test_a_packed_file_is_stored_as_it_is(folder, name):
    atomic.write_bytes(folder / name, b"packed")

    assert (folder / name).read_bytes() == b"packed"


def test_lines_are_read_one_by_one(folder):
    atomic.write_bytes(folder / "a.jsonl", "高血压\nsecond\n".encode())

    with (folder / "a.jsonl").open("rb") as lines:
        assert [line.decode() for line in lines] == ["高血压\n", "second\n"]


def test_an_error_while_writing_leaves_nothing(folder):
    with pytest.raises(ZeroDivisionError), atomic.writing(folder / "a.txt") as file:
        file.write(b"half" * (1 // 0))

    assert listed(folder, "**/*") == []
    assert not (folder / "a.txt").exists()


def test_a_file_that_is_not_there_is_no_file(folder):
    path = folder / "nothing"

    assert not path.exists()
    assert not path.is_file()
    path.unlink(missing_ok=True)
    for ask in (path.stat, path.read_bytes, path.unlink):
        with pytest.raises(FileNotFoundError, match="nothing"):
            ask()


def test_files_are_listed_in_order_by_pattern(folder):
    for name in ("b/2.json", "a/1.json", "a/1.txt", "top.json"):
        atomic.write_bytes(folder / name, b"x")

    assert [p.relative_to(folder).as_posix() for p in listed(folder, "*/*.json")] == ["a/1.json", "b/2.json"]
    assert [p.name for p in listed(folder / "a", "*")] == ["1.json", "1.txt"]
    assert (folder / "a").is_dir()


def test_a_folder_that_is_written_again_holds_the_new_files_only(folder):
    for names in (("old.txt", "both.txt"), ("both.txt", "new/manifest.json")):
        with atomic.writing_folder(folder / "release") as temporary:
            for name in names:
                (temporary / name).parent.mkdir(exist_ok=True)
                (temporary / name).write_bytes(b"x")

    files = [p for p in listed(folder / "release", "**/*") if p.is_file()]
    assert [p.relative_to(folder / "release").as_posix() for p in files] == ["both.txt", "new/manifest.json"]


def test_a_folder_that_fails_leaves_the_older_one(folder):
    with atomic.writing_folder(folder / "release") as temporary:
        (temporary / "manifest.json").write_bytes(b"older")

    with pytest.raises(ZeroDivisionError), atomic.writing_folder(folder / "release") as temporary:
        (temporary / "manifest.json").write_bytes(b"newer" * (1 // 0))

    assert (folder / "release" / "manifest.json").read_bytes() == b"older"


def test_in_a_store_the_manifest_is_gone_first_and_put_last(monkeypatch):
    done = []
    monkeypatch.setattr(RemotePath, "put", lambda self, _file: done.append(f"put {self.name}"))
    monkeypatch.setattr(RemotePath, "unlink", lambda self, **_: done.append(f"unlink {self.name}"))

    with atomic.writing_folder(place("memory://bucket/release")) as temporary:
        for name in ("manifest.json", "a.jsonl", "z.jsonl"):
            (temporary / name).write_bytes(b"x")

    assert done == [
        "put .unfinished", "unlink manifest.json", "put a.jsonl", "put z.jsonl", "put manifest.json", "unlink .unfinished",
    ]  # fmt: skip


def test_a_release_whose_put_was_interrupted_may_be_written_again(monkeypatch):
    folder = place(f"memory://{uuid.uuid4().hex}/release")
    puts = iter([True, True, False])
    put = RemotePath.put
    monkeypatch.setattr(RemotePath, "put", lambda self, file: put(self, file) if next(puts) else 1 / 0)
    with suppress(ZeroDivisionError), atomic.writing_folder(folder) as temporary:
        for name in ("a.jsonl", "b.jsonl", "manifest.json"):
            (temporary / name).write_bytes(b"x")
    monkeypatch.undo()

    assert [p.name for p in listed(folder, "*")] == [".unfinished", "a.jsonl"]
    check_replaceable(folder, "manifest.json")
    (folder / ".unfinished").unlink()
    with pytest.raises(UsageError, match="holds files that are no release"):
        check_replaceable(folder, "manifest.json")


def test_the_lock_of_a_store_is_a_file_of_this_machine():
    one, other = (lock_file(place(f"s3://bucket/{name}/work")) for name in ("a", "b"))

    assert isinstance(one, Path)
    assert one != other


def test_a_reader_that_needs_a_local_file_is_told_so():
    with pytest.raises(TypeError, match=r"s3://bucket/a\.pdf lies in an object store"):
        open(place("s3://bucket/a.pdf"))  # noqa: PTH123, SIM115 - what a library would do


def test_an_unknown_store_is_named():
    with pytest.raises(UsageError, match="s4://bucket: no known object store"):
        place("s4://bucket/run").exists()
