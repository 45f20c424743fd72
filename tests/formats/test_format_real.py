"""Real files of others: each is detected, read, written to both targets, and accounted for to the last row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.formats import check_file, detect, dumps_line, get, validator

DATA = Path("/work/shared/data")
FILES = {
    # the copy at hand ends in the middle of its last line (release.md, E004): 7,472 of its 7,473 rows are whole
    "english/gsm8k_train.jsonl": ("prompt-completion", {"question": "prompt", "answer": "completion"}, 7472),
    "english/gpteacher_roleplay.json": ("alpaca", {"response": "output"}, 1923),
    "english/gpteacher_codegen.json": ("alpaca", {"response": "output"}, 4535),
    "medical/huatuo_llama_data.json": ("alpaca", {}, 8658),
    "legal_qa/legal_advice.json": ("alpaca", {}, 5000),
}


def rows_of(name):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: real material for trying, not part of the project")
    text = path.read_text(encoding="utf-8")
    if text.startswith("["):
        return [row[0] if isinstance(row, list) else row for row in json.loads(text)]
    return [json.loads(line) for line in text.split("\n") if line.endswith("}")]


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_has_the_rows_it_is_said_to_have(name):
    assert len(rows_of(name)) == FILES[name][2]


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_detected_and_comes_back(name):
    expected, renamed, _ = FILES[name]
    rows = rows_of(name)

    form = detect(rows[:200]).format()

    assert form.name == expected
    assert [form.write(form.read(row)) for row in rows] == [{renamed.get(k, k): row[k] for k in row} for row in rows]


@pytest.mark.parametrize("target", ["openai-chat", "llamafactory-alpaca"])
@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_written_to_the_targets_row_for_row(name, target):
    rows = rows_of(name)
    read, form, check = get(FILES[name][0]).read, get(target), validator(target)

    written = [form.write(read(row)) for row in rows]
    faulty = [row for row in written if check.check(row)]

    assert len(written) == len(rows)
    assert all({f.code for f in check.check(row)} <= {"E204", "E201"} for row in faulty)
    assert len(faulty) <= len(rows) // 1000
    assert all(json.loads(dumps_line(row)) == row for row in written)
    assert {f.code for f in check_file(target, written)} <= {"E105"}
