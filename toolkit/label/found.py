"""What a rule finds: the span of an answer and the words of its question. And the gates that all rules share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.label.document import Block, Document

LONGEST_ANSWER = 6000
"""Characters; a longer section is a chapter and answers no single question."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_BLANK_HTML = re.compile(r"<!--(?:(?!<!--|-->).)*-->|</?[A-Za-z][^<>]*>|&nbsp;", re.DOTALL)

_DANGLING = re.compile(
    r"""(?:This|That|These|Those|It|They|He|She|However|Moreover|Furthermore|Additionally|Also|Besides|Therefore|Thus|Hence|
        Then|But|And|So|In\ addition|As\ (?:mentioned|noted|described|shown|said)|The\ (?:above|following|former|latter|figure|table|image)|
        Both|See|Same|Above|Below|Here)(?![A-Za-z])
      | 此外|另外|同时|但是|但|因此|所以|然而|而且|并且|其中|于是|否则|下图|下表|如图|如表|下面|同上|同样|这|那|该|其|此|上述|以上|如上|前述|见|详见|参见|
        它|他们|她|逾|因而|與此同時|這|該|於是|並且|參見|詳見""",
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One question and answer in a document.

    Attributes:
        rule: Name of the rule.
        start: First character of the answer in the document's text.
        end: One past the last.
        pool: The templates that can ask for it, or empty where the document asks itself (`slots["question"]`).
        slots: The words of the question.
        headings: The heading path as it stands in the document.
        article: The article as the statute writes it, such as 第三条.
        order: Running number of the article.
        confidence: Share of such examples that people judged usable, 0 to 1.
    """

    rule: str
    start: int
    end: int
    pool: str
    slots: Mapping[str, str]
    headings: tuple[str, ...] = ()
    article: str | None = None
    order: int | None = None
    confidence: float = field(default=0.6)

    @property
    def place(self) -> str:
        """The logical place in the parent: where it stands by name, never by number of line or character."""
        return "\n".join((*self.headings, self.article or self.slots.get("question") or self.slots.get("term") or ""))


def weight(text: str) -> float:
    """How much a text says, in words: a Han character counts 0.6 of a word, a run of other letters one.

    >>> weight("Unplug the balance."), weight("拔下电源。")
    (3.0, 2.4)
    >>> weight("--- 12.5 |")
    0.0
    """
    han = len(_HAN.findall(text))
    return round(0.6 * han + sum(1 for w in _WORD.findall(text) if not _HAN.match(w)), 1)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Take white space off both ends of a span.

    >>> trimmed("  用量 ", 0, 5)
    (2, 4)
    """
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    return start, start + len(inner.strip())


def answer_blocks(doc: Document, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The content of a section, without comments, rules and pictures at its ends."""
    inside = list(blocks)
    while inside and not _says_something(doc, inside[-1]):
        inside.pop()
    while inside and not _says_something(doc, inside[0]):
        inside.pop(0)
    return tuple(inside)


def _says_something(doc: Document, block: Block) -> bool:
    if block.kind == "html":
        return bool(_BLANK_HTML.sub("", doc.text[block.start : block.end]).strip())
    return block.kind == "code" or (block.kind != "rule" and bool(block.plain.strip()))


def is_prose_answer(blocks: tuple[Block, ...], least: float) -> bool:
    """Say whether the blocks answer in sentences: enough words, not mostly links, and not merely leading up to something.

    Tables, code and admonitions (`> [!TIP]`) may stand in an answer and are none by themselves.

    Args:
        blocks: What `answer_blocks` gave.
        least: The fewest words, as `weight` counts.
    """
    prose = [b for b in blocks if b.kind in ("paragraph", "list", "quote") and not b.plain.startswith("[!")]
    plain = " ".join(b.plain for b in prose)
    if weight(plain) < least or 2 * sum(b.linked for b in prose) > len(plain):
        return False
    if any(b.kind == "html" for b in blocks) or blocks[-1].end - blocks[0].start > LONGEST_ANSWER:
        return False
    return not (blocks[-1].kind == "paragraph" and blocks[-1].plain.endswith((":", "：")))


def is_dangling(answer: str) -> bool:
    """Say whether an answer opens by pointing at something that was said before it.

    >>> [is_dangling(a) for a in ("此外，应当每周清洁一次。", "This is why it stops.", "Thistles are cut in June.", "每周清洁一次。")]
    [True, True, False, False]
    """
    return _DANGLING.match(answer) is not None
