"""ShareGPT: `conversations` of `from`/`value`, with `system` and `tools` as columns where a row has them.

Source: LLaMA-Factory data/README.md and converter.py (tags human, gpt, system, observation, function_call; `tools` is
a JSON string). Other tags (user, assistant, chatgpt, 用户, 助手, ...) are read as aliases and written as these.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from toolkit.formats.base import Format, Score
from toolkit.formats.calls import calls_of, is_json_list, value_of
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
)
from toolkit.formats.findings import Finding
from toolkit.formats.naming import ELSEWHERE
from toolkit.formats.roles import CALL, role_of

NAME = "sharegpt"
TAGS = {"system": "system", "developer": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
_COLUMNS = frozenset({"conversations", "system", "tools"})
_KEYS = frozenset({"from", "value"})


def score(row: Row) -> Score:
    """Judge a row: a list of turns that have `from` and `value`.

    >>> score({"conversations": [{"from": "human", "value": "你好"}]}).value
    1.0
    >>> score({"conversations": [{"role": "user", "content": "Hi"}]})
    Score(value=0.3, reason='conversations hold other keys than from and value')
    """
    turns = row.get("conversations")
    if not isinstance(turns, list):
        return Score(0.0, "no list 'conversations'")
    if not turns:
        return Score(0.5, "the conversation is empty")
    if not all(isinstance(turn, dict) and turn.keys() >= _KEYS for turn in turns):
        return Score(0.3, "conversations hold other keys than from and value")
    unknown = [key for key in row if key not in _COLUMNS]
    for key in unknown:
        if key in ELSEWHERE:
            return Score(0.5, f"column {key!r} belongs to {ELSEWHERE[key]}")
    return Score(round(1 - min(0.01 * len(unknown), 0.1), 2), "has conversations of from and value")


def read(row: Row) -> Example:
    """Read a row.

    >>> read({"conversations": [{"from": "用户", "value": "头痛怎么办？"}, {"from": "gpt", "value": "先休息。"}]})
    {'messages': [{'role': 'user', 'content': '头痛怎么办？'}, {'role': 'assistant', 'content': '先休息。'}]}
    """
    turns = row.get("conversations")
    if not isinstance(turns, list):
        raise CannotRead("/conversations", f"is of type {kind(turns)}, must be a list of turns")
    example: Example = {"messages": [_read_turn(turn, pointer("conversations", i)) for i, turn in enumerate(turns)]}
    if (system := row.get("system")) is not None:
        if not isinstance(system, str):
            raise CannotRead("/system", f"is of type {kind(system)}, must be a string")
        example["system"] = system
    if (tools := row.get("tools")) is not None:
        example["tools"] = tools if isinstance(tools, str) else pack(tools)
    if rest := present(row, _COLUMNS):
        example["extra"] = rest
    return example


def _read_turn(turn: Any, place: str) -> Message:
    if not isinstance(turn, dict):
        raise CannotRead(place, f"is of type {kind(turn)}, must be an object with from and value")
    role, value = role_of(turn.get("from"), f"{place}/from"), turn.get("value")
    message: Message
    if role == CALL:
        message = {"role": "assistant", "tool_calls": calls_of(value, f"{place}/value")}
    elif value is None or isinstance(value, str):
        message = {"role": role, "content": value}
    else:
        raise CannotRead(f"{place}/value", f"is of type {kind(value)}, must be a string")
    if rest := present(turn, _KEYS):
        message["extra"] = pack(rest)
    return message


def write(example: Example) -> Row:
    """Write an example; tool calls become `function_call` turns.

    >>> write({"system": "你是医生。", "prompt": "头痛怎么办？", "output": "先休息。"})
    {'conversations': [{'from': 'human', 'value': '头痛怎么办？'}, {'from': 'gpt', 'value': '先休息。'}], 'system': '你是医生。'}
    """
    refuse(example, PREFERENCE, NAME)
    system = example.get("system")
    body: Example = {**example, "system": None}
    row: Row = {"conversations": [_write_turn(m, i) for i, m in enumerate(messages_of(body))]}
    for column, value in (("system", system), ("tools", example.get("tools"))):
        if value is not None:
            row[column] = value
    for key, value in (example.get("extra") or {}).items():
        if key in _COLUMNS:
            raise CannotHold(pointer("extra", key), f"{NAME} has a column of that name")
        row[key] = value
    return row


def _write_turn(message: Message, index: int) -> Row:
    tag = TAGS.get(message["role"])
    if tag is None:
        raise CannotHold(pointer("messages", index, "role"), f"{NAME} has no tag for the role {message['role']!r}")
    if is_plain(message):
        return {"from": tag, "value": message.get("content")}
    place, calls, content = pointer("messages", index), message.get("tool_calls"), message.get("content")
    if message.get("parts"):
        raise CannotHold(f"{place}/parts", f"{NAME} takes text only")
    if calls and content:
        raise CannotHold(f"{place}/content", f"a {CALL} turn has no place for text beside the call")
    turn: Row = {"from": tag, "value": content}
    if calls:
        turn = {"from": CALL, "value": value_of(calls, f"{place}/tool_calls")}
    for key, value in extras(message, place).items():
        if key in _KEYS:
            raise CannotHold(f"{place}/extra{pointer(key)}", f"{NAME} has a key of that name")
        turn[key] = value
    return turn


_ASKING = frozenset({"human", "observation"})


@lru_cache(maxsize=4096)
def _order(tags: tuple[str, ...]) -> tuple[Finding, ...]:
    """Judge who speaks when; few orders exist, so each is judged once."""
    found = []
    turns = [(index, tag) for index, tag in enumerate(tags) if not (index == 0 and tag == "system")]
    for position, (index, tag) in enumerate(turns):
        place, asks = pointer("conversations", index, "from"), tag in _ASKING
        if tag == "system":
            found.append(Finding("E206", place, "is a system turn, and not the first one"))
        elif position == 0 and not asks:
            found.append(Finding("E208", place, f"is {tag}: nobody has asked yet"))
        elif position and asks == (turns[position - 1][1] in _ASKING):
            found.append(Finding("E207", place, f"is {tag} after {turns[position - 1][1]}"))
    if turns and turns[-1][1] in _ASKING:
        found.append(Finding("E203", pointer("conversations", turns[-1][0], "from"), "is the last turn and no answer"))
    return tuple(found)


def rule_order(row: Row) -> Iterator[Finding]:
    """Human and observation take odd turns, gpt and function_call even ones (else LLaMA-Factory drops the row).

    >>> [str(f) for f in rule_order({"conversations": [{"from": "gpt", "value": "您好"}]})]
    ['E208 /conversations/0/from is gpt: nobody has asked yet']
    """
    turns = row.get("conversations")
    if isinstance(turns, list) and all(isinstance(turn, dict) and isinstance(turn.get("from"), str) for turn in turns):
        yield from _order(tuple(turn["from"] for turn in turns))


def rule_calls(row: Row) -> Iterator[Finding]:
    """A function_call turn is JSON text of a call.

    >>> [f.code for f in rule_calls({"conversations": [{"from": "function_call", "value": "查一下天气"}]})]
    ['E301']
    """
    turns = row.get("conversations")
    for index, turn in enumerate(turns if isinstance(turns, list) else ()):
        if isinstance(turn, dict) and turn.get("from") == CALL:
            place = pointer("conversations", index, "value")
            try:
                calls_of(turn.get("value"), place)
            except CannotRead as error:
                yield Finding("E301", place, error.why)


def rule_tools(row: Row) -> Iterator[Finding]:
    """`tools` is the JSON text of a list, or empty.

    >>> [f.code for f in rule_tools({"tools": "查天气"})], list(rule_tools({"tools": ""}))
    (['E304'], [])
    """
    tools = row.get("tools")
    if isinstance(tools, str) and tools and not is_json_list(tools):
        yield Finding("E304", "/tools", "is not the JSON text of a list")


FORMAT = Format(
    name=NAME,
    schema="formats/sharegpt",
    describe="conversations of from/value: human, gpt, system, observation, function_call",
    columns=("conversations", "system", "tools"),
    fill={"system": "", "tools": ""},
    score=score,
    read=read,
    write=write,
    rules=(rule_order, rule_calls, rule_tools),
)
