"""Personal data: what was found is replaced or told by type and number, and its value appears nowhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.clean import Clean
from toolkit.clean.measures import measure
from toolkit.clean.personal import KEY
from toolkit.clean.protect import detectors_of, matching
from toolkit.errors import UsageError
from toolkit.record import columns_of, rows_of
from toolkit.text.pii import find_pii
from toolkit.text.pii.credentials import NAMES
from toolkit.text.pii.narrow import NUMBERS, WORDS

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "pii.jsonl").read_text("utf-8").splitlines()
]
PHONE, EMAIL = "13812345678", "zhangsan@example.com"
DIGITS = st.text(alphabet="0123456789０１２ -—.()（）+:：@AFX京", max_size=40)


def only(stage, **row):
    (out,) = rows_of(stage.apply_batch(columns_of([{"id": "a", **row}])))
    return out


class TestTriggers:
    def triggered(self, text):
        column, digits = pa.array([text]), measure(pa.array([text])).digits
        first = matching(column, WORDS)[0] or (digits[0] > 0 and matching(column, NUMBERS)[0])
        return first and any(detectors_of(column, digits, np.ones(1, bool)).values())

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
    def test_where_the_trigger_is_silent_nothing_is_found_in_the_cases(self, case):
        assert self.triggered(case["input"]) or not find_pii(case["input"])

    @given(
        name=st.from_regex(NAMES, fullmatch=True) | st.sampled_from(["密码", "口令", "授權碼", "Bearer"]),
        sign=st.text(alphabet="\"'”`* \n\u3000", max_size=4),
        operator=st.sampled_from([":", "：", "=", "=>", " is ", "是", " "]),
        value=st.text(alphabet="aB3#-._~+/19", min_size=6, max_size=40),
    )
    def test_where_the_trigger_is_silent_no_secret_is_found(self, name, sign, operator, value):
        text = f"{name}{sign}{operator}{sign}{value}"
        assert self.triggered(text) or not find_pii(text)

    @given(text=DIGITS, word=st.sampled_from(["", "电话", "护照", "卡号：", "IP ", "SSN "]))
    def test_where_the_trigger_is_silent_nothing_is_found(self, text, word):
        assert self.triggered(word + text) or not find_pii(word + text)


class TestActions:
    def test_a_pseudonym_tells_equal_values_and_nothing_else(self, monkeypatch):
        monkeypatch.setenv(KEY, "a secret of thirty-two characters")
        row = only(Clean(pii="pseudonym"), prompt="电话13812345678", output="即+86 138-1234-5678，不是13912345678。")
        first, second, third = re.findall(r"\[PHONE:[0-9a-f]{6}\]", row["prompt"] + row["output"])
        assert first == second != third
        assert row["fixes"] == ["pseudonymize_pii"]

    def test_a_missing_key_is_named_before_anything_is_read(self, monkeypatch):
        monkeypatch.delenv(KEY, raising=False)
        with pytest.raises(UsageError, match=KEY):
            Clean(pii="off", pii_types={"PHONE": "pseudonym"})

    def test_another_key_is_another_result_and_the_key_is_not_told(self, monkeypatch):
        monkeypatch.setenv(KEY, "one")
        one = Clean(pii="pseudonym").options()
        monkeypatch.setenv(KEY, "two")
        two = Clean(pii="pseudonym").options()
        assert one != two
        assert "two" not in json.dumps(two)

    def test_types_may_meet_different_actions_in_one_text(self):
        stage = Clean(pii="mask", pii_types={"EMAIL": "flag", "PHONE": "mask", "IP": "off"})
        row = only(stage, text=f"服务器203.0.113.9，{PHONE}，{EMAIL}，请在工作时间联系我们。")
        assert row["text"] == f"服务器203.0.113.9，[PHONE]，{EMAIL}，请在工作时间联系我们。"
        assert (row["flags"], row["fixes"]) == (["pii_found"], ["mask_pii"])

    @pytest.mark.parametrize("action", ["mask", "reject", "flag"])
    def test_no_value_stands_in_a_flag_or_a_detail(self, action):
        row = only(Clean(pii=action), text=f"请联系{EMAIL}或{PHONE}，我们会尽快回复您。")
        told = json.dumps([row.get("flags"), row.get("fixes"), row.get("leaving")], ensure_ascii=False)
        assert PHONE not in told
        assert EMAIL not in told

    @pytest.mark.parametrize(
        ("lang", "text"),
        [
            ("zh", "国药准字H20013113，每日３次，见（2023）京0105民初12345号，拨打12345。"),
            ("en", "Version 10.2.14.3, section 1.2.3.4, take 500 mg."),
        ],
    )
    def test_what_only_looks_like_it_stays(self, lang, text):
        row = only(Clean(pii="mask"), text=text, lang=lang)
        assert "mask_pii" not in (row.get("fixes") or [])


class TestExtra:
    def test_values_are_replaced_and_the_rest_stays_byte_for_byte(self):
        extra = '{"a":1.50,"手机":["13812345678",null,true],"b":{"邮箱":"a@b.cn"},"剂量":"１０⁹/L"}'
        row = only(Clean(pii="mask"), text="合同自签订之日起生效，双方应当遵守。", extra=extra)
        assert row["extra"] == '{"a":1.5,"手机":["[PHONE]",null,true],"b":{"邮箱":"[EMAIL]"},"剂量":"１０⁹/L"}'

    def test_without_a_find_it_is_not_even_written_anew(self):
        extra = '{"b": 1.50,  "a": "每日3次"}'
        assert only(Clean(pii="mask"), text="合同自签订之日起生效，双方应当遵守。", extra=extra)["extra"] == extra

    def test_an_escaped_value_is_found(self):
        extra = '{"m":"\\u0061da\\u0040example.org"}'
        assert (
            only(Clean(pii="mask"), text="See the attached file for details.", extra=extra)["extra"]
            == '{"m":"[EMAIL]"}'
        )

    def test_a_text_of_thousands_of_values_is_masked_whole(self):
        row = only(Clean(pii="mask"), text="电话13812345678，邮箱a@163.com；" * 2_000)

        assert row["text"] == "电话[PHONE]，邮箱[EMAIL]；" * 2_000
