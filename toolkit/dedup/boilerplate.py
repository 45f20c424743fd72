"""Sentences that recur over many documents of one source: closings, disclaimers, forms; counted, reported, cut out.

A sentence is boilerplate of its source when it stands in at least `count` of its documents and in at least `share` of
them. It is compared by its normal form, so a full stop or a width more makes no other sentence. Short ones ("Yes.",
"谢谢。") are language, not boilerplate, and never counted. Code, formulas and tables are never cut, and never is a field
emptied: a text that is all boilerplate stays as it is and is for other rules to judge. Headings are structure.

Read the report before removing: statutes repeat "构成犯罪的，依法追究刑事责任。" (in 29 of 100) because it is the law.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.kernel import normal_column
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.dedup.kernel.hashes import U64, spread_array
from toolkit.kinds import Batch, Records
from toolkit.record import CONTENT, SCHEMA, Row, content_hash, rows_of, set_columns
from toolkit.text.segments import segments

MODES = ("off", "flag", "remove", "report")
FLAG, FIX, REPORT = "boilerplate", "drop_boilerplate", "boilerplate.jsonl"
FIELDS = ("text", "prompt", "input", "output")
SHORTEST = 12
"""Bytes of the normal form from which on a sentence counts: 4 Han characters ("祝您健康") or 12 letters."""
EXAMPLES = 3
_END = r"[。！？!?；;…]+[”’」』）)\"']*|\.(?=[ \t\n]|\Z)[”’」』）)\"']*"
_SENTENCE = re.compile(rf"(?P<heading>^#{{1,6}} [^\n]*)|[^\n]+?(?:(?:{_END})[ \t\u3000]*|(?=\n|\Z))", re.MULTILINE)


class Limits(NamedTuple):
    """From how many documents of a source on, and from which share of them on, a sentence is boilerplate."""

    documents: int
    share: float


def sentences(text: str) -> list[tuple[int, int]]:
    r"""Where the sentences of a text stand, as (start, end); a line end ends one too, code and tables have none.

    >>> text = "每日三次。祝您健康！\nTake 1.5 mg. Get well"
    >>> [text[a:b] for a, b in sentences(text)]
    ['每日三次。', '祝您健康！', 'Take 1.5 mg. ', 'Get well']
    >>> sentences("```\nprint(1)\n```")
    []
    """
    found, at = [], 0
    for kind, part in segments(text):
        if kind == "prose":
            found += [(at + m.start(), at + m.end()) for m in _SENTENCE.finditer(part) if not m["heading"]]
        at += len(part)
    return found


class _Cut(NamedTuple):
    """A sentence of a record: where it stands, and its key."""

    row: int
    field: str
    turn: int
    start: int
    end: int
    text: str


def _cuts(batch: pa.RecordBatch | pa.Table) -> tuple[list[_Cut], U64]:
    """All sentences of a batch that count, and the key of each: of its source and its normal form."""
    cuts = [cut for field in FIELDS for cut in _of_texts(field, batch.column(field).to_pylist())]
    if batch.column("messages").null_count < batch.num_rows:
        cuts += _of_messages(batch.column("messages").to_pylist())
    if not cuts:
        return [], np.zeros(0, np.uint64)
    forms = normal_column(pa.array([cut.text for cut in cuts], pa.string()), kernel="numpy")
    keys = exact_halves(forms, kernel="numpy", normal=True)[:, 0]
    sources = source_marks(batch)
    keys = spread_array(keys + sources[[cut.row for cut in cuts]])
    long = pc.greater_equal(pc.binary_length(forms), SHORTEST).to_numpy(zero_copy_only=False)
    return [cut for cut, counts in zip(cuts, long.tolist(), strict=True) if counts], keys[long]


def _of_texts(field: str, texts: Sequence[str | None]) -> Iterator[_Cut]:
    for row, text in enumerate(texts):
        for start, end in sentences(text) if text else ():
            yield _Cut(row, field, 0, start, end, text[start:end] if text else "")


def _of_messages(talks: Sequence[list[Row] | None]) -> Iterator[_Cut]:
    for row, turns in enumerate(talks):
        for number, turn in enumerate(turns or ()):
            text = turn.get("content") or ""
            for start, end in sentences(text):
                yield _Cut(row, "messages", number, start, end, text[start:end])


def source_marks(batch: pa.RecordBatch | pa.Table) -> U64:
    """A number for the source of every record."""
    names = pc.fill_null(pc.struct_field(batch.column("source"), "id"), "").to_pylist()
    marks = {
        name: int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") for name in set(names)
    }
    return np.array([marks[name] for name in names], np.uint64)


def emit(batch: Batch) -> pa.Table:
    """A row per sentence and record, and a row per record under the key of its source alone."""
    cuts, keys = _cuts(batch)
    sources = source_marks(batch)
    rows = np.array([cut.row for cut in cuts], np.int64)
    pairs = np.unique(np.stack([keys, rows.astype(np.uint64)]), axis=1)
    rows = np.concatenate([pairs[1].astype(np.int64), np.arange(batch.num_rows)])
    return pa.table({
        "key": pa.array(np.concatenate([pairs[0], sources]), pa.uint64()),
        "row": pa.array(rows, pa.int64()),
        "source": pa.array(sources[rows], pa.uint64()),
    })  # fmt: skip


def count(rows: pa.Table, _records: Records, least: int) -> pa.Table:
    """The rows of the sentences that stand in many documents, with the count; and one row per source, without a ref."""
    counts = rows.group_by(["key", "source"]).aggregate([("ref", "count")])
    of_source = pc.equal(counts.column("key"), counts.column("source"))
    totals = counts.filter(of_source).append_column("ref", pa.nulls(pc.sum(of_source).as_py() or 0, pa.int64()))
    often = counts.filter(pc.and_(pc.invert(of_source), pc.greater_equal(counts.column("ref_count"), least)))
    found = rows.join(often.select(["key", "ref_count"]), "key", join_type="inner")
    names = ["key", "ref", "source", "ref_count"]
    return pa.concat_tables([totals.select(names), found.select(names).cast(totals.select(names).schema)])


def solve(rows: pa.Table, records: Records, limits: Limits) -> pa.Table:
    """The sentences whose share of their source is large, with what the report says of each, on its first record."""
    documents = {r["source"]: r["ref_count"] for r in rows.filter(pc.is_null(rows.column("ref"))).to_pylist()}
    rows = rows.filter(pc.is_valid(rows.column("ref"))).sort_by([("key", "ascending"), ("ref", "ascending")])
    whole = np.array([documents[s] for s in rows.column("source").to_pylist()], np.int64)
    enough = rows.column("ref_count").to_numpy() >= limits.share * whole
    rows, whole = rows.filter(pa.array(enough)), whole[enough]
    keys, refs = (rows.column(n).to_numpy() for n in ("key", "ref"))
    firsts = np.unique(keys, return_index=True)[1].tolist()
    lines: list[bytes | None] = [None] * rows.num_rows
    said = _said(records, keys, refs, firsts)
    for at in firsts:
        told = {**said[at], "count": int(rows.column("ref_count")[at].as_py()), "documents": int(whole[at])}
        told["share"] = round(told["count"] / told["documents"], 6)
        lines[at] = orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
    return pa.table({"ref": refs, "boilerplate": keys, "line": pa.array(lines, pa.binary())})


def _said(records: Records, keys: U64, refs: np.ndarray, firsts: Sequence[int]) -> dict[int, Row]:
    """Source, wording and example ids of the sentences that begin at these places."""
    if not firsts:
        return {}
    ends = [*firsts[1:], len(keys)]
    shown = sorted({int(r) for a, b in zip(firsts, ends, strict=True) for r in refs[a : min(b, a + EXAMPLES)]})
    table = records.take(pa.array(shown, pa.int64()), ["id", "source", *FIELDS, "messages"])
    place = {ref: n for n, ref in enumerate(shown)}
    names = table.column("id").to_pylist()
    cuts, cut_keys = _cuts(table)
    wording = {(cut.row, key): cut.text.strip() for cut, key in zip(cuts, cut_keys.tolist(), strict=True)}
    sources = pc.struct_field(table.column("source").combine_chunks(), "id").to_pylist()
    said = {}
    for a, b in zip(firsts, ends, strict=True):
        row = place[int(refs[a])]
        ids = sorted(names[place[int(r)]] for r in refs[a : min(b, a + EXAMPLES)])
        said[a] = {"source": sources[row], "sentence": wording[row, int(keys[a])], "examples": ids}
    return said


def report(solved: pa.Table) -> dict[str, list[bytes]]:
    """`boilerplate.jsonl`: sentence, source, count, share and examples, the most frequent first."""
    lines = [orjson.loads(line) for line in solved.column("line").to_pylist() if line]
    ordered = sorted(lines, key=lambda r: (r["source"] or "", -r["count"], r["sentence"]))
    return {REPORT: [orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in ordered]} if ordered else {}


def apply(batch: Batch, rows: pa.Table, mode: str) -> Batch:
    """Flag the records with boilerplate, or cut it out of them."""
    if mode == "report":
        return batch
    at = sorted(set(rows.column("row").to_pylist()))
    if mode == "flag":
        return _listed(batch, "flags", FLAG, at)
    known: dict[int, set[int]] = {}
    for row, key in zip(rows.column("row").to_pylist(), rows.column("boilerplate").to_pylist(), strict=True):
        known.setdefault(row, set()).add(key)
    part = batch.take(pa.array(at, pa.int64()))
    columns, changed = _without(part, [known[row] for row in at])
    if not changed:
        return batch
    touched = [at[n] for n in changed]
    for name, values in columns.items():
        whole = batch.column(name).to_pylist()
        for n in changed:
            whole[at[n]] = values[n]
        batch = set_columns(batch, {name: pa.array(whole, SCHEMA.field(name).type)})
    return _hashed(_listed(batch, "fixes", FIX, touched), touched)


def _without(part: Batch, known: Sequence[set[int]]) -> tuple[dict[str, list[Any]], list[int]]:
    """The columns of some records without their boilerplate, and which records changed."""
    cuts, keys = _cuts(part)
    doomed: dict[tuple[int, str, int], list[_Cut]] = {}
    for cut, key in zip(cuts, keys.tolist(), strict=True):
        if key in known[cut.row]:
            doomed.setdefault((cut.row, cut.field, cut.turn), []).append(cut)
    columns = {name: part.column(name).to_pylist() for name in (*FIELDS, "messages")}
    changed: set[int] = set()
    for (row, field, turn), gone in sorted(doomed.items()):
        place: Any = columns[field][row]
        text = place[turn]["content"] if field == "messages" else place
        shorter = _cut_out(text, gone)
        if not shorter.strip():
            continue
        changed.add(row)
        if field == "messages":
            place[turn]["content"] = shorter
        else:
            columns[field][row] = shorter
    used = {field for row, field, _ in doomed if row in changed}
    return {name: columns[name] for name in sorted(used)}, sorted(changed)


def _cut_out(text: str, gone: Sequence[_Cut]) -> str:
    r"""A text without some of its sentences, and without the empty line that one may leave.

    >>> _cut_out("多休息。\n祝您健康！\n\n复查。", [_Cut(0, "text", 0, 5, 10, "祝您健康！")])
    '多休息。\n\n复查。'
    """
    kept, last = "", 0
    for cut in sorted(gone, key=lambda c: c.start):
        kept += text[last : cut.start]
        last = cut.end
        if (not kept or kept.endswith("\n")) and text[last : last + 1] == "\n":
            last += 1
    kept += text[last:]
    return kept if not last or text[last:].strip() else kept.rstrip()


def _listed(batch: Batch, column: str, name: str, rows: Sequence[int]) -> Batch:
    """Add a name to a list column of some rows, once."""
    values = batch.column(column).to_pylist()
    for row in rows:
        values[row] = [*(v for v in values[row] or () if v != name), name]
    return set_columns(batch, {column: pa.array(values, SCHEMA.field(column).type)})


def _hashed(batch: Batch, rows: Sequence[int]) -> Batch:
    hashes = batch.column("content_hash").to_pylist()
    for row, values in zip(rows, rows_of(batch.select(["id", *CONTENT]).take(pa.array(rows, pa.int64()))), strict=True):
        hashes[row] = content_hash(values)
    return set_columns(batch, {"content_hash": pa.array(hashes, pa.string())})
