"""Templates: what they render, and that nothing in them runs."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import UsageError
from toolkit.text.templates import condition, template

CASES = Path(__file__).parents[1] / "cases" / "label" / "templates.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("case", ROWS, ids=lambda row: row["name"])
def test_a_template_renders_or_says_what_is_wrong(case):
    source, row = case["input"]["template"], case["input"]["row"]

    if case["expect"] is None:
        with pytest.raises(UsageError):
            template(source).render(row)
    else:
        assert template(source).render(row) == case["expect"], case["note"]


@given(st.text().filter(lambda text: "{{" not in text and "}}" not in text))
def test_text_without_slots_comes_out_as_it_is(text):
    assert template(text).render({}) == text


@given(st.text())
def test_a_value_comes_out_as_it_is_whatever_it_holds(value):
    assert template("a {{x}} b").render({"x": value}) == f"a {value} b"


def test_an_unknown_column_is_answered_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        template("{{标题题}}").render({"标题": "", "正文": ""})

    assert caught.value.hint == "did you mean '标题'?"


@pytest.mark.parametrize(
    ("source", "row", "holds"),
    [
        ("{{状态}} == 关闭", {"状态": "关闭"}, True),
        ("{{状态}} != 关闭", {"状态": "关闭"}, False),
        ("{{a}} == {{b}}", {"a": "1", "b": 1}, True),
        ("{{answer}}", {"answer": "\u3000"}, False),
        ("{{answer}}", {"answer": "a == b"}, True),
    ],
)
def test_a_condition_compares_what_comes_out(source, row, holds):
    assert condition(source).holds(row) is holds
