"""OpenAI chat: `messages` of role/content, with `tools`; the shape most trainers and hosted fine-tuning take.

Source: the OpenAPI types of `openai` 3.54 and cookbook.openai.com/examples/chat_finetuning_data_prep. Only messages,
tools and parallel_tool_calls stand at the top; a message may also have name, weight, tool_calls, tool_call_id, refusal
and (old) function_call.
"""

from __future__ import annotations

from typing import Any

from toolkit.formats import openai_rules
from toolkit.formats.base import Format, Score
from toolkit.formats.calls import numbered, openai_tools
from toolkit.formats.example import (
    PREFERENCE,
    CannotHold,
    CannotRead,
    Example,
    Message,
    Row,
    extras,
    is_plain,
    kind,
    messages_of,
    pack,
    pointer,
    present,
    refuse,
    refuse_columns,
    unpack,
)
from toolkit.formats.naming import ELSEWHERE
from toolkit.formats.roles import CALL, role_of

NAME = "openai-chat"
_COLUMNS = frozenset({"messages", "tools"})
_OPTIONS = frozenset({"parallel_tool_calls"})
_TYPED = frozenset({"role", "content", "tool_calls"})
_KEYS = ("name", "tool_call_id", "refusal", "function_call", "weight")
"""Further keys that a message may have, in the order they are written."""


def score(row: Row) -> Score:
    """Judge a row: a list of messages that have `role`, and content or calls.

    >>> score({"messages": [{"role": "user", "content": "你好"}]}).value
    1.0
    >>> score({"messages": [{"role": "user", "content": "Hi"}], "chosen": []}).reason  # a preference pair
    "column 'chosen' belongs to a preference format"
    """
    messages = row.get("messages")
    if not isinstance(messages, list):
        return Score(0.0, "no list 'messages'")
    if not messages:
        return Score(0.5, "the list of messages is empty")
    if not all(isinstance(message, dict) and "role" in message for message in messages):
        return Score(0.3, "messages without a role")
    unknown = [key for key in row if key not in _COLUMNS | _OPTIONS]
    for key in unknown:
        if key in ELSEWHERE or key == "prompt":
            return Score(0.5, f"column {key!r} belongs to {ELSEWHERE.get(key, 'prompt-completion')}")
    return Score(round(1 - min(0.01 * len(unknown), 0.1), 2), "has messages of role and content")


def read(row: Row) -> Example:
    """Read a row; typed parts, tool calls, tools and unknown keys become JSON strings.

    >>> read({"messages": [{"role": "助手", "content": "您好", "weight": 0}]})
    {'messages': [{'role': 'assistant', 'content': '您好', 'extra': '{"weight":0}'}]}
    """
    messages = row.get("messages")
    if not isinstance(messages, list):
        raise CannotRead("/messages", f"is of type {kind(messages)}, must be a list of messages")
    example: Example = {"messages": [_read_message(m, pointer("messages", i)) for i, m in enumerate(messages)]}
    if (tools := row.get("tools")) is not None:
        example["tools"] = tools if isinstance(tools, str) else pack(tools)
    if rest := present(row, _COLUMNS):
        example["extra"] = rest
    return example


def _read_message(message: Any, place: str) -> Message:
    if not isinstance(message, dict):
        raise CannotRead(place, f"is of type {kind(message)}, must be an object with role and content")
    role, content = role_of(message.get("role"), f"{place}/role"), message.get("content")
    if role == CALL:
        raise CannotRead(
            f"{place}/role", f"{CALL} is a ShareGPT tag; here a call is an assistant message with tool_calls"
        )
    out: Message = {"role": role}
    if isinstance(content, list):
        out["parts"] = pack(content)
    elif content is None or isinstance(content, str):
        out["content"] = content
    else:
        raise CannotRead(f"{place}/content", f"is of type {kind(content)}, must be a string or a list of parts")
    if (calls := message.get("tool_calls")) is not None:
        out["tool_calls"] = pack(calls)
    if rest := present(message, _TYPED):
        out["extra"] = pack(rest)
    return out


def write(example: Example) -> Row:
    """Write an example. Calls without an id get one; metadata is refused, not stripped.

    >>> write({"prompt": "高血压的诊断标准？", "output": "收缩压≥140mmHg。"})["messages"][1]
    {'role': 'assistant', 'content': '收缩压≥140mmHg。'}
    >>> write({"prompt": "Hi", "output": "Hello", "extra": {"source": "faq"}})
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /extra/source: openai-chat takes no other columns
    keep it in the provenance sidecar
    """
    refuse(example, PREFERENCE, NAME)
    refuse_columns(example, NAME, _OPTIONS)
    stated = example.get("messages")
    messages = messages_of(example if stated is None else {**example, "messages": numbered(stated)})
    first = 0 if stated is None else len(stated) - len(messages)  # -1 where a system column was put in front
    row: Row = {"messages": [_write_message(message, index) for index, message in enumerate(messages, first)]}
    if tools := example.get("tools"):
        row["tools"] = openai_tools(tools)
    if options := example.get("extra"):
        row.update(present(options, frozenset()))
    return row


def _write_message(message: Message, index: int) -> Row:
    if is_plain(message):
        return {"role": message["role"], "content": message.get("content")}
    place = pointer("messages", index)
    out: Row = {"role": message["role"]}
    if parts := message.get("parts"):
        if message.get("content"):
            raise CannotHold(f"{place}/parts", "content is either text or parts")
        out["content"] = unpack(parts, field=f"{place}/parts")
    elif (content := message.get("content")) is not None or not message.get("tool_calls"):
        out["content"] = content
    if calls := message.get("tool_calls"):
        out["tool_calls"] = unpack(calls, field=f"{place}/tool_calls")
    known = extras(message, place)
    out.update({key: known.pop(key) for key in _KEYS if key in known})
    for key in known:
        raise CannotHold(f"{place}/extra{pointer(key)}", f"{NAME} has no such key in a message")
    return out


FORMAT = Format(
    name=NAME,
    schema="formats/openai-chat",
    describe="messages of role/content, with tools: OpenAI fine-tuning, and most trainers",
    columns=("messages", "tools", "parallel_tool_calls"),
    score=score,
    read=read,
    write=write,
    rules=openai_rules.RULES,
    minimum_rows=10,
    mixed=("/messages/-/content", "/tools/"),
)
