"""Personal data over a batch: a native trigger finds the few texts that can hold any, only those are read in Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.findings import Finding
from toolkit.clean.measures import LONGEST
from toolkit.clean.personal import FIX_NAMES, About, Actions, tell
from toolkit.clean.texts import Texts
from toolkit.text.pii import DETECTORS, Detector
from toolkit.text.pii.narrow import FEWEST_DIGITS, NUMBERS, WORDS, narrow
from toolkit.text.programs import about_programs

# A JSON string may hide any character behind an escape.
_EXTRA_TRIGGER = rf"{WORDS}|{NUMBERS}|\\u"
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
    texts: Texts, digits: np.ndarray, extra: pa.StringArray, actions: Actions, about: Sequence[tuple[str | None, str | None]]
) -> Protected:  # fmt: skip
    """Deal with the personal data of a batch.

    Args:
        texts: The texts of the batch; titles and headings are among them.
        digits: How many digits each text has.
        extra: The column `extra`: what labelers have not used yet is looked through, too.
        actions: What is done with which type.
        about: Language and domain of each row.
    """
    found: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    if actions.off:
        return Protected(texts, np.zeros(len(texts.values), bool), extra, found)

    def told(row: int) -> About:
        return About(*about[row], programs=lambda: about_programs(f"{texts.of_row(row)}\n{extra[row].as_py() or ''}"))

    def in_text(text: str, at: int) -> str:
        row = int(texts.rows[at])
        now, counts = actions.apply(text, told(row), among=among[at])
        found[row].update(counts)
        return now

    def in_extra(text: str, row: int) -> str:
        now, counts = actions.apply_json(text, told(row))
        found[row].update(counts)
        return now

    digits = np.where(
        pc.binary_length(texts.values).to_numpy() > LONGEST, LONGEST, digits
    )  # not all of these were counted
    triggered = matching(texts.values, WORDS)
    numbered = np.flatnonzero(~triggered & (digits > 0))
    triggered[numbered] = matching(texts.values.take(pa.array(numbered)), NUMBERS)
    among = detectors_of(texts.values, digits, triggered)
    triggered[[at for at, detectors in among.items() if not detectors]] = False
    values, changed = replaced(texts.values, triggered, in_text)
    extra, _ = replaced(extra, matching(extra, _EXTRA_TRIGGER), in_extra)
    return Protected(texts.with_values(values), changed, extra, found)


def detectors_of(values: pa.StringArray, digits: np.ndarray, where: np.ndarray) -> dict[int, list[Detector]]:
    """For some texts of a column the detectors whose trigger matches; the others would look at them in vain."""
    hits = np.flatnonzero(where)
    found: dict[int, list[Detector]] = {at: [] for at in hits.tolist()}
    for detector in DETECTORS:
        possible = hits[digits[hits] >= FEWEST_DIGITS.get(detector.type, 0)]
        if len(possible):
            matched = matching(values.take(pa.array(possible)), narrow(detector))
            for at in possible[matched].tolist():
                found[at].append(detector)
    return found


def matching(column: pa.StringArray, trigger: str) -> np.ndarray:
    """The texts of a column that a pattern of RE2 matches; null never does."""
    if column.null_count == len(column):
        return np.zeros(len(column), bool)
    matched: np.ndarray = pc.fill_null(pc.match_substring_regex(column, trigger), fill_value=False).to_numpy(
        zero_copy_only=False
    )
    return matched.copy()


def replaced(
    column: pa.StringArray, where: np.ndarray, change: Callable[[str, int], str]
) -> tuple[pa.StringArray, np.ndarray]:  # fmt: skip
    """Change some texts of a column.

    Args:
        column: The texts; null stays null.
        where: Which ones.
        change: Text and its number in the column -> the new text.

    Returns:
        The new column, and which texts are not what they were.
    """
    changed = np.zeros(len(column), bool)
    news = []
    at = np.flatnonzero(where)
    for number, text in zip(at.tolist(), column.take(pa.array(at)).to_pylist(), strict=True):
        now = change(text, number)
        if now != text:
            changed[number] = True
            news.append(now)
    return (pc.replace_with_mask(column, pa.array(changed), pa.array(news, pa.string())) if news else column), changed
