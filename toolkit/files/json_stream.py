"""JSON arrays, and values one after another, read element by element from a stream: the file is never held whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from toolkit.files.found import Fault, Found, UnreadableError, clip
from toolkit.files.json_values import decoder, describe, explain, unwrap, whole_characters

MAX_ELEMENT = 64 << 20
"""Characters of one element; more is no list of rows."""
_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_SNIFFED_LINES = 20


def is_lines(head: str, *, default: bool) -> bool:
    r"""Whether a text holds one JSON value a line, whatever its name says.

    Args:
        head: The beginning of the file.
        default: The answer where the text does not tell, as when its first line is broken.

    >>> is_lines('{"问": "一"}\n{"问": "二"}\n', default=False)
    True
    >>> is_lines('[\n  {"q": 1},\n  {"q": 2}\n]', default=True)
    False
    >>> is_lines('[{"q": 1}, {"q": 2}]', default=True)  # a whole array on one line
    False
    """
    begins = head.removeprefix("\ufeff").lstrip()
    if begins[:1] not in ("[", "{"):
        return default
    first, newline, rest = begins.partition("\n")
    if begins[0] == "[" and not (newline and rest.strip()):
        return False
    if any(_is_value(line) for line in [first, *rest.split("\n", _SNIFFED_LINES)[:_SNIFFED_LINES]]):
        return True
    return default and begins[0] == "{"


def _is_value(line: str) -> bool:
    """A line that begins at its margin and is an object or a list; indented ones are parts of a larger value."""
    if line[:1] not in ("[", "{"):
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


class _Buffer:
    """A sliding window over a text stream."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        """Read on, at least as much as there is, so that a long element costs linear time."""
        parts, wanted = [self.text[self.at :]], max(len(self.text) - self.at, 1)
        while wanted > 0 and not self.ended:
            text = next(self._texts, None)
            self.ended = text is None
            parts.append(text or "")
            wanted -= len(parts[-1])
        grown = len(parts) > 1 and any(parts[1:])
        self.text, self.at = "".join(parts), 0
        return grown

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Pass over what matches, and show the character after it; empty at the end."""
        while True:
            found = pattern.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]


def json_stream(texts: Iterable[str]) -> Iterator[Found | Fault]:
    r"""Read the elements of an array, or values that stand one after another.

    A broken element is one fault where the file's layout shows the beginning of the next (same indentation at the
    beginning of a line); else the rest of the file is one.

    >>> [row.value for row in json_stream(['[[{"问": "一"}],', ' [{"问": "二"}]]'])]
    [{'问': '一'}, {'问': '二'}]
    >>> [type(row).__name__ for row in json_stream(['[\n {"a": 1},\n {"a": oops},\n {"a": 3}\n]'])]
    ['Found', 'Fault', 'Found']
    """
    buffer = _Buffer(texts)
    in_array = buffer.skip(_SPACE) == "["
    buffer.at += in_array
    margin = _margin(buffer)
    row = 0
    while (begins := buffer.skip(_BETWEEN)) and not (in_array and begins == "]"):
        try:
            value, fixes = _next_value(buffer)
        except ValueError as error:
            yield Fault(
                "unreadable_line",
                f"element {row}: {error}; repair it or remove it",
                _to_next(buffer, margin),
                None,
                row,
            )
            if not buffer.skip(_BETWEEN):
                return
        else:
            yield _row(value, row, fixes)
        row += 1
    yield from _ending(buffer, in_array, row)


def _margin(buffer: _Buffer) -> str:
    """Line end and indentation before the first element: how the next element is known after a broken one."""
    found = _SPACE.match(buffer.text, buffer.at)
    space = found.group() if found else ""
    return space[space.rfind("\n") :] if "\n" in space else ""


def _row(value: Any, row: int, fixes: tuple[str, ...]) -> Found | Fault:
    inner = unwrap(value)
    if isinstance(inner, dict):
        return Found(inner, None, row, fixes)
    detail = f"element {row}: {describe(inner)}, not an object; write a list of objects"
    return Fault("unreadable_line", detail, clip(json.dumps(inner, ensure_ascii=False)), None, row)


def _next_value(buffer: _Buffer) -> tuple[Any, tuple[str, ...]]:
    fixes: list[str] = []
    while True:
        try:
            value, end = decoder(fixes, strict=False).raw_decode(buffer.text, buffer.at)
        except json.JSONDecodeError as error:
            # an error well before the end of what was read is one; at the end, the element may only be cut off
            cut = error.msg.startswith("Unterminated") or error.pos > len(buffer.text) - 16
            if cut and len(buffer.text) - buffer.at < MAX_ELEMENT and buffer.more():
                continue
            raise ValueError(explain(_relative(error, buffer.at))) from None
        except RecursionError:
            raise ValueError("nested too deeply to be data") from None
        if end == len(buffer.text) and buffer.more():  # a number may go on
            continue
        if _halves_in(buffer.text, buffer.at, end):
            value = whole_characters(value, fixes)
        buffer.at = end
        return value, tuple(dict.fromkeys(fixes))


def _halves_in(text: str, start: int, end: int) -> bool:
    """Whether an escape in this stretch may be half of a surrogate pair."""
    return text.find("\\ud", start, end) >= 0 or text.find("\\uD", start, end) >= 0


def _relative(error: json.JSONDecodeError, start: int) -> json.JSONDecodeError:
    return json.JSONDecodeError(error.msg, error.doc[start:], error.pos - start)


def _to_next(buffer: _Buffer, margin: str) -> str:
    """Pass over a broken element and return its beginning."""
    raw = clip(buffer.text[buffer.at :])
    while True:
        found = buffer.text.find(margin, buffer.at + 1) if margin else -1
        after = found + len(margin)
        if found >= 0 and buffer.text[after : after + 1] in ("{", "["):
            buffer.at = found
            return raw
        if found >= 0 and after < len(buffer.text):
            buffer.at = found
            continue
        buffer.at = max(buffer.at, len(buffer.text) - len(margin) - 1)
        if not buffer.more():
            buffer.at = len(buffer.text)
            return raw


def _ending(buffer: _Buffer, in_array: bool, row: int) -> Iterator[Fault]:
    """Say where an array has no end, or something follows it."""
    if not in_array:
        return
    if buffer.text[buffer.at : buffer.at + 1] != "]":
        raise UnreadableError(f"the JSON array has no end after element {row - 1}: the file ends early",
                              hint="copy or download it again; what came before was read")  # fmt: skip
    buffer.at += 1
    if buffer.skip(_SPACE):
        detail = "something follows the end of the JSON array; write one array, or one object a line"
        yield Fault("unreadable_line", detail, clip(buffer.text[buffer.at :]), None, row)
