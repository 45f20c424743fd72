"""Names of records: by source, file and logical place; never by line, machine, unit or worker."""

import json
import pickle
import random

import pytest
from collecting import collect, one_source, write
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.collect import Collect
from toolkit.collect.batches import batches
from toolkit.collect.find import File
from toolkit.collect.read import read_unit
from toolkit.collect.sources import Source
from toolkit.collect.units import UNIT_FILES, plan
from toolkit.record import record_id, rows_of

LINE = st.sampled_from(
    ['{"问": "一"}', '{"问": "二"}', '{"问": "一"}', "{broken", "", '"scalar"', '{"text": "long ' + "文" * 30 + '"}']
)


def _ids(rows):
    return [row["id"] for row in rows]


def _read(path, size):
    source = Source(paths=(str(path),))
    units = plan(source, [File(str(path), "a.jsonl", path.stat().st_size)], size)
    return [row for unit in units for batch in read_unit(unit) for row in rows_of(batch)]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(LINE, max_size=25), size=st.integers(1, 200))
def test_a_file_cut_at_any_size_gives_the_same_records(tmp_path_factory, rows, size):
    path = tmp_path_factory.mktemp("cut") / "a.jsonl"
    path.write_text("\n".join(['{"问": "零"}', *rows]), encoding="utf-8")

    assert _read(path, size) == _read(path, 1 << 30)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_ranges_of_every_encoding_give_the_same_records(tmp_path, encoding):
    path = tmp_path / "a.jsonl"
    path.write_bytes("".join(f'{{"问": "第{n}个问题"}}\n' for n in range(500)).encode(encoding))

    assert _read(path, 1000) == _read(path, 1 << 30)
    assert len({row["id"] for row in _read(path, 1000)}) == 500


def test_a_declared_id_names_a_row_wherever_it_stands(tmp_path):
    rows = [f"{n:03},问题{n},{'答' * (n % 7)}" for n in range(200)] + ["007,another,row"]
    write(tmp_path, **{"a/t.csv": "\n".join(["no,q,a", *rows])})
    random.Random(3).shuffle(rows)
    write(tmp_path, **{"b/t.csv": "\n".join(["no,q,a", *rows])})
    first, gone = collect(one_source(tmp_path / "a", id_column="no"))
    second, again = collect(one_source(tmp_path / "b", id_column="no"))

    for row in first + second + gone + again:
        del row["source"]["sha256"]
    assert sorted(first, key=lambda row: row["id"]) == sorted(second, key=lambda row: row["id"])
    assert gone == again
    assert first[0]["source"]["locator"] == {"key": "000"}


def test_of_rows_with_one_declared_id_the_smallest_content_hash_stays(tmp_path):
    write(tmp_path, **{"a.csv": "no,q\n1,x\n2,y\n1,z\n1,x\n"})

    kept, gone = collect(one_source(tmp_path, id_column="no"))
    same = [row for row in kept + gone if row["source"]["locator"]["key"] == "1"]

    assert len(gone) == 2
    assert kept[0]["content_hash"] == min(row["content_hash"] for row in same)
    assert {(g["leaving"]["disposition"], g["leaving"]["reason"]) for g in gone} == {("rejected", "duplicate_id")}
    assert "the id '1' of the declared id column stands more than once" in gone[0]["leaving"]["detail"]


def test_one_declared_id_in_two_files_names_two_records(tmp_path):
    write(tmp_path, **{"a.csv": "no,q\n1,x\n", "b.csv": "no,q\n1,x\n"})

    kept, gone = collect(one_source(tmp_path, id_column="no"))

    assert (len(set(_ids(kept))), gone) == (2, [])


def test_equal_rows_of_one_file_are_numbered_by_position(tmp_path):
    write(tmp_path, **{"a.jsonl": '{"q": 1}\n{"q": 2}\n{"q": 1}\n{"q": 1}\n'})

    kept, gone = collect(Collect(paths=(str(tmp_path),)))
    content = kept[0]["content_hash"]

    assert gone == []
    assert _ids(kept) == [
        record_id("files", "a.jsonl", content),
        record_id("files", "a.jsonl", kept[1]["content_hash"]),
        record_id("files", "a.jsonl", f"{content}#1"),
        record_id("files", "a.jsonl", f"{content}#2"),
    ]


def test_equal_rows_are_numbered_across_the_ranges_of_a_large_file(tmp_path, monkeypatch):
    write(tmp_path, **{"a.jsonl": '{"问": "同一个问题"}\n' * 300})
    whole = _ids(collect(Collect(paths=(str(tmp_path),)))[0])
    monkeypatch.setattr(plan, "__defaults__", (500,))

    assert len(Collect(paths=(str(tmp_path),)).units()) > 10
    assert _ids(collect(Collect(paths=(str(tmp_path),)))[0]) == whole
    assert len(set(whole)) == 300


def test_an_inserted_line_renames_no_other(tmp_path):
    lines = [json.dumps({"q": f"question {n}"}) for n in range(20)]
    write(tmp_path, **{"a/t.jsonl": "\n".join(lines), "b/t.jsonl": "\n".join([*lines[:7], '{"q": "new"}', *lines[7:]])})

    before = set(_ids(collect(Collect(paths=(str(tmp_path / "a"),)))[0]))
    after = set(_ids(collect(Collect(paths=(str(tmp_path / "b"),)))[0]))

    assert before < after


def test_names_and_digests_do_not_depend_on_where_the_folder_lies(tmp_path):
    files = {"x/问.jsonl": '{"q": 1}\n{oops\n', "y.md": "# 题\n\n文\n", "z.csv": "a\n1\n"}
    here, there = write(tmp_path / "here", **files), write(tmp_path / "there" / "deeper", **files)

    stages = [Collect(paths=(str(folder),)) for folder in (here, there)]
    assert collect(stages[0]) == collect(stages[1])
    assert [unit.digest() for unit in stages[0].units()] == [unit.digest() for unit in stages[1].units()]


def test_the_uri_is_composed_unicode_with_slashes(tmp_path):
    write(tmp_path, **{"sub/cafe\u0301.txt": "x"})

    (row,), _ = collect(Collect(paths=(str(tmp_path),)))

    assert row["source"]["uri"] == "sub/caf\u00e9.txt"


def test_paths_with_one_name_in_two_folders_stay_apart(tmp_path):
    write(tmp_path, **{"a/t.txt": "x", "b/t.txt": "x"})

    kept, gone = collect(Collect(paths=(str(tmp_path / "a"), str(tmp_path / "b"))))

    assert ([row["source"]["uri"] for row in kept], gone) == (["a/t.txt", "b/t.txt"], [])


def test_a_file_hit_by_two_paths_is_read_once(tmp_path):
    write(tmp_path, **{"a.md": "x", "b.md": "y"})

    kept, _ = collect(one_source(tmp_path, paths=["*.md", "a.md", "."]))

    assert [row["source"]["uri"] for row in kept] == ["a.md", "b.md"]


def test_output_is_ordered_by_source_and_uri(tmp_path):
    write(tmp_path, **{"z.md": "x", "乙.md": "y", "a.md": "w"})
    entries = [{"id": "second", "paths": ["z.md", "乙.md"]}, {"id": "first", "paths": "a.md"}]

    kept, _ = collect(Collect(sources=entries, root=str(tmp_path)))

    assert [row["source"]["uri"] for row in kept] == ["a.md", "z.md", "乙.md"]


@pytest.mark.parametrize(
    "change",
    [{"license": "MIT"}, {"encoding": "gb18030"}, {"fields": {"prompt": "q"}}, {"id_column": "q"}, {"tz": "UTC"}],
)
def test_a_digest_changes_with_all_that_shapes_records(tmp_path, change):
    write(tmp_path, **{"a.csv": "q\n1\n"})

    assert one_source(tmp_path).units()[0].digest() != one_source(tmp_path, **change).units()[0].digest()


def test_a_digest_changes_with_the_content(tmp_path):
    stage = one_source(write(tmp_path, **{"a.csv": "q\n1\n"}))
    before = stage.units()[0].digest()
    write(tmp_path, **{"a.csv": "q\n2\n"})

    assert stage.units()[0].digest() != before


def test_units_travel_to_other_processes(tmp_path):
    write(tmp_path, **{"a.csv": "q\n1\n"})
    stage = one_source(tmp_path, fields={"prompt": "q"}, pattern="(?P<title>.)")
    unit = stage.units()[0]

    again = pickle.loads(pickle.dumps(unit))
    assert again == unit
    assert again.digest() == unit.digest()
    assert pickle.loads(pickle.dumps(stage.steps()[0])).units() == stage.units()


def test_small_files_share_a_unit_and_large_ones_do_not():
    source = Source()
    small = [File(f"/x/{n}.md", f"{n}.md", 10) for n in range(UNIT_FILES + 1)]
    large = [File("/x/a.csv", "a.csv", 9 << 20), File("/x/b.csv", "b.csv", 9 << 20)]

    assert [len(unit.files) for unit in plan(source, small)] == [UNIT_FILES, 1]
    assert [len(unit.files) for unit in plan(source, large)] == [1, 1]


def test_batches_hold_a_thousand_rows_at_most(tmp_path):
    write(tmp_path, **{"a.jsonl": "".join(f'{{"n": {n}}}\n' for n in range(2500))})
    (unit,) = Collect(paths=(str(tmp_path),)).units()

    assert [batch.num_rows for batch in read_unit(unit)] == [1000, 1000, 500]
    assert list(batches([], unit.source)) == []
