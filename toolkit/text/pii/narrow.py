"""Triggers for whole columns of text: they ask for more than those of the table, in the syntax of RE2 alone."""

from __future__ import annotations

from toolkit.text.pii.credentials import NAMES, NAMES_ZH, RECOGNIZABLE
from toolkit.text.pii.detector import Detector
from toolkit.text.pii.patterns import DETECTORS

_D = "[0-9０-９]"
_HEX = "[0-9A-Fa-f０-９Ａ-Ｆａ-ｆ]"
# What people type between the digits of a number: spaces, dashes, points and brackets of either width.
_BETWEEN = (
    r"[ .()\-\x{a0}\x{2002}\x{2003}\x{2007}\x{2009}\x{202f}\x{3000}\x{2010}-\x{2015}\x{2212}"
    r"\x{fe63}\x{ff08}\x{ff09}\x{ff0d}\x{ff0e}]"
)


def _digits(count: int, between: int) -> str:
    return f"{_D}(?:{_BETWEEN}{{0,{between}}}{_D}){{{count - 1}}}"


# The triggers of the table are short, so that they hold for any way of writing; `1+100=101` meets that of telephone
# numbers. These ask for as many digits as the shortest number of the type has, and send a tenth as many texts to Python.
_NARROW = {
    # a name of a secret alone is talk of it: what is secret stands behind a sign
    "SECRET": f"{RECOGNIZABLE}|(?:{NAMES.replace('(?ai:', '(?i:')}|{NAMES_ZH})[^0-9A-Za-z]{{0,6}}(?:[=:：＝是为為]|is )"
    "|(?i:bearer)[^0-9A-Za-z]{1,3}[A-Za-z0-9._~+/-]{20}|://[^/@]+@",
    "PHONE": f"{_digits(8, 2)}|[+＋]{_digits(7, 2)}",
    "PASSPORT": f"{_D}{{8}}|[A-ZＡ-Ｚ]{_D}{{7}}",
    "BANK_CARD": _digits(14, 1),
    "CN_ID": _digits(15, 1),
    "USCC": f"{_D}{{6}}[0-9A-Z０-９Ａ-Ｚ]{{10}}",
    "US_SSN": _digits(9, 1),
    "IP": rf"{_D}[.．]{_D}{{1,3}}[.．]{_D}{{1,3}}[.．]{_D}|{_HEX}[:：]{{1,2}}{_HEX}{{1,4}}[:：]{{1,2}}{_HEX}",
}
FEWEST_DIGITS = {
    "PHONE": 7,
    "PASSPORT": 7,
    "BANK_CARD": 14,
    "CN_ID": 15,
    "USCC": 6,
    "US_SSN": 9,
    "IP": 1,
    "IBAN": 2,
    "CN_PLATE": 1,
}
"""Digits of a text in which the type can be found at all; counting them costs nothing where a column has been measured."""
_IN_URL = "|://[^/@]+@"  # part of the trigger of secrets; who has it has the `@` of the trigger of addresses


def narrow(detector: Detector) -> str:
    r"""The trigger of a detector for a column, a necessary condition as well.

    >>> import pyarrow as pa, pyarrow.compute as pc
    >>> phone = next(detector for detector in DETECTORS if detector.type == "PHONE")
    >>> pc.match_substring_regex(pa.array(["电话138 1234 5678", "1+100=101"]), narrow(phone)).to_pylist()
    [True, False]
    """
    return _NARROW.get(detector.type, detector.trigger)


_IN_WORDS = ("SECRET", "EMAIL")
WORDS = "|".join(detector.trigger.replace(_IN_URL, "") for detector in DETECTORS if detector.type in _IN_WORDS)
NUMBERS = "|".join(dict.fromkeys(narrow(detector) for detector in DETECTORS if detector.type not in _IN_WORDS))
"""The law: where `WORDS` does not match, nor `NUMBERS` or no digit stands in a text, `find_pii` finds nothing."""
