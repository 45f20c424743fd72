"""Telephone numbers: shapes of the regions people write in, each candidate confirmed by phonenumbers.

A bare run of digits is not a phone number because some numbering plan would accept it (eight digits are valid in Hong Kong, ten
in the United States). So a shape is accepted alone only if it is typical, in a region of the text's language; otherwise a
word must say that it is a phone number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from toolkit.text.pii.detector import before

REGIONS = {"zh": ("CN", "HK", "TW"), "en": ("US", "GB")}
"""The regions whose typical shapes are accepted alone; without a language, all of them."""

# Three digits, at most two characters between, three digits: true of every shape below but the international one.
PHONE_TRIGGER = "[0-9０-９]{3}.{0,2}[0-9０-９]{3}|[+＋][0-9０-９]"

_SAYS_PHONE = re.compile(
    r"(?:电话|電話|手机|手機|座机|座機|热线|熱線|传真|傳真|致电|致電|拨打|撥打|联系方式|聯絡|号码|號碼"
    r"|(?ai:tel|telephone|phone|mobile|cell|call|dial|fax|whatsapp|sms))[^0-9\n]{0,12}$"
)
# An order number of eleven digits looks like a mobile number.
SAYS_OTHER_NUMBER = re.compile(
    r"(?:(?:订单|訂單|单号|單號|编号|編號|流水|批号|批號|货号|貨號|型号|型號|案号|文号|工单|快递)号?码?"
    r"|(?ai:order|invoice|tracking|ticket|sku|serial|batch|lot|isbn|ean|doi)(?ai:\ (?:no|number|id))?)[\s.:：#为是]{0,4}$|10\.[0-9]{4,5}/$"
)
_IN_URL = re.compile(r"[A-Za-z]://[!-~]*$")


@dataclass(frozen=True, slots=True)
class Shape:
    """How numbers of a region are written, and whether that is telling enough without a word before it."""

    region: str
    alone: bool
    pattern: re.Pattern[str]


def _shape(region: str, pattern: str, *, alone: bool = True, extension: str = "") -> Shape:
    """Add the boundaries: no ASCII word and no longer number around it; Han on both sides is the ordinary case."""
    bounded = rf"(?<![0-9A-Za-z_])(?<![0-9][.-])(?<!\+)(?P<number>{pattern}){extension}(?![0-9A-Za-z_])(?![.-][0-9])"
    return Shape(region, alone, re.compile(bounded))


SHAPES = (
    _shape("CN", r"(?:\(?86\)?[ -]?)?1[3-9][0-9](?:[ .-]?[0-9]{4}){2}"),
    _shape("CN", r"(?:\(0[0-9]{2,3}\) ?|0[0-9]{2,3}[ -])[2-9][0-9]{2,3}[ -]?[0-9]{4}", extension=r"(?:-[0-9]{1,5})?"),
    _shape("CN", r"0[0-9]{9,11}", alone=False),
    _shape("CN", r"[48]00-[0-9]{3,4}-?[0-9]{3,4}|[48]00 [0-9]{3,4} ?[0-9]{3,4}"),
    _shape("CN", r"[48]00[0-9]{7}", alone=False),
    _shape("HK", r"[235-9][0-9]{3}[ -]?[0-9]{4}", alone=False),
    _shape("TW", r"09[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}"),
    _shape("TW", r"(?:\(0[2-8]\) ?|0[2-8][ -])[0-9]{3,4}[ -]?[0-9]{4}"),
    _shape("US", r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.-])[2-9][0-9]{2}[.-][0-9]{4}"),
    _shape("US", r"1?[2-9][0-9]{2} ?[2-9][0-9]{2} ?[0-9]{4}", alone=False),
    _shape("GB", r"(?:\(0[0-9]{2,4}\) ?|0[0-9]{2,4} )[0-9]{3,4} ?[0-9]{3,4}"),
    _shape("GB", r"07[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
)
_INTERNATIONAL = re.compile(r"(?<![0-9A-Za-z_])\+[0-9](?:[ .()-]{0,2}[0-9]){6,14}(?![0-9A-Za-z_])")
_DIGITS = re.compile(r"[0-9](?:[0-9 .()-]{0,3}[0-9]){6,}")
"""A run of digits as long as a number: the twelve shapes are looked for there, not in the whole text."""
_GROUP_END = re.compile(r"[ .()-]+(?=[0-9]+$)")


def find_phones(text: str, lang: str | None) -> Iterator[tuple[int, int]]:
    """Yield the phone numbers of a folded text (half-width digits, `-` for every dash).

    >>> [text[s:e] for text in ["请拨打13812345678咨询"] for s, e in find_phones(text, "zh")]
    ['13812345678']
    >>> list(find_phones("订单号13812345678，热线12345", "zh"))  # an order number, a hotline
    []
    """
    yield from _international(text)
    own = REGIONS.get(lang or "", ("CN", "HK", "TW", "US", "GB"))
    windows = [(max(0, run.start() - 2), run.end() + 2) for run in _DIGITS.finditer(text)]
    for shape in SHAPES:
        for match in (m for window in windows for m in shape.pattern.finditer(text, *window)):
            if _plausible(match, alone=shape.alone and shape.region in own) and is_valid(match["number"], shape.region):
                yield match.span()


def _plausible(match: re.Match[str], *, alone: bool) -> bool:
    context = before(match)
    if SAYS_OTHER_NUMBER.search(context):
        return False
    return bool(_SAYS_PHONE.search(context)) or (alone and not _IN_URL.search(before(match, 200)))


def _international(text: str) -> Iterator[tuple[int, int]]:
    """A number after `+`: drop trailing groups ("+86 138 1234 5678 2024") until the numbering plan accepts it."""
    for match in _INTERNATIONAL.finditer(text):
        number = match[0]
        while number and not is_valid(number, None):
            shorter = _GROUP_END.search(number)
            number = number[: shorter.start()] if shorter else ""
        if number:
            yield match.start(), match.start() + len(number)


def is_valid(number: str, region: str | None) -> bool:
    """Ask the numbering plan of a region; None for a number that names its country.

    >>> is_valid("010-62771234", "CN"), is_valid("12345", "CN")
    (True, False)
    """
    return _e164(number, region) is not None


def canonical_phone(number: str) -> str:
    """Return one form for all ways of writing a number: E.164 of the first region whose plan accepts it, else its digits.

    >>> canonical_phone("+86 138-1234-5678") == canonical_phone("13812345678") == "+8613812345678"
    True
    """
    regions = (None, "CN", "HK", "TW", "US", "GB")
    forms = (_e164(number, region) for region in regions)
    return next((form for form in forms if form), "".join(c for c in number if c.isdigit()))


def _e164(number: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.PhoneNumberFormat.E164
    return str(phonenumbers.format_number(parsed, e164)) if phonenumbers.is_valid_number(parsed) else None
