"""A source may lie in an object store: the files, their URIs and records are those of a folder with the same content."""

import uuid

import pytest

from toolkit import Collect
from toolkit.errors import SourceError
from toolkit.files.places import place

FILES = {
    "a.jsonl": '{"id": "1", "text": "高血压患者应当低盐饮食。"}\n',
    "法律/民法典.md": "# 第一条\n\n为了保护民事主体的合法权益。\n",
    "法律/old/civil.txt": "Every person has rights.",
    ".hidden/b.txt": "not read",
}


@pytest.fixture(params=["disk", "store"])
def folder(request, tmp_path):
    where = tmp_path if request.param == "disk" else place(f"memory://{uuid.uuid4().hex}/in")
    for name, text in FILES.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return where


@pytest.mark.parametrize(
    ("given", "uris"),
    [
        ("", {"a.jsonl", "法律/民法典.md", "法律/old/civil.txt"}),
        ("/a.jsonl", {"a.jsonl"}),
        ("/*.jsonl", {"a.jsonl"}),
        ("/**/*.txt", {"法律/old/civil.txt"}),
    ],
)
def test_folders_files_and_globs_are_found(folder, given, uris):
    kept = Collect(paths=(f"{folder}{given}",)).run().kept

    assert {row["source"]["uri"] for row in kept} == uris


def test_a_path_without_files_is_named(folder):
    with pytest.raises(SourceError, match=r"no file at .*/nothing"):
        Collect(paths=(f"{folder}/nothing",)).run()


def test_an_object_that_changes_during_the_run_stops_it_with_its_name(monkeypatch):
    from toolkit.collect import read as reading

    path = place(f"memory://{uuid.uuid4().hex}/a.txt")
    path.write_bytes("高血压患者应当低盐饮食。".encode())
    before = reading._drafts

    def touched(file, drafter, part):
        yield from before(file, drafter, part)
        path.write_bytes(b"changed while it was read")

    monkeypatch.setattr(reading, "_drafts", touched)

    with pytest.raises(SourceError, match=r"a\.txt: changed while it was read"):
        Collect(paths=(path.url,)).run()
