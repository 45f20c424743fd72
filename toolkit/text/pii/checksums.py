"""Check digits: what makes a number a card or an identity number, and an order number not.

Own code of a few lines each; the obvious package is under the LGPL and 5 MB.
"""

from __future__ import annotations

import re
from datetime import date

_CN_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CN_ID_DIGITS = "10X98765432"
# GB/T 2260 provinces; 81-83 residence permits of Hong Kong, Macau, Taiwan; 91 foreigners' permanent residence (since 2023)
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83), (91, 91))
    for code in range(first, last + 1)
)
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_LENGTH = 18
_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        "([A-Z]{2})([0-9]{2})",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 "
        "FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 "
        "MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 "
        "SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
    )
}


def luhn(digits: str) -> bool:
    """Check a payment card number (ISO/IEC 7812-1, Annex B).

    >>> luhn("6222021234567890128"), luhn("6222021234567890123")
    (True, False)
    """
    doubled = (int(d) * 2 for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(sum(divmod(d, 10)) for d in doubled)) % 10 == 0


def cn_id(number: str) -> bool:
    """Check a citizen identity number (GB 11643): region, date of birth, check digit.

    >>> cn_id("110101199003070038"), cn_id("110101199002300035")  # there is no 30 February
    (True, False)
    """
    weighted = sum(int(digit) * weight for digit, weight in zip(number[:17], _CN_ID_WEIGHTS, strict=True))
    return cn_birth(number[:2], number[6:14]) and _CN_ID_DIGITS[weighted % 11] == number[17].upper()


def cn_birth(province: str, born: str) -> bool:
    """Check the province code and the date of birth (YYYYMMDD) of an identity number.

    >>> cn_birth("44", "19851231"), cn_birth("99", "19851231"), cn_birth("44", "19851301")
    (True, False, False)
    """
    try:
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    return province in _PROVINCES


def uscc(code: str) -> bool:
    """Check a unified social credit code (GB 32100): region and mod-31 check character.

    >>> uscc("91110108MA01ABCD2H"), uscc("91110108MA01ABCD2E")
    (True, False)
    """
    if code[2:4] not in _PROVINCES | {"10"}:  # 10: registered by a central authority
        return False
    total = sum(_USCC_ALPHABET.index(c) * 3**i % 31 for i, c in enumerate(code[:17]))
    return len(code) == _USCC_LENGTH and _USCC_ALPHABET[-total % 31] == code[17]


def iban_length(country: str) -> int:
    """Return the length of the IBANs of a country (ISO 13616 registry), 0 if it has none.

    >>> iban_length("DE"), iban_length("CN")
    (22, 0)
    """
    return _IBAN_LENGTHS.get(country, 0)


def iban(code: str) -> bool:
    """Check an IBAN without spaces (ISO 7064 mod 97-10 and the length of its country).

    >>> iban("GB82WEST12345698765432"), iban("GB82WEST12345698765433")
    (True, False)
    """
    rearranged = code[4:] + code[:4]
    return len(code) == iban_length(code[:2]) and int("".join(str(int(c, 36)) for c in rearranged)) % 97 == 1
