"""Texts in which numbers, symbols or bare nouns are the matter: worked arithmetic, enumerations."""

from __future__ import annotations

import re

# One step worked out: an operation on numbers, and what it gives; `<<48/2=24>>` is one, too.
_WORKED = re.compile(
    r"[0-9)%] ?[-+*/×÷x^(（−] ?[$¥￥.(（]{0,3}[0-9][0-9.,%()（）$¥￥+*/×÷x− -]{0,80}= ?[$¥￥<.-]{0,4}[0-9]"
)
_BETWEEN_ITEMS = re.compile(r"[、，,；;。\n]")
_FEWEST_ITEMS = 6
_LONGEST_ITEM = 15  # Han characters in the mean
_LONGEST_ITEM_LATIN = 30
_DISTINCT = 0.75


def is_worked(text: str) -> bool:
    r"""Tell whether a text works something out: then digits and signs are what it is made of.

    >>> is_worked("48 / 2 = <<48/2=24>>24\n#### 24"), is_worked("100 × 0.2 = 20元"), is_worked("80000(.30)=24000")
    (True, True, True)
    >>> is_worked("编号 20240101000123456789"), is_worked("#$%^&*=+12")
    (False, False)
    """
    return _WORKED.search(text) is not None


def is_enumeration(text: str) -> bool:
    """Tell whether a text is a list of short, different items in a row: it needs no function words.

    >>> is_enumeration("可用阿莫西林、克拉维酸、氟氯西林、亚胺培南、舒他西林、阿米卡星、美罗培南等。")
    True
    >>> is_enumeration("非法担保、" * 20), is_enumeration("青霉素阿莫西林头孢氨苄头孢拉定红霉素克林霉素链霉素")
    (False, False)
    """
    items = [item for item in map(str.strip, _BETWEEN_ITEMS.split(text)) if item]
    longest = _LONGEST_ITEM_LATIN if text.isascii() else _LONGEST_ITEM
    short = sum(map(len, items)) <= longest * len(items)
    return len(items) >= _FEWEST_ITEMS and short and len(set(items)) >= _DISTINCT * len(items)
