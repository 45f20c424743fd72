"""Personal data over a batch: a native trigger finds the few texts that can hold any, only those are read in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.findings import Finding
from toolkit.clean.personal import FIX_NAMES, Actions, tell
from toolkit.clean.texts import Texts
from toolkit.text.pii import DETECTORS

_D = "[0-9０-９]"
_HEX = "[0-9A-Fa-f０-９Ａ-Ｆａ-ｆ]"
# What people type between the digits of a number: spaces, dashes, points and brackets of either width.
_BETWEEN = (
    r"[ .()\-\x{a0}\x{2002}\x{2003}\x{2007}\x{2009}\x{202f}\x{3000}\x{2010}-\x{2015}\x{2212}"
    r"\x{fe63}\x{ff08}\x{ff09}\x{ff0d}\x{ff0e}]"
)


def _digits(count: int, between: int) -> str:
    return f"{_D}(?:{_BETWEEN}{{0,{between}}}{_D}){{{count - 1}}}"


# The triggers of the table are short, so that they hold for any way of writing; `1+100=101` meets that of telephone
# numbers. These ask for as many digits as the shortest number of the type has, and send a tenth as many texts to Python.
_NARROW = {
    "PHONE": _digits(7, 2),
    "BANK_CARD": _digits(14, 1),
    "US_SSN": _digits(9, 1),
    "IP": rf"{_D}[.．]{_D}{{1,3}}[.．]{_D}{{1,3}}[.．]{_D}|{_HEX}[:：]{{1,2}}{_HEX}{{1,4}}[:：]{{1,2}}{_HEX}",
}
TRIGGER = "|".join(dict.fromkeys(_NARROW.get(detector.type, detector.trigger) for detector in DETECTORS))
"""The law: where it does not match, `find_pii` finds nothing."""
# A JSON string may hide any character behind an escape.
_EXTRA_TRIGGER = rf"{TRIGGER}|\\u"
CODE = "pii_found"


@dataclass(frozen=True)
class Protected:
    """A batch after its personal data was dealt with.

    Attributes:
        texts: The texts as they are now.
        changed: True for every text in which something was replaced.
        extra: The column `extra` as it is now.
        found: Row -> (action, type) -> how many.
    """

    texts: Texts
    changed: np.ndarray
    extra: pa.StringArray
    found: dict[int, Counter[tuple[str, str]]] = field(default_factory=dict)

    def fixes(self) -> Iterator[tuple[int, str]]:
        """What a record says of it among its fixes."""
        for row, counts in sorted(self.found.items()):
            yield from ((row, FIX_NAMES[action]) for action in sorted({a for a, _ in counts} & set(FIX_NAMES)))

    def findings(self) -> list[Finding]:
        """What flags and what rejects; by type and number, never by value."""
        found = []
        for action in ("reject", "flag"):
            details = {row: tell(counts, action) for row, counts in sorted(self.found.items())}
            found.append(Finding(CODE, CODE, action == "reject", {row: said for row, said in details.items() if said}))
        return found


def protect(
    texts: Texts, extra: pa.StringArray, actions: Actions, lang: pa.StringArray, domain: pa.StringArray
) -> Protected:  # fmt: skip
    """Deal with the personal data of a batch.

    Args:
        texts: The texts of the batch; titles and headings are among them.
        extra: The column `extra`: what labelers have not used yet is looked through, too.
        actions: What is done with which type.
        lang: Language of each record.
        domain: Domain of each record.
    """
    found: dict[int, Counter[tuple[str, str]]] = {}
    changed = np.zeros(len(texts.values), bool)
    if actions.off:
        return Protected(texts, changed, extra)
    about = list(zip(lang.to_pylist(), domain.to_pylist(), strict=True))
    news: list[str] = []
    for at, text in _triggered(texts.values, TRIGGER):
        row = int(texts.rows[at])
        now, counts = actions.apply(text, *about[row])
        if counts:
            found.setdefault(row, Counter()).update(counts)
        if now != text:
            changed[at] = True
            news.append(now)
    values = _put(texts.values, changed, news)
    replaced: dict[int, str] = {}
    for row, text in _triggered(extra, _EXTRA_TRIGGER):
        now, counts = actions.apply_json(text, *about[row])
        if counts:
            found.setdefault(row, Counter()).update(counts)
            replaced[row] = now
    mask = np.zeros(len(extra), bool)
    mask[list(replaced)] = True
    return Protected(texts.with_values(values), changed, _put(extra, mask, list(replaced.values())), found)


def _triggered(column: pa.StringArray, pattern: str) -> Iterator[tuple[int, str]]:
    if column.null_count == len(column):
        return
    at = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(column, pattern), fill_value=False))
    yield from zip(at.to_pylist(), column.take(at).to_pylist(), strict=True)


def _put(column: pa.StringArray, mask: np.ndarray, values: list[str]) -> pa.StringArray:
    return pc.replace_with_mask(column, pa.array(mask), pa.array(values, pa.string())) if values else column
