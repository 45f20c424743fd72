"""Whatever cannot be read comes out as a quarantined record that says where, why and what to do."""

import gzip
import json
import os

import pytest
from collecting import collect, one_source, parquet, write

from toolkit.collect import Collect
from toolkit.collect.documents import MAX_BYTES

UNREADABLE = {
    "leaflet.pdf": (b"%PDF-1.7", "no reader for .pdf; known: .csv"),
    "Makefile": (b"all:\n", "no reader for files without an ending"),
    "crawl.warc.gz": (gzip.compress(b"WARC"), "no reader for .warc.gz"),
    "a.txt": ("護理人員應當在接觸病人之前洗手".encode("big5"), "name its encoding in sources.yaml"),
    "a.csv": ("name,note\nRené,café naïve\n".encode("cp1252"), "name its encoding in sources.yaml"),
    "a.parquet": (b"PAR1 no", "cannot be read as Parquet"),
    "b.parquet.gz": (gzip.compress(parquet([{"a": 1}])), "packed inside already"),
    "a.jsonl.gz": (b"not packed", "cannot be unpacked"),
    "deep.html": ("<div>" * 230 + "x", "nested more than"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_quarantined_record(tmp_path, name):
    content, says = UNREADABLE[name]
    write(tmp_path, **{name: content})

    kept, (gone,) = collect(Collect(paths=(str(tmp_path),)))

    assert kept == []
    assert (gone["leaving"]["disposition"], gone["leaving"]["reason"]) == ("quarantined", "unreadable_file")
    assert gone["leaving"]["detail"].startswith(f"{name}: ")
    assert says in gone["leaving"]["detail"]
    assert (gone["source"]["id"], gone["source"]["uri"]) == ("files", name)


@pytest.mark.parametrize("content", ["", " \t\r\n\u3000\n", "\ufeff"])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv", "a.jsonl", "a.json"])
def test_an_empty_file_is_said_to_be_empty(tmp_path, name, content):
    write(tmp_path, **{name: content})

    kept, gone = collect(Collect(paths=(str(tmp_path),)))

    if kept or gone[0]["leaving"]["reason"] != "empty_file":  # U+3000 is no JSON white space and may be a header
        assert "\u3000" in content
        assert name.endswith((".csv", ".jsonl", ".json"))
    else:
        assert gone[0]["leaving"]["detail"] == f"{name}: holds no text and no rows; fill it or leave it out"


@pytest.mark.parametrize("name", ["front.md", "head.csv", "nothing.json", "nav.html", "none.parquet"])
def test_a_file_without_content_is_empty_too(tmp_path, name):
    contents = {"front.md": "---\ntitle: x\n---\n", "head.csv": "问,答\n", "nothing.json": "[]", "nav.html": "<nav>首页</nav>",
                "none.parquet": parquet([{"a": 1}][:0])}  # fmt: skip
    write(tmp_path, **{name: contents[name]})

    kept, (gone,) = collect(Collect(paths=(str(tmp_path),)))

    assert (kept, gone["leaving"]["reason"]) == ([], "empty_file")


def test_a_bad_line_costs_only_itself(tmp_path):
    write(tmp_path, **{"问.jsonl": '{"问": "一"}\n{"问": "二"\n\n{"问": "三"}\n{"问": "四'})

    kept, gone = collect(Collect(paths=(str(tmp_path),)))

    assert [json.loads(row["extra"])["问"] for row in kept] == ["一", "三"]
    assert [(g["leaving"]["reason"], g["source"]["locator"]["line"]) for g in gone] == [
        ("unreadable_line", 2),
        ("unreadable_line", 5),
    ]
    assert gone[1]["leaving"]["detail"].startswith("问.jsonl: line 5: not JSON")
    assert [json.loads(g["extra"])["raw"] for g in gone] == ['{"问": "二"', '{"问": "四']


def test_at_most_two_thousand_characters_of_a_bad_line_are_kept(tmp_path):
    write(tmp_path, **{"a.jsonl": '{"a": "' + "血" * 5000 + "\n"})

    _, (gone,) = collect(Collect(paths=(str(tmp_path),)))

    assert len(json.loads(gone["extra"])["raw"]) == 2000


def test_a_ragged_row_is_told_with_its_line(tmp_path):
    write(tmp_path, **{"a.csv": 'q,a\n1,x\n2,"y",z\n3,w\n'})

    kept, (gone,) = collect(Collect(paths=(str(tmp_path),)))

    assert len(kept) == 2
    assert gone["leaving"]["reason"] == "ragged_row"
    assert gone["leaving"]["detail"].startswith("a.csv: line 3: 3 cells where the header has 2")


def test_a_value_that_its_field_cannot_hold_is_a_wrong_type(tmp_path):
    rows = [{"q": "ok", "a": 5}, {"q": ["list"], "a": "x"}, {"q": "m", "a": {"k": 1}}]
    write(tmp_path, **{"a.jsonl": "".join(json.dumps(row) + "\n" for row in rows)})

    kept, gone = collect(one_source(tmp_path, fields={"prompt": "q", "output": "a"}))

    assert [(row["prompt"], row["output"]) for row in kept] == [("ok", "5")]
    assert [g["leaving"]["reason"] for g in gone] == ["wrong_type"] * 2
    assert gone[0]["leaving"]["detail"] == "a.jsonl: line 2: column 'q': a list of 1 values instead of a text"


def test_a_row_without_its_declared_id_is_told(tmp_path):
    write(tmp_path, **{"a.csv": "no,q\n1,x\n,y\n  ,z\n"})

    kept, gone = collect(one_source(tmp_path, id_column="no"))

    assert len(kept) == 1
    assert [g["leaving"]["reason"] for g in gone] == ["missing_id"] * 2
    assert "no value in the column 'no'" in gone[0]["leaving"]["detail"]


def test_a_table_without_the_declared_columns_is_answered_with_the_nearest(tmp_path):
    write(tmp_path, **{"a.csv": "qestion,answer\nx,y\n"})

    _, (gone,) = collect(one_source(tmp_path, fields={"prompt": "question"}))

    assert "did you mean 'qestion'?" in gone["leaving"]["detail"]


def test_what_came_before_the_end_of_a_truncated_file_is_kept(tmp_path):
    lines = "".join(json.dumps({"n": n, "salt": os.urandom(20).hex()}) + "\n" for n in range(20_000)).encode()
    write(tmp_path, **{"a.jsonl.gz": gzip.compress(lines)[:-1000], "b.json": b'[{"n": 1}, {"n": 2}'})

    kept, gone = collect(Collect(paths=(str(tmp_path),)))

    assert len(kept) > 15_000
    assert [g["leaving"]["reason"] for g in gone] == ["unreadable_file", "unreadable_file"]
    assert all("ends early" in g["leaving"]["detail"] for g in gone)


def test_a_file_that_vanishes_between_plan_and_reading_is_told(tmp_path):
    stage = Collect(paths=(str(write(tmp_path, **{"a.txt": "x", "b.txt": "y"})),))
    units = stage.units()
    (tmp_path / "a.txt").unlink()

    batches = list(stage.steps()[0].read(units[0]))

    assert sum(batch.num_rows for batch in batches) == 2
    assert "cannot be opened" in batches[0].column("leaving")[0]["detail"].as_py()
    assert units[0].digest()


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    write(tmp_path, **{"outside.txt": "secret", "in/a.txt": "open"})
    (tmp_path / "in" / "b.txt").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "in" / "c.txt").symlink_to(tmp_path / "in" / "a.txt")

    kept, (gone,) = collect(Collect(paths=(str(tmp_path / "in"),)))

    assert [row["source"]["uri"] for row in kept] == ["a.txt", "c.txt"]
    assert "leads out of the source's folder" in gone["leaving"]["detail"]


def test_a_text_too_large_for_one_document_is_refused_without_being_read_whole(tmp_path):
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    _, (gone,) = collect(Collect(paths=(str(tmp_path),)))

    assert "too much for one document" in gone["leaving"]["detail"]


def test_halves_of_characters_are_mended_and_noted(tmp_path):
    write(tmp_path, **{"a.jsonl": '{"q": "好\\ud83d"}\n', "b.txt": "每日三次".encode("gb18030")[:-1]})

    kept, gone = collect(Collect(paths=(str(tmp_path),)))

    assert gone == []
    assert [row["fixes"] for row in kept] == [["lone_surrogate"], ["cut_character"]]


def test_hidden_files_of_a_folder_are_no_material(tmp_path):
    write(
        tmp_path, **{".git/config": "x", ".DS_Store": b"\0", "~$a.docx": b"\0", "sub/Thumbs.db": b"\0", "a.txt": "text"}
    )

    kept, gone = collect(Collect(paths=(str(tmp_path),)))

    assert ([row["source"]["uri"] for row in kept], gone) == (["a.txt"], [])
