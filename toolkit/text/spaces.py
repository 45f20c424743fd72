"""Line ends, spaces and blank lines."""

from __future__ import annotations

import re

from toolkit.text.fix import fix
from toolkit.text.han import HAN

_LINE_END = re.compile(r"\r\n?|[\u2028\u2029]")
_ODD_SPACE = r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_INDENT = re.compile(r"^\u3000+", re.MULTILINE)
_SPACED = re.compile(rf"(?<!{HAN})(?:{HAN} ){{3,}}{HAN}(?!{HAN})")


@fix("normalize_line_ends", trigger=r"[\r\u2028\u2029]", kinds=None)
def normalize_line_ends(text: str) -> str:
    r"""Write every line end as `\n`, in code and tables too: the whole text is read line by line from here on.

    >>> normalize_line_ends("主诉：头痛\r\n既往史：无\r")
    '主诉：头痛\n既往史：无\n'
    >>> normalize_line_ends(r"the escape \r\n in a lesson")  # four letters, not a line end
    'the escape \\r\\n in a lesson'
    """
    return _LINE_END.sub("\n", text)


@fix("fold_spaces", trigger=_ODD_SPACE)
def fold_spaces(text: str) -> str:
    r"""Turn no-break, typographic and ideographic spaces into one plain space each; drop an ideographic indent.

    `　　` before a paragraph is layout, and four spaces in its place would be a code block in Markdown.

    >>> fold_spaces("　　第一章　总则")
    '第一章 总则'
    >>> fold_spaces("5\u00a0mg\u2009/\u2009kg")
    '5 mg / kg'
    >>> fold_spaces("    indented code")
    '    indented code'
    """
    return re.sub(_ODD_SPACE, " ", _INDENT.sub("", text))


@fix("join_spaced_han", trigger=f"{HAN} {HAN} {HAN} {HAN}")
def join_spaced_han(text: str) -> str:
    """Close up Chinese set with a space after every character, only in runs of four and more.

    A shorter run may be a name padded to three characters or a list of words.

    >>> join_spaced_han("北 京 上 海")
    '北京上海'
    >>> join_spaced_han("北京 上海，总 则")
    '北京 上海，总 则'
    """
    return _SPACED.sub(lambda run: run[0].replace(" ", ""), text)


@fix("strip_trailing_spaces", trigger=r"[ \t](?:\n|$)", kinds={"prose"})
def strip_trailing_spaces(text: str) -> str:
    r"""Drop spaces and tabs at the end of each line; the indent of a line stays.

    >>> strip_trailing_spaces("脑电图未见异常。  \n  - 复查 ")
    '脑电图未见异常。\n  - 复查'
    >>> strip_trailing_spaces("    return x")
    '    return x'
    """
    return "\n".join(line.rstrip(" \t") for line in text.split("\n"))


@fix("collapse_blank_lines", trigger=r"\n\n\n|^\n|\n$", kinds={"prose"})
def collapse_blank_lines(text: str) -> str:
    r"""Leave at most one blank line between paragraphs, none at the start and the end of the text.

    >>> collapse_blank_lines("\n第一条 总则\n\n\n\n第二条 适用\n")
    '第一条 总则\n\n第二条 适用'
    >>> collapse_blank_lines("one paragraph\n\nanother")
    'one paragraph\n\nanother'
    """
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
