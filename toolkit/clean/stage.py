"""The stage `clean`: repair, name the language, protect persons, judge; in this order, batch by batch."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.findings import Finding, add_to_list, settle
from toolkit.clean.judge import judge_batch
from toolkit.clean.languages import name_languages
from toolkit.clean.measures import measure
from toolkit.clean.personal import FIX_NAMES, Actions, key_mark
from toolkit.clean.phrases import CLOSING_TRIGGER, drop_closings
from toolkit.clean.profiles import PROFILES, Settings
from toolkit.clean.protect import matching, protect, replaced
from toolkit.clean.relevance import Topic
from toolkit.clean.repair import fix_texts
from toolkit.clean.texts import CODE, OUTPUT, Texts
from toolkit.kinds import Batch
from toolkit.record import CONTENT, content_hash, rows_of, set_columns
from toolkit.stage import Stage, option
from toolkit.text.fix import ORDER
from toolkit.text.language import BACKENDS
from toolkit.text.normalize import CONVERSIONS, profile

DROP_CLOSINGS = "drop_closings"
_PLACE = {name: place for place, name in enumerate((*ORDER, DROP_CLOSINGS, *FIX_NAMES.values()))}
"""The order in which a record lists what was done to it."""


@dataclass(frozen=True, kw_only=True)
class Clean(Stage):
    """Repair texts, name their language, protect persons, and judge what is left.

    Code, formulas, URLs and the pipes of tables survive byte for byte; rows whose content still lies in `extra` are not
    judged. See `toolkit.clean.audit` for what a profile would drop.

    >>> row = {"prompt": "阿司匹林每日３次？", "output": "请致电13812345678。"}
    >>> [(r["prompt"], r["output"], r["lang"], r["fixes"]) for r in Clean(pii="mask").run([row]).kept]
    [('阿司匹林每日3次？', '请致电[PHONE]。', 'zh', ['narrow_full_width', 'mask_pii'])]
    >>> done = Clean().run([{"prompt": "剂量？", "output": "。"}, {"prompt": "Dose?", "output": "0.5 mg/kg, 10⁹/L, ①"}])
    >>> [(r.reason, r.detail) for r in done.rejected], [r["output"] for r in done.kept]  # units and signs: untouched
    ([('too_short', 'output: 0 units, fewer than 1')], ['0.5 mg/kg, 10⁹/L, ①'])
    """

    name: ClassVar[str] = "clean"

    profile: str = option("auto", "How records are judged: by their own fields, as documents, examples or code, or strictly.",
                          choices=PROFILES)  # fmt: skip
    fixes: tuple[str, ...] = option((), "Families of fixes beside the default ones: pdf, web.")
    convert: str | None = option(
        None, "Write Chinese in simplified (t2s) or traditional (s2t) characters.", choices=CONVERSIONS
    )
    drop_closings: bool = option(False, "Cut polite closing formulas off the end of answers.")
    language_backend: str = option(
        "langdetect", "Who names the language where the script does not tell.", choices=tuple(BACKENDS)
    )
    pii: Any = option(  # noqa: RUF009 - `option` declares a field; Any: YAML reads a bare `off` as false
        "off", "Personal data and secrets: off, flag, mask, pseudonym or reject."
    )
    pii_types: Mapping[str, Any] = option(
        {}, "Other actions for single types: TYPE -> action, or TYPE -> domain -> action."
    )
    rules: Mapping[str, Any] = option(
        {}, "Rule -> keep, flag, reject, or limits {flag: x, reject: y}; or domain or language -> these."
    )
    terms: tuple[str, ...] = option((), "Files of terms to flag: a line '# license: ...', then one term a line.")
    lexicon: str | None = option(
        None, "File of the terms of your domain; scores.relevance is how many stand in 100 words."
    )
    classifier: str | None = option(None, "Model of train_relevance; scores.relevance_model is its probability.")

    def __post_init__(self) -> None:
        """Refuse unknown names, unreadable files and a missing key before any record is read."""
        super().__post_init__()
        _ = self.fix_names, self.actions, self.settings, self.topic

    @functools.cached_property
    def fix_names(self) -> tuple[str, ...]:
        """The fixes, in the order of the table."""
        return profile(*self.fixes, *([self.convert] if self.convert else []))

    @functools.cached_property
    def actions(self) -> Actions:
        """What is done with personal data."""
        return Actions.parse(self.pii, self.pii_types)

    @functools.cached_property
    def settings(self) -> Settings:
        """The limits of the rules."""
        return Settings.parse(self.profile, self.rules)

    @functools.cached_property
    def topic(self) -> Topic:
        """The user's terms, lexicon and classifier."""
        return Topic.read(self.terms, self.lexicon, self.classifier)

    def options(self) -> dict[str, Any]:
        """The options, and what the files say and which key is meant: other terms or another key are another result."""
        return {**super().options(), "files": list(self.topic.digests), "key": key_mark(self.actions)}

    def apply_batch(self, batch: Batch) -> Batch:
        """Clean the rows of a batch."""
        cleaned, findings = self.examine(batch)
        return settle(cleaned, findings, self.name)

    def examine(self, batch: Batch) -> tuple[Batch, list[Finding]]:
        """Clean the rows of a batch and say what speaks against each, before anything is dropped."""
        texts, changed, fixes = self._repair(Texts.of(batch))
        measures = measure(texts.values)
        waiting = texts.waiting(batch, measures.visible)
        lang = name_languages(batch.column("lang"), texts, measures, self.language_backend, waiting)
        domain = pc.struct_field(batch.column("source"), "domain")
        about = list(zip(lang.to_pylist(), domain.to_pylist(), strict=True))
        safe = protect(texts, measures.digits, batch.column("extra"), self.actions, about)
        batch = set_columns(batch, {"lang": lang, "extra": safe.extra})
        batch = safe.texts.put(batch, changed | safe.changed)
        batch = _provenance(batch, [*fixes, *safe.fixes()])
        judged = safe.texts.judged_as(CODE) if self.profile == "code" else safe.texts
        measures = measures.updated(safe.changed, safe.texts.values)
        batch, found = judge_batch(batch, judged, measures, about, settings=self.settings, topic=self.topic)
        return batch, [*safe.findings(), *found]

    def _repair(self, texts: Texts) -> tuple[Texts, np.ndarray, list[tuple[int, str]]]:
        """The texts repaired, which of them changed, and (row, fix) for each change."""
        values, done = fix_texts(texts, self.fix_names)
        changed = pc.is_valid(done).to_numpy(zero_copy_only=False)
        at = np.flatnonzero(changed)
        names = done.take(pa.array(at)).to_pylist()
        fixes = [(row, name) for row, made in zip(texts.rows[at].tolist(), names, strict=True) for name in made]
        texts = texts.with_values(values)
        if not self.drop_closings:
            return texts, changed, fixes
        answers = (texts.roles == OUTPUT) & matching(values, CLOSING_TRIGGER)
        values, cut = replaced(values, answers, lambda text, _: drop_closings(text))
        fixes += [(row, DROP_CLOSINGS) for row in texts.rows[cut].tolist()]
        return texts.with_values(values), changed | cut, fixes


def _provenance(batch: Batch, fixes: Sequence[tuple[int, str]]) -> Batch:
    """Say which fixes touched which record, in the order of the table, and hash what it says now."""
    if not fixes:
        return batch
    ordered = sorted(set(fixes), key=lambda pair: (pair[0], _PLACE[pair[1]]))
    batch = add_to_list(batch, "fixes", ordered)
    mask = np.zeros(batch.num_rows, bool)
    mask[[row for row, _ in ordered]] = True
    rows = rows_of(batch.select(["id", *CONTENT]).filter(pa.array(mask)))
    hashes = pa.array([content_hash(row) for row in rows], pa.string())
    return set_columns(
        batch, {"content_hash": pc.replace_with_mask(batch.column("content_hash"), pa.array(mask), hashes)}
    )
