"""Personal data over a batch: a native trigger finds the few texts that can hold any, only those are read in Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    found: Mapping[int, Counter[tuple[str, str]]]

    def fixes(self) -> Iterator[tuple[int, str]]:
        """What a record says of it among its fixes."""
        for row, counts in sorted(self.found.items()):
            yield from ((row, FIX_NAMES[action]) for action in sorted({done for done, _ in counts} & set(FIX_NAMES)))

    def findings(self) -> list[Finding]:
        """What flags and what rejects; by type and number, never by value."""
        found = []
        for action in ("reject", "flag"):
            details = {row: tell(counts, action) for row, counts in sorted(self.found.items())}
            found.append(Finding(CODE, CODE, action == "reject", {row: said for row, said in details.items() if said}))
        return found


def protect(
    texts: Texts, extra: pa.StringArray, actions: Actions, about: Sequence[tuple[str | None, str | None]]
) -> Protected:  # fmt: skip
    """Deal with the personal data of a batch.

    Args:
        texts: The texts of the batch; titles and headings are among them.
        extra: The column `extra`: what labelers have not used yet is looked through, too.
        actions: What is done with which type.
        about: Language and domain of each row.
    """
    found: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    if actions.off:
        return Protected(texts, np.zeros(len(texts.values), bool), extra, found)

    def in_text(text: str, at: int) -> str:
        row = int(texts.rows[at])
        now, counts = actions.apply(text, *about[row])
        found[row].update(counts)
        return now

    def in_extra(text: str, row: int) -> str:
        now, counts = actions.apply_json(text, *about[row])
        found[row].update(counts)
        return now

    values, changed = replaced(texts.values, TRIGGER, in_text)
    extra, _ = replaced(extra, _EXTRA_TRIGGER, in_extra)
    return Protected(texts.with_values(values), changed, extra, found)


def replaced(
    column: pa.StringArray, trigger: str, change: Callable[[str, int], str], where: np.ndarray | None = None
) -> tuple[pa.StringArray, np.ndarray]:  # fmt: skip
    """Change the texts of a column that a native trigger finds.

    Args:
        column: The texts; null stays null.
        trigger: A necessary condition in RE2.
        change: Text and its number in the column -> the new text.
        where: Only these.

    Returns:
        The new column, and which texts are not what they were.
    """
    changed = np.zeros(len(column), bool)
    if column.null_count == len(column):
        return column, changed
    triggered = pc.fill_null(pc.match_substring_regex(column, trigger), fill_value=False).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(triggered if where is None else triggered & where)
    news = []
    for number, text in zip(at.tolist(), column.take(pa.array(at)).to_pylist(), strict=True):
        now = change(text, number)
        if now != text:
            changed[number] = True
            news.append(now)
    return (pc.replace_with_mask(column, pa.array(changed), pa.array(news, pa.string())) if news else column), changed
