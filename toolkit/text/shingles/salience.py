"""The tokens that forbid a merge: numbers with units, dates, negations, modality, sides and types, in the order they stand.

Two texts that are nearly equal and differ in one of these say different things ("每日3次" and "每日2次", "应当" and "不得"); they
are never duplicates, at most a conflict. The comparison errs on the safe side: what is written in two ways it does not know
stays apart.

The scan is a table of patterns, tried in order at each place of the normal form; the first that matches consumes its text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from toolkit.text.shingles import opposites
from toolkit.text.shingles.fold import normal_form

TEN = 10
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "廿": 20,
    "卅": 30,
    **{c: i for i, c in enumerate("壹贰叁肆伍陆柒捌玖", start=1)},
}
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_ENGLISH_NUMBERS = {
    word: str(number)
    for number, words in (
        *enumerate(str.split("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen")),
        *enumerate(str.split("fifteen sixteen seventeen eighteen nineteen twenty"), start=15),
        *(
            (10 * tens, word)
            for tens, word in enumerate(str.split("thirty forty fifty sixty seventy eighty ninety"), start=3)
        ),
        (100, "hundred"),
        (1000, "thousand"),
        (10**6, "million"),
        (10**9, "billion"),
        *enumerate(str.split("first second third fourth fifth sixth"), start=1),
        *((number, word) for number, word in ((0.5, "half"), (1, "once"), (2, "twice"))),
    )
    for word in words.split()
}
_UNITS = {
    spelling: unit
    for unit, spellings in {
        "ug": "ug mcg μg 微克",
        "mg": "mg ㎎ 毫克",
        "kg": "kg ㎏ 千克 公斤",
        "g": "g 克",
        "ml": "ml 毫升",
        "l": "l 升",
        "cm": "cm 厘米",
        "mm": "mm 毫米",
        "km": "km 公里 千米",
        "m": "m 米",
        "iu": "iu 国际单位",
        "mmol": "mmol",
        "min": "minutes minute mins min 分钟",
        "s": "seconds sec 秒",
        "h": "hours hour hrs hr h 小时 个小时",
        "d": "days day 天 日",
        "w": "weeks week 周 星期 个星期",
        "mo": "months month 个月 月",
        "y": "years year 年",
        "am": "am",
        "pm": "pm",
    }.items()
    for spelling in spellings.split()
} | {"a m": "am", "p m": "pm"}  # 9 a.m. without its points
_MODALS = str.split(
    "must may might shall should can could not no never none nor neither without unless except only cannot forbidden "
    "prohibited permitted allowed required optional yes"
)
# 右 and right: the wrong side of a patient; 中臂型 and 下臂型: two injuries
_SIDES = str.split("left right upper lower anterior posterior positive negative")
_TYPED = str.split("type stage grade class phase party group hepatitis influenza vitamin")
_CLAUSES = str.split("section article clause paragraph rule exhibit appendix schedule")
_LETTERS = str.split("a b c d")  # before 型, 级, 期
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
_CONTRACTED = str.split("is are was were do does did has have had wo would could should ca must need might")
_CANONICAL = {
    **dict.fromkeys(("应该", "应"), "应当"),
    **dict.fromkeys(("务必", "必需", "须"), "必须"),
    "cannot": "can not",
    "cant": "can not",
    **{f"{verb}nt": f"{verb} not" if verb in _MODALS else "not" for verb in _CONTRACTED if verb != "ca"},
}


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


def _by_initial(words: Iterable[str]) -> str:
    """Return the alternatives grouped by first letter, which `re` tries three times faster."""
    grouped = groupby(sorted(words), key=lambda word: word[0])
    return "|".join(f"{initial}(?:{_alternatives(word[1:] for word in group)})" for initial, group in grouped)


_LONGEST_SCALED = 100  # characters of a number that is worked out with its 万 and 亿
_NUMERAL = "[零〇一二三四五六七八九十百千万亿两廿卅]|[壹贰叁肆伍陆柒捌玖拾佰仟万亿零]{2}"
_NUMERALS = f"(?:{_NUMERAL})[零〇一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟]*"
_ARABIC = r"[0-9]{1,3}(?:,[0-9]{3})+(?![,0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+(?![.0-9]))?"
_UNIT = (
    rf"(?: ?(?P<%s>{_alternatives([u for u in _UNITS if u.isascii()])})(?![a-z])"
    rf"|(?P<%s>{_alternatives([u for u in _UNITS if not u.isascii()])}))?(?:[岁元个次人倍级]?(?P<%s>以[上下内外]|之[内外]|内))?"
)
_LONG_DATE = r"(?P<y>[0-9]{4})(?:[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})(?![0-9])|年(?P<m2>[0-9]{1,2})月(?:(?P<d2>[0-9]{1,2})[日号])?)"


def _plain(number: str) -> str:
    """Return a decimal without grouping, leading zeros, and trailing zeros of its fraction."""
    whole, _, fraction = number.replace(",", "").partition(".")
    return (whole.lstrip("0") or "0") + (f".{fraction.rstrip('0')}" if fraction.rstrip("0") else "")


def _chinese(numerals: str) -> str:
    """Return a Chinese number in digits.

    >>> [_chinese(n) for n in ("十五", "二〇二四", "三万五千", "一百零五", "两")]
    ['15', '2024', '35000', '105', '2']
    >>> _chinese("万" * 5000) == "万" * 5000  # no number that anybody wrote: untouched
    True
    """
    if len(numerals) > _LONGEST_SCALED:
        return numerals
    if all(_DIGITS.get(c, TEN) < TEN for c in numerals):
        return _plain("".join(str(_DIGITS[c]) for c in numerals))
    total = section = digit = 0
    for c in numerals:
        if c in _LARGE:
            total, section, digit = (total + section + digit or 1) * _LARGE[c], 0, 0
        elif c in _SMALL:
            section, digit = section + (digit or 1) * _SMALL[c], 0
        else:
            digit = digit * 10 + _DIGITS[c] if digit and _DIGITS[c] < TEN else digit + _DIGITS[c]
    return str(total + section + digit)


def _times(number: str, powers: str) -> str:
    """Return an Arabic number followed by 万, 亿, 千, or 百 in digits: 1.5万 is 15000.

    >>> _times("1.5", "万"), _times("0" + "1" * 5000, "万") == "1" * 5000 + "万"  # no int: Python refuses 4,300 digits
    ('15000', True)
    """
    whole, _, fraction = _plain(number).partition(".")
    if not powers or len(number) > _LONGEST_SCALED or len(powers) > _LONGEST_SCALED:
        return _plain(number) + powers
    scale = 1
    for c in powers:
        scale *= _LARGE.get(c) or _SMALL[c]
    value, rest = divmod(int(whole + fraction) * scale, 10 ** len(fraction))
    return _plain(f"{value}.{rest:0{len(fraction)}d}") if fraction else str(value)


def _number(found: re.Match[str]) -> str:
    unit = _UNITS.get(found["latin"] or found["han"] or "", "")
    percent = "%" if found["percent"] else ""
    return found["sign"] + _times(found["arabic"], found["powers"]) + percent + unit + (found["bound"] or "")[-1:]


def _numeral(found: re.Match[str]) -> str:
    part = f".{''.join(str(_DIGITS[c]) for c in found['point'])}" if found["point"] else ""
    unit = _UNITS.get(found["latin2"] or found["han2"] or "", "")
    return _plain(_chinese(found["numerals"]) + part) + unit + (found["bound2"] or "")[-1:]


def _share(found: re.Match[str]) -> str:
    number = found["share"]
    return (_plain(number) if number.isascii() else _chinese(number)) + ("%" if found["of"] == "百" else "‰")


def _date(found: re.Match[str]) -> str:
    year, month, day = found["y"], found["m"] or found["m2"], found["d"] or found["d2"]
    return "-".join(_plain(part) for part in (year, month, day) if part)


class _Kind(NamedTuple):
    """A kind of token: how it may begin (one sign or two; for Latin the whole word), how it is written, what it says."""

    begins: frozenset[str]
    pattern: str
    say: Callable[[re.Match[str]], str]


_ORDINARY = str.split(
    "一般 一定 一直 一样 一起 一些 一旦 一切 一致 统一 唯一 之一 万一 百姓 十分(?!之|钟) 非常 不仅 不但 不过 不管 不论 无论 不断 "
    "未来 是否 能否 可否 反应 适应 供应 效应 相应 对应 应用 左右"
)
_MODALS_HAN = str.split(
    "应当 应该 务必 必须 必需 可以 允许 准许 有权 严禁 禁止 禁忌 禁用 慎用 没有 不得 不能 不可 不宜 不应 千万别 别再 别吃 别用 "
    "应 须 不 未 非 无 没 勿 否 禁 忌"
)
_SIGNS = "²³¹⁰⁴⁵⁶⁷⁸⁹⁻¼½¾ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻ①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳<>≤≥±‰半"
_PLACES = [*"左右", "阴性", "阳性", *(a + b for a in "上中下左右前后内外" for b in "型期级叶肢臂侧")]
_LATIN_WORDS = {*_MODALS, *filter(str.isascii, _CANONICAL)}


def _two(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:2] for word in words)


_KINDS = {
    # words whose first sign only looks like a number or a negation: consumed, nothing said
    "ordinary": _Kind(_two(_ORDINARY), "|".join(_ORDINARY), lambda _: ""),
    "modal_han": _Kind(_two(_MODALS_HAN), "|".join(_MODALS_HAN), lambda found: _CANONICAL.get(found[0], found[0])),
    "date": _Kind(frozenset("0123456789"), rf"(?<![0-9.]){_LONG_DATE}", _date),
    "percent_of": _Kind(frozenset({"百分", "千分"}), rf"(?P<of>[百千])分之(?P<share>{_ARABIC}|{_NUMERALS})", _share),
    "number": _Kind(
        frozenset("0123456789-"),
        rf"(?P<sign>(?:(?<![0-9])-)?)(?P<arabic>{_ARABIC})(?P<powers>[万亿千百]*)(?P<percent>(?: ?%| ?percent(?![a-z]))?)"
        + _UNIT % ("latin", "han", "bound"),
        _number,
    ),
    "numeral": _Kind(
        frozenset("零〇一二三四五六七八九十百千万亿两廿卅壹贰叁肆伍陆柒捌玖拾佰仟"),
        rf"(?P<numerals>{_NUMERALS})(?:点(?P<point>[零〇一二三四五六七八九]+))?" + _UNIT % ("latin2", "han2", "bound2"),
        _numeral,
    ),
    "signs": _Kind(frozenset(_SIGNS), f"[{_SIGNS}]", lambda found: "0.5" if found[0] == "半" else found[0]),
    "place": _Kind(_two(_PLACES), _alternatives(_PLACES), lambda found: found[0]),
    "opposite_han": _Kind(_two(opposites.HAN), _alternatives(opposites.HAN), lambda found: opposites.HAN[found[0]]),
    "bang": _Kind(frozenset("!"), "!", lambda _: "not"),
}
_LATIN_KINDS = {
    "modal_latin": _Kind(
        frozenset(_LATIN_WORDS),
        f"(?:{_by_initial(_LATIN_WORDS)})(?![a-z0-9])",
        lambda found: _CANONICAL.get(found[0], found[0]),
    ),
    "side": _Kind(frozenset(["non", *_SIDES]), f"(?:non|{_alternatives(_SIDES)})(?![a-z0-9])", lambda found: found[0]),
    "type": _Kind(
        frozenset([*_TYPED, *_LETTERS]),
        rf"(?:{'|'.join(_TYPED)}) (?P<roman>i{{1,3}}|iv|v|[a-d])(?![a-z0-9])|[{''.join(_LETTERS)}][型级期]",
        lambda found: _ROMAN.get(found["roman"], found["roman"]) if found["roman"] else found[0],
    ),
    "number_latin": _Kind(
        frozenset(_ENGLISH_NUMBERS),
        f"(?:{_by_initial(_ENGLISH_NUMBERS)})(?![a-z0-9])",
        lambda found: _ENGLISH_NUMBERS[found[0]],
    ),
    "opposite_latin": _Kind(
        frozenset(opposites.LATIN),
        f"(?:{_by_initial(opposites.LATIN)})(?![a-z0-9])",
        lambda found: opposites.LATIN[found[0]],
    ),
    "limit": _Kind(frozenset(["at", "every"]), "at (?:most|least)|every other", lambda found: found[0].split()[1]),
    "often": _Kind(frozenset("btq"), "[btq] i d(?![a-z0-9])", lambda found: found[0].replace(" ", "")),
    "clause": _Kind(
        frozenset(_CLAUSES),
        rf"(?:{'|'.join(_CLAUSES)}) (?:[0-9]+ )?[a-z](?![a-z0-9])",
        lambda found: found[0].partition(" ")[2],
    ),
}
# nearly every character begins none of them; asking that first makes the scan ten times faster
_GATE = f"[{re.escape(''.join(sorted({begin[0] for kind in _KINDS.values() for begin in kind.begins})))}]"
_WORD_BORDER = "(?<![a-z0-9])"


def _named(kinds: Mapping[str, _Kind]) -> str:
    return "|".join(f"(?P<{name}>{kind.pattern})" for name, kind in kinds.items())


_SCAN = re.compile(f"{_WORD_BORDER}(?=[a-z])(?:{_named(_LATIN_KINDS)})|(?={_GATE})(?:{_named(_KINDS)})")
_SAID = {name: (re.compile(kind.pattern), kind.say) for name, kind in (_KINDS | _LATIN_KINDS).items()}


@functools.lru_cache(maxsize=1 << 16)
def _say(kind: str, text: str) -> tuple[str, ...]:
    """Return the canonical words of one find; the same few thousand occur again and again."""
    pattern, say = _SAID[kind]
    found = pattern.fullmatch(text)
    assert found is not None, f"{kind} does not stand alone: {text}"
    return tuple(say(found).split())


def salient(text: str) -> tuple[str, ...]:
    """Return the numbers, dates, doses, negations, modal words, sides, and types of a text, in order and in one spelling.

    Arabic, full-width, and Chinese numerals are one; units are named once (毫克 is mg); dates read year-month-day.

    >>> salient("每日十五毫克，不得超过百分之十")
    ('15mg', '不得', '10%')
    >>> salient("每日１５ mg，不得超过10%") == salient("每日十五毫克，不得超过百分之十")
    True
    >>> salient("You must not take 1,000 mg twice.")
    ('must', 'not', '1000mg', '2')
    >>> salient("左肺下叶，A型"), salient("left lung, type II")
    (('左', '下叶', 'a型'), ('left', '2'))
    >>> salient("一般适应症，非常安全")  # ordinary words, though they hold 一, 应 and 非
    ()
    """
    return salient_in_form(normal_form(text))


def salient_in_form(form: str) -> tuple[str, ...]:
    """Return `salient` of a text that is in normal form already.

    >>> salient_in_form("第3条不得")
    ('3', '不得')
    """
    return tuple(word for found in _SCAN.finditer(form) for word in _say(found.lastgroup or "", found.group()))


def salient_at(form: str, places: Iterable[int]) -> Iterator[str]:
    """Yield what `salient_in_form` returns, looking only where a token may begin.

    Args:
        form: The text.
        places: In order; more than that do no harm, a missing one would.

    >>> list(salient_at("第3条不得", [1, 2, 3]))
    ['3', '不得']
    """
    end = 0
    for at in places:
        if at >= end and (found := _beginning_with(form[at])(form, at)):
            end = found.end()
            yield from _say(found.lastgroup or "", found.group())


@functools.cache
def _beginning_with(sign: str) -> Callable[[str, int], re.Match[str] | None]:
    """Return the scan of the kinds that begin with a sign: asking all of them takes three times as long."""
    border, kinds = (_WORD_BORDER, _LATIN_KINDS) if sign.isascii() and sign.isalpha() else ("", _KINDS)
    chosen = {n: k for n, k in kinds.items() if any(begin[0] == sign for begin in k.begins)}
    return re.compile(f"{border}(?:{_named(chosen) or '(?!)'})").match


REACH = 24
"""No token, with what it looks at, goes further than this from the last place in it where another could begin."""


def beginnings() -> tuple[frozenset[str], frozenset[str]]:
    """Return the signs, alone or two together, and the Latin words with which a token may begin.

    Who scans many texts looks only there.

    >>> signs, words = beginnings()
    >>> "三" in signs, "应" in signs, "可以" in signs, "可" in signs, "twice" in words, "dose" in words
    (True, True, True, False, True, False)
    """
    signs, words = (frozenset().union(*(k.begins for k in kinds.values())) for kinds in (_KINDS, _LATIN_KINDS))
    return frozenset(s for s in signs if s[0] not in signs or len(s) == 1), words
