"""Rows of tables and data sets as labelers see them: the columns no field took, beside the example fields that are set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from toolkit.files.json_values import may_hide_digits
from toolkit.formats.example import pack
from toolkit.kinds import Batch

Columns = dict[str, Any]

FIELDS = ("prompt", "input", "output", "system", "messages", "tools", "chosen", "rejected", "desirable")

PLACEHOLDERS = frozenset({
    "<noinput>", "<no input>", "<no_input>", "<input>", "noinput", "no input", "no input.", "n/a", "n/a.", "none", "none.",
    "null", "nil", "无", "无。", "無", "無。", "无输入", "無輸入", "没有输入", "沒有輸入", "无需输入", "無需輸入", "不适用", "不適用",
    "<无>", "<無>", "（无）", "（無）", "(无)", "(無)",
})  # fmt: skip
"""What people write into an input column that has nothing in it, in lower case."""

NO_TARGET = frozenset({"", "<nooutput>", "<no output>", "<no_output>", "<无输出>", "<無輸出>"})

_LONGEST = 24
"""Longer texts are no placeholders, and need not be folded to know it."""

_LONG_NUMBER = re.compile(r"[0-9]{19}")


def without_placeholder(text: str) -> str:
    """Empty an input that says only that there is none.

    >>> [without_placeholder(t) for t in ("<noinput>", " N/A ", "无", "无，患者否认过敏史", "None of the above")]
    ['', '', '', '无，患者否认过敏史', 'None of the above']
    """
    return "" if len(text) <= _LONGEST and text.strip().casefold() in PLACEHOLDERS else text


def has_target(example: Mapping[str, Any]) -> bool:
    r"""Say whether there is something to learn: an output, a last message, or a chosen answer.

    >>> has_target({"prompt": "剂量？", "output": "\u3000"}), has_target({"messages": [{"role": "user", "content": "Hi"}]})
    (False, False)
    >>> has_target({"messages": [{"role": "user", "content": "剂量？"}, {"role": "assistant", "content": "5 mg"}]})
    True
    """
    messages = example.get("chosen") or example.get("messages")
    if messages:
        last = messages[-1]
        said = (last.get("content") or "").strip() or last.get("tool_calls") or last.get("parts")
        return bool(said) and last.get("role") == "assistant"
    output = (example.get("output") or "").strip()
    return len(output) > _LONGEST or output.casefold() not in NO_TARGET


def load_columns(text: str | None) -> Columns:
    """Read what `extra` carries; numbers beyond 64 bits come out as they went in.

    >>> load_columns('{"科室": "内科", "编号": 12345678901234567890123}')
    {'科室': '内科', '编号': 12345678901234567890123}
    """
    if not text:
        return {}
    loaded = orjson.loads(text)
    if may_hide_digits(loaded) and _LONG_NUMBER.search(text):
        loaded = json.loads(text)
    return loaded if isinstance(loaded, dict) else {}


def dump_columns(columns: Mapping[str, Any] | None) -> str | None:
    """Write columns for `extra`; None where there are none.

    >>> dump_columns({"科室": "内科"}), dump_columns({})
    ('{"科室":"内科"}', None)
    """
    if not columns:
        return None
    try:
        return orjson.dumps(columns).decode()
    except TypeError:  # a number beyond 64 bits, or a cut emoji
        return pack(columns)


def foreign_rows(batch: Batch, rows: Sequence[int]) -> Iterator[tuple[int, Columns]]:
    """Yield the columns of rows with their numbers; only what is filled is turned into Python."""
    extra = batch.column("extra").to_pylist()
    filled = [(n, batch.column(n).to_pylist()) for n in FIELDS if batch.column(n).null_count < batch.num_rows]
    for i in rows:
        columns = load_columns(extra[i])
        if filled:
            columns.update((name, values[i]) for name, values in filled if values[i] is not None)
        yield i, columns
