"""Which encoding a text is in: declared, byte order mark, UTF-8, GB18030; else it is refused rather than guessed.

A wrong guess makes text that looks like text: 高血压 in UTF-8 read as GB18030 is 楂樿鍘. So GB18030 is taken only where the
result reads like Chinese: most of it in the first level of GB2312 (the 3,755 common characters), and enough of it the
characters that every Chinese text is full of. Measured on statutes, a medical table, and the same in other encodings:

    text read as GB18030          first level   frequent characters
    simplified, GB18030           0.97 - 1.00   0.55 - 0.65
    traditional, GB18030          0.80          0.59
    Chinese, UTF-8                0.11          0.00
    Chinese, Big5                 0.14          0.01
    Korean, EUC-KR                1.00          0.03
    Japanese, EUC-JP / cp932      0.48 / 0.00   0.06 / 0.00
    Russian, KOI8-R / cp1251      0.88 / 0.01   0.00 / 0.01
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from toolkit.files.found import UnreadableError

SAMPLE_BYTES = 64 << 10
"""Bytes of lines that are not ASCII; more would not change the decision."""
SCAN_BYTES = 64 << 20
"""How far ASCII is read in search of such lines before the file counts as UTF-8."""
MIN_COMMON = 0.55
MIN_FREQUENT = 0.08
JUDGED = 40
"""Fewer characters than this say nothing about frequency: a drug name has none of the frequent ones."""
FREQUENT = frozenset(
    "的一是不了人在有我他这中大来上国和地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家事成方多经么去法"
    "学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无它与长机十第公此已使情明性知全三又关点正业外将两"
    "高间由问很最重并物手应向体文们政相利被二等产或新制身果加条病法规款项治药医患症血痛疗检查"
    "這來國說時會對發後過著還進開實長關點業將兩間問應體們產條規項藥醫療檢"
)
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "hz": "hz", "big5": "cp950", "shift_jis": "cp932",
          "iso8859-1": "cp1252", "utf-8-sig": "utf-8"}  # fmt: skip
"""What a label means in practice: writers name the small set and use the large one."""
_UNLIKELY = re.compile("[\ufffd\ue000-\uf8ff\x80-\x9f]")
_HINT = "name its encoding in sources.yaml (encoding: big5, cp1252, shift_jis, ...) or save it as UTF-8"


class Decoded(NamedTuple):
    """A text, the encoding it was in, and what reading had to mend."""

    text: str
    encoding: str
    fixes: tuple[str, ...] = ()


def canonical(label: str) -> str:
    """The codec that reads what a label stands for.

    >>> canonical("GB2312"), canonical("UTF8"), canonical("Big5")
    ('gb18030', 'utf-8', 'cp950')
    >>> canonical("latin9")
    'iso8859-15'
    """
    try:
        name = codecs.lookup(label.strip()).name
    except LookupError:
        raise UnreadableError(
            f"unknown encoding {label!r}", hint="use a name such as utf-8, gb18030, big5, cp1252"
        ) from None
    return _WIDER.get(name, name)


def splits_at_newline(encoding: str) -> bool:
    """Whether byte 0x0A is a line end and nothing else, so that a file may be cut into lines before decoding."""
    return not encoding.startswith(("utf-16", "utf-32", "utf-7", "hz", "iso2022"))


def reads_as_chinese(text: str) -> bool:
    """Whether a text that came out of GB18030 is Chinese, or bytes of something else.

    >>> reads_as_chinese("咳嗽"), reads_as_chinese("每日三次，饭后服用")
    (True, True)
    >>> reads_as_chinese("高血压".encode().decode("gb18030", "replace"))
    False
    >>> reads_as_chinese("plain ASCII")  # nothing speaks against it
    True
    """
    if _UNLIKELY.search(text):
        return False
    marks = [ch for ch in text if ch > "\x7f"]
    if not marks:
        return True
    common = sum(map(_is_common, marks)) / len(marks)
    frequent = sum(ch in FREQUENT for ch in marks) / len(marks)
    return common >= MIN_COMMON and (len(marks) < JUDGED or frequent >= MIN_FREQUENT)


_ROWS = frozenset([*range(0xB0, 0xD8), *range(0xA1, 0xA4)])
_CELLS = range(0xA1, 0xFF)


def _is_common(ch: str) -> bool:
    """First level of GB2312 (rows 16-55) or its punctuation and full-width forms (rows 1-3)."""
    code = ch.encode("gb18030", "replace")
    return len(code) == len("汉".encode("gb18030")) and code[1] in _CELLS and code[0] in _ROWS


def decode(data: bytes, declared: str | None = None) -> Decoded:
    r"""Decode a whole text.

    A character that is cut off at the very end becomes U+FFFD and is noted as `cut_character`.

    Args:
        data: The bytes of the file.
        declared: What the source or the file says of itself; it is believed only where the bytes agree.

    Raises:
        UnreadableError: No encoding of the ladder fits, or the declared one does not.

    >>> decode("每日三次".encode("gb18030"))
    Decoded(text='每日三次', encoding='gb18030', fixes=())
    >>> decode(b"\xef\xbb\xbfdose").text  # the mark is no part of the text
    'dose'
    >>> decode("três".encode("cp1252"))
    Traceback (most recent call last):
    toolkit.files.found.UnreadableError: line 1: byte 0xEA is not UTF-8, and the text does not read as GB18030
    name its encoding in sources.yaml (encoding: big5, cp1252, shift_jis, ...) or save it as UTF-8
    """
    if declared:
        return _declared(data, canonical(declared))
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :] if encoding == "utf-8" else data, encoding)
    try:
        return _strict(data, "utf-8")
    except UnicodeDecodeError as error:
        return _as_chinese(data, error)


def _declared(data: bytes, encoding: str) -> Decoded:
    try:
        found = _strict(data, encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"line {line}: byte 0x{data[error.start]:02X} is not {encoding}, which is declared",
                              hint="correct or remove the declared encoding") from None  # fmt: skip
    return found._replace(text=found.text.removeprefix("\ufeff"))


def _as_chinese(data: bytes, error: UnicodeDecodeError) -> Decoded:
    try:
        found = _strict(data, "gb18030")
    except UnicodeDecodeError:
        found = None
    if found and reads_as_chinese(found.text.removesuffix("\ufffd") if found.fixes else found.text):
        return found
    line = data.count(b"\n", 0, error.start) + 1
    raise UnreadableError(
        f"line {line}: byte 0x{data[error.start]:02X} is not UTF-8, and the text does not read as GB18030", hint=_HINT
    )


def _strict(data: bytes, encoding: str) -> Decoded:
    """Decode, and tolerate a character that the end of the file cuts off."""
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        text = codecs.getincrementaldecoder(encoding)().decode(data)  # final=False: an unfinished end is no error
        return Decoded(text + "\ufffd", encoding, ("cut_character",))


def of_lines(chunks: Iterable[bytes], declared: str | None = None) -> str:
    r"""Decide the encoding of a file that is read line by line, from its first lines that are not ASCII.

    The majority of the lines decides, so that one bad line in a thousand is one bad line, not another encoding.

    >>> of_lines([b"id,name\n" * 20000 + "1,高血压患者的治疗\n".encode("gb18030")])  # 160 kB of ASCII come first
    'gb18030'
    >>> of_lines(["一\n二\n".encode(), b"\xd5\n"])
    'utf-8'
    """
    if declared:
        return canonical(declared)
    stream = iter(chunks)
    head = next(stream, b"")
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    sample = list(_telling_lines(head, stream))
    others = [line for line in sample if _decoded(line, "utf-8") is None]
    if 2 * len(others) <= len(sample):
        return "utf-8"
    chinese = [text for line in others if (text := _decoded(line, "gb18030")) is not None]
    if 2 * len(chinese) > len(others) and reads_as_chinese("\n".join(chinese)):
        return "gb18030"
    raise UnreadableError("the lines are neither UTF-8 nor do they read as GB18030", hint=_HINT)


def _telling_lines(head: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    """The lines that are not ASCII, whole ones only, up to the size of a sample."""
    taken = scanned = 0
    rest, chunk = b"", head
    while chunk and taken < SAMPLE_BYTES and scanned < SCAN_BYTES:
        scanned += len(chunk)
        following = next(stream, b"")
        whole = rest + chunk
        at = _last_border(whole) if following else len(whole)
        block, rest = whole[:at], whole[at:]
        for line in () if block.isascii() else block.split(b"\n"):
            if taken < SAMPLE_BYTES and not line.isascii():
                taken += len(line)
                yield line
        chunk = following


def _last_border(data: bytes) -> int:
    """Where data may be cut: after a line end; in a file without line ends, after a quote, which no character holds."""
    return data.rfind(b"\n") + 1 or (data.rfind(b'"') + 1 if len(data) > SAMPLE_BYTES else 0)


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def as_text(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Decode a stream chunk by chunk.

    Raises:
        UnreadableError: A byte does not fit the encoding; what came before was given.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    done, first = 0, True
    for chunk in itertools.chain(chunks, (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise UnreadableError(f"byte {done + error.start:,} is not {encoding}", hint=_HINT) from None
        done += len(chunk)
        if text:
            yield text.removeprefix("\ufeff") if first else text
            first = False
