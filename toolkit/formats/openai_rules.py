"""What the JSON Schema of openai-chat cannot say: who speaks last, which calls are answered, where images may stand.

Each rule takes a row of any shape and looks only at what it understands; the schema reports the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from toolkit.formats.calls import arguments_of
from toolkit.formats.example import SYSTEM_ROLES, Row, pointer
from toolkit.formats.findings import Finding

_LARGEST = 2**53
_IMAGE_URL = re.compile(r"https://|data:image/(?:jpeg|png|webp);base64,", re.ASCII)


def messages_in(row: Row) -> list[tuple[str, Row]]:
    """Give the messages that are objects with a role, each with its place.

    >>> messages_in({"messages": [{"role": "user", "content": "你好"}, "Hi"]})
    [('/messages/0', {'role': 'user', 'content': '你好'})]
    """
    messages = row.get("messages")
    if not isinstance(messages, list):
        return []
    listed = ((pointer("messages", index), message) for index, message in enumerate(messages))
    return [(place, m) for place, m in listed if isinstance(m, dict) and isinstance(m.get("role"), str)]


def rule_order(row: Row) -> Iterator[Finding]:
    """A row ends with an answer, and a system message stands first and once.

    >>> [str(f) for f in rule_order({"messages": [{"role": "assistant"}, {"role": "user", "content": "还有呢？"}]})]
    ['E203 /messages/1/role is user: the row has no answer to learn']
    """
    messages = row.get("messages")
    if isinstance(messages, list):
        yield from _order(_roles(messages))


def _roles(messages: list[Any]) -> tuple[str, ...]:
    """The roles in order; what has none speaks as nobody."""
    roles = [message.get("role") if isinstance(message, dict) else None for message in messages]
    return tuple([role if isinstance(role, str) else "" for role in roles])


@lru_cache(maxsize=4096)
def _order(roles: tuple[str, ...]) -> tuple[Finding, ...]:
    """Judge the order of roles; few orders exist, so each is judged once."""
    found = [
        Finding("E206", pointer("messages", index, "role"), f"is {role}, and not the first message")
        for index, role in enumerate(roles)
        if index and role in SYSTEM_ROLES
    ]
    if roles and roles[-1] != "assistant":
        place = pointer("messages", len(roles) - 1, "role")
        found.append(Finding("E203", place, f"is {roles[-1] or 'unknown'}: the row has no answer to learn"))
    return tuple(found)


def rule_weights(row: Row) -> Iterator[Finding]:
    """Where every answer has weight 0 nothing is learned.

    >>> [f.code for f in rule_weights({"messages": [{"role": "assistant", "content": "您好", "weight": 0}]})]
    ['E209']
    """
    answers = [message for _, message in messages_in(row) if message["role"] == "assistant"]
    if answers and all(message.get("weight") == 0 for message in answers):
        yield Finding("E209", "/messages", "has weight 0 on every answer")


def rule_calls(row: Row) -> Iterator[Finding]:
    """Arguments are the JSON text of an object, and a called tool is declared.

    >>> call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "上海"}}
    >>> [f.code for f in rule_calls({"messages": [{"role": "assistant", "tool_calls": [call]}]})]
    ['E301', 'E302']
    """
    declared = {function.get("name") for function in _functions(row.get("tools"))}
    for place, message in messages_in(row):
        for index, function in enumerate(_functions(message.get("tool_calls"))):
            at = f"{place}/tool_calls/{index}/function"
            if isinstance(function.get("arguments"), str) and arguments_of(function) is None:
                yield Finding("E301", f"{at}/arguments", "is not the JSON text of an object")
            if isinstance(function.get("name"), str) and function["name"] not in declared:
                yield Finding("E302", f"{at}/name", f"{function['name']!r} is not among the tools of the row")


def _functions(calls: Any) -> list[Row]:
    listed = calls if isinstance(calls, list) else []
    functions = [call.get("function") if isinstance(call, dict) else None for call in listed]
    return [function if isinstance(function, dict) else {} for function in functions]


def rule_answers(row: Row) -> Iterator[Finding]:
    """Every call is answered once, by its id, before the next turn; only the last message may leave calls open.

    >>> [str(f) for f in rule_answers({"messages": [{"role": "tool", "tool_call_id": "call_9", "content": "晴"}]})]
    ["E303 /messages/0/tool_call_id 'call_9' answers no open call"]
    """
    waiting: list[Any] = []
    for place, message in messages_in(row):
        if message["role"] == "tool":
            call = message.get("tool_call_id")
            if call in waiting:
                waiting.remove(call)
            elif call is not None:  # a missing id is the schema's finding
                yield Finding("E303", f"{place}/tool_call_id", f"{call!r} answers no open call")
            continue
        if waiting:
            yield Finding("E303", place, f"comes before an answer to {', '.join(map(repr, waiting))}")
        calls = message.get("tool_calls")
        waiting = [call.get("id") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def rule_images(row: Row) -> Iterator[Finding]:
    """Images are https: or data: URLs, in user messages only.

    >>> image = {"type": "image_url", "image_url": {"url": "file:///片子.png"}}
    >>> [f.code for f in rule_images({"messages": [{"role": "assistant", "content": [image]}]})]
    ['E503', 'E503']
    """
    for place, message in messages_in(row):
        content = message.get("content")
        for index, part in enumerate(content if isinstance(content, list) else ()):
            if not isinstance(part, dict) or part.get("type") != "image_url":
                continue
            at = f"{place}/content/{index}"
            if message["role"] != "user":
                yield Finding("E503", at, f"is an image in a message of {message['role']}")
            url = part["image_url"].get("url") if isinstance(part.get("image_url"), dict) else None
            if isinstance(url, str) and not _IMAGE_URL.match(url):
                yield Finding("E503", f"{at}/image_url/url", "is neither https: nor a JPEG, PNG or WEBP as data:")


def rule_integers(row: Row) -> Iterator[Finding]:
    """An integer beyond 2^53 in a tool's schema is rounded by readers that know only doubles.

    >>> [str(f) for f in rule_integers({"tools": [{"maximum": 9007199254740993}]})]
    ['E009 /tools/0/maximum is an integer beyond 2^53']
    """
    yield from _integers(row.get("tools"), ("tools",))


def _integers(value: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(value, int) and abs(value) > _LARGEST:
        yield Finding("E009", pointer(*path), "is an integer beyond 2^53")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _integers(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _integers(item, (*path, index))


_RICH: tuple[Callable[[Row], Iterator[Finding]], ...] = (
    rule_weights,
    rule_calls,
    rule_answers,
    rule_images,
    rule_integers,
)


def rule_rich(row: Row) -> Iterator[Finding]:
    """Apply the rules of tools, images and weights, but only to rows that have any of them: most have none.

    >>> list(rule_rich({"messages": [{"role": "assistant", "content": "您好"}]}))
    []
    """
    messages = row.get("messages")
    if len(row) == 1 and isinstance(messages, list) and all(_is_plain(message) for message in messages):
        return
    for rule in _RICH:
        yield from rule(row)


def _is_plain(message: Any) -> bool:
    """Whether a message is role and text and nothing else; an answer of a tool is never plain."""
    if not isinstance(message, dict) or len(message) != _ROLE_AND_CONTENT:
        return False
    return isinstance(message.get("content"), str) and message.get("role") != "tool"


_ROLE_AND_CONTENT = 2

RULES = (rule_order, rule_rich)
