r"""Cut a text into what may be fixed and what must survive byte for byte.

| kind | what it is |
|---|---|
| `fence` | fenced code with its fences; an unclosed fence runs to the end, as in CommonMark |
| `display` | `$$...$$`, `\[...\]`, `\begin{equation}...\end{equation}` and their like |
| `code`, `math` | inline code; `$...$` and `\(...\)` on one line (`$5` and `$6` are money, not mathematics) |
| `url` | http, https, ftp; ASCII only, so it ends before `，` or 请 |
| `table` | the pipes of a Markdown row, with the spaces around them |
| `cell` | the words in a row; inline code, math and URLs in it are segments of their own |
| `prose` | all the rest |

Pipes and their spacing never change; characters within a cell may, because a dose in a table (`５ｍｇ`) is as wrong
as one in a sentence. Line ends are normalized on the whole text before it is cut (`normalize_line_ends` has no kinds).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import groupby

# Parentheses only in pairs (`wiki/Foo_(bar)`), and no punctuation at the end: `[表](https://a.cn/x)。` keeps its `)`.
_URL_CHARACTERS = r"[A-Za-z0-9\-._~:/?#@!$&*+,;=%]"
URL = rf"(?<![A-Za-z0-9])(?:https?|ftp)://(?:{_URL_CHARACTERS}|\({_URL_CHARACTERS}*\))*(?<![.,;:!?*])"
_CODE = r"(?<!`)(?P<ticks>`+)(?!`)[^\n]{1,2000}?(?<!`)(?P=ticks)(?!`)"
# Pandoc's rule: no space inside the dollars, no digit after them. A body excludes its own opener, so that a text of
# nothing but openers is read once and not once per opener.
_MATH = (
    r"(?<![\\$])\$(?![ \t\n\u3000$])(?:[^$\n\\<]|\\[^\n]|<(?![A-Za-z/!]))+?(?<![ \t\u3000\\])\$(?![0-9$])"
    r"|\\\((?:[^\\\n]|\\(?![(\n]))+?\\\)"
)
_INLINE = rf"(?P<code>{_CODE})|(?P<math>{_MATH})|(?P<url>{URL})"
_ENVIRONMENTS = "equation|align|alignat|gather|multline|eqnarray|displaymath|math|cases|array|matrix|pmatrix|bmatrix"

BLOCKS = re.compile(
    r"(?P<fence>^[ \t]*(?:(?P<tick>`{3,})[^`\n]*|(?P<tilde>~{3,})[^\n]*)(?:\n|\Z)"
    r"(?s:.*?)(?:^[ \t]*(?:(?P=tick)`*|(?P=tilde)~*)[ \t\r]*$|\Z))"
    r"|(?P<display>\$\$(?:[^$\n]|\n(?![ \t]*\n)|\$(?!\$))+?\$\$"  # TeX allows no blank line in it
    r"|\\\[(?:[^\\\n]|\n(?![ \t]*\n)|\\(?!\[))+?\\\]"
    rf"|\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}(?:(?!\\begin\{{(?P=name)\}})(?s:.))*?\\end\{{(?P=name)\}})"
    r"|(?P<row>^[ \t]*\|[^\n|]*\|[^\n]*$)",
    re.MULTILINE,
)
INLINE = re.compile(_INLINE)
CELLS = re.compile(rf"(?P<table>(?<![ \t\r])[ \t\r]+(?:\|[ \t\r]*|\Z)|(?<!\\)\|[ \t\r]*)|{_INLINE}")
# Without one of these marks the whole text is prose and needs no cutting.
MARKS = re.compile(r"[`~$|\\]|://")

# Planes 4 to 13 hold no character and never will soon: one of their code points can stand for a protected segment.
_FIRST, _LAST = 0x40000, 0x8FFFF
_HELD = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
_NO_TEXT = re.compile("[\U00040000-\U000dffff]")


def segments(text: str) -> Iterator[tuple[str, str]]:
    """Cut a text into (kind, text); the parts joined are the text.

    >>> list(segments("每日`a=5`次，见https://a.cn/x，停药。"))
    [('prose', '每日'), ('code', '`a=5`'), ('prose', '次，见'), ('url', 'https://a.cn/x'), ('prose', '，停药。')]
    >>> list(segments("| 剂量 | 5mg |"))
    [('table', '| '), ('cell', '剂量'), ('table', ' | '), ('cell', '5mg'), ('table', ' |')]
    >>> list(segments("it costs $5 and $6"))
    [('prose', 'it costs $5 and $6')]
    """
    for kind, part in _cut(BLOCKS, text, "prose"):
        if kind == "prose":
            yield from _cut(INLINE, part, "prose")
        elif kind == "row":
            yield from _cut(CELLS, part, "cell")
        else:
            yield kind, part


def _cut(pattern: re.Pattern[str], text: str, rest: str) -> Iterator[tuple[str, str]]:
    end = 0
    for match in pattern.finditer(text):
        if match.start() > end:
            yield rest, text[end : match.start()]
        # the outermost named group closes last
        yield str(match.lastgroup), match[0]
        end = match.end()
    if end < len(text):
        yield rest, text[end:]


def through(function: Callable[[str], str], text: str, kinds: Collection[str]) -> str:
    """Apply a function to the segments of some kinds; every other segment survives byte for byte.

    The function sees one text in which each protected stretch is a single code point that no character has: line
    starts and ends are real ones, and markup may reach across inline code. A text that already holds such code points
    (it is no text) comes back unchanged.

    >>> through(str.upper, "bmi `bmi` 体重", {"prose"})
    'BMI `bmi` 体重'
    >>> through(str.upper, "| mg | `mg` |", {"prose", "cell"})
    '| MG | `mg` |'
    """
    if not MARKS.search(text):
        return function(text) if "prose" in kinds else text
    held: list[str] = []
    shown: list[str] = []
    for protected, group in groupby(segments(text), key=lambda part: part[0] not in kinds):
        words = "".join(part for _, part in group)
        shown.append(chr(_FIRST + len(held)) if protected else words)
        if protected:
            held.append(words)
    masked = "".join(shown)
    if len(held) > _LAST - _FIRST or _NO_TEXT.search(text):
        return text
    return _HELD.sub(lambda match: held[ord(match[0]) - _FIRST], function(masked))
