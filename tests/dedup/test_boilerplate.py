"""Sentences that recur over a source: counted per source, reported, flagged or cut out, and nothing else touched."""

import dataclasses
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import Dedup
from toolkit.dedup.boilerplate import sentences
from toolkit.frames import batches_of
from toolkit.kinds import run_steps

CLOSING = "希望我的回答对您有所帮助，祝您健康！"
FOOTER = "This answer does not replace a visit to your doctor."


def talk(prefix, source, count, closing, every=2):
    """Records of a source; each `every`-th ends with the closing."""
    return [
        {
            "id": f"{prefix}{n:03}",
            "output": f"第{n}号回答：每日{n}次，饭后服用。" + (closing if n % every == 0 else ""),
            "source": {"id": source},
        }
        for n in range(count)
    ]


def stage(mode="remove", **options):
    limits = {"boilerplate_count": 5, "boilerplate_share": 0.3, "near": False, "conflicts": "off"} | options
    return Dedup(boilerplate=mode, **limits)


def outputs(result):
    return {r["id"]: r["output"] for r in result.kept}


def reported(stage, rows):
    lines = []
    step = stage.steps()[0]

    def solve(table, records):
        solved = step.solve(table, records)
        lines.extend(step.report(solved).get("boilerplate.jsonl", []))
        return solved

    run_steps([dataclasses.replace(step, solve=solve)], list(batches_of(rows)), "dedup")
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("closing", [CLOSING, FOOTER])
def test_a_closing_that_recurs_is_cut_out_and_the_record_says_so(closing):
    rows = talk("a", "qa", 20, closing)

    found = {r["id"]: r for r in stage().run(rows).kept}

    assert found["a002"]["output"] == "第2号回答：每日2次，饭后服用。"
    assert found["a002"]["fixes"] == ["drop_boilerplate"]
    assert found["a002"]["content_hash"] != found["a003"]["content_hash"]
    assert "fixes" not in found["a003"]


def test_the_same_sentence_in_a_source_that_rarely_has_it_stays():
    rows = talk("a", "qa", 20, CLOSING) + talk("b", "essays", 40, CLOSING, every=10)

    found = outputs(stage(boilerplate_count=4).run(rows))

    assert CLOSING not in found["a000"]
    assert found["b000"].endswith(CLOSING)


def test_the_count_holds_for_small_sources():
    rows = talk("a", "qa", 4, CLOSING, every=1)

    assert all(text.endswith(CLOSING) for text in outputs(stage().run(rows)).values())


def test_width_and_punctuation_make_no_other_sentence():
    rows = talk("a", "qa", 20, CLOSING)
    rows[0]["output"] = "多喝水。希望我的回答对您有所帮助,祝您健康！！"

    assert outputs(stage().run(rows))["a000"] == "多喝水。"


def test_a_sentence_counts_once_per_document():
    rows = [{"id": "a", "output": CLOSING * 9 + "多喝水。"}, *talk("b", "", 9, "")]

    assert outputs(stage().run(rows))["a"].count(CLOSING) == 9


def test_flag_marks_and_changes_no_text():
    rows = talk("a", "qa", 20, CLOSING)

    result = stage("flag").run(rows)

    assert outputs(result) == {r["id"]: r["output"] for r in rows}
    assert [r["id"] for r in result.kept if r.get("flags") == ["boilerplate"]] == [f"a{n:03}" for n in range(0, 20, 2)]


def test_report_changes_no_record():
    rows = talk("a", "qa", 20, CLOSING)

    assert stage("report").run(rows).kept == stage("off").run(rows).kept


def test_the_report_says_sentence_source_count_share_and_examples():
    [line] = reported(stage("report"), talk("a", "qa", 20, CLOSING))

    assert line == {"source": "qa", "sentence": CLOSING, "count": 10, "documents": 20, "share": 0.5,
                    "examples": ["a000", "a002", "a004"]}  # fmt: skip


def test_a_field_that_is_all_boilerplate_is_not_emptied():
    rows = [{"id": f"a{n}", "output": CLOSING, "prompt": f"问题{n}的内容是什么呢？"} for n in range(10)]

    assert set(outputs(stage(fields=("prompt",)).run(rows)).values()) == {CLOSING}


@pytest.mark.parametrize("text", ["谢谢。", "Yes."])
def test_short_sentences_are_language(text):
    rows = talk("a", "qa", 20, text, every=1)

    assert all(found.endswith(text) for found in outputs(stage().run(rows)).values())


@pytest.mark.parametrize(
    "shared", ["```\nprint('the same program')\n```", "| 药名 | 剂量 | 用法用量 |\n", "# 第一章 总则的规定\n"]
)
def test_code_tables_and_headings_are_never_cut(shared):
    rows = [{"id": f"a{n}", "text": f"第{n}篇文章的正文内容。\n{shared}"} for n in range(10)]

    assert [r["text"] for r in stage().run(rows).kept] == [r["text"] for r in rows]


def test_the_turns_of_a_conversation_lose_their_closing_too():
    rows = [
        {
            "id": f"a{n}",
            "messages": [
                {"role": "user", "content": f"第{n}问？"},
                {"role": "assistant", "content": f"第{n}答。{CLOSING}"},
            ],
        }
        for n in range(10)
    ]

    assert [r["messages"][1]["content"] for r in stage().run(rows).kept] == [f"第{n}答。" for n in range(10)]


def test_records_without_text_pass():
    rows = [
        {"id": "empty", "text": ""},
        {"id": "null"},
        {"id": "one", "text": "是"},
        {"id": "long", "text": "长" * 350_000},
    ]

    assert {r["id"] for r in stage().run(rows).kept} == {"empty", "null", "one", "long"}


@given(st.text(alphabet="高血压ab1.。！!\n #`| ", max_size=80))
def test_sentences_are_in_order_and_do_not_overlap(text):
    found = sentences(text)

    assert all(a < b for a, b in found)
    assert all(left[1] <= right[0] for left, right in pairwise(found))
