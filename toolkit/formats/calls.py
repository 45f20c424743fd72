"""Tools and tool calls in the two shapes they have: OpenAI's lists, and ShareGPT's JSON strings.

In an example they have OpenAI's shape, as a JSON string; a call's `arguments` are a JSON string in it once more.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from toolkit.formats.example import CannotHold, CannotRead, Message, extras, pack, pointer, unpack


def calls_of(value: object, field: str) -> str:
    r"""Read the value of a ShareGPT `function_call` turn: one call or a list of calls.

    Args:
        value: JSON text such as `{"name": "f", "arguments": {}}`.
        field: Its place in the row.

    >>> calls_of('{"name": "查药", "arguments": {"药名": "阿司匹林"}}', "/conversations/1/value")
    '[{"type":"function","function":{"name":"查药","arguments":"{\\"药名\\": \\"阿司匹林\\"}"}}]'
    >>> calls_of("I will look it up.", "/conversations/1/value")
    Traceback (most recent call last):
    toolkit.formats.example.CannotRead: /conversations/1/value: is no JSON object with name and arguments
    """
    try:
        calls = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        calls = None
    listed = calls if isinstance(calls, list) else [calls]
    if not listed or not all(is_call(call) for call in listed):
        raise CannotRead(field, "is no JSON object with name and arguments")
    return pack([_to_openai(call) for call in listed if isinstance(call, dict)])


def is_call(call: object) -> bool:
    """Say whether a value is a call in ShareGPT's shape.

    >>> is_call({"name": "f", "arguments": {"x": 1}}), is_call({"name": "f", "arguments": '{"x": 1}'}), is_call({"f": 1})
    (True, True, False)
    """
    return isinstance(call, dict) and isinstance(call.get("name"), str) and arguments_of(call) is not None


def arguments_of(call: dict[str, Any]) -> dict[str, Any] | None:
    """Give the arguments of a call as an object; they may be an object or the JSON text of one.

    >>> arguments_of({"arguments": '{"剂量": 2}'}), arguments_of({"arguments": "2"})
    ({'剂量': 2}, None)
    """
    arguments = call.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return None
    return arguments if isinstance(arguments, dict) else None


def _to_openai(call: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in call.items() if key not in {"name", "arguments"}}
    arguments = call["arguments"]  # an object, or the text of one: `is_call` has seen to it
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {**rest, "type": "function", "function": {"name": call["name"], "arguments": text}}


def value_of(calls: str, field: str) -> str:
    """Write calls as the value of a ShareGPT `function_call` turn; one call is an object, several are a list.

    >>> value_of('[{"type":"function","function":{"name":"查药","arguments":"{}"}}]', "/messages/1/tool_calls")
    '{"name": "查药", "arguments": {}}'
    """
    written = [_from_openai(call, field) for call in unpack(calls, field=field)]
    return json.dumps(written[0] if len(written) == 1 else written, ensure_ascii=False)


def _from_openai(call: Any, field: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not is_call(function):
        raise CannotHold(field, "is no list of calls with a name and a JSON object as arguments")
    rest = {key: value for key, value in call.items() if key not in {"type", "function"}}
    return {**function, "arguments": arguments_of(function), **rest}


def numbered(messages: list[Message]) -> list[Message]:
    """Give an id to each call and each answer that has none: an answer takes the oldest call still open.

    ShareGPT has no ids and OpenAI refuses calls without; ids that are there stay.

    >>> call = '[{"type":"function","function":{"name":"f","arguments":"{}"}}]'
    >>> numbered([{"role": "assistant", "tool_calls": call}, {"role": "tool", "content": "晴"}])[1]["extra"]
    '{"tool_call_id":"call_1"}'
    >>> numbered([{"role": "user", "content": "今天天气？"}])  # no calls: untouched
    [{'role': 'user', 'content': '今天天气？'}]
    """
    if not any(message.get("tool_calls") for message in messages):
        return messages
    listed = [_calls(message, pointer("messages", index, "tool_calls")) for index, message in enumerate(messages)]
    taken = {call.get("id") for calls in listed for call in calls}
    fresh = (name for n in itertools.count(1) if (name := f"call_{n}") not in taken)
    waiting: list[str] = []
    out: list[Message] = []
    for index, (message, calls) in enumerate(zip(messages, listed, strict=True)):
        if calls:
            named = [{**call, "id": call.get("id") or next(fresh)} for call in calls]
            waiting += [call["id"] for call in named]
            out.append({**message, "tool_calls": pack([_id_first(call) for call in named])})
        else:
            out.append(_answering(message, waiting, pointer("messages", index)))
    return out


def _calls(message: Message, field: str) -> list[dict[str, Any]]:
    calls = unpack(message.get("tool_calls") or "[]", field=field)
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise CannotHold(field, "is no list of calls")
    return calls


def _id_first(call: dict[str, Any]) -> dict[str, Any]:
    return {"id": call["id"], **call}


def _answering(message: Message, waiting: list[str], place: str) -> Message:
    if message["role"] != "tool":
        return message
    known = extras(message, place)
    if "tool_call_id" in known:
        if known["tool_call_id"] in waiting:
            waiting.remove(known["tool_call_id"])
        return message
    return {**message, "extra": pack({**known, "tool_call_id": waiting.pop(0)})} if waiting else message


def openai_tools(text: str) -> list[Any]:
    """Give tools as OpenAI lists them; a bare function is wrapped.

    >>> openai_tools('[{"name":"查药","parameters":{}}]')
    [{'type': 'function', 'function': {'name': '查药', 'parameters': {}}}]
    """
    tools = unpack(text, field="/tools")
    if not isinstance(tools, list):
        raise CannotHold("/tools", "is no list of functions")
    return [
        {"type": "function", "function": tool} if isinstance(tool, dict) and "name" in tool else tool for tool in tools
    ]


def is_json_list(text: str) -> bool:
    """Say whether a text is the JSON of a list, as LLaMA-Factory wants its `tools`.

    >>> is_json_list('[{"name":"查药"}]'), is_json_list("查药")
    (True, False)
    """
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
