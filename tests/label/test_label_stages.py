"""The promises of the labeling stages, whatever is in the batch."""

import json
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import UsageError
from toolkit.label import Convert, LabelMap, LabelRules
from toolkit.label.columns import without_placeholder
from toolkit.record import SCHEMA, columns_of, content_hash, prune, rows_of

CASES = Path(__file__).parents[1] / "cases" / "label"
LAW = "# 养犬规定\n\n第一条 为了规范养犬。\n\n第二条 不得超过两只。\n\n第三条 违反前款的，予以罚款。"
FAQ = "Q: Can I cancel?\nA: Yes, by phone.\n\nQ: Is there a fee?\nA: No fee."
SOURCE = {"id": "s", "uri": "a.md", "license": "Apache-2.0", "locator": {"line": 7}}
STAGES = [
    Convert(),
    LabelRules(),
    LabelMap(prompt="{{q|default('')}}", output="{{a|default('')}}"),
    LabelRules(final=False),
]


def document(text, name="a", **fields):
    return {"id": name, "text": text, "source": SOURCE, **fields}


def foreign(columns, name="r", source="s"):
    return {"id": name, "extra": json.dumps(columns, ensure_ascii=False), "kind": "document", "source": {"id": source}}


def union(rows, *stages):
    """Adjacent label stages as the pipeline runs them: only the last is final."""
    batch = columns_of(rows)
    for stage in stages:
        out = stage.apply(batch)
        gone = [r for r in rows_of(out) if r.get("leaving")]
        batch = columns_of([{k: v for k, v in r.items() if k != "leaving"} for r in rows_of(out) if r not in gone])
        yield [r for r in gone if r["leaving"]["disposition"] != "consumed"], batch


class TestDerivedRecords:
    def test_they_name_their_parent_and_inherit_what_is_known_of_it(self):
        validity = {"valid_from": "2024-05-01", "fact_key": "k", "evidence": [{"field": "valid_from", "rank": 2}]}
        row = document(LAW, lang="zh", clusters=["c1"], validity=validity)

        kept = LabelRules().run([row]).kept

        for example in kept:
            assert example["parents"] == ["a"]
            assert (example["kind"], example["lang"], example["clusters"]) == ("example", "zh", ["c1"])
            assert example["validity"] == validity
            assert example["source"]["license"] == "Apache-2.0"
            assert "text" not in example

    def test_the_locator_keeps_the_line_and_adds_article_order_headings_and_span(self):
        third = LabelRules().run([document(LAW)]).kept[2]["source"]["locator"]

        assert third == {
            "line": 7, "headings": ["养犬规定"], "article": "第三条", "order": 3,
            "start": LAW.index("违反"), "end": len(LAW),
        }  # fmt: skip

    def test_labeling_says_who_how_surely_and_with_which_template(self):
        first, _, third = (r["labeling"] for r in LabelRules().run([document(LAW)]).kept)

        assert {k: first[k] for k in ("by", "kind", "status")} == {
            "by": "rule:law_article@1", "kind": "rule", "status": "draft",
        }  # fmt: skip
        assert first["template"].startswith("law_article/zh/")
        assert first["confidence"] > third["confidence"]  # 前款: it leans on another paragraph

    def test_the_hash_is_the_hash_of_the_row(self):
        rows = [
            foreign({"conversations": [{"from": "human", "value": "你好"}, {"from": "gpt", "value": "您好"}], "n": 1})
        ]

        for example in [*Convert().run(rows).kept, *LabelRules().run([document(LAW)]).kept]:
            assert example["content_hash"] == content_hash(example)

    def test_an_inserted_paragraph_renames_nothing_that_follows(self):
        before = {r["source"]["locator"]["article"]: r["id"] for r in LabelRules().run([document(LAW)]).kept}
        longer = LAW.replace("第二条", "第一条之一 本规定所称犬，包括幼犬。\n\n第二条")

        after = {r["source"]["locator"]["article"]: r["id"] for r in LabelRules().run([document(longer)]).kept}

        assert before.items() <= after.items()

    def test_equal_questions_in_one_document_get_names_of_their_own(self):
        kept = LabelRules().run([document(FAQ + "\n\n" + FAQ)]).kept

        assert len({r["id"] for r in kept}) == len(kept) == 4

    def test_two_versions_of_a_law_are_asked_for_by_their_version(self):
        versions = [document(LAW, day, validity={"valid_from": day}) for day in ("2019-06-01", "2024-09-01")]

        kept = LabelRules().run(versions).kept

        assert all("2019年6月1日版" in r["prompt"] for r in kept[:3])
        assert all("2024年9月1日版" in r["prompt"] for r in kept[3:])

    @pytest.mark.parametrize(("lang", "phrase"), [("zh", "中"), ("zh-Hant", "中「"), ("en", "“Clean")])
    def test_the_question_speaks_the_language_of_the_record(self, lang, phrase):
        text = "# Care 手册\n\n## Cleaning 清洁\n\nWipe the housing with a damp cloth every day of the week. 擦拭外壳。"

        prompts = [LabelRules(seed=seed).run([document(text, lang=lang)]).kept[0]["prompt"] for seed in range(12)]

        assert any(phrase in prompt for prompt in prompts)

    def test_a_language_we_do_not_speak_gets_only_its_own_questions(self):
        text = "## Parking\n\nLe parking se trouve derrière la clinique, à côté de la rivière et du pont.\n\nQ: Où ?\nA: Derrière la clinique."

        kept = LabelRules().run([document(text, lang="fr")]).kept

        assert [(r["prompt"], r["output"]) for r in kept] == [("Où ?", "Derrière la clinique.")]

    def test_the_seed_words_anew_and_changes_no_answer(self):
        seven, eight = (LabelRules(seed=seed).run([document(LAW)]).kept for seed in (7, 8))

        assert [r["output"] for r in seven] == [r["output"] for r in eight]
        assert [r["prompt"] for r in seven] != [r["prompt"] for r in eight]


class TestPrecedence:
    def test_a_law_is_stronger_than_a_definition_inside_it(self):
        text = LAW.replace("不得超过两只", "本规定所称犬只，是指三月龄以上的犬")

        assert {r["labeling"]["by"] for r in LabelRules().run([document(text)]).kept} == {"rule:law_article@1"}

    def test_only_the_kinds_asked_for_are_found(self):
        text = FAQ + "\n\n## Sharps\n\n**Sharps** means needles, blades and broken glass."

        assert [r["output"][:6] for r in LabelRules(kinds=("definition",)).run([document(text)]).kept] == ["**Shar"]

    def test_stages_of_a_union_label_what_the_ones_before_left(self):
        rows = [
            foreign({"title": "Login", "fix": "Reset it."}, "t", "tickets"),
            foreign({"instruction": "Translate", "output": "翻译"}, "c", "sets"),
            document(LAW, "d"),
            document("Nothing to ask.", "n"),
            foreign({"name": "Ann"}, "f", "people"),
        ]
        mapped = LabelMap(prompt="{{title}}", output="{{fix}}", source="tickets", final=False)

        left, kept = zip(*union(rows, mapped, Convert(final=False), LabelRules()), strict=True)

        assert [r["id"] for r in left[0] + left[1]] == []
        assert sorted((r["id"], r["leaving"]["reason"]) for r in left[2]) == [("f", "no_example"), ("n", "no_example")]
        assert {r["labeling"]["kind"] for r in rows_of(kept[2])} == {"map", "convert", "rule"}


class TestConvert:
    def test_unused_columns_stay_in_extra(self):
        kept = Convert().run([foreign({"question": "2+2?", "answer": "4", "级别": 1})]).kept

        assert (kept[0]["prompt"], kept[0]["output"], kept[0]["extra"]) == ("2+2?", "4", '{"级别":1}')

    def test_big_numbers_come_out_as_they_went_in(self):
        kept = Convert().run([foreign({"question": "问", "answer": "答", "n": 12345678901234567890123})]).kept

        assert json.loads(kept[0]["extra"]) == {"n": 12345678901234567890123}

    @pytest.mark.parametrize("blank", ["", " ", "\u3000", None, "<nooutput>"])
    def test_a_blank_target_is_refused_by_name(self, blank):
        row = foreign({"instruction": "问", "input": "", "output": blank})

        assert [r.reason for r in Convert().run([row]).rejected] == ["empty_target"]

    def test_a_conversation_that_ends_with_a_question_has_no_target(self):
        row = foreign({"messages": [{"role": "user", "content": "在吗？"}]})

        assert [r.reason for r in Convert().run([row]).rejected] == ["empty_target"]

    def test_a_value_that_the_format_cannot_hold_is_named(self):
        row = foreign({"instruction": 5, "output": "五"})

        rejected = Convert(format="alpaca").run([row]).rejected

        assert [(r.reason, "/instruction" in r.detail) for r in rejected] == [("no_format", True)]

    def test_documents_examples_and_other_sources_stay_untouched_when_others_follow(self):
        rows = [
            {"id": "d", "text": "文"},
            {"id": "e", "prompt": "问", "output": "答"},
            {"id": "m", "messages": [{"role": "user", "content": "问"}]},
            foreign({"question": "1+1?", "answer": "2"}, "o", "other"),
            foreign({"name": "Ann"}, "f"),
        ]

        out = Convert(source="s", final=False).apply(columns_of(rows))

        assert [r["id"] for r in rows_of(out)] == ["d", "e", "m", "o", "f"]
        assert out.column("leaving").null_count == 5

    def test_what_a_labeler_made_is_never_labeled_again(self):
        once = Convert().run([foreign({"question": "1+1?", "answer": "2"})]).kept

        assert Convert().run(once).kept == once

    def test_an_unknown_format_is_answered_with_the_nearest(self):
        with pytest.raises(UsageError, match="did you mean 'alpaca'"):
            Convert.build({"format": "alpacca"})


class TestMap:
    def test_a_column_of_a_named_source_must_be_there(self):
        stage = LabelMap(prompt="{{title}}", output="{{resolution}}", source="s")

        with pytest.raises(UsageError, match="resolution"):
            stage.run([foreign({"subject": "Login", "resolutoin": "Reset."})])

    def test_without_a_source_rows_of_another_shape_are_left_to_others(self):
        rows = [foreign({"标题": "登录", "处理": "重置。"}, "a"), foreign({"name": "Ann"}, "b"), document(LAW, "c")]

        out = LabelMap(prompt="{{标题}}", output="{{处理}}", final=False).run(rows)

        assert sorted(r["id"] for r in out.kept if "labeling" not in r) == ["b", "c"]

    def test_title_text_and_source_can_be_named(self):
        row = document("三天", title="疗程", lang="zh")

        kept = LabelMap(prompt="{{title}}（{{source.uri}}）", output="{{text}}").run([row]).kept

        assert [(r["prompt"], r["output"]) for r in kept] == [("疗程（a.md）", "三天")]

    def test_columns_that_no_template_reads_stay(self):
        kept = LabelMap(prompt="{{q}}", output="{{a}}").run([foreign({"q": "问", "a": "答", "科室": "内科"})]).kept

        assert kept[0]["extra"] == '{"科室":"内科"}'

    def test_a_prompt_that_comes_out_blank_makes_no_example(self):
        done = LabelMap(prompt="{{q}}", output="{{a}}").run([foreign({"q": " ", "a": "答"})])

        assert [r.reason for r in done.rejected] == ["no_example"]

    @pytest.mark.parametrize(
        "options",
        [{"prompt": "", "output": "x"}, {"prompt": "{{a", "output": "x"}, {"prompt": "{{a|b}}", "output": "x"}],
    )
    def test_a_template_that_cannot_work_is_refused_before_any_record_is_read(self, options):
        with pytest.raises(UsageError):
            LabelMap(**options)


class TestFinalWord:
    def test_a_prompt_that_nobody_answered_is_refused(self):
        rows = [{"id": "a", "prompt": "剂量？", "output": " "}, {"id": "b", "prompt": "Dose?", "output": "5 mg"}]

        done = LabelRules().run(rows)

        assert ([r["id"] for r in done.kept], [r.reason for r in done.rejected]) == (["b"], ["empty_target"])

    @pytest.mark.parametrize("stage", STAGES[:3], ids=lambda s: s.name)
    def test_every_stage_can_have_it(self, stage):
        done = stage.run([document("Nothing to ask.")])

        assert [r.reason for r in done.rejected] == ["no_example"]


@pytest.mark.parametrize(
    "case",
    [json.loads(line) for line in (CASES / "placeholders.jsonl").read_text(encoding="utf-8").split("\n") if line],
    ids=lambda row: row["name"],
)
def test_placeholders_are_emptied_and_words_are_not(case):
    assert without_placeholder(case["input"]) == case["expect"], case["note"]


PIECES = st.sampled_from([
    "# 规定\n", "## 第一章 总则\n", "第一条 甲甲甲甲。\n", "第二条 乙乙乙乙。\n", "第三条\n", "Section 1. One.\n", "Section 2. Two.\n",
    "Section 3. Three.\n", "Q: Why?\n", "A: Because.\n", "问：为何？\n", "答：因为如此。\n", "**Q:** ", "\n", "\r\n", "\r", "\u2028", "\x0c",
    "```\n", "> ", "- ", "1. ", "利器，是指能够刺破皮肤的物品。", "**Triage** means sorting patients by urgency.", "## How?\n", "## 清洁\n",
    "Wipe the housing with a damp cloth every single day of the week. ", "<!-- x -->\n", "---\n", "| a | b |\n|---|---|\n", "\u3000", "😀", "\t", "附件：\n",
])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=14).map("".join)
ROWS = st.lists(
    st.one_of(
        TEXTS.map(lambda text: {"text": text, "source": {"id": "s", "uri": "a.md"}}),
        TEXTS.map(lambda text: {"text": text, "source": {"id": "s", "uri": "a.txt"}}),
        st.fixed_dictionaries({"question": TEXTS, "answer": TEXTS}).map(lambda c: {"extra": json.dumps(c)}),
        st.fixed_dictionaries({"q": TEXTS, "a": TEXTS}).map(lambda c: {"extra": json.dumps(c)}),
        st.fixed_dictionaries({"prompt": TEXTS, "output": TEXTS}),
    ),
    max_size=6,
).map(lambda rows: [{"id": f"r{i}", **row} for i, row in enumerate(rows)])


@settings(deadline=None)
@given(ROWS, st.sampled_from(STAGES))
def test_every_row_comes_out_and_batches_of_one_give_the_same_rows_in_the_same_order(rows, stage):
    whole = stage.apply(columns_of(rows))
    parts = [stage.apply_batch(columns_of([row])) for row in rows]

    alone = [row for part in parts for row in rows_of(part)]
    together = rows_of(stage.apply_batch(columns_of(rows)))

    assert together == [prune(row) for row in alone]
    assert {r["id"] for r in rows} <= {r["id"] for r in rows_of(whole)}
    assert not [r for r in rows_of(whole) if (r.get("leaving") or {}).get("reason") == "stage_error"]


@settings(deadline=None)
@given(TEXTS, st.booleans())
def test_every_answer_is_a_span_of_its_document(text, plain):
    row = {"id": "a", "text": text, "title": "T", "source": {"uri": "a.txt" if plain else "a.md"}}

    for example in LabelRules().run([row]).kept:
        place = example["source"]["locator"]
        assert text[place["start"] : place["end"]] == example["output"] == example["output"].strip() != ""


def test_a_batch_of_nothing_stays_nothing():
    empty = pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in SCHEMA], schema=SCHEMA)

    assert [stage.apply(empty).num_rows for stage in STAGES] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "unit",
    [
        "# ",
        "[",
        "![",
        "{#",
        "<!--",
        "**",
        "“",
        "第",
        "问：",
        "Q: ",
        "Q: a\nA: b\n\n",
        "是指",
        "means ",
        "\u3000",
        "1. ",
    ],
)
def test_no_document_takes_more_than_linear_time(unit):
    """50 kB of one repeated piece take well under a second; quadratic work on them takes a minute."""
    start = time.process_time()

    LabelRules().run([document("# T\n\n" + unit * (50_000 // len(unit)))])

    assert time.process_time() - start < 10


def test_a_source_that_no_record_is_of_is_named_beside_the_one_they_are_of():
    rows = [{"title": "登录", "body": "重置密码", "source": {"id": "tickets"}}, {"title": "Login", "body": "Reset"}]

    result = LabelMap(prompt="{{title}}", output="{{body}}", source="tikets").run(rows)

    assert [r.detail for r in result.rejected] == [
        "no labeler found an example in it; label.map looks at the source tikets alone, and this is of tickets",
        "no labeler found an example in it; label.map looks at the source tikets alone, and this is of (none)",
    ]
