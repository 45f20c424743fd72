"""The questions that are asked of what rules find: pools of paraphrases by language, so that no phrase repeats in thousands.

The choice is `blake2b(seed, id)`: it depends on nothing but the record. Adding a paraphrase is a line; it changes choices of
its pool, so the version of the rule in `toolkit.label.rules` goes up with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from toolkit.text.templates import template

LANGUAGES = ("en", "zh", "zh-Hant")

POOLS: dict[str, dict[str, tuple[str, ...]]] = {
    "law_article": {
        "en": (
            "What does {{article}} of the {{law}} say?",
            "State the text of {{article}} of the {{law}}.",
            "Quote {{article}} of the {{law}}.",
            "What is laid down in {{article}} of the {{law}}?",
            "Under the {{law}}, what does {{article}} provide?",
            "Please give me the wording of {{article}} of the {{law}}.",
            "I am reading the {{law}}. What is the content of {{article}}?",
        ),
        "zh": (
            "{{law}}{{article}}是怎么规定的？",
            "{{law}}{{article}}规定了什么？",
            "请给出{{law}}{{article}}的内容。",
            "请写出{{law}}{{article}}的条文。",
            "根据{{law}}，{{article}}的具体内容是什么？",
            "我想查阅{{law}}{{article}}，条文是怎么写的？",
            "请问{{law}}的{{article}}有哪些规定？",
        ),
        "zh-Hant": (
            "{{law}}{{article}}是怎麼規定的？",
            "{{law}}{{article}}規定了什麼？",
            "請給出{{law}}{{article}}的內容。",
            "請寫出{{law}}{{article}}的條文。",
            "根據{{law}}，{{article}}的具體內容是什麼？",
            "請問{{law}}的{{article}}有哪些規定？",
        ),
    },
    "question": {
        "en": (
            "About “{{about}}”: {{question}}",
            "Regarding “{{about}}”: {{question}}",
            "I have a question about “{{about}}”. {{question}}",
            "On the subject of “{{about}}”: {{question}}",
            "{{question}} (This is about “{{about}}”.)",
            "Question about “{{about}}”: {{question}}",
        ),
        "zh": (
            "请回答一个与“{{about}}”有关的问题：{{question}}",
            "关于“{{about}}”：{{question}}",
            "我有一个关于“{{about}}”的问题：{{question}}",
            "想了解一下“{{about}}”，{{question}}",
            "{{question}}（关于“{{about}}”）",
            "有关“{{about}}”，请问：{{question}}",
        ),
        "zh-Hant": (
            "請回答一個與「{{about}}」有關的問題：{{question}}",
            "關於「{{about}}」：{{question}}",
            "我有一個關於「{{about}}」的問題：{{question}}",
            "想了解一下「{{about}}」，{{question}}",
            "{{question}}（關於「{{about}}」）",
            "有關「{{about}}」，請問：{{question}}",
        ),
    },
    "definition": {
        "en": (
            "In “{{about}}”, what is meant by “{{term}}”?",
            "How does “{{about}}” define “{{term}}”?",
            "Define “{{term}}” as used in “{{about}}”.",
            "What does “{{term}}” mean in “{{about}}”?",
            "Give the definition of “{{term}}” from “{{about}}”.",
            "I came across the term “{{term}}” in “{{about}}”. What does it mean?",
        ),
        "zh": (
            "在“{{about}}”中，“{{term}}”是指什么？",
            "“{{about}}”是怎样定义“{{term}}”的？",
            "请解释“{{about}}”中的术语“{{term}}”。",
            "“{{about}}”里所说的“{{term}}”是什么意思？",
            "请给出“{{about}}”中“{{term}}”的定义。",
            "我在“{{about}}”里看到“{{term}}”一词，它是什么意思？",
        ),
        "zh-Hant": (
            "在「{{about}}」中，「{{term}}」是指什麼？",
            "「{{about}}」是怎樣定義「{{term}}」的？",
            "請解釋「{{about}}」中的術語「{{term}}」。",
            "「{{about}}」裡所說的「{{term}}」是什麼意思？",
            "請給出「{{about}}」中「{{term}}」的定義。",
            "我在「{{about}}」裡看到「{{term}}」一詞，它是什麼意思？",
        ),
    },
    "heading": {
        "en": (
            "What does “{{title}}” say about “{{heading}}”?",
            "According to “{{title}}”, what should I know about “{{heading}}”?",
            "Describe “{{heading}}” as explained in “{{title}}”.",
            "Give me the information on “{{heading}}” from “{{title}}”.",
            "I am reading “{{title}}”. What is said under “{{heading}}”?",
            "Explain the section “{{heading}}” of “{{title}}”.",
        ),
        "zh": (
            "“{{title}}”中关于“{{heading}}”是怎么说的？",
            "根据“{{title}}”，关于“{{heading}}”需要了解什么？",
            "请介绍“{{title}}”中“{{heading}}”的内容。",
            "请说明“{{title}}”里“{{heading}}”这一部分讲了什么。",
            "我在看“{{title}}”，“{{heading}}”一节的内容是什么？",
            "“{{title}}”对“{{heading}}”作了哪些说明？",
        ),
        "zh-Hant": (
            "「{{title}}」中關於「{{heading}}」是怎麼說的？",
            "根據「{{title}}」，關於「{{heading}}」需要了解什麼？",
            "請介紹「{{title}}」中「{{heading}}」的內容。",
            "請說明「{{title}}」裡「{{heading}}」這一部分講了什麼。",
            "我在看「{{title}}」，「{{heading}}」一節的內容是什麼？",
            "「{{title}}」對「{{heading}}」作了哪些說明？",
        ),
    },
    # where the document has no title that says anything
    "question_alone": {"": ("{{question}}",)},
    "definition_alone": {
        "en": ("What is meant by “{{term}}”?", "Define “{{term}}”.", "What does “{{term}}” mean?"),
        "zh": ("“{{term}}”是指什么？", "请给出“{{term}}”的定义。", "请解释“{{term}}”是什么意思。"),
        "zh-Hant": ("「{{term}}」是指什麼？", "請給出「{{term}}」的定義。", "請解釋「{{term}}」是什麼意思。"),
    },
    "heading_alone": {
        "en": ("What should I know about “{{heading}}”?", "Explain “{{heading}}”.", "Describe “{{heading}}”."),
        "zh": ("关于“{{heading}}”需要了解什么？", "请介绍“{{heading}}”。", "请说明“{{heading}}”的内容。"),
        "zh-Hant": ("關於「{{heading}}」需要了解什麼？", "請介紹「{{heading}}」。", "請說明「{{heading}}」的內容。"),
    },
}


def ask(pool: str, lang: str, slots: Mapping[str, str], *, seed: int, key: str) -> tuple[str, str] | None:
    """Word a question.

    Args:
        pool: A name of `POOLS`.
        lang: en, zh or zh-Hant; another language gets only questions that need no words of ours.
        slots: What the templates name.
        seed: Another seed words everything anew.
        key: The id of the record that is asked for.

    Returns:
        The question and the name of its template, or None where the pool does not speak the language.

    >>> ask("law_article", "zh", {"law": "《民法典》", "article": "第三条"}, seed=7, key="a")
    ('《民法典》第三条是怎么规定的？', 'law_article/zh/0')
    >>> ask("question_alone", "fr", {"question": "Où garer la voiture ?"}, seed=7, key="a")
    ('Où garer la voiture ?', 'question_alone/0')
    >>> ask("heading", "fr", {"title": "Guide", "heading": "Stationnement"}, seed=7, key="a") is None
    True
    """
    spoken = POOLS[pool]
    lang = "" if "" in spoken else lang
    if lang not in spoken:
        return None
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    index = int.from_bytes(digest, "big") % len(spoken[lang])
    name = "/".join(part for part in (pool, lang, str(index)) if part)
    return template(spoken[lang][index]).render(slots), name
