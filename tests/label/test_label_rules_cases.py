"""What each rule finds, and what it must leave alone: case tables in tests/cases/label."""

import json
from pathlib import Path

import pytest

from toolkit.label.document import Document
from toolkit.label.rules import RULES

CASES = Path(__file__).parents[1] / "cases" / "label"
KEY = {"law_article": "article", "faq": "question", "definition": "term", "heading": "heading"}


def cases():
    for rule in RULES:
        for line in (CASES / f"{rule}.jsonl").read_text(encoding="utf-8").split("\n"):
            if line:
                row = json.loads(line)
                yield pytest.param(rule, row, id=f"{rule}/{row['name']}/{row['lang']}")


@pytest.mark.parametrize(("rule", "case"), list(cases()))
def test_a_rule_finds_what_the_table_says_and_nothing_else(rule, case):
    doc = Document.parse(case["input"], case.get("title", ""), plain=case.get("plain", False))

    found = [[f.slots[KEY[rule]], doc.text[f.start : f.end]] for f in RULES[rule](doc)]

    assert found == case["expect"], case["note"]


@pytest.mark.parametrize("rule", RULES)
def test_every_table_has_both_languages_and_rows_that_must_stay(rule):
    rows = [json.loads(line) for line in (CASES / f"{rule}.jsonl").read_text(encoding="utf-8").split("\n") if line]

    sides = {(row["lang"], bool(row["expect"])) for row in rows}

    assert sides == {("en", True), ("en", False), ("zh", True), ("zh", False)}
