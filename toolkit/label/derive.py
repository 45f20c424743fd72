"""From drafts to records: what was labeled leaves as consumed, what was made of it joins the stream beside it.

Columns are inherited with one `take` per column and built with one list per field; no record is turned into a dict.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.kinds import Batch, leave, staying
from toolkit.reasons import Disposition
from toolkit.record import CONTENT, LABELING, SCHEMA, hash_values, prune, struct_with

INHERITED = ("clusters", "fixes", "lang", "source", "validity")
_PLACES = ("headings", "article", "order", "start", "end")


class Draft(NamedTuple):
    """An example made of one record of a batch, before it is a record.

    Attributes:
        row: Number of the parent in the batch.
        place: Logical place in the parent: names, never lines or characters, so that an inserted line renames nothing.
        labeler: Kind of labeler, part of the id.
        by: Labeler and version, such as `rule:faq@1`.
        kind: human, convert, map or rule.
        fields: The example fields of the record.
        extra: What of the parent's columns no field took, as one JSON object.
        template: Name of the template that asked.
        confidence: Share of such examples that people judged usable, 0 to 1; null where a person wrote the example.
        headings: Refines the locator, as do `article`, `order`, `start` and `end` (characters in the parent's text).
    """

    row: int
    place: str
    labeler: str
    by: str
    kind: str
    fields: Mapping[str, Any]
    extra: str | None = None
    template: str | None = None
    confidence: float | None = None
    headings: tuple[str, ...] = ()
    article: str | None = None
    order: int | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Labeled:
    """What a labeler made of a batch: drafts, and why some rows cannot become examples (row -> reason, detail)."""

    drafts: list[Draft] = field(default_factory=list)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)


def settle(batch: Batch, labeled: Labeled, stage: str, *, final: bool, source: str | None = None) -> Batch:
    """Mark what leaves and add what was derived, each beside its parent.

    Args:
        batch: Records.
        labeled: What the labeler made of them.
        stage: Name of the stage.
        final: No labeler comes after this one: what is no example now leaves too.
        source: The one that was meant, where one was named.
    """
    made = Counter(d.row for d in labeled.drafts)
    consumed = pa.array([i in made for i in range(batch.num_rows)], pa.bool_())
    out = leave(batch, consumed, stage, "derived", disposition=Disposition.CONSUMED)
    out = _refuse(out, labeled.refused, stage)
    out = last_word(out, stage, source) if final else out
    if not labeled.drafts:
        return out
    children = derived(batch, labeled.drafts, stage)
    if "leaving" in out.schema.names:
        children = children.append_column("leaving", pa.nulls(children.num_rows, out.schema.field("leaving").type))
    parents = np.array([d.row for d in labeled.drafts], np.int64)
    order = np.argsort(np.concatenate([np.arange(batch.num_rows), parents]), kind="stable")
    return pa.concat_batches([out, children]).take(pa.array(order))


def _refuse(batch: Batch, refused: Mapping[int, tuple[str, str]], stage: str) -> Batch:
    for reason in sorted({reason for reason, _ in refused.values()}):
        details = [refused[i][1] if i in refused else None for i in range(batch.num_rows)]
        mask = [i in refused and refused[i][0] == reason for i in range(batch.num_rows)]
        batch = leave(batch, pa.array(mask, pa.bool_()), stage, reason, pa.array(details, pa.string()))
    return batch


def is_example(batch: Batch) -> pa.BooleanArray:
    """True where a record asks something already: a prompt, messages, or a pair to prefer from."""
    return pc.or_(pc.or_(_filled(batch, "prompt"), _filled(batch, "messages")), _filled(batch, "chosen"))


def last_word(batch: Batch, stage: str, source: str | None) -> Batch:
    """Reject what no labeler made an example of, and prompts that nobody answers."""
    batch = leave(batch, pc.invert(is_example(batch)), stage, "no_example", _why_none(batch, stage, source))
    output = pc.fill_null(batch.column("output"), "")
    blank = pc.or_(pc.equal(output, ""), pc.utf8_is_space(output))
    other = pc.or_(_filled(batch, "messages"), _filled(batch, "chosen"))
    unanswered = pc.and_(blank, pc.invert(other))
    return leave(batch, unanswered, stage, "empty_target", "it has a prompt and no output")


def _filled(batch: Batch, name: str) -> pa.BooleanArray:
    return pc.is_valid(batch.column(name))


def _why_none(batch: Batch, stage: str, source: str | None) -> pa.Array | str:
    """That nothing was found, and where the record is of another source than the one named: that may be misspelled."""
    nothing = "no labeler found an example in it"
    if source is None:
        return nothing
    of = pc.fill_null(pc.struct_field(batch.column("source"), "id"), "(none)")
    other = pc.binary_join_element_wise(
        f"{nothing}; {stage} looks at the source {source} alone, and this is of ", of, ""
    )
    return pc.if_else(pc.equal(of, source), nothing, other)


def open_rows(batch: Batch, source: str | None = None) -> list[int]:
    """Numbers of the rows that are still to be labeled: nothing has labeled them, and they are of the source meant."""
    mask = pc.and_(staying(batch), pc.is_null(batch.column("labeling")))
    if source is not None:
        named = pc.equal(pc.struct_field(batch.column("source"), "id"), source)
        mask = pc.and_(mask, pc.fill_null(named, False))
    return [int(i) for i in pc.indices_nonzero(mask).to_pylist()]


def derived(batch: Batch, drafts: Sequence[Draft], stage: str) -> Batch:
    """Build the records of drafts.

    Args:
        batch: The parents.
        drafts: What was made of them.
        stage: Name of the stage, part of the ids.
    """
    at = pa.array([d.row for d in drafts], pa.int64())
    parents = batch.column("id").take(at)
    columns = {name: batch.column(name).take(at) for name in INHERITED}
    names = namer(stage)
    columns["id"] = pa.array([names(p, d.labeler, d.place) for p, d in zip(parents.to_pylist(), drafts, strict=True)])
    columns["parents"] = pa.ListArray.from_arrays(pa.array(range(len(drafts) + 1), pa.int32()), parents)
    columns["kind"] = pa.repeat("example", len(drafts))
    columns["content_hash"] = pa.array([_hash(d) for d in drafts])
    columns["labeling"] = _labeling(drafts)
    columns["extra"] = pa.array([d.extra for d in drafts], pa.string())
    for name in dict.fromkeys(name for d in drafts for name in d.fields):
        columns[name] = pa.array([d.fields.get(name) for d in drafts], SCHEMA.field(name).type)
    if any(d.start is not None for d in drafts):
        columns["source"] = _placed(columns["source"], drafts)
    arrays = [columns.get(f.name, pa.nulls(len(drafts), f.type)) for f in SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def namer(stage: str) -> Callable[[str, str, str], str]:
    """`derived_id` for many records that have one parent each, without joining what they share again and again.

    >>> from toolkit.record import derived_id
    >>> namer("label.rules")("9f", "rule:faq", "第一条") == derived_id(["9f"], "label.rules", "rule:faq", "第一条")
    True
    """

    def name(parent: str, labeler: str, place: str) -> str:
        parts = f"7:derived{len(parent)}:{parent}{shared}{len(labeler)}:{labeler}{len(place)}:{place}1:0"
        return hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    shared = f"{len(stage)}:{stage}"
    return name


def _hash(draft: Draft) -> str:
    values = {**draft.fields, "extra": draft.extra}
    return hash_values([prune(v) if type(v) is list else v for v in map(values.get, CONTENT)])


def _labeling(drafts: Sequence[Draft]) -> pa.StructArray:
    values = {
        "by": [d.by for d in drafts],
        "kind": [d.kind for d in drafts],
        "confidence": [d.confidence for d in drafts],
        "template": [d.template for d in drafts],
    }
    known = {name: pa.array(column, LABELING.field(name).type) for name, column in values.items()}
    known["status"] = pa.repeat("draft", len(drafts))
    arrays = [known[f.name] if f.name in known else pa.nulls(len(drafts), f.type) for f in LABELING]
    return pa.StructArray.from_arrays(arrays, fields=list(LABELING))


def _placed(source: pa.StructArray, drafts: Sequence[Draft]) -> pa.StructArray:
    """Refine the locators of the parents; page, row and line stay."""
    locator = pc.struct_field(source, "locator")
    places = {
        name: pa.array([_list(getattr(d, name)) for d in drafts], locator.type.field(name).type) for name in _PLACES
    }
    return struct_with(source, {"locator": struct_with(locator, places)})


def _list(value: Any) -> Any:
    return list(value) or None if isinstance(value, tuple) else value
