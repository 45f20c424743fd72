"""The stage `clean`: repair, name the language, protect persons, judge; in this order, batch by batch."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.columns import fix_column
from toolkit.clean.findings import Finding, add_to_list, settle
from toolkit.clean.languages import name_languages
from toolkit.clean.personal import FIX_NAMES, Actions
from toolkit.clean.protect import protect
from toolkit.clean.texts import Texts
from toolkit.kinds import Batch
from toolkit.record import CONTENT, content_hash, rows_of, set_columns
from toolkit.stage import Stage, option
from toolkit.text.fix import ORDER
from toolkit.text.language import BACKENDS
from toolkit.text.normalize import CONVERSIONS, profile

PROFILES = ("auto", "document", "example", "code")


@dataclass(frozen=True, kw_only=True)
class Clean(Stage):
    """Repair texts, name their language, protect persons, and judge what is left.

    >>> row = {"prompt": "阿司匹林每日３次？", "output": "请致电13812345678。"}
    >>> [(r["prompt"], r["output"], r["lang"], r["fixes"]) for r in Clean(pii="mask").run([row]).kept]
    [('阿司匹林每日3次？', '请致电[PHONE]。', 'zh', ['narrow_full_width', 'mask_pii'])]
    """

    name: ClassVar[str] = "clean"

    profile: str = option("auto", "What the records are, which decides how they are judged.", choices=PROFILES)
    fixes: tuple[str, ...] = option((), "Families of fixes beside the default ones: pdf, web.")
    convert: str | None = option(None, "Write Chinese in simplified (t2s) or traditional (s2t) characters.", choices=CONVERSIONS)
    language_backend: str = option("langdetect", "Who is asked where the script does not tell.", choices=tuple(BACKENDS))
    pii: Any = option("off", "Personal data and secrets: off, flag, mask, pseudonym or reject.")
    pii_types: Mapping[str, Any] = option({}, "Other actions for single types: TYPE -> action, or TYPE -> domain -> action.")

    def __post_init__(self) -> None:
        """Refuse unknown names before any record is read."""
        _ = self._fixes, self._actions

    @functools.cached_property
    def _fixes(self) -> tuple[str, ...]:
        return profile(*self.fixes, *([self.convert] if self.convert else []))

    @functools.cached_property
    def _actions(self) -> Actions:
        return Actions.parse(self.pii, self.pii_types)

    def apply_batch(self, batch: Batch) -> Batch:
        """Clean the rows of a batch."""
        cleaned, findings = self.examine(batch)
        return settle(cleaned, findings, self.name)

    def examine(self, batch: Batch) -> tuple[Batch, list[Finding]]:
        """Clean the rows of a batch and say what speaks against each, before anything is dropped."""
        texts = Texts.of(batch)
        fixed, done = fix_column(texts.values, self._fixes)
        fixes = [(int(texts.rows[at]), name) for at, names in _made(done) for name in names]
        texts, changed = texts.with_values(fixed), pc.is_valid(done).to_numpy(zero_copy_only=False)
        lang = name_languages(batch.column("lang"), texts, self.language_backend)
        domain = pc.struct_field(batch.column("source"), "domain")
        safe = protect(texts, batch.column("extra"), self._actions, lang, domain)
        cleaned = safe.texts.put(set_columns(batch, {"lang": lang, "extra": safe.extra}), changed | safe.changed)
        cleaned = _provenance(cleaned, [*fixes, *safe.fixes()])
        return cleaned, safe.findings()


def _made(done: pa.Array) -> list[tuple[int, list[str]]]:
    """The texts in which something was fixed, and what."""
    at = pc.indices_nonzero(pc.is_valid(done))
    return list(zip(at.to_pylist(), done.take(at).to_pylist(), strict=True))


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
    return set_columns(batch, {"content_hash": pc.replace_with_mask(batch.column("content_hash"), pa.array(mask), hashes)})


_PLACE = {name: place for place, name in enumerate((*ORDER, *FIX_NAMES.values()))}
