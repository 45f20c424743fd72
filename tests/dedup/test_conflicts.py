"""Which prompts are compared, and what two answers to one of them lead to."""

import json
from pathlib import Path

import pytest

from toolkit.dedup import Dedup
from toolkit.dedup.conflicts import points_elsewhere
from toolkit.pipeline import How, run_stage

CASES = Path(__file__).parents[1] / "cases" / "dedup" / "points_elsewhere.jsonl"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(row, id=f"{row['name']}/{row['lang']}")
        for row in map(json.loads, CASES.read_text(encoding="utf-8").splitlines())
    ],
)
def test_a_prompt_is_left_out_only_if_it_does_not_name_what_it_asks_about(case):
    assert points_elsewhere(case["input"]) is case["expect"], case["note"]


@pytest.mark.parametrize(
    ("prompt", "answers", "conflict"),
    [
        ("阿司匹林每日几次？", ("每日3次。", "每日2次。"), True),
        ("How often may an adult take it?", ("Once.", "Twice."), True),
        ("这两个疾病的病因有何不同？", ("前者为感染，后者为遗传。", "前者为外伤，后者为肿瘤。"), False),
        ("What do these two diseases have in common?", ("Both are inherited.", "Both are infections."), False),
    ],
)
def test_answers_to_a_prompt_that_names_its_matter_conflict_and_others_do_not(prompt, answers, conflict):
    rows = [{"id": str(n), "prompt": prompt, "output": answer} for n, answer in enumerate(answers)]

    kept = Dedup(fields=["prompt", "input", "output"]).run(rows).kept

    assert ["conflicting_output" in (row.get("flags") or ()) for row in kept] == [conflict, conflict]


def test_a_stage_alone_reports_too_and_the_proposal_names_the_rule_that_decided(tmp_path):
    rows = [
        {
            "id": n,
            "prompt": "阿莫西林成人每次吃多少？",
            "output": f"每次{n}克。",
            "source": {"id": n, "authority": int(n)},
        }
        for n in "21"
    ]
    records = tmp_path / "records.jsonl"
    records.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    run_stage(
        Dedup(),
        [str(records)],
        str(tmp_path / "kept.jsonl"),
        How(workers=0, progress="quiet"),
        reports=str(tmp_path / "told"),
    )

    [line] = map(json.loads, (tmp_path / "told" / "conflicts.jsonl").read_text(encoding="utf-8").splitlines())
    assert line["proposal"] == {"keep": "1", "why": "its authority is higher"}
