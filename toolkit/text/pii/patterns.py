"""The table of detectors: one trigger, one candidate pattern and its checks for every type.

Every boundary is an explicit ASCII class. In Python the word boundary and its kin take Han characters for word characters, so
the usual patterns miss `卡号6222…`, `邮箱zhangsan@163.com` and `IP为203.0.113.9`: the ordinary case in Chinese text.
Patterns see folded text (see `find`): half-width characters, `-` for every dash. Triggers see raw text.
"""

from __future__ import annotations

import ipaddress
import re

from toolkit.text.pii import checksums
from toolkit.text.pii.credentials import SECRET_TRIGGER, find_secrets
from toolkit.text.pii.detector import Detector, before, scan
from toolkit.text.pii.phone import PHONE_TRIGGER, SAYS_OTHER_NUMBER, find_phones

_ALONE = r"(?<![0-9A-Za-z_])(?<![0-9][.-])"  # before a number: no word, no decimal, no longer number
_END = r"(?![0-9A-Za-z_])(?![.-][0-9])"
_DIGIT = "[0-9０-９]"

EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<local>[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?)@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?P<tld>[A-Za-z]{2,24})(?![A-Za-z0-9_-])(?!\.[A-Za-z0-9])"
)
CN_ID = re.compile(rf"{_ALONE}[1-9][0-9]{{5}} ?(?:18|19|20)[0-9]{{2}}[01][0-9][0-3][0-9] ?[0-9]{{3}}[0-9Xx]{_END}")
CN_ID_15 = re.compile(rf"{_ALONE}[1-9][0-9]{{14}}{_END}")
USCC = re.compile(r"(?<![0-9A-Za-z_-])[1-9ANY][1-59][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z_-])")
BANK_CARD = re.compile(rf"{_ALONE}[2-6][0-9]{{3}}(?:(?:[ -]?[0-9]{{4}}){{3}}(?:[ -]?[0-9]{{1,3}})?|[ -]?[0-9]{{6}}[ -]?[0-9]{{5}}){_END}")
IBAN = re.compile(r"(?<![0-9A-Za-z_])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
US_SSN = re.compile(rf"{_ALONE}(?!000|666|9)[0-9]{{3}}([ -]?)(?!00)[0-9]{{2}}\1(?!0000)[0-9]{{4}}{_END}")
PASSPORT = re.compile(r"(?<![0-9A-Za-z_])(?:[A-Z]{1,2}[0-9]{7,8}|[0-9]{9}|[0-9]{8})(?![0-9A-Za-z_])")
CN_PLATE = re.compile(
    r"(?<![北南东])[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-HJ-NP-Z][·. -]?"
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
_FILE_ENDINGS = frozenset("png jpg jpeg gif svg webp ico css js ts jsx tsx py rb go rs java cpp json yaml yml xml html htm md txt".split())


def _compact(match: re.Match[str]) -> str:
    return match[0].replace(" ", "").replace("-", "")


def _is_mailbox(match: re.Match[str]) -> bool:
    """Not `icon@2x.png`, not the address of a repository (`git@host:path`), no two dots in a row."""
    repository = match["local"] == "git" and match.string[match.end() : match.end() + 1] == ":"
    return match["tld"].lower() not in _FILE_ENDINGS and ".." not in match["local"] and not repository


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
    """Issuer ranges of ISO/IEC 7812 in use: UnionPay, Visa, Mastercard, American Express, JCB, Diners, Discover."""
    two, four, size = int(digits[:2]), int(digits[:4]), len(digits)
    if two == 62:  # noqa: PLR2004 - an issuer range
        return 16 <= size <= 19  # noqa: PLR2004 - UnionPay
    if two in (34, 37):
        return size == 15  # noqa: PLR2004 - American Express
    known = digits[0] == "4" or 51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589 or two in (36, 38, 65) or four == 6011  # noqa: PLR2004 - issuer ranges
    return known and size == 16  # noqa: PLR2004


def _is_ssn(match: re.Match[str]) -> bool:
    """With hyphens the shape tells; otherwise a word must."""
    return match[1] == "-" or bool(_SAYS_SSN.search(before(match)))


def _is_passport(match: re.Match[str]) -> bool:
    """No passport number has a check digit on its own, so a word must say it (`国药准字H20013113` has the shape)."""
    return bool(_SAYS_PASSPORT.search(before(match)))


def _is_plate(match: re.Match[str]) -> bool:
    """At most two letters in five; `新GB2760` is a new standard, unless a word says it is a car."""
    body = match["body"] or ""
    if sum(c.isascii() and c.isalpha() for c in body) > 2:  # noqa: PLR2004 - the rule of GA 36
        return False
    standard = match[0][0] == "新" and match[0][1:3] in {"GB", "DB", "QB", "HJ", "YY", "YB", "SN", "WS"}
    return not standard or bool(_SAYS_PLATE.search(before(match)))


def _is_ipv4(match: re.Match[str]) -> bool:
    """Not loopback, unspecified or a mask; not a version or a section number."""
    address = ipaddress.IPv4Address(match[0])
    if address.is_loopback or match[0].startswith("0.") or match[0].startswith("255."):
        return False
    context = before(match)
    if _SAYS_HOST.search(context):
        return True
    numbered_section = max(address.packed) < 40 and (not context.strip() or context.endswith("\n"))  # noqa: PLR2004
    return not (numbered_section or _SAYS_VERSION.search(context) or _SECTION_AFTER.match(match.string, match.end()))


def _is_ipv6(match: re.Match[str]) -> bool:
    """Three groups and a digit at least: `std::be` is C++, `12:30:45` a time."""
    groups = [group for group in match[0].split(":") if group]
    if len(groups) < 3 or not any(map(str.isdigit, match[0])):  # noqa: PLR2004
        return False
    try:
        return not ipaddress.IPv6Address(match[0]).is_loopback
    except ValueError:
        return False


def _find_ibans(text: str, lang: str | None):  # type: ignore[no-untyped-def]
    """Cut the candidate to the length of its country: capitals may follow ("GB82 … 32 BIC")."""
    yield from ()


DETECTORS: tuple[Detector, ...] = ()
