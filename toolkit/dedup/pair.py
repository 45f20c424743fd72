"""Two records side by side: how similar they are, what differs, and why one was dropped for the other or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.compare import ASKED, BORDER, CONDITIONS, FIELDS, asked_and_answered, compared
from toolkit.dedup.index.shipped import is_release, release_batches
from toolkit.dedup.kernel import Params
from toolkit.dedup.near import PROMPT_SHARE
from toolkit.dedup.survivor import Facts, facts_of, rank, why
from toolkit.engine.store import BATCH_ROWS, RECORDS, read_records
from toolkit.errors import UsageError
from toolkit.record import Row, columns_of, rows_of
from toolkit.text.shingles import jaccard, normal_form, salient, shingles

SHOWN = 8
"""Shingles of each kind that are shown."""
BESIDE = ("held.jsonl", "rag/docs.jsonl", "quarantine.jsonl")


@dataclass(frozen=True)
class Pair:
    """What is to be said of two records.

    Attributes:
        texts: What is compared, left and right.
        equal: Whether their normal forms are.
        similarity: Jaccard of their shingles.
        shared: Shingles that both have.
        only: Shingles that one has, left and right.
        salient: Numbers, dates, negations and modal words that only one has, left and right.
        verdict: What dedup does with the two, and why.
    """

    ids: tuple[str, str]
    texts: tuple[str, str]
    equal: bool
    similarity: float
    shared: frozenset[str]
    only: tuple[frozenset[str], frozenset[str]]
    salient: tuple[tuple[str, ...], tuple[str, ...]]
    verdict: str


class _Rows:
    """`Records` over a few rows."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def take(self, refs: pa.Int64Array, columns: Sequence[str]) -> pa.Table:
        return self._table.select(list(columns)).take(refs)


def explain(
    left: Row, right: Row, *, fields: Sequence[str] = FIELDS, params: Params | None = None, as_of: str | None = None
) -> Pair:
    """Compare two records as dedup does.

    Args:
        left: A record.
        right: Another.
        fields: The compared fields.
        params: The comparison.
        as_of: The day for which the newest valid record survives.

    >>> a = {"id": "a", "text": "每日3次，每次一片，饭后服用，连服七天，忌酒。"}
    >>> explain(a, a | {"id": "b", "text": a["text"].replace("3", "2")}, params=Params(threshold=0.5)).verdict
    'not merged: they differ in 3 / 2'
    >>> explain(a, a | {"id": "b", "text": a["text"] + "！"}).verdict  # punctuation is no difference
    'merged: equal normal forms; a stays, because its id is smaller'
    """
    chosen = params or Params()
    rows = _Rows(pa.Table.from_batches([columns_of([left, right])]))
    texts = [t or "" for t in compared(rows.take(pa.array([0, 1]), list(fields)), fields).to_pylist()]
    told = [t or "" for t in compared(rows.take(pa.array([0, 1]), list(fields)), _texts_of(fields)).to_pylist()]
    bound = [text != own for text, own in zip(texts, told, strict=True)]  # more than texts are compared
    apart = [n for n in CONDITIONS if any(bound) and n in fields and left.get(n) != right.get(n)]
    sets = [shingles(text, width=chosen.width, unit=chosen.unit) for text in texts]
    said = [Counter(salient(text)) for text in told]
    one, two = facts_of(rows, [0, 1], fields)
    equal = normal_form(texts[0]) == normal_form(texts[1])
    only = (tuple((said[0] - said[1]).elements()), tuple((said[1] - said[0]).elements()))
    differ = salient(texts[0]) != salient(texts[1])
    similarity = jaccard(*sets)
    verdict = _verdict(one, two, sets=sets, equal=equal, similarity=similarity, differ=differ, only=only, apart=apart, prompts=_prompts(rows, chosen),
                       threshold=chosen.threshold, as_of=as_of)  # fmt: skip
    return Pair(
        (one.id, two.id),
        (_shown(left, told[0], bound[0]), _shown(right, told[1], bound[1])),
        equal,
        similarity,
        sets[0] & sets[1],
        (sets[0] - sets[1], sets[1] - sets[0]),
        only,
        verdict,
    )


def _verdict(
    one: Facts,
    two: Facts,
    *,
    sets: Sequence[frozenset[str]],
    equal: bool,
    similarity: float,
    differ: bool,
    only: tuple[tuple[str, ...], tuple[str, ...]],
    apart: Sequence[str],
    prompts: float,
    threshold: float,
    as_of: str | None,
) -> str:
    if not all(sets):
        return "not merged: one of them has nothing to compare"
    times = f"{_time(one)} / {_time(two)}"
    if equal and one.lasts != two.lasts:
        return f"equal normal forms, true at different times or of different facts: {times}; decided by fact key and interval"
    if equal:
        return f"merged: equal normal forms; {_stays(one, two, as_of)}"
    if apart and not any(only):
        return f"not merged: they differ in {', '.join(apart)}"
    if similarity < threshold:
        return f"not merged: similarity {similarity:.4f} is under the threshold {threshold}"
    if differ:
        shown = (
            f"{' '.join(only[0]) or 'nothing'} / {' '.join(only[1]) or 'nothing'}"
            if any(only)
            else "the order of their numbers"
        )
        return f"not merged: they differ in {shown}"
    if prompts < PROMPT_SHARE * threshold:
        return f"not merged: similarity {similarity:.4f}, but the prompts alone have {prompts:.4f}: another question"
    if one.lasts != two.lasts:
        return f"not merged: fact keys or intervals differ, {times}; aging decides"
    return f"merged: similarity {similarity:.4f} reaches the threshold {threshold}; {_stays(one, two, as_of)}"


def _prompts(rows: _Rows, params: Params) -> float:
    """How alike the questions are; documents ask nothing, so that nothing is against them."""
    asked = asked_and_answered(rows.take(pa.array([0, 1]), ASKED))[0].to_pylist()
    if None in asked:
        return 1.0
    return jaccard(*(shingles(text, width=params.width, unit=params.unit) for text in asked))


def _texts_of(fields: Sequence[str]) -> list[str]:
    return [name for name in fields if name not in CONDITIONS]


def _shown(row: Row, told: str, bound: bool) -> str:
    """The texts of a record, and beside them what else is compared."""
    beside = [f"{name}: {row[name]}" for name in CONDITIONS if bound and row.get(name) is not None]
    return BORDER.join([*([told] if told else []), *beside])


def _time(facts: Facts) -> str:
    key, begins, ends = facts.lasts
    return f"{key or 'no fact key'} {begins or '...'} to {ends or '...'}"


def _stays(one: Facts, two: Facts, as_of: str | None) -> str:
    """Who of the two stays, and the first rule that tells them apart."""
    better, other = sorted((one, two), key=lambda f: rank(f, as_of))
    return f"{better.id} stays, because {why(better, other, as_of)}"


def find_pair(out: Path | str, left: str, right: str) -> tuple[Row, Row]:
    """Find two records in what a run left, by id or as much of its beginning as names one record.

    Raises:
        UsageError: A record is in no file of the run, or several begin so.
    """
    out = Path(out)
    found: dict[str, Row] = {}
    for rows in (_left(out), _released(out), _worked(out, (left, right))):
        for row in rows:
            if row["id"].startswith((left, right)):
                found.setdefault(row["id"], row)
        if all(any(name.startswith(wanted) for name in found) for wanted in (left, right)):
            break
    return _one(found, left, out), _one(found, right, out)


def _one(found: dict[str, Row], wanted: str, out: Path) -> Row:
    names = [wanted] if wanted in found else sorted(name for name in found if name.startswith(wanted))
    if len(names) == 1:
        return found[names[0]]
    what = f"begins {len(names)} ids: {', '.join(names[:3])}" if names else "is in no file of this run"
    raise UsageError(
        f"{wanted}: {what}", hint=f"ids stand in {out}/clusters.jsonl, release/provenance.jsonl and rejected/*.jsonl"
    )


def _left(out: Path) -> Iterator[Row]:
    for path in [*sorted((out / "rejected").glob("*.jsonl")), *(out / name for name in BESIDE)]:
        if path.is_file():
            with path.open("rb") as lines:
                yield from (orjson.loads(line) for line in lines)


def _released(out: Path) -> Iterator[Row]:
    if is_release(out / "release"):
        for batch in release_batches(out / "release"):
            yield from rows_of(batch)


def _worked(out: Path, wanted: Sequence[str]) -> Iterator[Row]:
    """Records that later stages made others of are only in the shards of the run."""
    for path in sorted((out / "work" / "shards").glob(f"*/*.{RECORDS}")):
        for batch in read_records(path, BATCH_ROWS):
            masks = [pc.starts_with(batch.column("id"), name) for name in wanted]
            yield from rows_of(batch.filter(pc.or_(*masks)))


def lines_of(pair: Pair) -> list[str]:
    """A pair for people."""
    left, right = pair.ids
    lines = [f"{name}: {text.replace(BORDER, ' | ')}" for name, text in zip(pair.ids, pair.texts, strict=True)]
    counts = f"{len(pair.shared)} shared, {len(pair.only[0])} only in {left}, {len(pair.only[1])} only in {right}"
    lines += [f"similarity {pair.similarity:.4f}{', equal normal forms' if pair.equal else ''}; shingles: {counts}"]
    for title, some in (("shared", pair.shared), (f"only in {left}", pair.only[0]), (f"only in {right}", pair.only[1])):
        if some:
            more = f" ... {len(some) - SHOWN} more" if len(some) > SHOWN else ""
            lines.append(f"  {title}: {' · '.join(sorted(some)[:SHOWN])}{more}".replace(BORDER, "|"))
    for name, words in zip(pair.ids, pair.salient, strict=True):
        if words:
            lines.append(f"  numbers, dates, negations only in {name}: {' '.join(words)}")
    return [*lines, pair.verdict]
