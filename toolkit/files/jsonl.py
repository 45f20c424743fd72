"""JSON lines: one object a line; a line that is broken is one fault and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from toolkit.files.encoding import as_text, splits_at_newline
from toolkit.files.found import Fault, Found, clip
from toolkit.files.json_values import describe, loads, unwrap
from toolkit.files.lines import lines

_BLANK = b" \t\r\n"


def json_lines(chunks: Iterable[bytes], encoding: str = "utf-8", first: int = 1) -> Iterator[Found | Fault]:
    r"""Read one JSON object a line; blank lines are passed over, a list of one object stands for the object.

    Args:
        chunks: The bytes of the file, or of a range of it.
        encoding: As `encoding.of_lines` decided.
        first: Number of the first line.

    >>> [row.value for row in json_lines(['{"问":"感冒吃什么？"}\n\n[{"问":"发烧呢？"}]\n'.encode()])]
    [{'问': '感冒吃什么？'}, {'问': '发烧呢？'}]
    >>> next(json_lines([b'{"q": "dose'])).detail
    'line 1: not JSON at character 7 (Unterminated string starting at): the text ends early; repair the line or remove it'
    """
    if not splits_at_newline(encoding):
        chunks = (text.encode() for text in as_text(chunks, encoding))
        encoding = "utf-8"
    for number, line in lines(chunks, first):
        whole = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if whole.strip(_BLANK):
            yield parse_line(whole, number, encoding)


def parse_line(line: bytes, number: int, encoding: str = "utf-8") -> Found | Fault:
    """Read one line.

    >>> parse_line(b'"a sentence"', 4).detail
    'line 4: a string, not an object; write one object a line'
    """
    try:
        value, fixes = loads(line if encoding == "utf-8" else line.decode(encoding).encode())
    except UnicodeDecodeError as error:
        detail = f"line {number}: byte 0x{line[error.start]:02X} is not {error.encoding}, unlike the rest of the file"
        return Fault("unreadable_line", f"{detail}; save the whole file in one encoding", clip(line), number)
    except ValueError as error:
        return Fault("unreadable_line", f"line {number}: {error}; repair the line or remove it", clip(line), number)
    value = unwrap(value)
    if isinstance(value, dict):
        return Found(value, number, None, fixes)
    detail = f"line {number}: {describe(value)}, not an object; write one object a line"
    return Fault("unreadable_line", detail, clip(line), number)
