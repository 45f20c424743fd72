"""One prompt, answers that do not go together: found, reported with both sources and dates, and never merged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup import decisions
from toolkit.dedup.compare import BORDER, asked_and_answered
from toolkit.dedup.decisions import Decision, table_of
from toolkit.dedup.kernel import Params, pair_similarities, salient_keys
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.survivor import Facts, facts_of, rank, why
from toolkit.kinds import Batch, Records, leave
from toolkit.reasons import Disposition
from toolkit.record import Row

POLICIES = ("flag", "keep_best", "hold", "off")
REASON = "conflicting_output"
BLOCK = 10_000
"""Rows whose texts are in memory together. They lie all over the run, so that small blocks read it again and again."""
MEASURED = 1_000
"""Of these, rows that are measured together: their shingles take several times the memory of their texts."""
EXCERPT = 300
"""Characters of prompt and answers that a line of the report shows."""

_TOLD = f'{BORDER}\\n:：“"`'
"""Signs that the prompt itself brings what it speaks of."""
_POINTS = re.compile(
    rf"\s*(?:请问|請問)?(?:[这這该該此]|上述|以上|前述"
    rf"|[两兩二](?:者|[个個种種](?:疾?病|[药藥]|知[识識]|方[法案])))[^{_TOLD}]{{1,30}}"
    rf"|\s*(?:[a-z]+[ ]){{0,8}}(?:these|those|the[ ](?:two|above|following)|this[ ](?:text|code|case|patient|disease))(?![a-z])"
    rf"[^{_TOLD}]{{0,60}}",
    re.IGNORECASE,
)
"""Short questions about things that they do not name."""


def points_elsewhere(asked: str) -> bool:
    """Say whether a prompt asks about something that stands elsewhere: two answers to it need not be about one thing.

    In 8,658 real medical examples half of all conflicts were of this kind, each about two other diseases.

    >>> points_elsewhere("这两个疾病的病因有何不同？"), points_elsewhere("What do these two drugs have in common?")
    (True, True)
    >>> points_elsewhere("食管癌和贫血的病因有何不同？"), points_elsewhere("What is the dose of aspirin?")  # named: compared
    (False, False)
    """
    return _POINTS.fullmatch(asked) is not None


FIELDS = ("prompt", "input", "output", "messages")


def solve(rows: pa.Table, records: Records, as_of: str | None, params: Params, kernel: str) -> pa.Table:
    """Find the prompts whose answers do not go together.

    An answer goes with the best one if it is its near duplicate and has the same numbers and negations.

    Args:
        rows: `left` names a prompt, `right` is a record that asks it.
        records: The records.
        as_of: The day for which the newest valid one is the best.
        params: The comparison.
        kernel: One of `KERNELS`.
    """
    ordered = rows.sort_by([("left", "ascending"), ("right", "ascending")])
    blocks = [ordered.slice(a, b - a) for a, b in _blocks(ordered.column("left").to_numpy(), BLOCK)]
    found = [_with_lines(_found(block, records, as_of, params, kernel)) for block in blocks]
    return pa.concat_tables([_with_lines([]), *found]).sort_by("ref")


def _blocks(names: I64, size: int) -> Iterator[tuple[int, int]]:
    """Where to cut sorted rows so that each part holds whole groups, and hardly more than `size` rows.

    >>> list(_blocks(np.array([1, 1, 1, 2, 2, 3]), 4))
    [(0, 5), (5, 6)]
    """
    ends = np.append(np.flatnonzero(np.diff(names)) + 1, len(names))
    start = 0
    while start < len(names):
        end = int(ends[np.searchsorted(ends, min(start + size, len(names)))])
        yield start, end
        start = end


def _found(
    rows: pa.Table, records: Records, as_of: str | None, params: Params, kernel: str
) -> list[tuple[Decision, bytes | None]]:  # fmt: skip
    """The conflicts of some prompts, whose texts are in memory together; they are measured by and by."""
    names, refs = (rows.column(n).to_numpy() for n in ("left", "right"))
    asked, answered = asked_and_answered(records.take(pa.array(refs), list(FIELDS)))
    facts = list(facts_of(records, refs, FIELDS))
    found: list[tuple[Decision, bytes | None]] = []
    for a, b in _blocks(names, MEASURED):
        groups = (list(g) for _, g in groupby(range(b - a), key=names[a:b].tolist().__getitem__))
        named = [g for g in groups if len(g) > 1 and not points_elsewhere(asked[a + g[0]].as_py())]
        ranked = [sorted(((facts[a + n], n) for n in g), key=lambda p: rank(p[0], as_of)) for g in named]
        texts = asked.slice(a, b - a), answered.slice(a, b - a)
        agrees = _agrees(texts[1], ranked, params, kernel)
        found += [d for group in ranked for d in _decide(group, agrees, *texts, as_of)]
    return found


def _agrees(
    answered: pa.Array, ranked: Sequence[Sequence[tuple[Facts, int]]], params: Params, kernel: str
) -> np.ndarray:
    """Whether the answer of every row goes with that of the best row of its group."""
    best = np.arange(len(answered))
    for group in ranked:
        for _, n in group:
            best[n] = group[0][1]
    same = np.arange(len(answered))
    salient = salient_keys(answered, kernel=kernel)
    similarity = pair_similarities(answered, best, same, params=params, kernel=kernel)
    return np.asarray((best == same) | ((similarity >= params.threshold) & (salient == salient[best])))


def _decide(
    group: Sequence[tuple[Facts, int]], agrees: np.ndarray, asked: pa.Array, answered: pa.Array, as_of: str | None
) -> Iterator[tuple[Decision, bytes | None]]:  # fmt: skip
    best = group[0][0]
    group = [(f, n) for f, n in group if not _other_time(f, best)]
    if all(agrees[n] for _, n in group):
        return
    cluster = min(f.id for f, _ in group)
    for f, n in group:
        line = _line(group, asked, answered, as_of) if f.ref == best.ref else None
        survivor = None if f.ref == best.ref else best.id
        yield (
            Decision(f.ref, f.id, REASON if survivor and not agrees[n] else None, survivor, None, cluster, REASON),
            line,
        )


def _other_time(facts: Facts, best: Facts) -> bool:
    """Whether two records are versions of one fact: which of them holds is for aging to say."""
    return facts.lasts[0] is not None and facts.lasts[0] == best.lasts[0] and facts.lasts != best.lasts


def _line(group: Sequence[tuple[Facts, int]], asked: pa.Array, answered: pa.Array, as_of: str | None) -> bytes:
    answers = [_answer(f, answered[n].as_py()) for f, n in group]
    prompt = asked[group[0][1]].as_py().replace(BORDER, "\n")[:EXCERPT]
    proposal = {
        "keep": group[0][0].id,
        "why": why(group[0][0], group[1][0], as_of),
    }
    return orjson.dumps({"prompt": prompt, "proposal": proposal, "answers": answers}, option=orjson.OPT_APPEND_NEWLINE)


def _answer(facts: Facts, text: str) -> Row:
    source = {k: facts.source.get(k) for k in ("id", "uri", "authority", "published_at")}
    fact_key, begins, ends = facts.lasts
    times = {"fact_key": fact_key, "valid_from": begins, "valid_until": ends}
    return {"id": facts.id, "source": source, **times, "output": text[:EXCERPT]}


def _with_lines(found: Sequence[tuple[Decision, bytes | None]]) -> pa.Table:
    table = table_of(d for d, _ in found)
    lines = {d.ref: line for d, line in found}
    return table.append_column("line", pa.array([lines[r] for r in table.column("ref").to_pylist()], pa.binary()))


def report(solved: pa.Table) -> dict[str, Iterator[bytes]]:
    """`conflicts.jsonl`: one line per prompt, with all its answers, their sources and dates, and a proposal."""
    lines = solved.column("line").drop_null()
    ordered = lines.take(pc.sort_indices(lines))
    return {"conflicts.jsonl": (line.as_py() for line in ordered)} if len(lines) else {}


def apply(batch: Batch, rows: pa.Table, stage: str, policy: str) -> Batch:
    """Flag all answers of a conflict; by policy hold all, or keep only those that go with the best."""
    reasons = rows.column("reason")
    kept = rows.set_column(rows.schema.get_field_index("reason"), "reason", pa.nulls(rows.num_rows, pa.string()))
    batch = decisions.apply(batch, kept, stage)
    if policy == "flag":
        return batch
    chosen = rows if policy == "hold" else rows.filter(pc.is_valid(reasons))
    numbers = pa.array(range(batch.num_rows), pa.int64())
    mask = pc.is_in(numbers, value_set=chosen.column("row").combine_chunks())
    disposition = Disposition.HELD if policy == "hold" else Disposition.REJECTED
    return leave(batch, mask, stage, REASON, "another record answers this prompt differently; see conflicts.jsonl",
                 disposition=disposition)  # fmt: skip
