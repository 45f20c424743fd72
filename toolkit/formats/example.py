"""What every format is read into and written from: the example fields of the record, and nothing else.

An example has either `prompt`/`input`/`output` or `messages`. What has no fixed type of its own (typed content parts,
tool calls, tools, unknown keys of a message) is one JSON string, so that one Arrow schema can carry all of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Required, TypedDict

from toolkit.errors import DataError

Row = dict[str, Any]
"""One line of a file, as JSON reads it."""


class Message(TypedDict, total=False):
    """One turn. `content` is text; `parts`, `tool_calls` and `extra` are JSON strings."""

    role: Required[str]
    content: str | None
    parts: str | None
    tool_calls: str | None
    extra: str | None


class Example(TypedDict, total=False):
    """One thing to learn. A key that is absent and a key that is null say the same."""

    prompt: str | None
    input: str | None
    output: str | None
    system: str | None
    messages: list[Message] | None
    tools: str | None
    chosen: list[Message] | None
    rejected: list[Message] | None
    desirable: bool | None
    extra: dict[str, Any] | None


class _PlaceError(DataError):
    """A fault at one place of a row or an example."""

    def __init__(self, field: str, why: str, *, hint: str = "") -> None:
        super().__init__(f"{field or '/'}: {why}", hint=hint)
        self.field = field
        self.why = why


class CannotRead(_PlaceError):  # noqa: N818 - reads as the sentence it is: cannot read /output
    """A row is not what its format says; `field` is a JSON pointer into the row."""


class CannotHold(_PlaceError):  # noqa: N818 - as above: alpaca cannot hold /tools
    """A target has no place for a field; `field` is a JSON pointer into the example.

    >>> raise CannotHold("/tools", "alpaca has no place for tools")
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /tools: alpaca has no place for tools
    """


def pointer(*keys: str | int) -> str:
    """Write a JSON pointer (RFC 6901).

    >>> pointer("messages", 2, "content"), pointer("科室/病区"), pointer()
    ('/messages/2/content', '/科室~1病区', '')
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def pack(value: Any) -> str:
    """Turn a value into the JSON string that a record carries; key order and big integers stay.

    >>> pack({"剂量": 12345678901234567890})
    '{"剂量":12345678901234567890}'
    """
    # the standard library, not orjson: integers beyond 64 bits and cut emoji must come out as they went in
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unpack(text: str, *, field: str) -> Any:
    """Read a JSON string that a record carries; a string that is none is a field no format can hold.

    >>> unpack('["高血压"]', field="/tools")
    ['高血压']
    >>> unpack("[", field="/tools")
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /tools: is not JSON
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise CannotHold(field, "is not JSON") from error


def kind(value: object) -> str:
    """Name the JSON type of a value, for messages to people.

    >>> kind(None), kind(True), kind(2), kind(["阿司匹林"])
    ('null', 'boolean', 'number', 'array')
    """
    # bool before int: Python counts True as an integer, JSON does not
    kinds = ((bool, "boolean"), (int | float, "number"), (str, "string"), (Mapping, "object"), (list | tuple, "array"))
    return "null" if value is None else next((name for t, name in kinds if isinstance(value, t)), type(value).__name__)


def joined(prompt: str | None, material: str | None) -> str:
    r"""Join an instruction and its material as LLaMA-Factory does, so that every target teaches the same text.

    >>> joined("总结下文。", "高血压是……")
    '总结下文。\n高血压是……'
    >>> joined("What is 2+2?", "")  # no material: nothing is added
    'What is 2+2?'
    """
    return "\n".join(text for text in (prompt, material) if text)


def messages_of(example: Example) -> list[Message]:
    """Give any example as a list of messages, its system prompt first.

    >>> messages_of({"system": "你是医生。", "prompt": "头痛怎么办？", "output": "先休息。"})[-1]
    {'role': 'assistant', 'content': '先休息。'}
    >>> messages_of({"messages": [{"role": "user", "content": "Hi"}]})  # already messages: as they are
    [{'role': 'user', 'content': 'Hi'}]
    """
    messages = example.get("messages")
    if messages is None:
        messages = [
            {"role": "user", "content": joined(example.get("prompt"), example.get("input"))},
            {"role": "assistant", "content": example.get("output") or ""},
        ]
    system = example.get("system")
    return [{"role": "system", "content": system}, *_without_system(messages, system)] if system else messages


def _without_system(messages: list[Message], system: str) -> list[Message]:
    if not messages or messages[0]["role"] not in SYSTEM_ROLES:
        return messages
    if messages[0].get("content") == system:
        return messages[1:]
    raise CannotHold("/system", "differs from the system message; no target has a place for both")


SYSTEM_ROLES = frozenset({"system", "developer"})
"""`developer` is what newer OpenAI models call `system`."""

NOTE = "@"
"""Keys of a message's `extra` that begin so are notes of a reader to its own writer; they add no content."""


def extras(message: Message, place: str) -> dict[str, Any]:
    """Give the unknown keys of a message, without the notes that a reader left for its own writer.

    >>> extras({"role": "user", "extra": '{"name":"王医生","@alpaca":{"input_from":3}}'}, "/messages/0")
    {'name': '王医生'}
    """
    text = message.get("extra")
    if not text:
        return {}
    known = unpack(text, field=f"{place}/extra")
    if not isinstance(known, dict):
        raise CannotHold(f"{place}/extra", f"is the JSON of type {kind(known)}, must be an object")
    return {key: value for key, value in known.items() if not key.startswith(NOTE)}


def pairs_of(example: Example, name: str) -> tuple[str | None, list[tuple[str, str]]]:
    """Give the system prompt and the turns of an example as question and answer, for formats of plain text.

    Raises:
        CannotHold: The turns do not go user, assistant, ..., or one of them is more than text.

    >>> pairs_of({"system": "你是医生。", "prompt": "头痛？", "output": "先休息。"}, "alpaca")
    ('你是医生。', [('头痛？', '先休息。')])
    >>> pairs_of({"messages": [{"role": "assistant", "content": "Hi"}]}, "alpaca")
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /messages/0/role: alpaca turns go user, assistant; assistant speaks for user
    """
    messages = messages_of(example)
    stated = example.get("messages") or []
    first = (
        len(stated) - len(messages) if example.get("messages") is not None else 0
    )  # -1: a system column was put first
    system = None
    if messages and messages[0]["role"] in SYSTEM_ROLES:
        system, messages, first = plain(messages[0], first, name), messages[1:], first + 1
    texts = [_turn(message, index, first, name) for index, message in enumerate(messages)]
    if not texts or len(texts) % 2:
        raise CannotHold("/messages", f"{name} takes questions and answers in pairs; here are {len(texts)} turns")
    return system, list(zip(texts[::2], texts[1::2], strict=True))


def _turn(message: Message, index: int, first: int, name: str) -> str:
    wanted = ("user", "assistant")[index % 2]
    if message["role"] != wanted:
        why = f"{name} turns go user, assistant; {message['role']} speaks for {wanted}"
        raise CannotHold(pointer("messages", index + first, "role"), why)
    return plain(message, index + first, name)


def plain(message: Message, index: int, name: str) -> str:
    """Give the text of a message that is nothing but text.

    >>> plain({"role": "user", "content": "头痛怎么办？"}, 0, "alpaca")
    '头痛怎么办？'
    >>> plain({"role": "assistant", "content": "……", "extra": '{"weight":0}'}, 1, "alpaca")
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /messages/1/extra/weight: alpaca has no place for it
    """
    if is_plain(message):
        return message.get("content") or ""
    place = pointer("messages", index)
    for field in ("parts", "tool_calls"):
        if message.get(field):
            raise CannotHold(f"{place}/{field}", f"{name} takes text only")
    for key, value in extras(message, place).items():
        if (key, value) != ("weight", 1):  # weight 1 is what every trainer does anyway
            raise CannotHold(f"{place}/extra{pointer(key)}", f"{name} has no place for it")
    return message.get("content") or ""


def is_plain(message: Message) -> bool:
    """Whether a message is a role and its text: most are, and need no closer look.

    >>> is_plain({"role": "user", "content": "头痛？"}), is_plain({"role": "assistant", "extra": '{"weight":0}'})
    (True, False)
    """
    return not (message.get("parts") or message.get("tool_calls") or message.get("extra"))


PREFERENCE = ("chosen", "rejected", "desirable")


def refuse(example: Example, fields: tuple[str, ...], name: str) -> None:
    """Refuse an example that has a field for which the format has no place.

    >>> refuse({"prompt": "问", "rejected": [{"role": "assistant", "content": "劣"}]}, PREFERENCE, "alpaca")
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /rejected: alpaca has no place for it
    >>> refuse({"prompt": "问", "rejected": None}, PREFERENCE, "alpaca")  # null is absent
    """
    for field in fields:
        if example.get(field) is not None:
            raise CannotHold(pointer(field), f"{name} has no place for it")


def refuse_columns(example: Example, name: str, allowed: frozenset[str] = frozenset()) -> None:
    """Refuse unknown columns: a trainer would stumble over them, or learn nothing of them.

    >>> refuse_columns({"extra": {"科室": "内科"}}, "openai-chat")
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /extra/科室: openai-chat takes no other columns
    keep it in the provenance sidecar
    """
    for key, value in (example.get("extra") or {}).items():
        if key not in allowed and value is not None:
            raise CannotHold(
                pointer("extra", key), f"{name} takes no other columns", hint="keep it in the provenance sidecar"
            )


def present(row: Mapping[str, Any], known: frozenset[str]) -> Row:
    """Give the columns a format does not know; a null says as much as an absent one.

    >>> present({"output": "……", "科室": "内科", "note": None}, frozenset({"output"}))
    {'科室': '内科'}
    """
    return {key: value for key, value in row.items() if key not in known and value is not None}
