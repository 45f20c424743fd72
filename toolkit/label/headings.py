"""Headings that name a subject: what stands directly below one is the answer to a question about it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.label.document import Document, Section
from toolkit.label.found import Found, answer_blocks, is_dangling, is_prose_answer, trimmed
from toolkit.label.titles import clean_title, is_date_or_version, is_generic, is_question

_LEAST = 10.0
"""Words. Shorter sections are pointers (“See below.”, 略。) and captions."""
_LONGEST_TITLE = 80
_NOT_A_SUBJECT = re.compile(
    r"(?:when to use|note|notes|tip|tips|warning|example|examples|注意|提示|示例|例)(?:\s?[0-9]*)?$|.*[。；;，,]$|https?://|\W+$",
    re.IGNORECASE,
)


def heading(doc: Document) -> Iterator[Found]:
    r"""Find sections whose heading names a subject.

    Left alone: headings of containers and of whole documents, titles that every document has (Overview, 概述), dates and
    versions, sections that are too short, mostly code, links or a table, and those that end by leading up to something.

    >>> text = "# LT-200\n\n## 清洁\n\n拔下电源，取下秤盘。用蘸有中性皂液的湿布擦拭外壳，不得使用丙酮。\n\n## 概述\n\n见下文各节中的说明，谢谢。"
    >>> [(f.slots["heading"], text[f.start:f.end][:6]) for f in heading(Document.parse(text))]
    [('清洁', '拔下电源，取')]
    """
    for section in doc.sections:
        if section.path and not _is_container(doc, section) and (found := _found(doc, section)):
            yield found


def _is_container(doc: Document, section: Section) -> bool:
    """A heading with headings below only introduces them; the title of a document is one unless it stands alone."""
    return section.has_children or (len(doc.headings) > 1 and doc.title_heading is not None and len(section.path) == 1)


def _found(doc: Document, section: Section) -> Found | None:
    title = clean_title(section.path[-1])
    blocks = answer_blocks(doc, section.blocks)
    in_change_log = any(is_date_or_version(clean_title(above)) for above in section.path)
    if in_change_log or not _is_subject(title) or not is_prose_answer(blocks, _LEAST):
        return None
    start, end = trimmed(doc.text, blocks[0].start, blocks[-1].end)
    named = " > ".join([*doc.context(section.path[:-1]), title])
    return Found(
        rule="heading", start=start, end=end, pool="heading", slots={"heading": named}, headings=section.path,
        confidence=0.4 if is_dangling(doc.text[start:end]) else 0.6,
    )  # fmt: skip


def _is_subject(title: str) -> bool:
    """Say whether a title names something one can ask about.

    >>> [_is_subject(t) for t in ("手卫生", "Oxygen saturation", "目录", "如何清洁？", "A")]
    [True, True, False, False, False]
    """
    if not 2 <= len(title) <= _LONGEST_TITLE or is_generic(title):  # noqa: PLR2004 - one letter names nothing
        return False
    return not is_question(title) and _NOT_A_SUBJECT.match(title) is None
