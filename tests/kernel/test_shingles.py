"""The normal form, the shingles, and the salient tokens, by table and by law."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import UsageError
from toolkit.text.shingles import jaccard, normal_form, salience, salient, shingles

CASES = Path(__file__).parents[1] / "cases" / "dedup"
TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"), st.sampled_from("可以不行體体。，．１2３.,-#!' \u3000\u200bée\u0301ｶﾞßİǰﬃ👩‍⚕️각ᄀ")
    )
)


def rows(name):
    lines = (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=f"{row['lang']}-{row['name']}") for row in map(json.loads, lines)]


@pytest.mark.parametrize("row", rows("normal_form"))
def test_normal_form_table(row):
    assert normal_form(row["input"]) == row["expect"], row["note"]


@pytest.mark.parametrize("row", rows("salient"))
def test_salient_table(row):
    assert list(salient(row["input"])) == row["expect"], row["note"]


@given(TEXT)
def test_the_normal_form_of_a_normal_form_is_itself(text):
    assert normal_form(normal_form(text)) == normal_form(text)


@given(TEXT)
def test_spaces_between_han_and_outer_spaces_change_nothing(text):
    form = normal_form(text)

    assert normal_form(f" {re.sub('(?<=[一-龥])(?=[一-龥])', ' ', form)}\n") == form


@given(TEXT, st.sampled_from(["char", "word"]), st.integers(1, 7))
def test_a_text_has_shingles_unless_its_normal_form_is_empty(text, unit, width):
    found = shingles(text, unit=unit, width=width)

    assert bool(found) == bool(normal_form(text))
    assert jaccard(found, found) == (1.0 if found else 0.0)


@given(
    st.lists(
        st.sampled_from(
            [
                "不得",
                "5",
                "mg",
                "毫克",
                " ",
                "十",
                "一般",
                "must",
                "n't",
                "can",
                ",",
                ".",
                "-",
                "年",
                "月",
                "日",
                "点",
                "x",
                "百分之",
                "万",
                "%",
                "!",
            ]
        )
    )
)
def test_every_salient_find_can_be_said_alone(parts):
    form = normal_form("".join(parts))

    assert salient(form) == tuple(
        word for found in salience._SCAN.finditer(form) for word in salience._say(found.lastgroup, found[0])
    )


@given(TEXT)
@settings(max_examples=200)
def test_the_gate_of_the_scan_hides_nothing(text):
    named = salience._named
    bare = re.compile(f"(?<![a-z0-9])(?:{named(salience._LATIN_KINDS)})|{named(salience._KINDS)}")
    form = normal_form(text)

    assert [m[0] for m in salience._SCAN.finditer(form)] == [m[0] for m in bare.finditer(form)]


@pytest.mark.parametrize(
    "word",
    sorted(
        {
            w
            for kinds in (salience._KINDS,)
            for w in [
                "一般",
                "统一",
                "唯一",
                "之一",
                "万一",
                "反应",
                "适应",
                "供应",
                "效应",
                "相应",
                "对应",
                "是否",
                "能否",
                "千万别",
                "别再",
                "允许",
                "准许",
                "有权",
                "严禁",
                "慎用",
                "没有",
                "半",
                "²",
                "Ⅱ",
                "①",
            ]
        }
    ),
)
def test_the_gate_lets_every_listed_word_in(word):
    form = normal_form(word)

    assert [m[0] for m in salience._SCAN.finditer(form)] == [form]


def test_an_unknown_unit_is_refused_with_the_nearest_known():
    with pytest.raises(UsageError, match="did you mean 'word'"):
        shingles("x", unit="words")
