"""Records between commands: what one stage wrote the next one reads unchanged, through files and pipes."""

import io
import json
import sys

import pytest
from collecting import collect, write

from toolkit.collect import Collect, RecordFiles, write_records
from toolkit.frames import batches_of_rows
from toolkit.kinds import run_steps
from toolkit.record import rows_of


def _read(*paths):
    kept, gone, _ = run_steps(RecordFiles(tuple(map(str, paths))).steps(), [], "clean")
    return [row for batch in kept for row in rows_of(batch)], [row for batch in gone for row in rows_of(batch)]


@pytest.fixture
def records(tmp_path):
    write(tmp_path / "in", **{"a.md": "---\nvalid_from: 2024\n---\n文\n", "b.csv": "q,a\n1,甲\n1,甲\n"})
    return Collect(paths=(str(tmp_path / "in"),)).steps()


def test_written_records_are_read_back_unchanged(tmp_path, records):
    batches, _, _ = run_steps(records, [], "collect")
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"".join(write_records(batches)))

    assert _read(path) == ([row for batch in batches for row in rows_of(batch)], [])


def test_rows_of_a_stranger_are_named_as_in_a_library_call(tmp_path):
    rows = [
        {"prompt": "剂量？", "科室": "内科"},
        {"prompt": "剂量？", "科室": "内科"},
        {"id": "x", "text": "t"},
        {"id": "x", "text": "u"},
    ]
    path = write(tmp_path, **{"a.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)}) / "a.jsonl"

    assert _read(path)[0] == [row for batch in batches_of_rows(rows) for row in rows_of(batch)]


def test_the_standard_input_is_read_like_a_file(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO('{"id": "a", "text": "高血压"}\n{oops\n'.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)

    (row,), (gone,) = _read("-")

    assert (row["id"], row["text"]) == ("a", "高血压")
    assert gone["leaving"]["detail"].startswith("-: line 2: not JSON")


def test_a_document_is_no_file_of_records(tmp_path):
    write(tmp_path, **{"a.md": "text"})

    _, (gone,) = _read(tmp_path / "a.md")

    assert "toolkit collect" in gone["leaving"]["detail"]


def test_collected_files_may_be_collected_again(tmp_path, records):
    batches, _, _ = run_steps(records, [], "collect")
    write(tmp_path / "again", **{"r.jsonl": b"".join(write_records(batches))})

    assert collect(Collect(paths=(str(tmp_path / "again"),)))[0] == [row for batch in batches for row in rows_of(batch)]
