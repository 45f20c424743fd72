"""How a text ends, and how often its lines are the same: what needs the text itself, asked of few."""

from __future__ import annotations

import re

from toolkit.text.programs import about_programs
from toolkit.text.script import prose

OPEN = frozenset("，、,：:（(“‘【[「『《{")
"""Characters that want something after them."""
_OPEN_WORDS = re.compile(
    r"(?<![A-Za-z'-])(?ai:the|a|an|of|and|or|to|with|for|from|by|in|at|that|which|because|is|are|as|such)$"
    r"|(?:以及|并且|而且|或者|例如|比如|包括|因为|由于|对于|关于)$"  # not 和 or 及: 饱和, 普及
)
_CLOSING_MARKS = frozenset(")）]】")
CUT_AT = OPEN | _CLOSING_MARKS | frozenset("及且者如括为于")
"""The last characters of all that is cut off, but for Latin words: of an open end, of an open word, of a mark that says so."""
_CUT_OFF = re.compile(
    r"(?:\[|【|\(|（)(?:truncated|cut off|continued|to be continued|未完|待续|未完待续|内容过长|已截断|截断)(?:\]|】|\)|）)$",
    re.IGNORECASE,
)
_LIST_LINE = re.compile(
    r"[ \t]*(?:[-*+•·●○▪◦>#|]|[0-9]{1,3}[.)、．）:]|[(（][0-9一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}[、.]|[①-⑳]|[A-Za-z][.)、])"
    r"|.*[：:][ \t]*\S{0,40}$"  # a field and its value
)
_SIGNED = re.compile(  # the name under a letter
    r"(?:[,，]|敬礼[！!]?|敬禮[！!]?|此致)[ \t]{0,4}\n[ \t\n]{0,8}[^\n,，.。]{1,40}$|(?ai:sincerely|regards|faithfully), {0,2}[^\n!?]{1,40}$"
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_LONGEST_LINE = 400
_LONGEST_WORD, _LONGEST_SIGNATURE = 24, 80
_SHORTEST_LINE = 10


def unended(text: str) -> float:
    r"""Tell whether a text ends without the end of a sentence: 1 or 0. Lists, tables, fields, letters and code may end as they like.

    >>> unended("建议多饮水，注意休息"), unended("Take it with food")
    (1.0, 1.0)
    >>> unended("建议多饮水。"), unended("用药：\n- 阿司匹林\n- 氯吡格雷"), unended("| 剂量 | 5 mg |")
    (0.0, 0.0, 0.0)
    >>> unended("Thank you for your patience.\n\nSincerely,\nAda Lin"), unended("#!/bin/sh\nls -l | sort")
    (0.0, 0.0)
    """
    tail = text[-_LONGEST_LINE:].rstrip()
    if not tail or not tail[-1].isalnum():
        return 0.0
    line = tail.rpartition("\n")[2]
    if _LIST_LINE.match(line) or _SIGNED.search(tail[-_LONGEST_SIGNATURE:]) or _is_code(tail, line):
        return 0.0
    return 0.0 if about_programs(text) else 1.0


def truncated(text: str) -> float:
    r"""Tell whether a text was cut off: it ends in a comma, a colon, an open bracket or a word that wants another; or in open code.

    >>> truncated("患者应避免辛辣、"), truncated("The dose depends on the"), truncated("```python\nx = 1")
    (1.0, 1.0, 1.0)
    >>> truncated("患者应避免辛辣。"), truncated("The dose is 5 mg"), truncated("```python\nx = 1\n```"), truncated("饱和")
    (0.0, 0.0, 0.0, 0.0)
    """
    tail = text[-_LONGEST_LINE:].rstrip()
    if not tail:
        return 0.0
    if ("```" in text or "~~~" in text) and len(_FENCE.findall(text)) % 2:
        return 1.0
    return 1.0 if _wants_more(tail) and not _is_code(tail, tail.rpartition("\n")[2]) else 0.0


def _wants_more(tail: str) -> bool:
    last, end = tail[-1], tail[-_LONGEST_WORD:]
    if last in _CLOSING_MARKS:
        return _CUT_OFF.search(end) is not None
    return last in OPEN or _OPEN_WORDS.search(end) is not None


def _is_code(tail: str, line: str) -> bool:
    """Whether the last line is none that people speak."""
    return not prose(tail).rstrip().endswith(line.strip())


def repeated_lines(text: str) -> float:
    r"""Share of the characters that stand in lines which stood before; short lines (`}`, `---`, 是) do not count.

    >>> repeated_lines("请按时服药，注意休息。\n请按时服药，注意休息。\n请按时服药，注意休息。\n谢谢您")
    0.6666666666666667
    >>> repeated_lines("第一行：服药前请洗手。\n第二行：服药后请喝水。")
    0.0
    """
    lines = [line for line in map(str.strip, text.split("\n")) if len(line) >= _SHORTEST_LINE]
    distinct = set(lines)
    if len(distinct) == len(lines):
        return 0.0
    return 1 - sum(map(len, distinct)) / sum(map(len, lines))


def repeated_phrases(text: str, gram: int, window: int) -> float:
    """Share of the sequences of `gram` characters that stood before in their window of `window` sequences.

    >>> repeated_phrases("我不知道该怎么办才好。" * 12, 10, 512) > 0.8
    True
    >>> repeated_phrases("党参有降血脂、降血压的作用，可以口服。", 10, 512)
    0.0
    """
    grams = len(text) - gram + 1
    if grams <= 0:
        return 0.0
    distinct = 0
    for start in range(0, grams, window):
        stop = min(start + window, grams)
        distinct += len({text[at : at + gram] for at in range(start, stop)})
    return 1 - distinct / grams
