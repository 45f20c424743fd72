"""The normal form: the one key by which texts are compared; it is computed, compared, and never written back.

Two texts with one normal form say the same thing in another dress: width, case, punctuation, spacing, Chinese script,
invisible characters. Whatever can change a meaning stays: digits, decimal points, signs, percent, `!x` and `C#`.

The form is made of two steps, which the kernels of `toolkit.dedup` repeat on whole columns: `fold_character` (a table, no
context) and three rules of context (which punctuation stays, which spaces stay).
"""

from __future__ import annotations

import re
import unicodedata

from toolkit.text.shingles.han_variants import SIMPLIFIED

HAN_RANGES = (
    (0x3005, 0x3007),  # 々〆〇
    (0x3041, 0x30FF),  # kana: Japanese is written without spaces too
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xE000, 0xE000),  # no script: the border between the fields of a record, with no space beside it either
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
"""Code points of scripts that put no space between words, as (first, last)."""

HAN = "".join(f"{chr(first)}-{chr(last)}" for first, last in HAN_RANGES)
"""The same as the inside of a regular expression's class."""

ALIASES = {
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys("‘’‛ʼ`´ˋˊ", "'"),
    **dict.fromkeys("〜∼", "~"),
    **dict.fromkeys("×∗", "*"),
    "∶": ":",
    "⁄": "/",
    "∕": "/",
    "|": " ",
}
_CONDITIONAL = ".,:/*~'-#!"
_KEPT = "%‰‱"
_SELECTORS = "".join(map(chr, range(0xFE00, 0xFE10)))  # variation selectors
_SPACE_CONTROLS = "\t\n\v\f\r\x85"


def fold_character(character: str) -> str:
    r"""Return what one character becomes in the normal form, before any context: itself, others, a space, or nothing.

    >>> [fold_character(c) for c in "Ａ體ß。\u200b"]
    ['a', '体', 'ss', ' ', '']
    >>> [fold_character(c) for c in "药²½㎎℃%"]  # never NFKC: 10² is not 102
    ['药', '²', '½', '㎎', '℃', '%']
    """
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    if kind in {"<wide>", "<narrow>", "<small>"}:
        character = chr(int(code, 16))
    character = ALIASES.get(character, character)
    if character in _CONDITIONAL or character in _KEPT:
        return character
    category = unicodedata.category(character)
    if category[0] in "ZP" or character in _SPACE_CONTROLS:
        return " "
    if category in {"Cc", "Cf", "Cs"} or character in _SELECTORS:
        return ""
    return "".join(SIMPLIFIED.get(c, c) for c in character.casefold())


class _Table(dict[int, str]):
    """`fold_character` as the lazily filled table that `str.translate` asks."""

    def __missing__(self, code: int) -> str:
        self[code] = fold_character(chr(code))
        return self[code]


_TABLE = _Table()
_LOST = re.compile(  # conditional punctuation where it carries nothing
    r"(?<![0-9])[.,:/*~']|[.,:/*~'](?![0-9])"  # kept inside a number: 1.5  120/80  10:30  3~5
    r"|(?<=[a-z])-|-(?![0-9])"  # kept as sign and range: -5  3-5; not in covid-19
    r"|(?<![a-z])#"  # kept in c#
    r"|!(?![a-z(=])"  # kept in !found and !=
)
_SPELLED = re.compile(r"(?<![^ ])[^ ](?: [^ ]){3,}(?![^ ])")  # 年 龄 7 0 岁: PDF and OCR space out digits with the Han
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_SPACES = re.compile(rf"^ +| +\Z| +(?=[{HAN}])|(?<=[{HAN}]) +|(?<= ) +")


def _joined(spelled: re.Match[str]) -> str:
    """Return spaced-out characters without the spaces, if at least a third of them are Han."""
    characters = spelled[0].replace(" ", "")
    return characters if 3 * len(_HAN_CHARACTER.findall(characters)) >= len(characters) else spelled[0]


def normal_form(text: str) -> str:
    r"""Return the key by which a text is compared: equal keys are exact duplicates.

    NFC (never NFKC), width, case, and traditional characters are folded; invisible characters are dropped; punctuation
    becomes a space unless it is part of a number or of code; spaces stay, one at a time, between two characters that are
    not Han. Applying it twice changes nothing.

    >>> normal_form("高血壓患者，能否服用 Aspirin？") == normal_form("高 血 压 患 者 能否服用ａｓｐｉｒｉｎ")
    True
    >>> normal_form("Don't  stop -- see p. 5!")
    'dont stop see p 5'
    >>> normal_form("1.5mg") == normal_form("15mg")  # a decimal point is no decoration
    False
    >>> normal_form("是") == normal_form("否")
    False
    """
    folded = _fold_once(text)
    while (again := _fold_once(folded)) != folded:  # a dropped character can bring a letter and its accent together
        folded = again
    return folded


def _fold_once(text: str) -> str:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_TABLE))
    folded = _SPELLED.sub(_joined, folded)
    return _SPACES.sub("", _LOST.sub(lambda lost: "" if lost[0] == "'" else " ", folded))
