"""Numbers in words have the value of the same number in digits."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.numerals import find_numerals, parse_numeral

CASES_FILE = Path(__file__).parents[1] / "cases" / "clean" / "language_numerals.jsonl"
CASES = [json.loads(line) for line in CASES_FILE.read_text(encoding="utf-8").splitlines()]
DIGITS = "零一二三四五六七八九"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_numeral_has_its_value(case):
    expected = None if case["expect"] is None else Decimal(case["expect"])

    assert parse_numeral(case["input"]) == expected, case["note"]


def _chinese(number):
    """Write 1..9999 in full: 105 is 一百零五."""
    written, pending = "", False
    for unit, value in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, number = divmod(number, value)
        if digit:
            written += ("零" if pending else "") + DIGITS[digit] + unit
        pending = bool(written) and not digit
    return written


@given(st.integers(min_value=1, max_value=9999), st.integers(min_value=0, max_value=9999))
def test_every_number_written_in_full_reads_back(high, low):
    written = f"{_chinese(high)}万" + (f"零{_chinese(low)}" if low else "")

    assert parse_numeral(_chinese(high)) == high
    assert parse_numeral(written) == high * 10_000 + low


@given(st.integers(min_value=0, max_value=10**12))
def test_digits_read_the_same_in_every_width_and_grouping(number):
    wide = str(number).translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})

    assert parse_numeral(str(number)) == parse_numeral(f"{number:,}") == parse_numeral(wide) == number


@given(st.text(alphabet="一二三十百千万亿点零〇两第条年个%0123.,% onetwthreudy-", max_size=40))
def test_what_is_found_lies_in_order_inside_the_text(text):
    places = [place for found in find_numerals(text) for place in (found.start, found.end)]

    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


@pytest.mark.parametrize(
    "text", ["十分重要", "一般情况", "千万不要", "统一", "万一", "v1.2.3", "GB2760", "someone often won", "一两天"]
)
def test_words_made_of_numerals_are_no_numbers(text):
    assert find_numerals(text) == []


def test_one_change_is_seen_in_both_languages():
    assert [n.value for n in find_numerals("十五日内")] != [n.value for n in find_numerals("十日内")]
    assert [n.value for n in find_numerals("within fifteen days")] != [
        n.value for n in find_numerals("within ten days")
    ]
