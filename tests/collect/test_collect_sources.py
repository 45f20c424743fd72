"""The registry: what it declares reaches every record, what is wrong in it is told with its place."""

import pytest
from collecting import collect, one_source, write

from toolkit.collect import Collect
from toolkit.collect.draft import Drafter
from toolkit.collect.fields import FIELDS
from toolkit.collect.sources import Source, load, parse
from toolkit.errors import SourceError, UsageError
from toolkit.files.found import Found
from toolkit.files.yaml_values import Written
from toolkit.record import SCHEMA

ENTRY = {"id": "s", "paths": ["*.md"]}
WRONG = [
    ({}, "the key 'version' is missing", ""),
    ({"version": 2, "sources": [ENTRY]}, "/version: expected 1, got 2", "write version: 1"),
    ({"version": 1, "sources": []}, "/sources:", "a list of sources"),
    ([{"paths": "*.md"}], "/sources/0: the key 'id' is missing", "at least id and paths"),
    ([{**ENTRY, "id": 7}], "/sources/0/id: expected a text, got 7", "quote it if it is a number"),
    ([{**ENTRY, "authority": 9}], "/sources/0/authority: 9 is more than 5", "1 official"),
    ([{**ENTRY, "licence": "MIT"}], "/sources/0/licence: unknown key 'licence'", "did you mean 'license'?"),
    (
        [{**ENTRY, "fields": {"promt": "q"}}],
        "/sources/0/fields/promt: no record field 'promt'",
        "did you mean 'prompt'?",
    ),
    ([{**ENTRY, "fields": {"id": "no"}}], "/sources/0/fields/id:", "declare it as id_column"),
    ([{**ENTRY, "encoding": "klingon"}], "/sources/0/encoding: unknown encoding 'klingon'", "such as utf-8"),
    ([{**ENTRY, "pattern": "(?P<x"}], "/sources/0/pattern: not a regular expression", "single quotes"),
    ([{**ENTRY, "format": "docx"}], "/sources/0/format: unknown value 'docx'", "known: csv, html"),
    ([ENTRY, ENTRY], "/sources/1/id: the id 's' is that of /sources/0 too", "an id of its own"),
    ("sources", "expected a mapping, got 'sources'", ""),
]


@pytest.mark.parametrize(("value", "says", "hint"), WRONG)
def test_a_wrong_registry_is_told_with_its_place_and_what_to_do(value, says, hint):
    with pytest.raises(UsageError) as caught:
        parse(Written(value, "sources.yaml"))

    assert says in caught.value.message
    assert caught.value.message.startswith("sources.yaml ")
    assert hint in caught.value.hint


def test_all_findings_are_told_at_once():
    with pytest.raises(UsageError) as caught:
        parse([{**ENTRY, "authority": 9, "licence": "MIT"}, {"id": "x"}])

    assert len(caught.value.message.split("\n")) == 3


def test_a_registry_that_is_no_yaml_is_told_with_its_line(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text("version: 1\nsources: [\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"sources\.yaml:3: is no YAML"):
        load(path)


def test_a_missing_registry_is_a_source_error(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")


def test_paths_without_files_are_all_told(tmp_path):
    entries = [{"id": "a", "paths": ["x/*.md", "gone.txt"]}, {"id": "b", "paths": "y"}]

    with pytest.raises(SourceError) as caught:
        Collect(sources=entries, root=str(tmp_path)).units()

    assert "source 'a': no file at 'x/*.md'; there is no folder" in caught.value.message
    assert "no file at 'gone.txt'" in caught.value.message
    assert "source 'b': no file at 'y'" in caught.value.message


def test_nothing_to_collect_is_a_usage_error():
    with pytest.raises(UsageError, match="nothing to collect"):
        Collect().units()


def test_what_a_source_declares_stands_in_every_record(tmp_path):
    write(tmp_path, **{"a.md": "文\n", "b.csv": "q\nx\n"})
    declared = {"publisher": "柳岸诊所", "authority": 3, "domain": "medical", "doc_type": "guideline",
                "jurisdiction": "CN", "license": "Apache-2.0"}  # fmt: skip

    kept, _ = collect(one_source(tmp_path, lang="zh", tz="Asia/Shanghai", **declared))

    for row in kept:
        assert declared.items() <= row["source"].items()
        assert (row["lang"], row["validity"], row["source"]["id"]) == ("zh", {"tz": "Asia/Shanghai"}, "s")
        assert len(row["source"]["sha256"]) == 64
        assert "retrieved_at" not in row["source"]


def test_a_registry_is_read_from_its_own_folder(tmp_path):
    write(
        tmp_path,
        **{"set/sources.yaml": "version: 1\nsources:\n  - {id: 法规, paths: 'zh/*.md'}\n", "set/zh/a.md": "文"},
    )

    (row,), _ = collect(Collect(sources=str(tmp_path / "set" / "sources.yaml")))

    assert (row["source"]["id"], row["source"]["uri"]) == ("法规", "zh/a.md")


def test_groups_of_the_path_fill_fields_and_the_fact_key(tmp_path):
    write(tmp_path, **{"zh/条例(2024-09-01).md": "文\n", "zh/无日期.md": "文\n"})
    pattern = r"(?P<title>[^/(]+)(?:\((?P<valid_from>[0-9-]+)\))?\.md$"

    undated, dated = collect(one_source(tmp_path, paths=["**/*.md"], pattern=pattern, fact_key="law:XX:{title}"))[0]

    assert (dated["title"], dated["validity"]["fact_key"]) == ("条例", "law:XX:条例")
    assert dated["validity"]["evidence"] == [
        {"field": "valid_from", "value": "2024-09-01", "method": "path", "rank": 2}
    ]
    assert undated["validity"] == {"fact_key": "law:XX:无日期"}


def test_a_column_is_stronger_than_a_path_and_both_are_evidence():
    source = Source(pattern=r"(?P<valid_from>\d{4})", fields=(("validity.valid_from", "from"),))

    row = Drafter(source, "2020.csv", None).of_row(Found({"from": "2021-05-01"}, 2)).row

    assert row["validity"]["valid_from"] == "2021-05-01"
    assert [(e["value"], e["method"], e["rank"]) for e in row["validity"]["evidence"]] == [
        ("2020", "path", 2),
        ("2021-05-01", "column", 3),
    ]


@pytest.mark.parametrize(
    ("value", "expect"),
    [({"sku": "LT-200", "region": "EU"}, "price:LT-200:EU"), ({"sku": "LT-200", "region": " "}, None)],
)
def test_a_fact_key_is_whole_or_absent(value, expect):
    row = Drafter(Source(fact_key="price:{sku}:{region}"), "a.csv", None).of_row(Found(value, 2)).row

    assert row.get("validity", {}).get("fact_key") == expect


def test_an_empty_cell_is_no_date():
    source = Source(fields=(("prompt", "q"), ("validity.valid_until", "until")))

    row = Drafter(source, "a.csv", None).of_row(Found({"q": "", "until": ""}, 2)).row

    assert row["prompt"] == ""
    assert "validity" not in row


def test_one_column_may_fill_two_fields():
    source = Source(fields=(("title", "名称"), ("prompt", "名称")))

    row = Drafter(source, "a.csv", None).of_row(Found({"名称": "阿司匹林", "价": 5}, 2)).row

    assert (row["title"], row["prompt"], row["extra"]) == ("阿司匹林", "阿司匹林", '{"价":5}')


def test_messages_of_a_column_become_messages():
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "这是什么？"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    ]

    row = Drafter(Source(fields=(("messages", "conv"),)), "a.jsonl", None).of_row(Found({"conv": turns}, 1)).row

    assert row["kind"] == "example"
    assert row["messages"] == [
        {"role": "user", "parts": '[{"type":"text","text":"这是什么？"}]'},
        {"role": "assistant", "content": None, "tool_calls": '[{"id":"1"}]'},
    ]


def test_every_field_that_a_column_may_fill_stands_in_the_record():
    for name in FIELDS:
        group, _, leaf = name.rpartition(".")
        fields = SCHEMA.field(group).type if group else SCHEMA
        assert leaf in [field.name for field in fields]


def test_recursion_can_be_turned_off(tmp_path):
    write(tmp_path, **{"a.md": "x", "sub/b.md": "y"})

    assert len(collect(Collect(paths=(str(tmp_path),)))[0]) == 2
    assert len(collect(Collect(paths=(str(tmp_path),), recursive=False))[0]) == 1


@pytest.mark.parametrize(
    ("given", "uris"),
    [("*.md", ["a.md"]), ("**/*.md", ["a.md", "sub/b.md"]), ("sub/**", ["sub/b.md"]), ("[草稿].md", ["[草稿].md"])],
)
def test_globs_hit_what_a_user_expects(tmp_path, given, uris):
    write(tmp_path, **{"a.md": "x", "sub/b.md": "y", ".hidden/c.md": "z"})
    if given.startswith("["):
        write(tmp_path, **{given: "w"})

    assert [row["source"]["uri"] for row in collect(one_source(tmp_path, paths=[given]))[0]] == uris


def test_a_path_outside_the_registry_has_the_root_before_its_wildcard(tmp_path):
    write(tmp_path, **{"elsewhere/laws/民法/a.md": "x", "here/sources.txt": ""})

    (row,), _ = collect(one_source(tmp_path / "here", paths=["../elsewhere/laws/**/*.md"]))

    assert row["source"]["uri"] == "民法/a.md"
