"""JSON values: read fast by orjson, and a second time with patience where orjson refuses or would lose digits."""

from __future__ import annotations

import json
import string
from typing import Any

import orjson

from toolkit.files.found import replace_surrogates

_DIGITS = bytes(ord("0" if chr(byte) in string.digits else " ") for byte in range(256))
_LONG_NUMBER = b"0" * 19
"""orjson reads an integer beyond 64 bit as a float and so loses digits; 19 digits in a row ask for a second reading."""
_MOST_DIGITS = 20
"""Of a number of 64 bit, its sign included."""
_CONTROL = "Invalid control character"
_NAMES: dict[type, str] = {
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def loads(data: bytes) -> tuple[Any, tuple[str, ...]]:
    r"""Read one JSON value and say what had to be mended.

    Of a key that stands twice, the last value holds, as in every JSON parser.

    Raises:
        ValueError: It is not JSON; the message says what and where.

    >>> loads('{"剂量": "5 mg"}'.encode())
    ({'剂量': '5 mg'}, ())
    >>> loads(b'{"id": 123456789012345678901}')  # beyond 64 bit: the digits are kept as text
    ({'id': '123456789012345678901'}, ('long_integer',))
    >>> loads('{"a": "好\\ud83d"}'.encode())  # half an emoji is no reason to lose the answer
    ({'a': '好�'}, ('lone_surrogate',))
    >>> loads(b'{"dose": NaN}')
    Traceback (most recent call last):
    ValueError: NaN is not JSON; write null
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _patiently(data.decode("utf-8"))
    if may_hide_digits(value) and _LONG_NUMBER in data.translate(_DIGITS):
        return _patiently(data.decode("utf-8"))
    return value, ()


_DEEP = frozenset((float, list, dict))


def may_hide_digits(value: Any) -> bool:
    """Whether an integer beyond 64 bits, which orjson reads as a float, can be in a value: rows of texts hide none.

    >>> may_hide_digits({"剂量": "12345678901234567890 mg", "n": 3}), may_hide_digits({"id": 12345678901234567890123.0})
    (False, True)
    """
    return not isinstance(value, dict) or not _DEEP.isdisjoint(map(type, value.values()))


def _patiently(text: str) -> tuple[Any, tuple[str, ...]]:
    fixes: list[str] = []
    try:
        value = decoder(fixes).decode(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith(_CONTROL):
            raise ValueError(explain(error)) from None
        fixes.append("control_character")
        value = _not_strict(text, fixes)
    except RecursionError:
        raise ValueError("nested too deeply to be data") from None
    if "\\ud" in text or "\\uD" in text:
        value = whole_characters(value, fixes)
    return value, tuple(dict.fromkeys(fixes))


def _not_strict(text: str, fixes: list[str]) -> Any:
    """A raw tab or NUL inside a string breaks the grammar but hides nothing."""
    try:
        return decoder(fixes, strict=False).decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(explain(error)) from None


def decoder(fixes: list[str], *, strict: bool = True) -> json.JSONDecoder:
    """A decoder that refuses NaN and keeps the digits of long integers; what it mends it appends to `fixes`."""

    def integer(digits: str) -> int | str:
        if len(digits) <= _MOST_DIGITS and -(2**63) <= int(digits) < 2**64:
            return int(digits)
        fixes.append("long_integer")
        return digits

    return json.JSONDecoder(parse_int=integer, parse_constant=_refuse, strict=strict)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; write null")


def explain(error: json.JSONDecodeError) -> str:
    """What a parser met, for the person who repairs the file.

    >>> explain(json.JSONDecodeError("Unterminated string starting at", '{"q": "dose', 6))
    'not JSON at character 7 (Unterminated string starting at): the text ends early'
    """
    early = error.msg.startswith("Unterminated") or not error.doc[error.pos :].strip()
    return f"not JSON at character {error.pos + 1} ({error.msg})" + (": the text ends early" if early else "")


def whole_characters(value: Any, fixes: list[str]) -> Any:
    """Replace halves of surrogate pairs everywhere in a value, and note it."""
    if isinstance(value, str):
        mended = replace_surrogates(value)
        if mended != value:
            fixes.append("lone_surrogate")
        return mended
    if isinstance(value, list):
        return [whole_characters(item, fixes) for item in value]
    if isinstance(value, dict):
        return {whole_characters(k, fixes): whole_characters(v, fixes) for k, v in value.items()}
    return value


def unwrap(value: Any) -> Any:
    """Take a value out of lists of one element.

    >>> unwrap([[{"问": "答"}]]), unwrap([1, 2])
    ({'问': '答'}, [1, 2])
    """
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def describe(value: Any) -> str:
    """Name the kind of a JSON value.

    >>> describe("高血压"), describe([1, 2]), describe({})
    ('a string', 'a list of 2 values', 'an object')
    """
    if isinstance(value, list):
        return f"a list of {len(value)} values"
    return "an object" if isinstance(value, dict) else _NAMES.get(type(value), type(value).__name__)
