"""A table that says what is known of the files beside it."""

import pytest
from collecting import collect, one_source, write

from toolkit.errors import SourceError, UsageError

FACTS = {
    "table": "目录.csv",
    "key": "文件",
    "fields": {"validity.valid_from": "施行", "validity.valid_until": "失效", "publisher": "机关"},
    "values": {"失效": {"1": "2025-03", "0": None}},
}
TABLE = "文件,施行,失效,机关\nzh/婚姻法(1980-09-10).md,1981-01-01,1,全国人大\nzh/民法典.md,,0,\n不在此处.md,1990,0,\n"


@pytest.fixture
def laws(tmp_path):
    """Two statutes and a third that no row names."""
    texts = {"zh/婚姻法(1980-09-10).md": "旧", "zh/民法典.md": "新", "zh/其他.md": "另"}
    return write(tmp_path, **{"目录.csv": TABLE, **texts})


def source(folder, **facts):
    pattern = r"\((?P<valid_from>[0-9-]+)\)\.md$"
    return one_source(folder, paths=["zh"], publisher="汇编", pattern=pattern, facts={**FACTS, **facts})


def test_what_a_table_says_of_a_file_is_stronger_than_its_name_and_both_are_evidence(laws):
    rows = {row["text"]: row for row in collect(source(laws))[0]}
    other, old, new = rows["另"], rows["旧"], rows["新"]

    assert (old["validity"]["valid_from"], old["validity"]["valid_until"]) == ("1981-01-01", "2025-03")
    assert [(e["field"], e["value"], e["method"], e["rank"]) for e in old["validity"]["evidence"]] == [
        ("valid_from", "1980-09-10", "path", 2),
        ("valid_from", "1981-01-01", "table", 3),
        ("valid_until", "2025-03", "table", 3),
    ]
    assert [row["source"]["publisher"] for row in (other, old, new)] == ["汇编", "全国人大", "汇编"]
    assert "validity" not in new
    assert "validity" not in other


def test_a_changed_table_gives_the_file_another_address_and_only_that_one(laws):
    before = [unit.digest() for unit in source(laws).units()]
    write(laws, **{"目录.csv": TABLE.replace("1990", "1991")})
    beside = [unit.digest() for unit in source(laws).units()]
    write(laws, **{"目录.csv": TABLE.replace("1981", "1982")})

    assert before == beside
    assert before != [unit.digest() for unit in source(laws).units()]


@pytest.mark.parametrize(
    ("facts", "table", "says", "hint"),
    [
        ({"key": "文件名"}, TABLE, "unknown column '文件名'", "did you mean '文件'?"),
        ({"fields": {"validity.valid_from": "实行"}}, TABLE, "unknown column '实行'", "known: 失效"),
        (
            {"fields": {"validity.vaild_from": "施行"}},
            TABLE,
            "/sources/0/facts/fields/validity.vaild_from",
            "valid_from",
        ),
        ({"tabel": "x.csv"}, TABLE, "/sources/0/facts/tabel: unknown key 'tabel'", "did you mean 'table'?"),
        ({}, TABLE + "zh/民法典.md,,0,\n", "the file 'zh/民法典.md' stands twice", "one row for each file"),
        ({}, TABLE.replace("zh/", "en/"), "no row names a file of the source 's'", "relative to the table"),
        ({"fields": {"authority": "机关"}}, TABLE, "zh/婚姻法(1980-09-10).md: source.authority", "mend the cell"),
    ],
)
def test_a_wrong_table_or_declaration_is_told(laws, facts, table, says, hint):
    write(laws, **{"目录.csv": table})

    with pytest.raises(UsageError) as caught:
        source(laws, **facts).units()

    assert says in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("table", "content", "says"),
    [
        ("缺失.csv", "", "cannot be read"),
        ("目录.docx", "", "no reader"),
        ("坏.csv", "文件,施行,失效,机关\na,b\n", "line 2"),
    ],
)
def test_a_table_that_cannot_be_read_stops_the_run(laws, table, content, says):
    if content:
        write(laws, **{table: content})

    with pytest.raises(SourceError, match=says):
        source(laws, table=table).units()
