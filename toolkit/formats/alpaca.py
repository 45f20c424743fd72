"""Alpaca: `instruction`, `input`, `output`, and where a row has them `system` and `history` (earlier turns).

Source: tatsu-lab/stanford_alpaca, and LLaMA-Factory's data/README.md for `system` and `history`. GPTeacher calls the
output `response`; Chinese tables use 指令/输入/输出. Aliases are read and our names are written; all else comes back as
it was; an empty `input`, `system` or `history` says as much as an absent one.
"""

from __future__ import annotations

from typing import Any

from toolkit.formats.base import Format, Score
from toolkit.formats.example import (
    NOTE,
    PREFERENCE,
    CannotHold,
    CannotRead,
    Example,
    Message,
    Row,
    joined,
    kind,
    pack,
    pairs_of,
    pointer,
    refuse,
    unpack,
)
from toolkit.formats.naming import score_columns, settle

NAMING = {
    "instruction": ("指令",),
    "input": ("输入", "輸入"),
    "output": ("response", "输出", "輸出"),
    "system": ("系统", "系統"),
}
_HISTORY = ("history", "历史", "歷史")
_NOTE = NOTE + "alpaca"


def score(row: Row) -> Score:
    """Judge a row: `instruction` and `output` make it alpaca.

    >>> score({"instruction": "翻译", "context": "……", "response": "……"})  # dolly: its context must not become a leftover
    Score(value=0.5, reason="column 'context' belongs to dolly")
    """
    return score_columns(row, NAMING, ("instruction", "output"), frozenset(_HISTORY))


def read(row: Row) -> Example:
    """Read a row; one with earlier turns becomes messages.

    >>> read({"instruction": "解释", "input": "高血压", "response": "血压持续升高。", "id": 3})
    {'prompt': '解释', 'input': '高血压', 'output': '血压持续升高。', 'extra': {'id': 3}}
    >>> read({"instruction": "And 3?", "output": "6", "history": [["Double 2.", "4"]]})["messages"][1:]
    [{'role': 'assistant', 'content': '4'}, {'role': 'user', 'content': 'And 3?'}, {'role': 'assistant', 'content': '6'}]
    """
    named, rest = settle(row, NAMING)
    history = _history(rest)
    example: Example = {}
    if history:
        example["messages"] = [*history, *_last_turn(named)]
    else:
        for field, column in (("prompt", "instruction"), ("input", "input"), ("output", "output")):
            if column in named:
                example[field] = named[column]  # type: ignore[literal-required]  # the three names stand above
    if "system" in named:
        example["system"] = named["system"]
    if rest:
        example["extra"] = rest
    return example


def _history(rest: Row) -> list[Message]:
    """Take the earlier turns out of the columns that are left."""
    name = next((name for name in _HISTORY if rest.get(name) is not None), None)
    pairs = rest.pop(name) if name else []
    if not isinstance(pairs, list):
        raise CannotRead(pointer(str(name)), f"is of type {kind(pairs)}, must be a list of [question, answer]")
    turns: list[Message] = []
    for index, pair in enumerate(pairs):
        if not _is_turn(pair):
            raise CannotRead(pointer(str(name), index), "must be [question, answer], both strings")
        turns += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    return turns


def _is_turn(pair: Any) -> bool:
    return isinstance(pair, list) and [type(text) for text in pair] == [str, str]


def _last_turn(named: dict[str, str]) -> list[Message]:
    prompt, material = named.get("instruction", ""), named.get("input", "")
    user: Message = {"role": "user", "content": joined(prompt, material)}
    if material:
        # where the input begins in the text, so that the row can be written back as it was
        user["extra"] = pack({_NOTE: {"input_from": len(prompt) + 1 if prompt else 0}})
    return [user, {"role": "assistant", "content": named.get("output")}]


def write(example: Example, name: str = "alpaca") -> Row:
    """Write an example; several turns become `history`, unknown columns stay.

    >>> write({"prompt": "解释", "input": "高血压", "output": "血压持续升高。", "extra": {"id": 3}})
    {'instruction': '解释', 'input': '高血压', 'output': '血压持续升高。', 'id': 3}
    >>> write({"prompt": "Hi", "output": "Hello", "tools": "[]"})
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /tools: alpaca has no place for it
    """
    refuse(example, (*PREFERENCE, "tools"), name)
    messages = example.get("messages")
    row = _single(example) if messages is None else _several(example, messages, name)
    for key, value in (example.get("extra") or {}).items():
        if key in row or key in NAMING or key == "history":
            raise CannotHold(pointer("extra", key), f"{name} has a column of that name")
        row[key] = value
    return row


def _single(example: Example) -> Row:
    row: Row = {
        "instruction": example.get("prompt") or "",
        "input": example.get("input") or "",
        "output": example.get("output"),
    }
    if (system := example.get("system")) is not None:
        row["system"] = system
    return row


def _several(example: Example, messages: list[Message], name: str) -> Row:
    system, pairs = pairs_of(example, name)
    *earlier, (question, answer) = pairs
    row = {**_split(question, messages[-2]), "output": answer}
    if system is not None:
        row["system"] = system
    if earlier:
        row["history"] = [list(pair) for pair in earlier]
    return row


def _split(text: str, message: Message) -> Row:
    """Part a question into instruction and input where a note says so; joined again they are the same text."""
    note = message.get("extra")
    start = unpack(note, field="/messages/extra").get(_NOTE, {}).get("input_from") if note else None
    if start is None or not text or (start and text[start - 1 : start] != "\n"):  # edited since: the note is void
        return {"instruction": text, "input": ""}
    return {"instruction": text[: max(start - 1, 0)], "input": text[start:]}


FORMAT = Format(
    name="alpaca",
    schema="formats/alpaca",
    describe="instruction, input, output; system and history where a row has them (also: response; 指令/输入/输出)",
    columns=("instruction", "input", "output", "system", "history"),
    fill={"input": "", "system": "", "history": []},
    score=score,
    read=read,
    write=write,
)
