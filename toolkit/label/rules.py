"""The rules that label documents, and what is done with what they find: precedence on one span, the question, the record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from toolkit.label.definitions import definition
from toolkit.label.derive import Draft
from toolkit.label.document import Document
from toolkit.label.faq import faq
from toolkit.label.found import Found
from toolkit.label.headings import heading
from toolkit.label.laws import law_article
from toolkit.label.prompts import LANGUAGES, ask
from toolkit.label.titles import clean_title, is_generic
from toolkit.record import derived_id
from toolkit.text.script import script_language

RULES: dict[str, Callable[[Document], Iterator[Found]]] = {
    "law_article": law_article,
    "faq": faq,
    "definition": definition,
    "heading": heading,
}
"""By precedence: where two find one span, the first has it."""

VERSION = 1

_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_SHARE = 0.2
_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_VERSIONED = re.compile(r"[（(].*[0-9]{4}.*[)）]|[0-9]{4}年.{0,8}(?:修正|修订|修訂|版)")
_PART = re.compile(r".{0,12}[编編]|分[则則]|(?:Book|Part|Title)\s[0-9IVX]{1,5}(?:[\s.:–—-].*)?")
_FILE_DATE = re.compile(r"\s*[（(]\s*[0-9]{4}(?:[-.][0-9]{1,2}){0,2}\s*[)）]\s*$")


def label_document(row: Mapping[str, Any], kinds: Sequence[str], seed: int, stage: str) -> list[Draft]:
    """Make examples of one document.

    Args:
        row: `row` (its number in the batch), `id`, `text`, `title`, `lang`, `uri`, `source_title`, `valid_from`,
            `published_at`; all but the first three may be null.
        kinds: Names of rules.
        seed: For the choice of templates.
        stage: Name of the stage, part of the ids.
    """
    text, uri = row["text"], row["uri"] or ""
    doc = Document.parse(text, row["title"] or row["source_title"] or "", plain=uri.endswith(".txt"))
    if not doc.title:
        doc = replace(doc, given_title=_FILE_DATE.sub("", PurePosixPath(uri).stem))
    lang = language_of(row["lang"], text)
    occurrences: Counter[tuple[str, str]] = Counter()
    drafts = []
    for found in found_in(doc, kinds):
        occurrence = occurrences[found.rule, found.place]
        occurrences[found.rule, found.place] += 1
        place = f"{found.place}\n#{occurrence}" if occurrence else found.place
        key = derived_id([row["id"]], stage, found.rule, place)
        pool, slots = wording(found, doc, lang, row["valid_from"] or row["published_at"] or "")
        if asked := ask(pool, lang, slots, seed=seed, key=key):
            drafts.append(_draft(row["row"], text, found, place, asked))
    return drafts


def _draft(row: int, text: str, found: Found, place: str, asked: tuple[str, str]) -> Draft:
    return Draft(
        row=row, place=place, labeler=found.rule, by=f"rule:{found.rule}@{VERSION}", kind="rule",
        fields={"prompt": asked[0], "output": text[found.start : found.end]}, template=asked[1],
        confidence=found.confidence, headings=found.headings, article=found.article, order=found.order,
        start=found.start, end=found.end,
    )  # fmt: skip


def found_in(doc: Document, kinds: Sequence[str]) -> list[Found]:
    r"""Run rules over a document, in the order of the text; of two that share a span the one of higher precedence stays.

    >>> text = "## What is triage?\n\n**Triage** means the sorting of patients by urgency, so that nobody waits in danger."
    >>> [f.rule for f in found_in(Document.parse(text), ["definition", "heading", "faq"])]
    ['faq']
    """
    taken: list[Found] = []
    for name, rule in RULES.items():
        if name in kinds:
            taken += [f for f in rule(doc) if not _is_taken(f, taken)]
    return sorted(taken, key=lambda f: (f.start, f.end))


def _is_taken(found: Found, taken: Sequence[Found]) -> bool:
    """True where stronger rules speak of half the span or more, or the span lies within one of theirs."""
    stronger = [t for t in taken if t.rule != found.rule and t.start < found.end and found.start < t.end]
    covered = sum(min(t.end, found.end) - max(t.start, found.start) for t in stronger)
    return 2 * covered >= found.end - found.start


def wording(found: Found, doc: Document, lang: str, version: str) -> tuple[str, dict[str, str]]:
    """The pool and the slots to ask with; a title that says nothing is left out."""
    title = doc.title if not is_generic(doc.title) else ""
    slots = dict(found.slots)
    if found.pool == "law_article":
        return found.pool, {**slots, "law": law_name(_law_title(doc), version, lang)}
    if found.pool == "heading":
        named = title and title != slots["heading"]
        return (found.pool, {**slots, "title": title}) if named else ("heading_alone", slots)
    about = " > ".join(part for part in (title, slots["about"]) if part)
    said = title and title.casefold() in slots.get("question", "").casefold()
    if not about or said or lang not in LANGUAGES:
        return f"{found.pool}_alone", slots
    return found.pool, {**slots, "about": about}


def _law_title(doc: Document) -> str:
    r"""The title of the law; where the document is called after a part of a code, that of the whole code.

    >>> _law_title(Document.parse("# 中华人民共和国民法典\n\n# 总则\n\n第一条 …", "总则"))
    '中华人民共和国民法典'
    >>> _law_title(Document.parse("# Civil Code\n\n## Sale", "Book II")), _law_title(Document.parse("# 中华人民共和国拍卖法", "拍卖法"))
    ('Civil Code', '拍卖法')
    """
    if not (is_generic(doc.title) or _PART.fullmatch(doc.title)) or not doc.headings:
        return doc.title
    whole = clean_title(doc.headings[0].plain)
    return whole if not is_generic(whole) else doc.title


def law_name(title: str, version: str, lang: str) -> str:
    """Name a law for a question, with its version where one is known: two versions must not share a question.

    >>> law_name("养犬管理规定", "2020-05-01", "zh"), law_name("《民法典》", "", "zh")
    ('《养犬管理规定》（2020年5月1日版）', '《民法典》')
    >>> law_name("关于适用《民法典》的解释", "", "zh")
    '《关于适用〈民法典〉的解释》'
    >>> law_name("The Waste By-law", "2019-06-01", "en"), law_name("公司法（2018修正）", "2018-10-26", "zh")
    ('Waste By-law (version of 2019-06-01)', '《公司法（2018修正）》')
    """
    found = None if _VERSIONED.search(title) else _ISO.match(version)
    if lang == "en":
        return title.removeprefix("The ").removeprefix("the ") + (f" (version of {found[0]})" if found else "")
    named = f"《{title.strip('《》') if title.startswith('《') else title}》".replace("《", "〈").replace("》", "〉")
    named = f"《{named[1:-1]}》"  # a title within a title stands in single marks
    if found is None:
        return named
    day = f"{found[1]}年" + "".join(f"{int(n)}{unit}" for n, unit in zip(found.groups()[1:], "月日", strict=True) if n)
    return f"{named}（{day}版）"


def language_of(lang: str | None, text: str) -> str:
    """The language of the questions: that of the record, else what the script says, else by the share of Han characters.

    >>> language_of(None, "血压计 OMRON 的使用方法"), language_of(None, "Unplug it first"), language_of("zh-CN", ""), language_of("fr", "")
    ('zh', 'en', 'zh', 'fr')
    """
    found = lang if lang not in (None, "", "und") else script_language(text)
    if found in (None, "und"):
        return "zh" if len(_HAN.findall(text)) > _HAN_SHARE * max(len(text), 1) else "en"
    if found.startswith(("zh-Hant", "zh-TW", "zh-HK")):
        return "zh-Hant"
    return found.partition("-")[0]
