"""The labeling stages: each makes examples of what is its own and leaves the rest to the next."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow.compute as pc

from toolkit.errors import UsageError
from toolkit.formats import FORMATS
from toolkit.kinds import Batch
from toolkit.label.convert import convert_rows
from toolkit.label.derive import Labeled, is_example, open_rows, settle
from toolkit.label.mapping import map_rows
from toolkit.label.rules import RULES, label_document
from toolkit.stage import Stage, option, required
from toolkit.text.templates import Condition, Template, condition, template

_FINAL = "Reject what is no example yet. Of adjacent label entries only the last says this."


@dataclass(frozen=True, kw_only=True)
class Convert(Stage):
    """Read rows that are in a training format already: alpaca, sharegpt, OpenAI messages, question and answer.

    >>> done = Convert().run([{"指令": "解释高血压", "输入": "无", "输出": "血压持续升高。", "科室": "内科"}])
    >>> {name: done.kept[0][name] for name in ("prompt", "input", "output", "extra")}
    {'prompt': '解释高血压', 'input': '', 'output': '血压持续升高。', 'extra': '{"科室":"内科"}'}
    >>> [(r.reason, r.detail) for r in Convert().run([{"name": "Ann", "age": 41}]).rejected]
    [('no_format', 'columns name, age: no known format')]
    >>> example = {"id": "a", "prompt": "剂量？", "output": "5 mg"}
    >>> [(r["id"], r["output"]) for r in Convert().run([example]).kept]  # an example already: untouched
    [('a', '5 mg')]
    """

    name: ClassVar[str] = "label.convert"

    format: str | None = option(None, "Format of the rows; left out, it is told from each row.", choices=tuple(FORMATS))
    source: str | None = option(None, "Only records of this source.")
    final: bool = option(True, _FINAL)

    def apply_batch(self, batch: Batch) -> Batch:
        """Convert the rows of a batch."""
        labeled = convert_rows(batch, open_rows(batch, self.source), self.format, final=self.final)
        return settle(batch, labeled, self.name, final=self.final, source=self.source)


@dataclass(frozen=True, kw_only=True)
class LabelMap(Stage):
    """Put examples together from columns, by templates.

    A template may name any column of the row, `title`, `text`, `lang` and `source.*`. Columns it does not use stay in `extra`.

    >>> tickets = [{"标题": "无法登录", "描述": "提示密码错误。", "处理": "重置密码。", "状态": "关闭"}, {"标题": "打印机", "描述": "缺纸", "处理": " ", "状态": "关闭"}]
    >>> done = LabelMap(prompt="{{标题}}", input="{{描述}}", output="{{处理}}", when="{{状态}} == 关闭").run(tickets)
    >>> [(r["prompt"], r["input"], r["output"]) for r in done.kept], [r.reason for r in done.rejected]
    ([('无法登录', '提示密码错误。', '重置密码。')], ['derived', 'empty_target'])
    >>> LabelMap(prompt="{{titel}}", output="{{body}}").run([{"title": "Login", "body": "Reset it."}])
    Traceback (most recent call last):
    toolkit.errors.UsageError: {{titel}}: unknown column in a template 'titel'
    did you mean 'title'?
    """

    name: ClassVar[str] = "label.map"

    prompt: str = required("Template of the instruction, such as {{title}}.")
    output: str = required("Template of the answer.")
    input: str = option("", "Template of the material that the instruction works on.")
    system: str = option("", "Template of the system prompt.")
    when: str | None = option(None, "Only rows where this template is not blank, or where A == B (or A != B) holds.")
    source: str | None = option(None, "Only records of this source; each of its rows must have the columns.")
    final: bool = option(True, _FINAL)

    def __post_init__(self) -> None:
        """Refuse templates that cannot be parsed before any record is read."""
        super().__post_init__()
        if not self._templates["prompt"].parts or not self._templates["output"].parts:
            raise UsageError(f"{self.name} needs a prompt and an output that are not blank")
        _ = self._condition

    @functools.cached_property
    def _templates(self) -> dict[str, Template]:
        written = {"prompt": self.prompt, "input": self.input, "output": self.output, "system": self.system}
        return {name: template(source) for name, source in written.items()}

    @functools.cached_property
    def _condition(self) -> Condition | None:
        return None if self.when is None else condition(self.when)

    def apply_batch(self, batch: Batch) -> Batch:
        """Map the rows of a batch."""
        rows, sole = open_rows(batch, self.source), self.source is not None
        labeled = map_rows(batch, rows, self._templates, self._condition, sole=sole, final=self.final)
        return settle(batch, labeled, self.name, final=self.final, source=self.source)


@dataclass(frozen=True, kw_only=True)
class LabelRules(Stage):
    r"""Make examples of documents by their structure: questions and answers, headings, definitions, articles of law.

    Every answer is a span of its document, character by character: `source.locator.start` and `end`.

    >>> text = "# 手卫生\n\n## 洗手需要多长时间？\n\n从打湿到擦干需要40秒至60秒。\n"
    >>> done = LabelRules().run([{"id": "a", "text": text}])
    >>> [(r["prompt"], r["output"]) for r in done.kept]
    [('关于“手卫生”：洗手需要多长时间？', '从打湿到擦干需要40秒至60秒。')]
    >>> [(r.disposition, r.reason) for r in LabelRules().run([{"text": "Nothing to ask here."}]).rejected]
    [('rejected', 'no_example')]
    """

    name: ClassVar[str] = "label.rules"

    kinds: tuple[str, ...] = option(
        ("faq", "heading", "definition", "law_article"), "What to look for.", choices=tuple(sorted(RULES))
    )
    seed: int = option(7, "Seed of the choice among the paraphrases of a question.")
    final: bool = option(True, _FINAL)

    def apply_batch(self, batch: Batch) -> Batch:
        """Label the documents of a batch."""
        documents = pc.and_(pc.is_valid(batch.column("text")), pc.invert(is_example(batch))).to_pylist()
        rows = [i for i in open_rows(batch) if documents[i]]
        values = {name: read(batch).to_pylist() for name, read in _READ.items()} if rows else {}
        labeled = Labeled()
        for i in rows:
            row: dict[str, Any] = {"row": i, **{name: column[i] for name, column in values.items()}}
            labeled.drafts.extend(label_document(row, self.kinds, self.seed, self.name))
        return settle(batch, labeled, self.name, final=self.final)


def _field(*path: str) -> Callable[[Batch], Any]:
    def read(batch: Batch) -> Any:
        column = batch.column(path[0])
        return pc.struct_field(column, list(path[1:])) if path[1:] else column

    return read


_READ: dict[str, Callable[[Batch], Any]] = {
    "id": _field("id"),
    "text": _field("text"),
    "title": _field("title"),
    "lang": _field("lang"),
    "uri": _field("source", "uri"),
    "source_title": _field("source", "title"),
    "valid_from": _field("validity", "valid_from"),
    "published_at": _field("source", "published_at"),
}
"""What the rules read of a record, and nothing more."""
