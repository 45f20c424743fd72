"""The numbers that stand in dates, in Arabic, Chinese and banker's numerals.

Every spelling that is accepted is spelled out once and looked up, so nonsense such as 十一十 is no number by
construction. `toolkit.text` reads numerals in running text; a date needs only small integers and years.
"""

from __future__ import annotations

from collections.abc import Iterator

DIGITS = "〇一二三四五六七八九"

# Zero is written in many ways: 零, the circles of old gazettes, the letter O of typists. 壹贰叁 is for cheques; the
# radicals (second line) come out of PDF files and look exactly like the characters.
FOLD_HAN = str.maketrans(
    "零○◯壹贰叁肆伍陆柒捌玖拾貳參陸國華號點時" + "⼀⼆⼋⼗⽇⽉",
    "〇〇〇一二三四五六七八九十二三六国华号点时" + "一二八十日月",
)

_LARGEST = 199  # the years of the Republic (民国) reach three digits; months and days stay far below


def _tens(tens: int, *, first: bool) -> tuple[str, ...]:
    """Spell the tens: 十 or 一十, 廿 and 卅 of calendars; after a hundred (not first), 十 alone is heard too."""
    plain = {0: ("",) if first else ("〇",), 1: ("十", "一十"), 2: ("二十", "廿"), 3: ("三十", "卅")}
    return plain.get(tens, (DIGITS[tens] + "十",))


def _spellings(number: int) -> Iterator[str]:
    """Spell a number by value (一百一十) and digit by digit (一一〇), with a leading zero if it is one digit (〇五)."""
    yield "".join(DIGITS[int(digit)] for digit in str(number))
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    hundred = "一百" * hundreds
    if number < len(DIGITS):
        yield "〇" + DIGITS[number]
    if hundreds and not rest:
        yield hundred
    elif number >= len(DIGITS):
        yield from (hundred + spelled + (DIGITS[ones] if ones else "") for spelled in _tens(tens, first=not hundreds))


_NUMBERS = {spelled: number for number in range(1, _LARGEST + 1) for spelled in _spellings(number)} | {"元": 1}


def small_number(text: str) -> int:
    """Read a month, a day or a year of an era, written in ASCII digits or folded Han numerals.

    Args:
        text: Such as `07`, `十二`, `廿一`, `一一〇`, or `元` for the first.

    Raises:
        ValueError: The text spells no number up to 199.

    >>> [small_number(text) for text in ("07", "十二", "廿一", "一百一十", "元")]
    [7, 12, 21, 110, 1]
    >>> small_number("十一十")
    Traceback (most recent call last):
    ValueError: '十一十' spells no number of a date
    """
    if text.isascii() and text.isdigit():
        return int(text)
    if text in _NUMBERS:
        return _NUMBERS[text]
    message = f"{text!r} spells no number of a date"
    raise ValueError(message)


def year_number(text: str) -> int:
    """Read a year of four digits, ASCII or folded Han, the letter O standing for zero only among Han digits.

    >>> year_number("二〇二一"), year_number("二OO八"), year_number("2021")
    (2021, 2008, 2021)
    """
    if text.isascii():
        return int(text)
    return int("".join("0" if char in "Oo0" else str(DIGITS.index(char)) for char in text))
