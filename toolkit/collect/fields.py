"""Which record fields a source may fill from columns, front matter or paths, and what each can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from toolkit.files.json_values import describe
from toolkit.files.parquet import as_json

Convert = Callable[[Any], Any]

DATES = ("valid_from", "valid_until", "as_of", "verified_at")
"""Validity fields whose origin is noted as evidence."""
_VALIDITY = (*DATES, "tz", "volatility", "ttl", "fact_key")
_SOURCE = ("title", "doc_type", "domain", "publisher", "license", "jurisdiction",
           "retrieved_at", "published_at", "modified_at", "etag", "state")  # fmt: skip
_TEXTS = ("text", "title", "prompt", "input", "output", "system", "tools", "task", "lang")
_MESSAGE = ("role", "content", "parts", "tool_calls", "extra")


def as_text(value: Any) -> str | None:
    """A text; numbers and truth values become their JSON text, so that 5 mg and "5" meet.

    >>> as_text("５ mg"), as_text(5), as_text(None)
    ('５ mg', '5', None)
    >>> as_text(["a"])
    Traceback (most recent call last):
    TypeError: a list of 1 values instead of a text
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        raise TypeError(f"{describe(value)} instead of a text")
    plain = orjson.dumps(value, default=as_json).decode()
    return plain[1:-1] if plain.startswith('"') else plain


def as_fact(value: Any) -> str | None:
    """A text where an empty cell says nothing: an empty `valid_until` is no date."""
    text = as_text(value)
    return text.strip() or None if text is not None else None


def as_facts(value: Any) -> list[str] | None:
    """A list of texts; one text stands for a list of one."""
    values = value if isinstance(value, list) else [value]
    return [text for item in values if (text := as_fact(item)) is not None] or None


def as_messages(value: Any) -> list[dict[str, Any]] | None:
    """Messages with a role; a plain text is one answer of the assistant. What the record has no field for stays as JSON.

    >>> as_messages([{"role": "user", "content": "血压高怎么办？", "name": "李"}])
    [{'role': 'user', 'content': '血压高怎么办？', 'extra': '{"name":"李"}'}]
    """
    if value is None:
        return None
    if isinstance(value, str):
        return [{"role": "assistant", "content": value}]
    if not isinstance(value, list):
        raise TypeError(f"{describe(value)} instead of a list of messages")
    return [_message(item) for item in value]


def _message(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping) or not isinstance(item.get("role"), str):
        raise TypeError("a message without a role")
    message: dict[str, Any] = {"role": item["role"]}
    content = item.get("content")
    message["content" if content is None or isinstance(content, str) else "parts"] = _json_text(content)
    for name in ("parts", "tool_calls"):
        if item.get(name) is not None:
            message[name] = _json_text(item[name])
    rest = {k: v for k, v in item.items() if k not in _MESSAGE and v is not None}
    if rest or item.get("extra") is not None:
        message["extra"] = _json_text(rest or item["extra"])
    return message


def _json_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value, default=as_json).decode()


_FLAGS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}


def as_flag(value: Any) -> bool | None:
    """True or false, also as the words a table holds.

    >>> as_flag("是"), as_flag("No"), as_flag("")
    (True, False, None)
    """
    text = as_fact(value)
    if text is None:
        return None
    if text.lower() not in _FLAGS:
        raise ValueError(f"{text[:40]!r} instead of true or false")
    return _FLAGS[text.lower()]


def as_number(value: Any) -> float | None:
    """A number, also as text."""
    text = as_fact(value)
    return float(text) if text is not None else None


def as_level(value: Any) -> int | None:
    """A whole number."""
    number = as_number(value)
    if number is not None and not number.is_integer():
        raise ValueError(f"{number} instead of a whole number")
    return int(number) if number is not None else None


FIELDS: dict[str, Convert] = {
    **dict.fromkeys(_TEXTS, as_text),
    "lang": as_fact,
    **dict.fromkeys(("messages", "chosen", "rejected"), as_messages),
    "desirable": as_flag,
    "weight": as_number,
    **dict.fromkeys((f"validity.{name}" for name in _VALIDITY), as_fact),
    "validity.supersedes": as_facts,
    **dict.fromkeys((f"source.{name}" for name in _SOURCE), as_fact),
    "source.authority": as_level,
}
"""Record field -> what makes a value of it, or raises ValueError or TypeError."""

SHORT = {name: f"source.{name}" for name in _SOURCE if name != "title"} | {"authority": "source.authority"}
SHORT |= {name: f"validity.{name}" for name in (*_VALIDITY, "supersedes")}
"""Names without the dot, as front matter and the groups of a pattern use them."""

FRONT_MATTER = (
    "title", "lang", *_VALIDITY, "supersedes", "published_at", "modified_at", "publisher", "doc_type", "jurisdiction",
)  # fmt: skip
"""What a document may say of itself. Not its authority, domain or license: those are the registry's to say."""


def full_name(name: str) -> str:
    """The record field that a short name stands for.

    >>> full_name("valid_until"), full_name("prompt")
    ('validity.valid_until', 'prompt')
    """
    return SHORT.get(name, name)
