"""The rules about single texts: each has rows that meet it and rows that do not, in both languages."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.clean import RULES, Clean, value_of
from toolkit.clean.endings import repeated_lines, repeated_phrases, truncated, unended
from toolkit.clean.hits import Hits
from toolkit.clean.measures import GRAM, WINDOW, measure
from toolkit.clean.phrases import CLOSING_TRIGGER, PHRASES, drop_closings
from toolkit.clean.profiles import PROFILES, Settings, all_rules
from toolkit.clean.rules import View
from toolkit.clean.texts import OUTPUT, Texts
from toolkit.errors import UsageError
from toolkit.reasons import check_reason
from toolkit.record import columns_of

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "rules.jsonl").read_text("utf-8").splitlines()
]
MIXED = st.lists(
    st.sampled_from([*(case["input"][:3000] for case in CASES), "", "。", "a", "哈", "𠀀𠀁", "the", "\n"]), max_size=6
)


def verdict(case):
    row = {
        "id": "a",
        "prompt": "请问怎么办？" if case["lang"] == "zh" else "What is to be done?",
        "output": case["input"],
        "lang": case["lang"],
    }
    _, findings = Clean().examine(columns_of([row]))
    met = [finding for finding in findings if finding.rule == case["rule"] and finding.details]
    assert len(met) <= 1, "a rule speaks once of a record"
    return "keep" if not met else "reject" if met[0].rejects else "flag"


class TestCases:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_a_rule_meets_what_its_row_says(self, case):
        assert verdict(case) == case["expect"], case["note"]

    @pytest.mark.parametrize("rule", sorted(set(RULES) - {"listed_term"}))
    def test_every_rule_has_hits_and_misses_in_both_languages(self, rule):
        seen = defaultdict(set)
        for case in CASES:
            if case["rule"] == rule:
                seen[case["lang"]].add(case["expect"] != "keep")
        assert seen["zh"] == {True, False}
        assert True in seen["en"] or False in seen["en"]

    def test_every_row_names_a_rule(self):
        assert {case["rule"] for case in CASES} <= set(RULES)


class TestTable:
    @pytest.mark.parametrize("rule", [*all_rules(), "pii_found"])
    def test_every_rule_is_a_reason_code(self, rule):
        assert check_reason(rule) == rule

    def test_every_rule_about_texts_has_limits(self):
        assert set(RULES) <= set(all_rules())

    def test_every_family_of_phrases_is_a_rule(self):
        assert set(PHRASES) <= set(RULES)

    @pytest.mark.parametrize("family", PHRASES)
    def test_every_family_speaks_both_languages(self, family):
        assert any(phrase.isascii() for phrase in PHRASES[family])
        assert any(not phrase.isascii() for phrase in PHRASES[family])

    @pytest.mark.parametrize("profile", PROFILES)
    def test_a_profile_rejects_no_earlier_than_it_flags(self, profile):
        settings = Settings.parse(profile, {})
        for name in RULES:
            for role in ("document", "prompt", "input", "output", "code"):
                limit = settings.limit(name, role, "zh", None)
                if limit.flag is not None and limit.reject is not None:
                    assert (limit.reject < limit.flag) if RULES[name].low else (limit.reject > limit.flag)


class TestSettings:
    @pytest.mark.parametrize(
        ("rules", "said"),
        [
            ({"too_shrot": "flag"}, "did you mean 'too_short'?"),
            ({"refusal": "rejct"}, "did you mean 'reject'?"),
            ({"refusal": {"legal": "kep"}}, "did you mean 'keep'?"),
            ({"refusal": {"falg": 0.3}}, "expected keep, flag, reject"),
            ({"refusal": {"flag": "much"}}, "a limit is a number"),
            ({"refusal": {"flag": 1, "legal": "keep"}}, "expected keep, flag, reject"),
            ({"refusal": 3}, "expected keep, flag, reject"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_with_a_hint(self, rules, said):
        with pytest.raises(UsageError) as refused:
            Clean(rules=rules)
        assert said in str(refused.value)

    def test_an_unknown_profile_is_answered_with_the_nearest(self):
        with pytest.raises(UsageError, match="document"):
            Clean.build({"profile": "documents"})


class TestEstimates:
    """An estimate is never milder than the exact value: who is under a limit by it, is under the limit."""

    @given(
        text=st.text(alphabet="哈好的 ab\n。", max_size=900) | st.sampled_from([case["input"][:2000] for case in CASES])
    )
    def test_of_repeated_phrases(self, text):
        estimate = float(measure(pa.array([text])).repeated[0])
        exact = repeated_phrases(text, GRAM, WINDOW)
        assert estimate >= exact - 1e-9 or len(text) < GRAM + 63

    @pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.exact])
    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_of_every_rule_with_an_exact_value(self, name, lang):
        rule = RULES[name]
        for case in CASES:
            text = case["input"][:3000]
            one, none = np.zeros(1, np.int64), np.empty(0, np.int64)
            texts = Texts(pa.array([text]), one, np.array([OUTPUT], np.uint8), (one, one))
            estimate = float(rule.estimate(View(texts, measure(texts.values), [lang], Hits((), none, none)))[0])
            exact = value_of(name, text, lang=lang)
            assert exact >= estimate - 1e-9 if rule.low else exact <= estimate + 1e-9


class TestMeasures:
    @given(texts=MIXED)
    def test_a_text_measures_the_same_among_others_and_alone(self, texts):
        together = measure(pa.array(texts, pa.string()))
        for at, text in enumerate(texts):
            alone = measure(pa.array([text]))
            assert [column[at] for column in together] == [column[0] for column in alone]

    def test_a_sliced_column_measures_like_a_fresh_one(self):
        column = pa.array(["前言", "每日3次", "Take it", ""])
        assert [c.tolist() for c in measure(column.slice(1, 2))] == [
            c.tolist() for c in measure(pa.array(["每日3次", "Take it"]))
        ]

    @pytest.mark.parametrize(
        ("text", "units"),
        [
            ("每日3次", 4),
            ("0.5 mg", 3),
            ("Take it", 2),
            ("薬を飲む", 4),
            ("약을", 2),
            ("Привет мир", 2),
            ("𠀀𠀁", 2),
            ("👍", 0),
            ("", 0),
        ],
    )
    def test_units_are_characters_of_cjk_and_words_of_the_rest(self, text, units):
        assert measure(pa.array([text])).units.tolist() == [units]

    def test_characters_beyond_the_bmp_move_no_border(self):
        found = measure(pa.array(["👍👍", "药", "𠀀", "b"]))
        assert found.han.tolist() == [0, 1, 1, 0]
        assert found.words.tolist() == [0, 0, 0, 1]

    def test_changed_texts_are_measured_again(self):
        before, after = pa.array(["电话13812345678", "剂量"]), pa.array(["电话[PHONE]", "剂量"])
        updated = measure(before).updated(np.array([True, False]), after)
        assert [c.tolist() for c in updated] == [c.tolist() for c in measure(after)]


ADVERSARIAL = {
    "one Han": "哈", "one letter": "a", "spaces": " ", "newlines": "\n", "dots": ".", "fence": "```\n", "open brackets": "（",
    "closing formulas": "谢谢。", "refusals": "很抱歉，我无法", "commas": "，", "pipes": "|", "digits": "1", "phone": "138 ",
    "colons": "a:", "hashes": "# ", "quotes": "\"'", "replacement": "\ufffd", "emoji": "👍", "the": "the ", "list": "- a\n",
}  # fmt: skip


class TestCost:
    @pytest.mark.parametrize("piece", ADVERSARIAL.values(), ids=ADVERSARIAL)
    def test_no_rule_is_super_linear(self, piece):
        def seconds(size):
            text = (piece * (size // len(piece)))[:size]
            began = time.process_time()
            for name in RULES:
                value_of(name, text, lang="zh")
            drop_closings(text)
            return time.process_time() - began

        seconds(1000)
        small, large = min(seconds(50_000) for _ in range(2)), seconds(1_000_000)
        assert large < 2.5 + 60 * small  # twenty times the text; sixty leaves room for a busy machine


class TestClosings:
    @given(
        text=st.lists(
            st.sampled_from(
                ["可以口服。", "谢谢！", "祝您健康。", " ", "\n", "I hope this helps!", "Take it.", "希望对您有所帮助"]
            ),
            max_size=6,
        ).map("".join)
    )
    def test_cutting_twice_is_cutting_once_and_leaves_something(self, text):
        once = drop_closings(text)
        assert drop_closings(once) == once
        assert text.startswith(once)
        assert bool(once.strip()) == bool(text.strip())

    @given(text=st.text(alphabet="谢祝希望帮助您。 hopeLtmeknw", max_size=40))
    def test_the_trigger_law_holds(self, text):
        import re

        assert re.search(CLOSING_TRIGGER, text) or drop_closings(text) == text


@pytest.mark.parametrize("function", [unended, truncated, repeated_lines])
def test_the_empty_text_meets_no_rule(function):
    assert function("") == 0.0
