"""Numbers in words: Chinese (ordinary, financial, digit by digit, mixed with Arabic) and English.

A check that compares Arabic digits only misses a changed `十五` and a changed `fifteen` altogether. Here both have a value.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

_DIGITS = {c: value for value, row in enumerate("〇零○ 一壹 二贰貳两兩 三叁參 四肆 五伍 六陆陸 七柒 八捌 九玖".split()) for c in row}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_TENS = {"廿": 20, "卅": 30}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

_HAN_DIGIT = "".join(_DIGITS)
_HAN_NUMBER = f"{_HAN_DIGIT}{''.join(_UNITS)}{''.join(_TENS)}{''.join(_MYRIADS)}"
_DIGIT_BY_DIGIT = re.compile(f"[{_HAN_DIGIT}]+")
_ARABIC = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?([十百千万萬亿億]*)")

_SMALL_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "  # noqa: SIM905 - reads as a count
        "eighteen nineteen".split()
    )
} | {word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}  # noqa: SIM905
_LARGE_WORDS = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
