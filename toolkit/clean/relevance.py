"""What the user knows of the domain: terms to flag, a lexicon to score by, a classifier trained on examples."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from toolkit.clean.classifier import Classifier
from toolkit.clean.hits import Hits, find_hits
from toolkit.clean.texts import Texts
from toolkit.kinds import Batch
from toolkit.record import SCHEMA, set_columns
from toolkit.text.terms import TermList, TermSet

RELEVANCE = "relevance"
RELEVANCE_MODEL = "relevance_model"
_DIGITS = 4


@dataclass(frozen=True)
class Topic:
    """The files of a run that say what its records are about.

    Attributes:
        lists: Lists of terms to flag, each with its terms ready to be looked for.
        lexicon: The terms of the domain.
        classifier: A trained model.
        digests: What stands in the files, as hashes, in the order of the options.
    """

    lists: tuple[tuple[TermList, TermSet], ...] = ()
    lexicon: TermSet | None = None
    classifier: Classifier | None = None
    digests: tuple[str, ...] = ()

    @classmethod
    def read(cls, terms: Sequence[str], lexicon: str | None, classifier: str | None) -> Topic:
        """Read the files.

        Raises:
            SourceError: A file cannot be read.
            UsageError: A file is not what its option asks for.
        """
        lists = [TermList.read(path) for path in terms]
        return cls(
            tuple((one, TermSet(one.terms)) for one in lists),
            TermSet(TermList.read(lexicon).terms) if lexicon else None,
            Classifier.read(classifier) if classifier else None,
            tuple(_digest(path) for path in (*terms, lexicon, classifier) if path),
        )

    def listed(self, texts: Texts, domains: Sequence[str | None]) -> Hits:
        """Where the terms of the lists stand; a list says nothing in the domains it excepts."""
        parts = []
        for one, terms in self.lists:
            found = find_hits(terms, texts.values)
            silent = np.array([domain in one.excepted for domain in domains], bool)
            parts.append(found.only(~silent[texts.rows[found.texts]]))
        return Hits.together(parts)

    def score(self, batch: Batch, texts: Texts, units: np.ndarray) -> tuple[Batch, dict[int, float]]:
        """Write the scores of the lexicon and the classifier.

        Args:
            batch: The records.
            texts: Their judged texts.
            units: Han characters and words of each text.

        Returns:
            The batch, and for each record that was scored what `off_topic` looks at: the lexicon's score before the model's.
        """
        scores: dict[str, dict[int, float]] = {}
        if self.classifier:
            scores[RELEVANCE_MODEL] = self._by_model(texts)
        if self.lexicon:
            scores[RELEVANCE] = _by_lexicon(find_hits(self.lexicon, texts.values), texts, units)
        if not scores:
            return batch, {}
        return _write(batch, scores), list(scores.values())[-1]

    def _by_model(self, texts: Texts) -> dict[int, float]:
        assert self.classifier is not None
        parts: dict[int, list[str]] = {}
        for row, text in zip(texts.rows.tolist(), texts.values.to_pylist(), strict=True):
            parts.setdefault(row, []).append(text)
        return {row: round(self.classifier.probability("\n".join(parts[row])), _DIGITS) for row in sorted(parts)}


def _digest(path: str) -> str:
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()


def _by_lexicon(hits: Hits, texts: Texts, units: np.ndarray) -> dict[int, float]:
    """Distinct terms in 100 units of a record, whichever of its texts they stand in."""
    rows = int(texts.rows.max()) + 1 if len(texts.rows) else 0
    pairs = np.unique(np.column_stack([texts.rows[hits.texts], hits.numbers]), axis=0)
    distinct = np.bincount(pairs[:, 0], minlength=rows)
    total = np.bincount(texts.rows, units, minlength=rows)
    return {row: round(100 * float(distinct[row] / total[row]), _DIGITS) for row in np.flatnonzero(total).tolist()}


def _write(batch: Batch, scores: dict[str, dict[int, float]]) -> Batch:
    known = batch.column("scores").to_pylist(maps_as_pydicts="strict")
    for name in sorted(scores):
        for row, value in scores[name].items():
            known[row] = {**(known[row] or {}), name: value}
    items = [None if row is None else list(row.items()) for row in known]
    return set_columns(batch, {"scores": pa.array(items, SCHEMA.field("scores").type)})
