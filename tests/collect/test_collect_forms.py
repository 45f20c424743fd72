"""Every form of file becomes records, and equal content in other forms becomes equal records."""

import gzip
import json
from pathlib import Path

import pytest
import zstandard
from collecting import collect, one_source, parquet, write

from toolkit.collect import Collect
from toolkit.collect.documents import front_matter
from toolkit.collect.html import page

CASES = Path(__file__).parents[1] / "cases" / "collect"
ROWS = [{"问": "感冒吃什么？", "答": "多喝水。"}, {"问": "How much?", "答": "5 mg | daily"}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
CSV = "问,答\n感冒吃什么？,多喝水。\nHow much?,5 mg | daily\n"
TABLES = {
    "a.jsonl": LINES.encode(),
    "lines.json": LINES.encode(),
    "array.json": json.dumps(ROWS).encode(),
    "array.jsonl": json.dumps(ROWS, ensure_ascii=False, indent=2).encode(),
    "nested.json": json.dumps([[row] for row in ROWS]).encode(),
    "nested.jsonl": "".join(json.dumps([row]) + "\n" for row in ROWS).encode(),
    "a.csv": CSV.encode(),
    "bom.csv": CSV.encode("utf-8-sig"),
    "gb.csv": CSV.encode("gb18030"),
    "utf16.csv": CSV.encode("utf-16"),
    "crlf.csv": CSV.replace("\n", "\r\n").encode(),
    "semicolon.csv": CSV.replace(",", ";").encode(),
    "a.tsv": CSV.replace(",", "\t").encode(),
    "a.parquet": parquet(ROWS),
    "a.jsonl.gz": gzip.compress(LINES.encode()),
    "a.json.zst": zstandard.compress(json.dumps(ROWS).encode()),
    "a.csv.gz": gzip.compress(CSV.encode("gb18030")),
    "gb.jsonl": LINES.encode("gb18030"),
}


def _cases(name):
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").open(encoding="utf-8")]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_any_form_gives_the_same_rows(tmp_path, name):
    write(tmp_path, **{name: TABLES[name]})

    kept, gone = collect(Collect(paths=(str(tmp_path),)))

    assert gone == []
    assert [json.loads(row["extra"]) for row in kept] == ROWS


@pytest.mark.parametrize("name", TABLES)
def test_declared_columns_fill_record_fields(tmp_path, name):
    write(tmp_path, **{name: TABLES[name]})

    kept, _ = collect(one_source(tmp_path, fields={"prompt": "问", "output": "答"}))

    assert [(row["prompt"], row["output"], row["kind"]) for row in kept] == [
        (r["问"], r["答"], "example") for r in ROWS
    ]
    assert all("extra" not in row for row in kept)


@pytest.mark.parametrize(
    ("name", "locators"),
    [("a.jsonl", [{"line": 1}, {"line": 2}]), ("a.csv", [{"line": 2}, {"line": 3}]),
     ("array.json", [{"row": 0}, {"row": 1}]), ("a.parquet", [{"row": 0}, {"row": 1}])],
)  # fmt: skip
def test_a_record_says_where_it_stood(tmp_path, name, locators):
    write(tmp_path, **{name: TABLES[name]})

    kept, _ = collect(Collect(paths=(str(tmp_path),)))

    assert [row["source"]["locator"] for row in kept] == locators


def test_numbers_and_nothing_are_kept_as_they_stand(tmp_path):
    write(
        tmp_path, **{"a.csv": "no,drug\n00123,NA\n", "b.parquet": parquet([{"no": "00123", "price": 1.5, "day": None}])}
    )

    kept, _ = collect(Collect(paths=(str(tmp_path),)))

    assert [row["extra"] for row in kept] == ['{"no":"00123","drug":"NA"}', '{"no":"00123","price":1.5,"day":null}']


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_file_is_one_document(tmp_path, encoding):
    write(tmp_path, **{"急救.txt": "急救要点\r\n\r\n先拨打急救电话，然后止血。\r\n".encode(encoding)})

    (row,), _ = collect(Collect(paths=(str(tmp_path),)))

    assert row["text"] == "急救要点\n\n先拨打急救电话，然后止血。\n"
    assert (row["kind"], row["source"]["uri"]) == ("document", "急救.txt")
    assert "locator" not in row["source"]


def test_front_matter_becomes_fields_and_evidence(tmp_path):
    head = "---\ntitle: 差旅制度\nvalid_from: 2026-01-01\npublished_at: 2025-12-01\nauthority: 1\nfact_key: lt:travel\n---\n"
    write(tmp_path, **{"差旅.md": head + "\n# 差旅\n\n正文\n"})

    (row,), _ = collect(one_source(tmp_path, authority=3))

    assert (row["title"], row["text"]) == ("差旅制度", "# 差旅\n\n正文\n")
    assert row["validity"] == {
        "valid_from": "2026-01-01",
        "fact_key": "lt:travel",
        "evidence": [{"field": "valid_from", "value": "2026-01-01", "method": "front_matter", "rank": 3}],
    }
    assert row["source"]["published_at"] == "2025-12-01"
    assert row["source"]["authority"] == 3, "a file does not raise its own authority"
    assert row["extra"] == '{"authority":"1"}'


@pytest.mark.parametrize("case", _cases("front_matter"), ids=lambda case: case["name"])
def test_front_matter_is_taken_apart_or_left_alone(case):
    assert front_matter(case["input"]) == (case["facts"], case["text"])


@pytest.mark.parametrize("case", _cases("html"), ids=lambda case: case["name"])
def test_a_page_keeps_what_a_reader_needs(case):
    assert page(case["input"]).text == case["expect"]


def test_a_page_of_an_old_encoding_is_read_by_its_own_declaration(tmp_path):
    html = '<html><head><meta charset="gb2312"><title>说明书</title></head><body><p>每日三次，囍</p></body></html>'
    write(tmp_path, **{"a.html": html.encode("gb18030")})

    (row,), _ = collect(Collect(paths=(str(tmp_path),)))

    assert (row["title"], row["text"]) == ("说明书", "每日三次，囍")


def test_a_page_that_was_saved_anew_and_kept_its_old_declaration_is_read_all_the_same(tmp_path):
    write(tmp_path, **{"a.html": '<meta charset="gb2312"><p>每日三次，饭后服用。</p>'})

    (row,), _ = collect(Collect(paths=(str(tmp_path),)))

    assert row["text"] == "每日三次，饭后服用。"


def test_dates_of_a_page_are_kept_as_written(tmp_path):
    head = '<meta property="article:published_time" content="2024-03-01T08:00+08:00"><meta name="last-modified" content="2024年4月">'
    write(tmp_path, **{"a.html": f"<head>{head}</head><body><p>文</p></body>"})

    (row,), _ = collect(Collect(paths=(str(tmp_path),)))

    assert (row["source"]["published_at"], row["source"]["modified_at"]) == ("2024-03-01T08:00+08:00", "2024年4月")
    assert "validity" not in row


def test_the_title_of_a_page_is_its_heading_and_not_the_name_of_the_site():
    html = "<title>Blood count | Clinic</title><h1>Blood count</h1><p>x</p>"

    assert page(html).title == "Blood count"
    assert page(html.replace("h1", "h2")).title == "Blood count | Clinic"


def test_a_heading_is_a_title_only_where_nothing_else_names_one(tmp_path):
    write(
        tmp_path, **{"民法典(2021-01-01).md": "# 中华人民共和国民法典\n\n第一条 …\n", "other.md": "# Heading\n\nText\n"}
    )

    kept, _ = collect(one_source(tmp_path, pattern=r"(?P<title>[^/]+)\((?P<valid_from>[0-9-]+)\)\.md$"))

    assert [row["title"] for row in kept] == ["Heading", "民法典"]


def test_a_declared_format_wins_over_the_ending(tmp_path):
    write(tmp_path, **{"表.txt": CSV})

    kept, _ = collect(one_source(tmp_path, format="csv"))

    assert [json.loads(row["extra"]) for row in kept] == ROWS


def test_rows_with_a_text_are_documents_without_any_declaration(tmp_path):
    write(
        tmp_path,
        **{"a.jsonl": '{"text": "高血压是常见病。", "title": "高血压", "来源": "手册"}\n{"title": "no text"}\n'},
    )

    document, row = collect(Collect(paths=(str(tmp_path),)))[0]

    assert (document["text"], document["title"], document["extra"]) == ("高血压是常见病。", "高血压", '{"来源":"手册"}')
    assert row["extra"] == '{"title":"no text"}'


def test_records_of_this_toolkit_stay_as_they_are(tmp_path):
    from toolkit.collect import write_records
    from toolkit.record import columns_of

    record = {"id": "9f", "content_hash": "c4", "kind": "example", "prompt": "剂量？", "output": "5 mg",
              "source": {"id": "old", "uri": "qa.csv", "locator": {"line": 3}}, "scores": {"ppl": 1.5}, "flags": ["no_date"]}  # fmt: skip
    write(tmp_path, **{"a.jsonl": b"".join(write_records([columns_of([record])]))})

    assert collect(Collect(paths=(str(tmp_path),)))[0] == [record]
