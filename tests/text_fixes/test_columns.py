"""Columns: what `fix_column` gives is what `explain` gives, row by row, at the price of the rows that trigger."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.clean.columns import fix_column, union_trigger
from toolkit.errors import UsageError
from toolkit.text.normalize import DEFAULT, FIXES, PASSES, explain, profile

CASES = [
    json.loads(line)["input"]
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "fixes.jsonl")
    .read_text("utf-8")
    .strip("\n")
    .split("\n")
]
ROWS = st.lists(st.none() | st.sampled_from(CASES) | st.text(max_size=40), max_size=12)
EVERYTHING = profile("pdf", "web")


def by_rows(texts, names):
    pairs = [(None, []) if text is None else explain(text, names) for text in texts]
    return [text for text, _ in pairs], [done or None for _, done in pairs]


@pytest.mark.parametrize("names", [DEFAULT, EVERYTHING, ("fold_spaces", "narrow_full_width"), ()])
@given(texts=ROWS)
def test_a_column_is_fixed_as_its_rows_are(names, texts):
    fixed, done = fix_column(pa.array(texts, pa.string()), names)
    assert (fixed.to_pylist(), done.to_pylist()) == by_rows(texts, names)


def test_all_cases_in_one_column():
    fixed, done = fix_column(pa.array(CASES), EVERYTHING)
    assert (fixed.to_pylist(), done.to_pylist()) == by_rows(CASES, EVERYTHING)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_chunks_slices_and_nulls_keep_their_places(kind):
    column = pa.chunked_array([pa.array(["Ａ", None, "b"], kind).slice(1), pa.array([], kind), pa.array(["Ｃ"], kind)])
    fixed, done = fix_column(column)
    assert fixed.to_pylist() == [None, "b", "C"]
    assert done.to_pylist() == [None, None, ["narrow_full_width"]]
    assert fixed.type == kind


def test_a_row_that_does_not_settle_stands_untouched_beside_its_neighbors():
    onion = peeled = "<p>药</p>"
    for _ in range(PASSES):
        peeled = peeled.replace("<", "<<b>")
        onion += peeled
    fixed, done = fix_column(pa.array([onion, "Ａ"]))
    assert fixed.to_pylist() == [onion, "A"]
    assert done.to_pylist() == [None, ["narrow_full_width"]]


def test_an_unknown_fix_is_refused():
    with pytest.raises(UsageError, match="fold_spaces"):
        fix_column(pa.array(["a"]), ["fold_space"])


def ordinary_texts(count):
    """Make clean texts of about 300 characters, half Chinese, half English."""
    dice = random.Random(7)
    zh = "患者主诉头痛三天，血压偏高，建议每日监测并按时服药。第一条为了保护民事主体的合法权益，调整民事关系"
    en = ["the", "patient", "was", "given", "a", "dose", "of", "five", "milligrams", "daily", "and", "asked"]
    for number in range(count):
        yield "".join(dice.choices(zh, k=300)) if number % 2 else " ".join(dice.choices(en, k=60))


@pytest.mark.parametrize("name", FIXES)
def test_no_trigger_falls_off_the_cliff_of_re2(name):
    """At most 3 microseconds a record of 300 characters (measured: below 1); tripled for busy machines."""
    column = pa.array(ordinary_texts(5_000))
    pc.match_substring_regex(column, FIXES[name].re2)
    best = min(_seconds(lambda: pc.match_substring_regex(column, FIXES[name].re2)) for _ in range(3))
    assert best / len(column) < 9e-6


def test_the_union_of_all_default_triggers_stays_cheap_too():
    column = pa.array(ordinary_texts(5_000))
    best = min(_seconds(lambda: pc.match_substring_regex(column, union_trigger(DEFAULT))) for _ in range(3))
    assert best / len(column) < 9e-6


def test_ordinary_text_triggers_nothing():
    column = pa.array(ordinary_texts(200))
    assert not pc.any(pc.match_substring_regex(column, union_trigger(DEFAULT))).as_py()


def _seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began
