"""The rules over a batch: limits looked up once per group of texts, exact values asked only where an estimate reaches one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.findings import Finding
from toolkit.clean.measures import Measures
from toolkit.clean.profiles import Limit, Settings
from toolkit.clean.relevance import Topic
from toolkit.clean.rules import RULES, Rule, View
from toolkit.clean.texts import FIELDS, ROLES, UNJUDGED, Texts
from toolkit.kinds import Batch

About = Sequence[tuple[str | None, str | None]]
"""Language and domain of each row."""
_QUESTION = [number for number, field in enumerate(FIELDS) if field.name in ("prompt", "input")]
_ANSWER = next(number for number, field in enumerate(FIELDS) if field.name == "output")
RECORD_RULES = {
    "empty": "nothing stands in any field that carries the content",
    "empty_target": "its output is blank",
    "empty_prompt": "prompt and input are blank",
}
"""The rules about whole records that need no measure; `off_topic` needs a score."""


def judge_batch(
    batch: Batch, texts: Texts, measures: Measures, about: About, *, settings: Settings, topic: Topic
) -> tuple[Batch, list[Finding]]:
    """Judge a batch.

    Args:
        batch: The records, cleaned.
        texts: All their texts.
        measures: The numbers of each text.
        about: Language and domain of each row.
        settings: The limits.
        topic: The user's terms, lexicon and classifier.

    Returns:
        The batch with its scores, and what speaks against its records: first of records, then of texts, by the tables.
    """
    opened = _opened(batch, texts, measures.visible)
    judged = texts.only(opened)
    view = View(
        judged,
        measures.only(opened),
        [lang for lang, _ in about],
        topic.listed(judged, [domain for _, domain in about]),
    )
    batch, scores = topic.score(batch, judged, view.measures.units)
    findings = judge_records(batch, texts, measures.visible, about, settings)
    return batch, [*findings, *judge(view, about, settings), *_off_topic(scores, about, settings)]


def _opened(batch: Batch, texts: Texts, visible: np.ndarray) -> np.ndarray:
    """The texts that are judged: no titles, nothing blank, and not of rows whose content still lies in `extra`."""
    opened: np.ndarray = (texts.roles != UNJUDGED) & (visible > 0) & ~texts.waiting(batch, visible)[texts.rows]
    return opened


def judge(view: View, about: About, settings: Settings) -> list[Finding]:
    """Judge the texts of a batch by every rule.

    Args:
        view: The judged texts.
        about: Language and domain of each row.
        settings: The limits.
    """
    groups = _Groups.of(view.texts, about)
    findings: list[Finding] = []
    for name, rule in RULES.items():
        limits = [settings.limit(name, ROLES[role], *about[row]) for role, row in groups.samples]
        if any(limit != (None, None) for limit in limits):
            findings += _findings(name, rule, view, groups.spread(limits))
    return findings


@dataclass(frozen=True)
class _Groups:
    """Texts of one role, language and domain, which have the same limits.

    Attributes:
        samples: Role and a row of each group.
        number: The group of each text.
    """

    samples: list[tuple[int, int]]
    number: np.ndarray

    @classmethod
    def of(cls, texts: Texts, about: About) -> _Groups:
        numbers: dict[tuple[str | None, str | None], int] = {}
        keys = np.array([numbers.setdefault(pair, len(numbers)) for pair in about], np.int64)
        codes = keys[texts.rows] * len(ROLES) + texts.roles
        _, first, number = np.unique(codes, return_index=True, return_inverse=True)
        return cls([(int(texts.roles[at]), int(texts.rows[at])) for at in first], number)

    def spread(self, limits: Sequence[Limit]) -> tuple[np.ndarray, np.ndarray]:
        """The limits of each text, to flag and to reject from; NaN is none."""
        table = np.array([[np.nan if v is None else v for v in limit] for limit in limits], float).reshape(-1, 2)
        return table[self.number, 0], table[self.number, 1]


def _findings(name: str, rule: Rule, view: View, limits: tuple[np.ndarray, np.ndarray]) -> Iterator[Finding]:
    flag, reject = limits
    values = np.asarray(rule.estimate(view), float)
    reached = rule.reached(values, flag) | rule.reached(values, reject)
    at = np.flatnonzero(reached)
    if not len(at):
        return
    if rule.exact:
        texts = view.texts.values.take(pa.array(at)).to_pylist()
        values = values.copy()
        values[at] = [rule.exact(text) for text in texts]
    rejected = at[rule.reached(values[at], reject[at])]
    flagged = at[rule.reached(values[at], flag[at])]
    details = {True: _details(rule, view, values, reject, rejected), False: _details(rule, view, values, flag, flagged)}
    flags = {row: told for row, told in details[False].items() if row not in details[True]}
    yield Finding(name, name, rejects=True, details=details[True])
    yield Finding(name, name, rejects=False, details=flags)


def _details(rule: Rule, view: View, values: np.ndarray, limits: np.ndarray, at: np.ndarray) -> dict[int, str]:
    """Row -> what is said of its first text that reaches the limit."""
    details: dict[int, str] = {}
    for text in at.tolist():
        row = int(view.texts.rows[text])
        if row not in details:
            phrase = rule.phrase(view, text) if rule.phrase else ""
            told = rule.says.format(value=float(values[text]), limit=float(limits[text]), phrase=phrase)
            details[row] = f"{ROLES[view.texts.roles[text]]}: {told}"
    return details


def judge_records(batch: Batch, texts: Texts, visible: np.ndarray, about: About, settings: Settings) -> list[Finding]:
    """Judge whole records: is there anything, is there a target, is anything asked.

    Args:
        batch: The records.
        texts: All their texts.
        visible: Visible characters of each text.
        about: Language and domain of each row.
        settings: The limits.
    """
    rows = batch.num_rows
    judged = texts.roles != UNJUDGED
    seen = np.bincount(texts.rows, visible * judged, rows) > 0
    asked = np.bincount(texts.rows, visible * np.isin(texts.places[0], _QUESTION), rows) > 0
    output = texts.places[0] == _ANSWER
    has_output = np.bincount(texts.rows, output, rows) > 0
    answered = np.bincount(texts.rows, visible * output, rows) > 0
    elsewhere = _valid(batch, "messages") | _valid(batch, "chosen")
    marks = {
        "empty": ~seen & ~_valid(batch, "extra"),
        "empty_target": seen & has_output & ~answered & ~elsewhere,
        "empty_prompt": answered & ~asked & _valid(batch, "prompt"),
    }
    return list(itertools.chain.from_iterable(_record_findings(n, m, about, settings) for n, m in marks.items()))


def _record_findings(name: str, mark: np.ndarray, about: About, settings: Settings) -> Iterator[Finding]:
    rows = np.flatnonzero(mark).tolist()
    limits = {row: settings.limit(name, "record", *about[row]) for row in rows}
    rejected = {row: RECORD_RULES[name] for row in rows if limits[row].reject is not None}
    flagged = {row: RECORD_RULES[name] for row in rows if limits[row].flag is not None and row not in rejected}
    yield Finding(name, name, rejects=True, details=rejected)
    yield Finding(name, name, rejects=False, details=flagged)


def _off_topic(scores: dict[int, float], about: About, settings: Settings) -> Iterator[Finding]:
    limits = {row: settings.limit("off_topic", "record", *about[row]) for row in scores}
    told = "relevance {:.3g}, less than {:g}".format
    for rejects in (True, False):
        bound = {row: limit.reject if rejects else limit.flag for row, limit in limits.items()}
        details = {row: told(scores[row], low) for row, low in bound.items() if low is not None and scores[row] < low}
        yield Finding("off_topic", "off_topic", rejects, details)


def _valid(batch: Batch, name: str) -> np.ndarray:
    valid: np.ndarray = pc.is_valid(batch.column(name)).to_numpy(zero_copy_only=False)
    return valid
