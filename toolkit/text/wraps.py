"""Hard line wraps of PDF text (profile `pdf`)."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from itertools import pairwise

from toolkit.text.fix import fix
from toolkit.text.han import HAN

_FULL = 0.8  # a line this close to the usual width was ended by the page, not by its author
_SENTENCE_END = re.compile(r"[。！？；：…”』」.!?;:|>][\"'”’）)]?$")
_STARTS_ANEW = re.compile(
    r"[ \t]*(?:[-*+•·●○■□◆▪>#|①-⑳]|[(（]?[0-9一二三四五六七八九十百]{1,4}[)）、.．]"
    r"|第[0-9零〇一二三四五六七八九十百千]{1,7}[条條章节節编編款项項篇部]"
    r"|(?:Article|Section|Chapter|Table|Figure|Note)[ :]|[附图表][0-9一二三四五六七八九十表件录])"
)
_CLOSED_UP = re.compile(rf"{HAN}|[\u3001-\u3011\u3014-\u301f\uff01-\uff5e\u2018-\u201d\u2014\u2026]")
_HYPHENATED = re.compile(r"([A-Za-z]+)-$")
_COMPOUND = re.compile(r"(?<![A-Za-z])[A-Za-z]+-[a-z]+")  # written whole elsewhere: `long-term` keeps its hyphen
_LOWER_WORD = re.compile(r"[a-z]+")


@fix("join_wraps", trigger=r"[^\n]\n[^\n]", kinds={"prose"}, profile="pdf")
def join_wraps(text: str) -> str:
    r"""Join the lines of a paragraph that the page broke: Han to Han without a space, hyphenated words whole.

    A line is joined to the next where it is about as wide as the page, ends no sentence, and the next begins no
    article, item, heading or row.

    >>> join_wraps("为了保护民事主体的合法权益，调整民事\n关系，维护社会和经济秩序，适应中国特\n色社会主义发展要求。\n第一条 民事主体")
    '为了保护民事主体的合法权益，调整民事关系，维护社会和经济秩序，适应中国特色社会主义发展要求。\n第一条 民事主体'
    >>> join_wraps("patients with hyper-\ntension were given")
    'patients with hypertension were given'
    >>> join_wraps("姓名：张三\n科室：内科\n诊断：高血压二级，很高危组，伴糖尿病")
    '姓名：张三\n科室：内科\n诊断：高血压二级，很高危组，伴糖尿病'
    """
    lines = text.split("\n")
    usual = sorted(_width(line) for line in lines if line)
    full = _FULL * usual[len(usual) * 9 // 10] if usual else 0
    glue = partial(_glue, full=full, compounds=frozenset(_COMPOUND.findall(text)))
    parts = [lines[0]]
    for line, following in pairwise(lines):
        between = glue(line, following)
        if between == "-":  # the hyphen belonged to the page
            parts[-1] = parts[-1][:-1]
            between = ""
        parts += [between, following if between == "\n" else following.lstrip(" \t")]
    return "".join(parts)


def _glue(line: str, following: str, *, full: float, compounds: frozenset[str]) -> str:
    """Say what stands between two lines: a line end, a space, nothing, or `-` for "nothing, and drop the hyphen"."""
    if not line or not following.strip(" \t") or _width(line) < full:
        return "\n"
    if _SENTENCE_END.search(line) or _STARTS_ANEW.match(following) or line.startswith(("#", "|")):
        return "\n"
    left, right = _HYPHENATED.search(line), _LOWER_WORD.match(following)
    if left and right:
        return "" if f"{left[1]}-{right[0]}" in compounds else "-"
    closed = _CLOSED_UP.match(line[-1]) or _CLOSED_UP.match(following.lstrip(" \t"))
    return "" if closed or line[-1] in " \t" else " "


def _width(line: str) -> int:
    """Measure a line in columns: a Han character fills two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
