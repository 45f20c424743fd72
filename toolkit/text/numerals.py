"""Numbers in words: Chinese (ordinary, financial, digit by digit, mixed with Arabic) and English.

A check that compares Arabic digits only misses a changed `十五` and a changed `fifteen` altogether. Here both have a value.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

_ROWS = ("〇零○", "一壹", "二贰貳两兩", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
_DIGITS = {character: value for value, row in enumerate(_ROWS) for character in row}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_TENS = {"廿": 20, "卅": 30}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_SHORT = {"百": "十", "佰": "拾", "千": "百", "仟": "佰", "万": "千", "萬": "千", "亿": "千万", "億": "千萬"}
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

_DIGIT = f"[{''.join(_DIGITS)}]"
_ABOUT = re.compile(r"[一二两兩三四五六七八九]{2}(?:[十百千万萬亿億]|$)")  # 三四十, 一两: about so many
_HAN = f"[{''.join((*_DIGITS, *_UNITS, *_TENS, *_MYRIADS))}]"
_SCALED = re.compile(rf"([0-9]+(?:\.[0-9]+)?)([{''.join((*_UNITS, *_MYRIADS))}]+)")

_ONES = dict(
    zip(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], range(11), strict=True)
)
_TEENS = ["eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_DECADES = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = _ONES | dict(zip(_TEENS, range(11, 20), strict=True)) | dict(zip(_DECADES, range(20, 100, 10), strict=True))
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}

# One Han digit alone is more often a word than a number (一般, 统一, 三七): it counts after 第 and before a counting word only.
_COUNTED = "条款项章节编页号年月日天周时分秒岁人个名次倍种份元角吨克米级期届届类條項節個歲種級屆類"
_WORD = "|".join(sorted((*_SMALL, *_LARGE, "hundred"), key=len, reverse=True))
_FOUND = re.compile(
    r"(?P<arabic>(?<![0-9A-Za-z_.])[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|(?<![0-9A-Za-z_.])[0-9]+(?:\.[0-9]+)?)"
    rf"(?P<scale>[{''.join(_MYRIADS)}]*)(?P<percent> ?%)?"
    rf"|(?P<share>百分之)(?P<part>{_HAN}+(?:[点點]{_DIGIT}+)?)"
    rf"|(?P<han>[负負]?(?:{_HAN}{{2,}}(?:[点點]{_DIGIT}+)?|{_DIGIT}[点點]{_DIGIT}+"
    rf"|(?<=第){_HAN}|(?!十分(?![钟鐘])){_HAN}(?=[{_COUNTED}])))"
    rf"|(?<![A-Za-z])(?P<english>(?ai:(?:{_WORD})(?:(?:[ -]|\ and\ )(?:{_WORD}))*))(?![A-Za-z])(?P<per> ?(?ai:percent|per cent|%))?"
)
# Words made of numerals; what they say is no number.
_NO_NUMBER = frozenset({"万一", "一一", "千万", "万千", "三三两两", "七七八八"})


class Numeral(NamedTuple):
    """A number found in a text: where it stands and what it is worth (percentages as their fraction of one)."""

    start: int
    end: int
    value: Decimal


def parse_numeral(text: str) -> Decimal | None:
    """Return the value of a number in digits or words, or None if the text is not one.

    Approximations (`三四十`, `一两`) have no value.

    >>> [int(parse_numeral(t)) for t in ("一百零五", "十二", "二〇二四", "叁仟元"[:2], "３．５万", "两亿三千万")]
    [105, 12, 2024, 3000, 35000, 230000000]
    >>> int(parse_numeral("three hundred and five thousand")), int(parse_numeral("twenty-one")), parse_numeral("三点一四")
    (305000, 21, Decimal('3.14'))
    >>> parse_numeral("一般") is None, parse_numeral("三四十") is None  # a word, about thirty or forty
    (True, True)
    """
    folded = text.translate(_HALF_WIDTH).strip()
    plain = folded.replace(",", "")
    if re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?", plain):
        return Decimal(plain)
    scaled = _SCALED.fullmatch(plain)
    if scaled:
        return Decimal(scaled[1]) * _product(scaled[2])
    chinese = _chinese(folded)
    return chinese if chinese is not None else _english(folded.lower())


def find_numerals(text: str) -> list[Numeral]:
    """Find the numbers of a text in order, whatever they are written in.

    >>> [str(n.value) for n in find_numerals("第十五条规定的二十日，即百分之十或1.5万元")]
    ['15', '20', '0.1', '15000.0']
    >>> [str(n.value) for n in find_numerals("Within fifteen days pay 1,200 dollars or 10% of it")]
    ['15', '1200', '0.1']
    >>> find_numerals("十分重要，一般情况下")  # words made of numerals: untouched
    []
    """
    folded = text.translate(_HALF_WIDTH)
    found = ((match, _value(match)) for match in _FOUND.finditer(folded) if match[0] not in _NO_NUMBER)
    return [Numeral(match.start(), match.end(), value) for match, value in found if value is not None]


def _value(match: re.Match[str]) -> Decimal | None:
    number = match["arabic"] or match["part"] or match["han"] or match["english"]
    value = parse_numeral(number)
    if value is None:
        return None
    value *= _product(match["scale"] or "")
    return value / 100 if match["percent"] or match["share"] or match["per"] else value


def _product(units: str) -> Decimal:
    product = Decimal(1)
    for unit in units:
        product *= _UNITS.get(unit) or _MYRIADS[unit]
    return product


def _chinese(text: str) -> Decimal | None:
    sign = -1 if text.startswith(("负", "負")) else 1
    whole, _, part = text.lstrip("负負").replace("點", "点").partition("点")
    if _ABOUT.match(whole) or not re.fullmatch(f"{_HAN}+", whole) or (part and not re.fullmatch(f"{_DIGIT}+", part)):
        return None
    fraction = Decimal(f"0.{_spelled(part)}") if part else Decimal(0)
    return sign * (_whole(whole) + fraction)


def _spelled(digits: str) -> str:
    return "".join(str(_DIGITS[c]) for c in digits)


def _whole(text: str) -> int:
    """Sum units within each myriad; without any unit the digits are read one by one (二〇二四)."""
    if all(c in _DIGITS for c in text):
        return int(_spelled(text))
    if len(text) > 1 and text[-1] in _DIGITS and text[-2] in _SHORT:  # 三千五 is short for 三千五百
        text += _SHORT[text[-2]]
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _TENS:
            section, digit = section + _TENS[c], 0
        elif c in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[c], 0
        else:  # 万 and 亿 multiply all that stands before them up to a larger one: 一万亿 is 10**12
            total = _lifted(total, section + digit, _MYRIADS[c])
            section = digit = 0
    return total + section + digit


def _lifted(total: int, section: int, myriad: int) -> int:
    smaller = total % (myriad * 10**4) if total < myriad else 0
    return total - smaller + (smaller + section or 1) * myriad


def _english(text: str) -> Decimal | None:
    words = [word for word in re.split(r"[ -]+", text) if word != "and"]
    if not words or any(word not in _SMALL and word not in _LARGE and word != "hundred" for word in words):
        return None
    total = group = 0
    for word in words:
        if word in _LARGE:
            total, group = total + (group or 1) * _LARGE[word], 0
        elif word == "hundred":
            group = (group or 1) * 100
        else:
            group += _SMALL[word]
    return Decimal(total + group)
