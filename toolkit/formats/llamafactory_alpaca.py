"""LLaMA-Factory, alpaca: the columns it reads and nothing else, with the `dataset_info.json` it loads them by.

Source: LLaMA-Factory 0.9.5, src/llamafactory/data/{parser,converter,loader}.py and data/README.md. Its traps:
once `columns` stands in an entry, every column it does not name is ignored; a column it names and the file lacks is a
KeyError; a null output drops the row with a warning; every reply in `history` is learned; tools in messages get lost.
"""

from __future__ import annotations

import json

from toolkit.formats import alpaca
from toolkit.formats.base import Columns, Format, Score
from toolkit.formats.example import Example, Row, refuse_columns

NAME = "llamafactory-alpaca"
_ENTRY = {
    "instruction": "prompt",
    "input": "query",
    "output": "response",
    "system": "system",
    "history": "history",
}
"""Our column -> LLaMA-Factory's name of it in an entry."""


def score(row: Row) -> Score:
    """A target only: its lines are alpaca, and are detected and read as such."""
    del row
    return Score(0.0, "an export target; its rows are alpaca")


def write(example: Example) -> Row:
    """Write an example; what LLaMA-Factory would not read is refused.

    >>> write({"prompt": "高血压的诊断标准？", "output": "收缩压≥140mmHg。"})
    {'instruction': '高血压的诊断标准？', 'input': '', 'output': '收缩压≥140mmHg。'}
    >>> write({"prompt": "Hi", "output": "Hello", "extra": {"id": 3}})
    Traceback (most recent call last):
    toolkit.formats.example.CannotHold: /extra/id: llamafactory-alpaca takes no other columns
    keep it in the provenance sidecar
    """
    refuse_columns(example, NAME)
    return alpaca.write(example, NAME)


def sidecar(files: Columns) -> dict[str, bytes]:
    """Write `dataset_info.json`: one entry per file, every column of the file named.

    Args:
        files: File name -> the columns of its lines.

    Returns:
        File name -> content. ASCII only: LLaMA-Factory opens it in the encoding of the system, on Chinese Windows GBK.

    >>> info = sidecar({"训练.jsonl": ("instruction", "input", "output", "history")})["dataset_info.json"]
    >>> info.isascii(), json.loads(info)["训练"]["columns"]["history"]
    (True, 'history')
    """
    entries = {name.rsplit(".", 1)[0]: _entry(name, files[name]) for name in files}
    return {"dataset_info.json": (json.dumps(entries, indent=2) + "\n").encode("ascii")}


def _entry(name: str, columns: tuple[str, ...]) -> dict[str, object]:
    # prompt, query and response are in every file that we write, an empty file included
    always = ("instruction", "input", "output")
    return {
        "file_name": name,
        "formatting": "alpaca",
        "columns": {theirs: ours for ours, theirs in _ENTRY.items() if ours in columns or ours in always},
    }


FORMAT = Format(
    name=NAME,
    schema="formats/llamafactory-alpaca",
    describe="alpaca as LLaMA-Factory reads it, with dataset_info.json",
    columns=tuple(_ENTRY),
    fill=alpaca.FORMAT.fill,
    score=score,
    read=alpaca.read,
    write=write,
    sidecar=sidecar,
)
