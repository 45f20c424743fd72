"""Prompt and completion, two strings; `question`/`answer` (as in GSM8K) and 问题/回答 are read as the same.

Source: TRL docs/source/dataset_formats.md (prompt-completion, standard); openai/grade-school-math.
"""

from __future__ import annotations

from toolkit.formats.base import Format, Score
from toolkit.formats.example import PREFERENCE, CannotHold, Example, Row, joined, pairs_of, pointer, refuse
from toolkit.formats.naming import score_columns, settle

NAME = "prompt-completion"
NAMING = {
    "prompt": ("question", "query", "问题", "問題", "提问", "提問"),
    "completion": ("answer", "response", "回答", "答案"),
    "system": (),
}


def score(row: Row) -> Score:
    """Judge a row: `prompt` and `completion`, or a question and an answer.

    >>> score({"question": "1+1?", "answer": "2"}).value, score({"问题": "一加一？", "回答": "二"}).value
    (1.0, 1.0)
    >>> score({"prompt": "1+1?", "completion": "2", "label": True}).reason  # KTO: the label is content
    "column 'label' belongs to KTO or a classification table"
    """
    return score_columns(row, NAMING, ("prompt", "completion"))


def read(row: Row) -> Example:
    """Read a row.

    >>> read({"问题": "阿司匹林的禁忌？", "回答": "活动性溃疡。", "科室": "内科"})
    {'prompt': '阿司匹林的禁忌？', 'output': '活动性溃疡。', 'extra': {'科室': '内科'}}
    """
    named, rest = settle(row, NAMING)
    example: Example = {}
    if "prompt" in named:
        example["prompt"] = named["prompt"]
    if "completion" in named:
        example["output"] = named["completion"]
    if "system" in named:
        example["system"] = named["system"]
    if rest:
        example["extra"] = rest
    return example


def write(example: Example) -> Row:
    r"""Write an example of one turn; material that the prompt works on is joined to it.

    >>> write({"prompt": "翻译成英文。", "input": "高血压", "output": "hypertension"})
    {'prompt': '翻译成英文。\n高血压', 'completion': 'hypertension'}
    """
    refuse(example, (*PREFERENCE, "tools"), NAME)
    row = _columns(example)
    for key, value in (example.get("extra") or {}).items():
        if key in row or key in NAMING:
            raise CannotHold(pointer("extra", key), f"{NAME} has a column of that name")
        row[key] = value
    return row


def _columns(example: Example) -> Row:
    if example.get("messages") is None:
        system, prompt = example.get("system"), joined(example.get("prompt"), example.get("input"))
        completion = example.get("output")
    else:
        system, pairs = pairs_of(example, NAME)
        (prompt, completion), *more = pairs
        if more:
            raise CannotHold("/messages", f"{NAME} takes one question and one answer; here are {len(pairs)}")
    row: Row = {"prompt": prompt, "completion": completion}
    return row if system is None else {**row, "system": system}


FORMAT = Format(
    name=NAME,
    schema="formats/prompt-completion",
    describe="prompt and completion, two strings (also: question/answer, 问题/回答)",
    columns=("prompt", "completion", "system"),
    fill={"system": ""},
    score=score,
    read=read,
    write=write,
)
