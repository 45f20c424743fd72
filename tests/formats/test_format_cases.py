"""The case tables of the formats: each row is a promise, told in its `note`."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from toolkit.errors import UsageError
from toolkit.formats import (
    CODES,
    FORMATS,
    CannotDump,
    CannotHold,
    CannotRead,
    check_file,
    detect,
    dumps_line,
    get,
    validator,
)
from toolkit.schemas import load

CASES = Path(__file__).parents[1] / "cases" / "formats"


def table(name):
    """Read a case table."""
    # split on "\n" alone: U+2028 inside a case is text
    lines = (CASES / name).read_text(encoding="utf-8").split("\n")
    return [pytest.param(case, id=case["name"]) for case in map(json.loads, filter(None, lines))]


def rows_of(name):
    return [param.values[0] for param in table(name)]


def plain(row, fill):
    """A row without what says nothing: nulls, and fillers of optional columns."""
    kept = {k: v for k, v in row.items() if v is not None and not (k in fill and v == fill[k])}
    for turns in kept.keys() & {"messages", "conversations"}:
        kept[turns] = [plain(turn, {}) for turn in kept[turns]]
    return kept


def said(findings):
    return [f"{f.code} {f.pointer}" for f in findings]


@pytest.mark.parametrize("case", table("round_trip.jsonl"))
def test_a_row_is_read_as_told_and_comes_back(case):
    form = get(case["format"])
    before = copy.deepcopy(case["row"])

    example = form.read(case["row"])

    assert plain(example, {}) == case["expect"]
    expected = case.get("written", case["row"])
    assert plain(form.write(example), form.fill) == plain(expected, form.fill)
    assert case["row"] == before


@pytest.mark.parametrize("case", table("cannot_read.jsonl"))
def test_a_row_that_is_not_of_the_format_is_refused_with_its_place(case):
    with pytest.raises(CannotRead) as error:
        get(case["format"]).read(case["row"])

    assert error.value.field == case["expect"]


@pytest.mark.parametrize("case", table("write.jsonl"))
def test_a_target_holds_an_example_or_names_what_it_cannot_hold(case):
    example = copy.deepcopy(case["example"])

    if "cannot" in case:
        with pytest.raises(CannotHold) as error:
            get(case["target"]).write(example)
        assert error.value.field == case["cannot"]
    else:
        assert get(case["target"]).write(example) == case["expect"]
    assert example == case["example"]


@pytest.mark.parametrize("case", table("detect.jsonl"))
def test_a_format_is_detected_or_the_candidates_are_listed(case):
    detection = detect(case["rows"])

    assert (None if detection.ambiguous else detection.best.name) == case["expect"]
    assert [c.score for c in detection.candidates] == sorted((c.score for c in detection.candidates), reverse=True)


@pytest.mark.parametrize("case", table("check.jsonl"))
def test_check_finds_exactly_what_is_wrong(case):
    assert sorted(said(validator(case["format"]).check(case["row"]))) == sorted(case["expect"])


@pytest.mark.parametrize("case", table("check.jsonl"))
def test_the_compiled_validator_and_jsonschema_agree(case):
    check = validator(case["format"])

    assert check.accepts(case["row"]) == (check.explain(case["row"]) == [])


@pytest.mark.parametrize("case", [p for p in table("traps.jsonl") if p.values[0]["do"] == "file"])
def test_what_only_the_whole_file_shows(case):
    window = {"window": case["window"]} if "window" in case else {}
    found = check_file(case["format"], case["rows"], **window)

    # the tables are small on purpose; a fixture of ten rows shows nothing that two do not
    assert [s for s in said(found) if not s.startswith("E501")] == case["expect"]


@pytest.mark.parametrize("case", [p for p in table("traps.jsonl") if p.values[0]["do"] == "check"])
def test_a_trap_in_one_row_is_found(case):
    assert said(validator(case["format"]).check(case["row"])) == case["expect"]


@pytest.mark.parametrize("case", [p for p in table("traps.jsonl") if p.values[0]["do"] == "write"])
def test_what_a_trainer_would_lose_is_refused(case):
    with pytest.raises(CannotHold) as error:
        get(case["format"]).write(case["example"])

    assert error.value.field == case["cannot"]


@pytest.mark.parametrize("case", [p for p in table("traps.jsonl") if p.values[0]["do"] == "dumps"])
def test_a_line_is_written_byte_for_byte(case):
    line = dumps_line(case["row"])

    assert line == case["expect"].encode()
    assert line.count(b"\n") == 1
    assert b"\r" not in line


@pytest.mark.parametrize("case", [p for p in table("traps.jsonl") if p.values[0]["do"] == "refuse"])
def test_a_text_that_no_reader_takes_is_not_written(case):
    with pytest.raises(CannotDump) as error:
        dumps_line(case["row"])

    assert said(error.value.findings) == [case["expect"]]


@pytest.mark.parametrize("case", [p for p in table("traps.jsonl") if p.values[0]["do"] == "sidecar"])
def test_the_sidecar_names_every_column_in_ascii(case):
    sidecar = get(case["format"]).sidecar
    assert sidecar is not None

    content = sidecar(case["files"])["dataset_info.json"]

    assert content.isascii()
    assert json.loads(content) == case["expect"]


def test_every_trap_of_these_two_targets_has_a_case():
    """T11 and T24 stand in test_format_laws.py; T18-T20 and T23 are traps of other trainers."""
    elsewhere = {"T11", "T24", "T18", "T19", "T20", "T23"}

    covered = {case["trap"].rstrip("b") for case in rows_of("traps.jsonl")}

    assert covered | elsewhere == {f"T{n}" for n in range(1, 25)}
    assert not covered & elsewhere


def test_every_code_is_found_by_some_case():
    by_rows = {e.split()[0] for case in rows_of("check.jsonl") for e in case["expect"]}
    by_files = {e[:4] for case in rows_of("traps.jsonl") if case["do"] == "file" for e in case["expect"]}

    assert by_rows | by_files | {"E005", "E501"} == set(CODES)


@pytest.mark.parametrize("name", ["round_trip.jsonl", "write.jsonl", "check.jsonl", "detect.jsonl", "traps.jsonl"])
def test_english_and_chinese_have_their_share_of_every_table(name):
    langs = [case["lang"] for case in rows_of(name)]

    assert min(langs.count("en"), langs.count("zh")) >= len(langs) / 3


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_schema_is_a_json_schema_and_bears_the_name_of_its_format(name):
    jsonschema.Draft202012Validator.check_schema(load(FORMATS[name].schema))

    assert load(FORMATS[name].schema)["title"] == name


def test_an_ambiguous_file_is_not_guessed_at():
    with pytest.raises(UsageError, match="dolly"):
        detect([{"instruction": "总结", "context": "……", "response": "……"}]).format()


def test_a_file_too_small_for_its_consumer_is_named():
    rows = [{"messages": [{"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}]}]

    assert said(check_file("openai-chat", rows * 9)) == ["E501 "]
    assert check_file("openai-chat", rows * 10) == []
