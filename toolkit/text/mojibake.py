"""Repair text that was read in the wrong encoding: UTF-8 or GB2312 bytes shown as Latin-1 or Windows-1252."""

from __future__ import annotations

import re

from toolkit.text.fix import fix

# What the bytes 80-9F look like in Windows-1252; five of them are unassigned there and stay control characters.
_CP1252 = {bytes([byte]).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xA0)}
_TO_LATIN1 = {ord(shown): byte for shown, byte in _CP1252.items()}
_SHOWN = "".join(sorted(_CP1252))

# A lead byte and a continuation byte as they are shown, a C1 control, four bytes of GB2312, MacRoman's shape of `’“—`.
_TRIGGER = rf"[\u00c2-\u00f4][\u0080-\u00bf{_SHOWN}]|[\u0080-\u009f]|[\u00a1-\u00fe][\u00a1-\u00fe][\u00a1-\u00fe][\u00a1-\u00fe]|\u201a\u00c4"
_SUSPECT = re.compile(_TRIGGER)
# Chinese text and its punctuation never take part: a piece is a stretch of Latin text on one line.
_PIECE = re.compile(rf"[\u0020-\u024f\u02c6\u02dc\ufffd{_SHOWN}]+")
_GB_RUN = re.compile(r"(?<![\u00a1-\u00fe])(?:[\u00a1-\u00fe][\u00a1-\u00fe]){2,}(?![\u00a1-\u00fe])")
_GB_CHINESE = re.compile(r"[\u4e00-\u9fff\u3001-\u3011\uff01-\uff5e\u2014\u2018-\u201d\u2026]+")
_LEVEL_TWO = 0xD8  # rows from here on hold the rare half of GB2312


@fix("repair_mojibake", trigger=_TRIGGER)
def repair_mojibake(text: str) -> str:
    r"""Bring back the characters behind `é«˜è¡€åŽ‹`, `â€™` and `ÖÐ¹ú`; only the encoding is repaired, nothing else.

    A strict reading of the bytes comes first; ftfy is asked where bytes are lost or mixed, and only where its own
    measure of badness says that this is no text.

    >>> repair_mojibake("诊断：é«˜è¡€åŽ‹ï¼Œ10Â°C")
    '诊断：高血压，10°C'
    >>> repair_mojibake("he said â€œyesâ€\x9d")
    'he said “yes”'
    >>> repair_mojibake("“CAFÉ™” à côté de l’hôtel，他说：“好……”")
    '“CAFÉ™” à côté de l’hôtel，他说：“好……”'
    """
    return _PIECE.sub(lambda piece: _repair(piece[0]) if _SUSPECT.search(piece[0]) else piece[0], text)


def _repair(piece: str) -> str:
    from ftfy import TextFixerConfig, fix_encoding
    from ftfy.badness import is_bad

    piece = _GB_RUN.sub(_read_gb2312, piece)
    if not is_bad(piece):
        return piece
    # A run that may be GB2312 must not be guessed at in parts: ftfy would make `Öйú` of `ÖÐ¹ú`.
    config = TextFixerConfig(decode_inconsistent_utf8=not _GB_RUN.search(piece))
    return _read_utf8(piece) or fix_encoding(piece, config)


def _read_utf8(piece: str) -> str:
    try:
        return piece.translate(_TO_LATIN1).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return ""


def _read_gb2312(run: re.Match[str]) -> str:
    """Read a run of Latin-1 letters as GB2312, if all of it is common Chinese and the letters are no word.

    Capital and small letters mixed are the sign: `ÖÐ¹ú` is 中国, while `éèêë` is a row of letters and the `××××` of
    a court form is four signs (its bytes would read 鬃鬃).
    """
    data = run[0].encode("latin-1")
    mixed = any(map(str.isupper, run[0])) and any(map(str.islower, run[0]))
    if not mixed or any(lead >= _LEVEL_TWO for lead in data[::2]):
        return run[0]
    try:
        chinese = data.decode("gb2312")
    except UnicodeDecodeError:
        return run[0]
    return chinese if _GB_CHINESE.fullmatch(chinese) else run[0]
