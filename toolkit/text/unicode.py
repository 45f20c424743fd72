"""Characters: composition, ligatures, and what cannot be seen.

NFC always, NFKC never: NFKC turns 10⁹/L into 109/L, ½ into 1⁄2 and `，` into a comma.
"""

from __future__ import annotations

import re
import unicodedata

from toolkit.text.fix import fix

# Blocks without a combining or decomposable character, left out of the search below because they are long.
_PLAIN_BLOCKS = ((0x3400, 0xA000), (0xAC00, 0xD7A4), (0xD800, 0xF900), (0x17000, 0x1B000), (0x20000, 0x2F800))
_SEARCHED_TO = 0x2FA20
_ASTRAL = 0x10000


def nfc_sensitive() -> list[int]:
    """List the code points that may make a text differ from its NFC, as this Python's Unicode data has them.

    Those are: every combining mark, every second half of a composition, every character whose own NFC is another.

    >>> 0x0301 in nfc_sensitive(), 0xF900 in nfc_sensitive(), ord("é") in nfc_sensitive(), ord("药") in nfc_sensitive()
    (True, True, False, False)
    """
    sensitive = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}  # Hangul composes by rule, not by table
    starts = [0, *(stop for _, stop in _PLAIN_BLOCKS)]
    stops = [*(start for start, _ in _PLAIN_BLOCKS), _SEARCHED_TO]
    for code in (code for start, stop in zip(starts, stops, strict=True) for code in range(start, stop)):
        character = chr(code)
        if unicodedata.combining(character):
            sensitive.add(code)
        parts = unicodedata.decomposition(character).split()
        if not parts or parts[0].startswith("<"):
            continue
        if len(parts) > 1:
            sensitive.add(int(parts[1], 16))
        if not unicodedata.is_normalized("NFC", character):
            sensitive.add(code)
    return sorted(sensitive)


def _character_class(codes: list[int]) -> str:
    """Write code points as a class, bridging gaps: short classes keep RE2's automaton small.

    Beyond U+FFFF the gaps may be wide, because `re` compares every range there with every character.
    """
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code - ranges[-1][1] <= (0x1000 if ranges[-1][1] >= _ASTRAL else 16):
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in ranges) + "]"


@fix("compose_nfc", trigger=_character_class(nfc_sensitive()))
def compose_nfc(text: str) -> str:
    r"""Compose characters to NFC, which also unifies CJK compatibility ideographs (U+F900 and on).

    >>> compose_nfc("cafe\u0301 \uf9dc起") == "café 隆起"
    True
    >>> compose_nfc("㎎ ① Ⅱ ½ mc² 10⁹/L ™ ，。")
    '㎎ ① Ⅱ ½ mc² 10⁹/L ™ ，。'
    """
    return unicodedata.normalize("NFC", text)


_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}


@fix("split_ligatures", trigger=r"[\ufb00-\ufb06]")
def split_ligatures(text: str) -> str:
    """Split the Latin ligatures of typesetting; letters of a language (æ, œ, ß) stay.

    >>> split_ligatures("the ﬁrst eﬃcacy trial")
    'the first efficacy trial'
    >>> split_ligatures("Œuvre, Æsop, 第一条")
    'Œuvre, Æsop, 第一条'
    """
    return text.translate(_LIGATURES)


# Scripts that write with joiners: Arabic (Persian), Indic, Mongolian and their neighbors.
_JOINING = r"\u0600-\u06ff\u0750-\u077f\u0860-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_EMOJI = r"\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_SEQUENCE_END = r"\ufe0f\U000e007f"
_INVISIBLE = r"\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_TAGS = r"\U000e0000-\U000e007f"
_UNSEEN = re.compile(
    rf"(?P<keep>\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    rf"|(?<=[{_JOINING}])[\u200c\u200d]"
    rf"|(?<=[{_EMOJI}{_SEQUENCE_END}])\u200d(?=[{_EMOJI}]))"
    rf"|[{_INVISIBLE}\u200c\u200d{_TAGS}]"
)


@fix("drop_invisible", trigger=rf"[{_INVISIBLE}\u200c\u200d{_TAGS}]")
def drop_invisible(text: str) -> str:
    r"""Remove invisible and bidirectional controls that carry no meaning; keep the joiners that do.

    Kept: ZWJ within emoji and in Arabic and Indic scripts, ZWNJ in Persian and Indic scripts, the tag sequences of
    flags after 🏴, and every variation selector.

    >>> drop_invisible("高血压\u200b诊断\ufeff")
    '高血压诊断'
    >>> drop_invisible("👩\u200d⚕️ می\u200cخواهم") == "👩\u200d⚕️ می\u200cخواهم"
    True
    """
    return _UNSEEN.sub(lambda unseen: unseen["keep"] or "", text)


@fix("drop_controls", trigger=r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
def drop_controls(text: str) -> str:
    r"""Remove control characters; a page or line break among them becomes a line end, tab and line end stay.

    >>> drop_controls("第一页\f第二页\x00")
    '第一页\n第二页'
    >>> drop_controls("a\tb\nc")
    'a\tb\nc'
    """
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]", "", re.sub(r"[\x0b\x0c\x85]", "\n", text))


# CSI with parameters, OSC up to its end, character sets, two-character sequences.
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-Z\\^-~])|\x9b[0-?]*[ -/]*[@-~]"
)


@fix("strip_ansi", trigger=r"[\x1b\x9b]")
def strip_ansi(text: str) -> str:
    r"""Remove terminal escape sequences whole; dropping only ESC would leave `[31m` in the text.

    >>> strip_ansi("\x1b[1;31m错误\x1b[0m：文件不存在")
    '错误：文件不存在'
    >>> strip_ansi("the array [31m] stays")
    'the array [31m] stays'
    """
    return _ANSI.sub("", text)
