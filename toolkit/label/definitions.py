"""Definitions: 「X，是指 Y」, "X means Y", and terms in bold that a glossary explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.label.document import Document
from toolkit.label.found import Found, is_dangling, trimmed, weight
from toolkit.label.titles import clean_title, is_label

_ITEM = re.compile(
    r"[ \t\u3000]*(?:>[ \t]*)*(?:[-*+][ \t]+|[0-9]{1,3}[.)、][ \t]*|[（(][一二三四五六七八九十0-9]{1,3}[)）][ \t]*)?"
)
_SAID_OF_ZH = re.compile(
    r"(?:本(?:法|条例|条|办法|规定|细则|规则|解释|决定|通知|意见|款|标准|手册|制度|协议|合同|文)|前款|前条|上款|第[一二三四五六七八九十]{1,3}款"
    r"|这里|此处|文中)(?:中|里|内)?(?:规定的)?(?:所称|所说|所指|提到)?的?"
)
_MEANS_ZH = re.compile(
    r"(?:所谓|所称)?(?P<bold>\*\*)?[“「『‘]?(?P<term>[^\s，。；：、,;:！？!?（）()“”「」『』‘’*]{2,20}(?:[（(][^）)]{1,40}[)）])?)[”」』’]?(?(bold)\*\*)"
    r"[，,]?(?:是指|指的是|系指|的定义是|的定義是)[：:]?(?P<body>\S)"
)
_MEANS_EN = re.compile(
    r"""(?:In\ this\ [a-z]+,\s)?(?:(?:A|An|The)\s)?(?P<bold>\*\*)?["“]?(?P<term>[A-Za-z][^\s.,;:!?*"“”]*(?:\s[^\s.,;:!?*"“”]+){0,5}?)["”]?
        (?(bold)\*\*)\s(?:means|is\ defined\ as|are\ defined\ as|refers\ to|refer\ to|shall\ mean|denotes)\s(?P<body>\S)""",
    re.VERBOSE,
)
_BOLD_IS = re.compile(
    r"""(?:(?:A|An|The)\s)?\*\*(?P<term>[^*\n]{2,60}?)\*\*\s(?:(?:is|are)\s(?:a|an|the|any|one)\s|是(?:一种|一個|一个|指|用来|用于|以))(?P<body>\S)""",
    re.VERBOSE,
)
_BOLD_TERM = re.compile(r"\*\*(?P<term>[^*\n:：]{2,60}?)(?:\*\*[ \t]*[:：—–][ \t]*|[:：]\*\*[ \t]*)(?P<body>\S)")
_GLOSSARY = re.compile(
    r"glossary|terminology|definitions?(?![a-z])|key terms|术语|術語|名词|名詞|定义|定義|释义|概念", re.IGNORECASE
)
_EXPLAINS = re.compile(
    r"(?:(?:A|An|The|Any|One|Either)\s[a-z]|[Tt]he\s(?:number|amount|part|time|share|set|sum|act|process|state|name)\s)"
    r"|(?:一种|一類|一类|一个|一個|指|即|用于|用於|用来|由)"
)
# "which means", "this refers to": the term is a pronoun or a joint of the sentence, and nothing is defined
_NO_TERM = re.compile(
    r"(?:this|that|these|those|it|which|what|they|he|she|we|you|there|here|and|or|but|so|if|when|where|while|because|no|yes|not"
    r"|please|one|each|some|all|any|term|word|name|value|section|article|table|figure|column)(?![a-z0-9])"
    r"|.*\s(?:that|which|also|often|usually|typically|is|are|was|has|can|may|by|it|this|we|you|column|field|simply|just)$"
    r"|(?:这|那|该|其|此|它|这里|一般|通常|主要|具体|简单|也就|就|均|皆|都|不|也|即|多|如果|但|而|以上|上述|下列|所|是|有|在|为|由)"
    r"|.*(?:一般|通常|主要|具体|简单来说|均|皆|都|也|就|不|还|即)$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[（(][^（）()]*[)）]$")
_QUOTES = ("“”", "「」", "『』", "（）", "()")
_LEAST_BODY = 3.5
_LONGEST_TERM_WORDS = 8
_LONGEST_PARAGRAPH = 800


def definition(doc: Document) -> Iterator[Found]:
    r"""Find paragraphs and list items that define a term. The answer is the whole paragraph, from the term on.

    A bold term with a colon counts where the section is a glossary or what follows explains (`A …`, 一种…): the same shape is
    used for remarks of every kind, and labels such as 注意 or Note are dropped.

    >>> text = "利器，是指针头、刀片等能够刺破皮肤的物品。\n\n注意，是指请看这里的说明文字。\n\n**Triage** means the sorting of patients by urgency."
    >>> [(f.slots["term"], text[f.start:f.end]) for f in definition(Document.parse(text))]
    [('利器', '利器，是指针头、刀片等能够刺破皮肤的物品。'), ('Triage', '**Triage** means the sorting of patients by urgency.')]
    >>> list(definition(Document.parse("This means that the lid is open and must be closed.")))
    []
    """
    spans = iter(doc.paragraphs)
    span = next(spans, None)
    for section in doc.sections:
        in_glossary = any(_GLOSSARY.search(title) for title in (doc.title, *section.path))
        end = section.blocks[-1].end if section.blocks else 0
        while span is not None and span[0] < end:
            if found := _defined(doc, span, section.path, in_glossary=in_glossary):
                yield found
            span = next(spans, None)


def _defined(doc: Document, span: tuple[int, int], path: tuple[str, ...], *, in_glossary: bool) -> Found | None:
    start, end = trimmed(doc.text, *span)
    start = _ITEM.match(doc.text, start, end).end()  # type: ignore[union-attr]  # every part of the pattern is optional
    start = said.end() if (said := _SAID_OF_ZH.match(doc.text, start, end)) else start
    for pattern in (_MEANS_ZH, _MEANS_EN, _BOLD_IS, _BOLD_TERM):
        if (found := pattern.match(doc.text, start, end)) and end - start <= _LONGEST_PARAGRAPH:
            body = doc.text[found.start("body") : end]
            if pattern is _BOLD_TERM and not (in_glossary or _EXPLAINS.match(body)):
                return None
            return _found(doc, found, (start, end), path)
    return None


def _found(doc: Document, match: re.Match[str], span: tuple[int, int], path: tuple[str, ...]) -> Found | None:
    term, body = clean_title(_BRACKETS.sub("", match["term"]).replace("`", "")), doc.text[match.start("body") : span[1]]
    if (
        not _is_term(term)
        or weight(body) < _LEAST_BODY
        or body.endswith((":", "："))
        or _is_cut(doc.text[slice(*span)])
    ):
        return None
    start = match.start("body") if match.re is _BOLD_TERM else span[0]
    if match.re is _BOLD_TERM and is_dangling(body):
        return None
    return Found(
        rule="definition", start=start, end=span[1], pool="definition",
        slots={"term": term, "about": " > ".join(doc.context(path))}, headings=path, confidence=0.6,
    )  # fmt: skip


def _is_cut(text: str) -> bool:
    """True where quotation marks or brackets have no partner: the paragraph is a piece of a longer quotation."""
    return any(text.count(pair[0]) != text.count(pair[1]) for pair in _QUOTES)


def _is_term(term: str) -> bool:
    """Say whether a term names a thing.

    >>> [_is_term(t) for t in ("空腹标本", "Normal form of a result", "This", "注意", "a value that", "12.5")]
    [True, True, False, False, False, False]
    """
    if len(term) < 2 or is_label(term) or _NO_TERM.match(term) or weight(term) == 0:  # noqa: PLR2004 - a term of one character
        return False
    return len(term.split()) <= _LONGEST_TERM_WORDS and not term.endswith(("?", "？", "!", "！", ".", "。"))
