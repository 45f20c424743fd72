"""Questions that the document asks itself: `Q:` and `A:`, 问 and 答, and headings that are questions."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from toolkit.label.document import Document, Section
from toolkit.label.found import LONGEST_ANSWER, Found, answer_blocks, is_prose_answer, trimmed, weight
from toolkit.label.titles import clean_title, is_question

_BEFORE = r"[ \t\u3000]*(?:#{1,6}[ \t]+|>[ \t]*|[-*+][ \t]+|[0-9]{1,3}[.)、][ \t]*)*"
_BOLD = r"(?:\*\*|__)?"
_ASKED = re.compile(
    rf"{_BEFORE}{_BOLD}(?:(?:Q|Question)[ \t]?[0-9]{{0,3}}|(?:问题?|問題?|提问|提問)[ \t]?(?:[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}})?)"
    rf"{_BOLD}[ \t]*(?:[:：]|(?<=[0-9])[.、．])[ \t]*{_BOLD}[ \t\u3000]*"
)
_ANSWERED = re.compile(
    rf"{_BEFORE}{_BOLD}(?:(?:A|Answer)[ \t]?[0-9]{{0,3}}|(?:答案?|答复|答覆|回答|解答)[ \t]?[0-9]{{0,3}})"
    rf"{_BOLD}[ \t]*(?:[:：]|(?<=[0-9])[.、．])[ \t]*{_BOLD}[ \t\u3000]*"
)
_LEAST_PAIR = 0.6
"""A marked answer may be one word: 可以。"""
_LEAST_SECTION = 4.0
_LONGEST_QUESTION = 300


class _Mark(NamedTuple):
    asks: bool
    start: int
    """Of the line."""
    text: int
    """Of what stands after the mark."""
    line_end: int


def faq(doc: Document) -> Iterator[Found]:
    r"""Find questions with their answers.

    >>> text = "问：可以当天取消预约吗？\n答：可以。请尽早来电。\n\n**Q:** Is there a fee?\n\n**A:** No."
    >>> [(f.slots["question"], text[f.start:f.end]) for f in faq(Document.parse(text))]
    [('可以当天取消预约吗？', '可以。请尽早来电。'), ('Is there a fee?', 'No.')]
    >>> list(faq(Document.parse("## 清洁\n\n每天擦拭一次，不得使用丙酮。")))  # no question: not ours
    []
    """
    pairs = list(_pairs(doc))
    yield from pairs
    for section in doc.sections:
        found = _asked_by_heading(doc, section) if section.path else None
        if found and not any(p.start < found.end and found.start < p.end for p in pairs):
            yield found


def _pairs(doc: Document) -> Iterator[Found]:
    marks = list(_marks(doc))
    if not any(mark.asks for mark in marks):
        return
    ends = _ends(doc, marks)
    for mark, after in pairwise([*marks, _Mark(True, len(doc.text), 0, 0)]):
        if not mark.asks:
            continue
        # without a mark of an answer, what stands below the line of the question is one
        asked = mark.line_end if after.asks else after.start
        answer = mark.line_end if after.asks else after.text
        stop = ends[bisect_left(ends, max(answer, asked + 1))]
        yield from _pair(doc, (mark.text, asked), trimmed(doc.text, answer, stop), mark.start)


def _ends(doc: Document, marks: Sequence[_Mark]) -> list[int]:
    """Where an answer may end: the next question, heading or rule, and the end of the text."""
    headings = [block.start for block in doc.blocks if block.kind in ("heading", "rule")]
    questions = [mark.start for mark in marks if mark.asks]
    return sorted({*headings, *questions, len(doc.text), len(doc.text) + 1})


def _marks(doc: Document) -> Iterator[_Mark]:
    for line in doc.lines:
        for asks, pattern in ((True, _ASKED), (False, _ANSWERED)):
            if found := pattern.match(doc.text, line.start, line.end):
                yield _Mark(asks, line.start, found.end(), line.end)


def _pair(doc: Document, question: tuple[int, int], answer: tuple[int, int], at: int) -> Iterator[Found]:
    asked = clean_title(" ".join(doc.text[slice(*question)].split()).replace("**", "").replace("__", ""))
    said = doc.text[slice(*answer)]
    if not asked or len(asked) > _LONGEST_QUESTION or len(said) > LONGEST_ANSWER or weight(said) < _LEAST_PAIR:
        return
    path = _path_at(doc.sections, at)
    yield Found(
        rule="faq", start=answer[0], end=answer[1], pool="question",
        slots={"question": asked, "about": " > ".join(doc.context(path))}, headings=path, confidence=0.9,
    )  # fmt: skip


def _path_at(sections: Sequence[Section], position: int) -> tuple[str, ...]:
    path: tuple[str, ...] = ()
    for section in sections:
        if section.blocks and section.blocks[0].start > position:
            break
        path = section.path
    return path


def _asked_by_heading(doc: Document, section: Section) -> Found | None:
    marked = _ASKED.match(section.path[-1])
    title = clean_title(section.path[-1][marked.end() if marked else 0 :])
    blocks = answer_blocks(doc, section.blocks)
    if not is_question(title) or not is_prose_answer(blocks, _LEAST_SECTION):
        return None
    start, end = trimmed(doc.text, blocks[0].start, blocks[-1].end)
    if found := _ANSWERED.match(doc.text, start, end):
        start = found.end()
    return Found(
        rule="faq", start=start, end=end, pool="question",
        slots={"question": title, "about": " > ".join(doc.context(section.path[:-1]))}, headings=section.path,
        confidence=0.83,
    )  # fmt: skip
