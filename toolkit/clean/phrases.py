"""Sentences that models, templates and call centers leave behind; found as they stand, in one pass over a column.

A phrase is long enough to mean what it says: `知识` is a word of every text, `根据提供的知识` speaks of a prompt that nobody
sees. A new phrase is a line here and rows in `tests/cases/clean/rules.jsonl`.
"""

from __future__ import annotations

import itertools
import re
from functools import cache

import numpy as np

from toolkit.text.terms import TermSet


def _all(*parts: str) -> tuple[str, ...]:
    """Every way through a row of alternatives, each written `a|b`."""
    return tuple(map("".join, itertools.product(*(part.split("|") for part in parts))))


# A wish alone or an answer that speaks of itself: 医生的解释可以帮助您 and 锻炼能帮助您 are advice.
_THIS_ANSWER = "我的解释|我的回答|我的解答|我的答案|我的答覆|我的答复|我的建议|以上答案|以上的答案|以上解答|以上的解答|以上回答|上述答案|上述的答案|上述的问题答案"
_COURTESIES = (
    *_all("希望|期望|答案期望|答案希望", "能|可以|能够", "帮助|协助|帮", "到|", "你|您|大家"),
    *_all(_THIS_ANSWER, "能|可以|能够", "帮助|协助|帮", "到|", "你|您|大家"),
    *_all(f"希望|期望|{_THIS_ANSWER}", "对", "你|您|大家", "有|有所|会有|能有", "帮助|协助"),
    *_all("祝您|祝你|祝", "早日康复|早日恢复健康|身体早日恢复健康|身体健康|生活愉快"),
    *_all("祝您|祝你|，祝|。祝|！祝", "健康"),
    *_all("以上", "意见|建议|回答|解答", "仅供参考"),
    *_all("hope ", "this|that", " helps| helped| was helpful| answers your question"),
    *_all("hope this ", "information|answer", " helps| is helpful"),
)

PHRASES: dict[str, tuple[str, ...]] = {
    "model_phrase": (
        "as an ai language model", "as a large language model", "as an ai assistant", "as an artificial intelligence",
        "i am an ai language model", "i'm an ai language model", "as an ai, i ", "i am just an ai", "i'm just an ai",
        "language model created by openai", "language model trained by openai", "i am chatgpt", "i'm chatgpt",
        "作为一个人工智能", "作为一名人工智能", "作为人工智能", "作为一个ai", "作为一名ai", "作为ai语言模型", "作为ai助手",
        "作为一个语言模型", "作为一个大语言模型", "作为一个虚拟ai", "作为一个大型语言模型", "我是ai语言模型", "我是一个ai语言模型",
        "我是一个人工智能", "我是人工智能助手", "我只是一个ai", "由openai训练", "由openai开发", "作為一個人工智慧", "作為一個ai", "作為人工智慧",
    ),
    "stale_phrase": (
        "as of my last update", "as of my last knowledge update", "as of my knowledge cutoff", "my knowledge cutoff",
        "my training data only", "my training data goes up to", "as of my last training", "up to my last training",
        "截至我的知识", "截止到我的知识", "截止我的知识", "我的知识截止", "我的知识更新", "我的训练数据截", "截至我最后一次更新", "截至我上次更新",
        "我的知识库截", "截至我的訓練",
    ),
    "refusal": (
        "i'm sorry, but i can't", "i'm sorry, but i cannot", "i am sorry, but i cannot", "sorry, i can't assist",
        "i can't assist with", "i cannot assist with", "i can't help with that", "i cannot help with that", "i cannot fulfill",
        "i can't fulfill", "i'm unable to provide", "i am unable to provide", "i cannot provide medical advice",
        "i cannot provide legal advice", "i'm not able to provide", "i am not able to provide", "i cannot answer that",
        "我无法回答", "我不能回答", "很抱歉，我无法", "很抱歉，我不能", "抱歉，我无法", "抱歉，我不能", "对不起，我无法", "对不起，我不能",
        "我不能提供法律意见", "我不能提供医疗建议", "我无法提供医疗建议", "我无法提供法律意见", "我无法提供具体的法律", "我无法为您提供",
        "i do not have access to real-time", "i don't have access to real-time", "我无法获取实时", "我无法提供实时", "我無法獲取即時",
        "无法满足您的请求", "不能满足您的请求", "抱歉，我無法", "我無法回答",
    ),
    "hidden_context": (
        "based on the provided context", "based on the given context", "based on the context provided",
        "according to the provided context", "according to the given passage", "according to the passage provided",
        "based on the information provided above", "the provided text does not", "the given text does not",
        "根据提供的知识", "根据所提供的知识", "根据给定的知识", "根据相关知识", "根据知识点", "根据知识，", "根据知识可知", "根据上述知识", "根据以上知识",
        "两个知识中", "知识中提到", "知识中没有", "知识中未", "根据提供的上下文", "根据上下文信息", "根据给出的文本", "根据提供的资料，",
    ),
    "template_closing": (
        "i hope this helps", "hope this helps", "let me know if you have any other questions",
        "let me know if you have any questions", "please let me know if you need anything else", "feel free to ask",
        "is there anything else i can help", "thank you for your inquiry", "thank you for contacting us",
        "感谢您的进行咨询", "感谢您的咨询", "感谢你的咨询", "感谢您的提问", "期望我的解释对你有所帮助", "希望我的回答对您有所帮助", "希望我的回答对你有所帮助",
        "希望我的解答对您有所帮助", "希望我的回答能够帮助到您", "希望以上回答对您有所帮助", "希望以上信息对您有所帮助", "希望对您有所帮助", "希望对你有所帮助",
        "希望可以帮到您", "希望能帮到您", "答案期望可以协助到您", "答案可以协助到您", "答案希望可以协助到您", "以上可以做为参考", "祝您早日康复", "祝你早日康复",
        "祝患者身体早日恢复健康", "祝您身体健康", "感謝您的諮詢", "希望對您有所幫助", *_COURTESIES,
    ),
}  # fmt: skip
"""Family -> phrases in both languages; Latin ones in any case. The family is also the rule, the flag and the reason."""

_TOLD = '\\n:：“”"`«「'
"""Signs that a prompt itself brings what it speaks of."""
POINTING = (
    rf"^[ ]*(?:请问|請問)?(?:(?:[这這该該此]|[这這]?[两兩二]|以上|上述|前述)[两兩二]?[种種个個类類些位段篇]?"
    rf"(?:疾?病(?:症|例|人)?|[药藥][物品]?|知[识識][点點]?|患者|文[字章本]|句?[话話]|材料|[资資]料|案例)|[两兩二]者)[^{_TOLD}]{{2,40}}$"
    rf"|^[ ]*(?i:(?:[a-z]+[ ]){{0,8}}(?:these two|the two|this|the following|the above|the given) "
    rf"(?:diseases?|illness|drugs?|passage|text|article|paragraph|sentences?|document|story|patient)(?: (?:[a-z']+[ ]?){{0,10}})?[.?]?)$"
)
"""A short prompt that asks about what it does not name, in the syntax of RE2; it is no fault where an input stands beside it."""

_CLOSERS = (
    r"(?:感谢|感謝)(?:您|你)的(?:进行)?(?:咨询|提问|諮詢)",
    r"(?:我)?(?:期望|希望)(?:我的|以上|上述)?的?(?:解释|回答|解答|答案|回复|信息|内容)?(?:能够?|可以)?(?:对|對)?(?:您|你)?(?:有所?|能有)(?:帮助|幫助)",
    r"(?:期望|希望)?(?:上|以上|上述|述)?的?(?:问题)?答案(?:期望|希望)?可以(?:协助|帮助)到(?:您|你|大家)[，,]?(?:谢谢)?",
    r"以上可以[做作]为参考",
    r"祝(?:您|你|患者)?(?:身体)?(?:早日)?(?:恢复)?(?:康复|健康)",
    r"谢谢",
    r"(?i:I |we )?(?i:hope (?:this|that) (?:helps|was helpful)(?: you)?)",
    r"(?i:please )?(?i:(?:let me know|feel free to (?:ask|contact us))(?: if you (?:have|need)[^.!?\n]{0,60})?)",
    r"(?i:thank you for (?:your (?:inquiry|question)|contacting us))",
)
_CLOSING = re.compile(
    rf"(?:(?<=[。！？；.!?\n~～])|^)[ \t]*(?:{'|'.join(_CLOSERS)})(?:[，,](?:{'|'.join(_CLOSERS)}))*[ \t]*[。！!.~～]*\s*\Z"
)
_LONGEST_CLOSING = 200
_MOST = 10
CLOSING_TRIGGER = "感谢|感謝|希望|期望|协助|参考|祝|谢谢|(?i:hope|let me|feel free|thank you)"
"""The law: where it does not match, `drop_closings` returns its input unchanged."""


@cache
def phrase_terms() -> TermSet:
    """All phrases as one set."""
    return TermSet(itertools.chain.from_iterable(PHRASES.values()))


@cache
def of_family(family: str) -> np.ndarray:
    """Whether each of `phrase_terms` belongs to a family."""
    members = frozenset(PHRASES[family])
    return np.array([term in members for term in phrase_terms().terms], bool)


def drop_closings(text: str) -> str:
    """Cut polite closing formulas off the end of an answer; an answer that is nothing else, or ten of them, stays.

    >>> drop_closings("党参有降血脂的作用。感谢您的进行咨询，期望我的解释对你有所帮助！")
    '党参有降血脂的作用。'
    >>> drop_closings("Take 5 mg twice a day. I hope this helps! Let me know if you have any other questions.")
    'Take 5 mg twice a day.'
    >>> drop_closings("希望对您有所帮助。"), drop_closings("医生希望患者早日康复。")  # nothing else, or no formula: untouched
    ('希望对您有所帮助。', '医生希望患者早日康复。')
    """
    end = len(text)
    for _ in range(_MOST):
        found = _CLOSING.search(text, max(0, end - _LONGEST_CLOSING), end)
        if not found:
            return text[:end] if end else text
        end = len(text[: found.start()].rstrip())
    return text
