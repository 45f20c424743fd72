"""`label.map`: examples put together from the columns of a row, by templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolkit.kinds import Batch
from toolkit.label.columns import FIELDS, NO_TARGET, Columns, dump_columns, foreign_rows, without_placeholder
from toolkit.label.derive import Draft, Labeled
from toolkit.text.templates import Condition, Template, template

VERSION = 1
RECORD_NAMES = ("title", "text", "lang", "source")
"""Names that every row has, also where they are null; a column of the row by the same name comes first."""


def map_rows(
    batch: Batch, rows: Sequence[int], templates: Mapping[str, Template], when: Condition | None, *, sole: bool,
    final: bool,
) -> Labeled:  # fmt: skip
    """Put examples together.

    Args:
        batch: Records.
        rows: Numbers of those that may be meant.
        templates: Example field -> template.
        when: Which rows are meant.
        sole: The rows are of one named source, so every row must have the columns. Else only those are meant that have
            at least one of them.
        final: Refuse rows whose prompt comes out blank; else they stay for another labeler.
    """
    labeled = Labeled()
    meant = [*templates.values(), *(when.templates if when else ())]
    read = frozenset(name for t in meant for name in t.names)
    needed = [name for t in meant for name in t.needed]
    for i, columns in _template_rows(batch, rows, read):
        if (sole or _is_meant(columns, needed)) and (when is None or when.holds(columns)):
            fields = {name: t.render(columns).strip() for name, t in templates.items()}
            hole = next((n for f in ("prompt", "output") for n in templates[f].needed if _is_blank(columns, n)), None)
            rest = {k: v for k, v in columns.items() if k not in read and k not in RECORD_NAMES and k not in FIELDS}
            _add(labeled, i, fields, rest, hole, final=final)
    return labeled


def _is_meant(columns: Columns, needed: Sequence[str]) -> bool:
    """Without a source named: the row has a column of its own that the templates name, or else a field filled."""
    own = [name for name in needed if name.partition(".")[0] not in RECORD_NAMES]
    if own:
        return any(name in columns or name.partition(".")[0] in columns for name in own)
    return any(columns.get(name.partition(".")[0]) is not None for name in needed)


def _template_rows(batch: Batch, rows: Sequence[int], read: frozenset[str]) -> Iterator[tuple[int, Columns]]:
    """The columns of rows and the record's own names; a struct such as `source` is read only where a template names it."""
    named = {name.partition(".")[0] for name in read}
    own = {name: batch.column(name).to_pylist() for name in RECORD_NAMES if name in named}
    for i, columns in foreign_rows(batch, rows):
        record = {name: own[name][i] if name in own else None for name in RECORD_NAMES}
        yield i, {**record, **columns}


def _is_blank(columns: Columns, name: str) -> bool:
    return template("{{" + name + "}}").render({name.partition(".")[0]: None, **columns}).strip() == ""


def _add(labeled: Labeled, row: int, fields: dict[str, str], rest: Columns, hole: str | None, *, final: bool) -> None:
    if not fields["prompt"]:
        if final:
            labeled.refused[row] = ("no_example", "the template of the prompt comes out blank")
        return
    if fields["output"].casefold() in NO_TARGET:
        labeled.refused[row] = ("empty_target", "the template of the output comes out blank")
        return
    if hole is not None:  # a price or a dose that is not there would leave a sentence that is false
        labeled.refused[row] = ("no_example", f"the column {hole!r} is empty; give it a default('…') if it may be")
        return
    fields["input"] = without_placeholder(fields.get("input", ""))
    labeled.drafts.append(
        Draft(
            row=row, place="", labeler="map", by=f"map@{VERSION}", kind="map", extra=dump_columns(rest),
            fields={name: value for name, value in fields.items() if value},
        )
    )  # fmt: skip
