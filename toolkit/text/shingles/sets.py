"""Shingle sets and their similarity: what "near duplicate" means here, in a form short enough to check by eye."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from toolkit.errors import unknown_name
from toolkit.text.shingles.fold import HAN, normal_form

UNITS = ("char", "word")
WIDTH = 5

_WORD = re.compile(f"[{HAN}]|[^{HAN} ]+")


def shingles(text: str, *, width: int = WIDTH, unit: str = "char") -> frozenset[str]:
    """Return the runs of `width` neighboring units that occur in the normal form of a text.

    A text shorter than `width` is one shingle, itself: short answers are compared whole, so that 可以 and 不行 have
    nothing in common and neither have 是 and 否 (a fixed width would give both the same empty set).

    Args:
        text: Any text; its normal form is taken first.
        width: Units in a shingle.
        unit: "char" assumes nothing about words and suits every language; "word" counts a run of Latin letters, digits or
            signs as one unit and each Han character as one.

    Raises:
        UsageError: The unit is unknown.

    >>> sorted(shingles("高血压吃什么好？"))
    ['压吃什么好', '血压吃什么', '高血压吃什']
    >>> sorted(shingles("Take it with food.", width=3, unit="word"))
    ['it with food', 'take it with']
    >>> shingles("可以") & shingles("不行")
    frozenset()
    >>> shingles(" 。 ")
    frozenset()
    """
    if unit not in UNITS:
        raise unknown_name("unit of shingles", unit, UNITS)
    form = normal_form(text)
    parts = list(form) if unit == "char" else _WORD.findall(form)
    joint = "" if unit == "char" else " "
    last = max(len(parts) - width, 0)
    return frozenset(joint.join(parts[at : at + width]) for at in range(last + 1) if parts)


def jaccard(left: AbstractSet[str], right: AbstractSet[str]) -> float:
    """Return the share of all shingles that both sets have, from 0.0 to 1.0; two empty sets share nothing.

    >>> jaccard(shingles("高血压患者可以吃人参吗"), shingles("高血压患者可以吃党参吗"))
    0.4
    >>> jaccard(shingles("right"), shingles("RIGHT!"))
    1.0
    """
    union = len(left | right)
    return len(left & right) / union if union else 0.0
