"""The table of detectors: one trigger, one candidate pattern and its checks for every type.

Every boundary is an explicit ASCII class. In Python the word boundary and its kin take Han characters for word characters, so
the usual patterns miss `卡号6222…`, `邮箱zhangsan@163.com` and `IP为203.0.113.9`: the ordinary case in Chinese text.
Patterns see folded text (see `find`): half-width characters, `-` for every dash. Triggers see raw text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from toolkit.text.pii import checksums
from toolkit.text.pii.credentials import SECRET_TRIGGER, find_secrets
from toolkit.text.pii.detector import Detector, Finder, before, scan
from toolkit.text.pii.phone import PHONE_TRIGGER, SAYS_OTHER_NUMBER, find_phones

_ALONE = r"(?<![0-9A-Za-z_])(?<![0-9][.-])"  # before a number: no word, no decimal, no longer number
_END = r"(?![0-9A-Za-z_])(?![.-][0-9])"

EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<local>[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?)@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?P<tld>[A-Za-z]{2,24})(?![A-Za-z0-9_-])(?!\.[A-Za-z0-9])"
)
_LOCAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-")
_LONGEST_LOCAL = 64
CN_ID = re.compile(rf"{_ALONE}[1-9][0-9]{{5}} ?(?:18|19|20)[0-9]{{2}}[01][0-9][0-3][0-9] ?[0-9]{{3}}[0-9Xx]{_END}")
CN_ID_15 = re.compile(rf"{_ALONE}[1-9][0-9]{{14}}{_END}")
USCC = re.compile(r"(?<![0-9A-Za-z_-])[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z_-])")
BANK_CARD = re.compile(
    rf"{_ALONE}(?:[2-6][0-9]{{14,18}}|[2-6][0-9]{{3}}(?:[ -][0-9]{{4}}){{3}}(?:[ -][0-9]{{1,3}})?"
    rf"|3[47][0-9]{{2}}[ -][0-9]{{6}}[ -][0-9]{{5}}|62[0-9]{{4}} [0-9]{{10,13}}){_END}"
)
IBAN = re.compile(r"(?<![0-9A-Za-z_])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
US_SSN = re.compile(rf"{_ALONE}(?!000|666|9)[0-9]{{3}}([ -]?)(?!00)[0-9]{{2}}\1(?!0000)[0-9]{{4}}{_END}")
PASSPORT = re.compile(r"(?<![0-9A-Za-z_])(?:[A-Z]{1,2}[0-9]{7,8}|[0-9]{9}|[0-9]{8})(?![0-9A-Za-z_])")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
CN_PLATE = re.compile(
    rf"(?<![北南东])[{_PROVINCES}][A-HJ-NP-Z][·. -]?"
    r"(?:[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF]|(?P<body>[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]))(?![0-9A-Za-z])"
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = re.compile(rf"(?<![0-9A-Za-z_.])(?:{_OCTET}\.){{3}}{_OCTET}(?![0-9A-Za-z_]|\.[0-9])")
IPV6 = re.compile(r"(?<![0-9A-Za-z_:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Za-z_:.])")

_SAYS_ID = re.compile(r"(?:身份证|身份證|证件|證件|(?ai:id card|identity))[^0-9\n]{0,12}$")
_SAYS_CARD = re.compile(r"(?:卡号|卡號|银行卡|銀行卡|信用卡|账号|帐号|(?ai:card))[^0-9\n]{0,12}$")
_SAYS_SSN = re.compile(r"(?:社会安全号|社安号|(?ai:ssn|social security))[^0-9\n]{0,16}$")
_SAYS_PASSPORT = re.compile(r"(?:护照|護照|通行证|通行證|台胞证|回乡证|(?ai:passport))[^0-9\n]{0,14}$")
_SAYS_PLATE = re.compile(r"(?:车|車|牌)[^0-9A-Za-z\n]{0,8}$")
_SAYS_HOST = re.compile(r"(?:地址|服务器|主机|登录|访问|(?ai:ip|host|server|from|address|ping|ssh))[^0-9\n]{0,8}$")
_SAYS_VERSION = re.compile(
    r"(?:[=>~<]=?|§|第|版本?|版本号|升级[到至]?|更新[到至]?|固件|驱动|章节?|[见按]|"
    r"(?ai:v|ver|version|release|build|rev|firmware|section|sections|sec|chapter|clause|upgrade to|update to|upgraded to))"
    r"[\s.:：为是号#]{0,4}$"
)
_SECTION_AFTER = re.compile(r"\s?(?:节|節|条|條|款|章|版|小节)")
# First six digits and lengths in use (ISO/IEC 7812)
_ISSUERS = (
    (620000, 629999, range(16, 20)),  # UnionPay
    (400000, 499999, (16,)),  # Visa
    (510000, 559999, (16,)),  # Mastercard
    (222100, 272099, (16,)),  # Mastercard, since 2017
    (340000, 349999, (15,)),  # American Express
    (370000, 379999, (15,)),  # American Express
    (352800, 358999, (16,)),  # JCB
    (601100, 601199, (16,)),  # Discover
    (650000, 659999, (16,)),  # Discover
)
_PLATE_LETTERS = 2  # at most, of the five places after the city's letter (GA 36)
_IPV6_GROUPS = 3
_DIGITS = 10
_SECTION_MAX = 40  # chapters and sections are numbered low
_STANDARDS = frozenset({"GB", "DB", "QB", "HJ", "YY", "YB", "SN", "WS"})
_FILE_ENDING = re.compile(r"(?ai:png|jpe?g|gif|svg|webp|ico|css|js|json|html?)")  # icon@2x.png


def _compact(match: re.Match[str]) -> str:
    return match[0].replace(" ", "").replace("-", "")


def _is_mailbox(match: re.Match[str]) -> bool:
    """Not `icon@2x.png`, not the address of a repository (`git@host:path`), no two dots in a row."""
    repository = match["local"] == "git" and match.string[match.end() : match.end() + 1] == ":"
    return not _FILE_ENDING.fullmatch(match["tld"]) and ".." not in match["local"] and not repository


def _is_cn_id(match: re.Match[str]) -> bool:
    return checksums.cn_id(match[0].replace(" ", ""))


def _is_old_cn_id(match: re.Match[str]) -> bool:
    """The numbers issued before 1999 have no check digit: a word must say what they are."""
    return bool(_SAYS_ID.search(before(match))) and checksums.cn_birth(match[0][:2], "19" + match[0][6:12])


def _is_uscc(match: re.Match[str]) -> bool:
    return checksums.uscc(match[0])


def _is_bank_card(match: re.Match[str]) -> bool:
    """Luhn, issuer and length; a bare number of the 2-series begins like a date (23010112…), so a word must say it."""
    digits = _compact(match)
    if not checksums.luhn(digits) or SAYS_OTHER_NUMBER.search(before(match)):
        return False
    said = bool(_SAYS_CARD.search(before(match))) or len(digits) < len(match[0])
    return _issuer_knows(digits) and (said or digits[0] != "2")


def _issuer_knows(digits: str) -> bool:
    prefix = int(digits[:6])
    return any(first <= prefix <= last and len(digits) in sizes for first, last, sizes in _ISSUERS)


def _is_ssn(match: re.Match[str]) -> bool:
    """With hyphens the shape tells; otherwise a word must."""
    return match[1] == "-" or bool(_SAYS_SSN.search(before(match)))


def _is_passport(match: re.Match[str]) -> bool:
    """No passport number has a check digit on its own, so a word must say it (`国药准字H20013113` has the shape)."""
    return bool(_SAYS_PASSPORT.search(before(match)))


def _is_plate(match: re.Match[str]) -> bool:
    """At most two letters in five; `新GB2760` is a new standard, unless a word says it is a car."""
    if sum(c.isascii() and c.isalpha() for c in match["body"] or "") > _PLATE_LETTERS:
        return False
    standard = match[0][0] == "新" and match[0][1:3] in _STANDARDS
    return not standard or bool(_SAYS_PLATE.search(before(match)))


def _is_ipv4(match: re.Match[str]) -> bool:
    """Not loopback, unspecified or a mask; not a version or a section number."""
    address = ipaddress.IPv4Address(match[0])
    if address.is_loopback or address.packed[0] in (0, 255):
        return False
    context = before(match)
    if _SAYS_HOST.search(context):
        return True
    numbered = max(address.packed) < _SECTION_MAX and (not context.strip() or context.endswith("\n"))
    listed = max(address.packed) < _DIGITS  # "阴性2.3.4.5.": items of a list, or a public resolver
    return not (numbered or listed or _SAYS_VERSION.search(context) or _SECTION_AFTER.match(match.string, match.end()))


def _is_ipv6(match: re.Match[str]) -> bool:
    """Three groups and a digit at least: `std::be` is C++, `12:30:45` a time."""
    groups = [group for group in match[0].split(":") if group]
    if len(groups) < _IPV6_GROUPS or not any(map(str.isdigit, match[0])):
        return False
    try:
        return not ipaddress.IPv6Address(match[0]).is_loopback
    except ValueError:
        return False


def _find_mailboxes(text: str, lang: str | None) -> Iterator[tuple[int, int]]:  # noqa: ARG001 - only phone numbers ask
    """What `finditer` would yield, tried only in front of each `@`."""
    end = 0
    at = text.find("@")
    while at >= 0:
        start = at
        while start > max(end, at - _LONGEST_LOCAL) and text[start - 1] in _LOCAL:
            start -= 1
        match = next(filter(None, (EMAIL.match(text, begin) for begin in range(start, at))), None)
        if match and _is_mailbox(match):
            yield match.span()
        end = match.end() if match else end
        at = text.find("@", max(end, at + 1))


def _find_ibans(text: str, lang: str | None) -> Iterator[tuple[int, int]]:  # noqa: ARG001 - only phone numbers ask
    """Cut the candidate to the length of its country: capitals may follow ("GB82 … 32 BIC")."""
    for match in IBAN.finditer(text):
        places = [i for i in range(*match.span()) if text[i] != " "][: checksums.iban_length(match[0][:2])]
        if places and _is_iban(text, places):
            yield places[0], places[-1] + 1


def _is_iban(text: str, places: list[int]) -> bool:
    following = text[places[-1] + 1 : places[-1] + 2]
    whole = not (following.isascii() and following.isalnum())
    return whole and checksums.iban("".join(text[i] for i in places))


def _both(first: Finder, second: Finder) -> Finder:
    def find(text: str, lang: str | None) -> Iterator[tuple[int, int]]:
        yield from first(text, lang)
        yield from second(text, lang)

    return find


_D = "[0-9０-９]"
_A = "[A-ZＡ-Ｚ]"
_HEX = "[0-9A-Fa-f０-９Ａ-Ｆａ-ｆ]"

# In the order of precedence: where two overlap, the earlier one holds (an address that begins with a phone number is an
# address).
DETECTORS: tuple[Detector, ...] = (
    Detector(type="SECRET", trigger=SECRET_TRIGGER, find=find_secrets, raw=True),
    Detector(type="EMAIL", trigger="[@＠]", find=_find_mailboxes),
    Detector(type="CN_ID", trigger=f"{_D}{{6}}", find=_both(scan(CN_ID, _is_cn_id), scan(CN_ID_15, _is_old_cn_id))),
    Detector(type="USCC", trigger=f"{_D}{{6}}", find=scan(USCC, _is_uscc)),
    Detector(type="IBAN", trigger=f"{_A}{{2}}{_D}{{2}}.?[0-9A-ZＡ-Ｚ０-９]", find=_find_ibans),
    Detector(type="BANK_CARD", trigger=f"{_D}{{4}}.?{_D}{{4}}", find=scan(BANK_CARD, _is_bank_card)),
    Detector(type="PASSPORT", trigger=f"{_D}{{7}}", find=scan(PASSPORT, _is_passport)),
    Detector(type="US_SSN", trigger=f"{_D}{{3}}.?{_D}{{2}}.?{_D}{{4}}", find=scan(US_SSN, _is_ssn)),
    Detector(
        type="IP",
        trigger=f"{_D}[.．]{_D}{{1,3}}[.．]{_D}|[:：]{_HEX}{{0,4}}[:：]",
        find=_both(scan(IPV4, _is_ipv4), scan(IPV6, _is_ipv6)),
    ),
    Detector(type="CN_PLATE", trigger=f"[{_PROVINCES}]{_A}", find=scan(CN_PLATE, _is_plate)),
    Detector(type="PHONE", trigger=PHONE_TRIGGER, find=find_phones),
)
"""The table of types; each entry's trigger law is tested for the whole table."""

PII_TRIGGER = "|".join(dict.fromkeys(detector.trigger for detector in DETECTORS))
"""One necessary condition for all of it, for a first pass over a whole column."""
