"""The text fixes over an Arrow column: triggers run natively, Python only on the rows that trigger.

Of ordinary texts about one in ten triggers anything. One union of all triggers finds them; each fix then asks its own
trigger on that small part. The result is that of `toolkit.text.normalize.explain` on every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.text.fix import Fix
from toolkit.text.normalize import DEFAULT, PASSES, chosen

NAMES = pa.list_(pa.string())


@cache
def union_trigger(names: tuple[str, ...]) -> str:
    r"""Join the triggers of some fixes to one RE2 pattern.

    >>> union_trigger(("drop_invisible", "normalize_line_ends")).startswith("(?:[\\r")
    True
    """
    return "|".join(f"(?:{row.re2})" for row in chosen(names)) or r"[^\s\S]"


def fix_column(
    column: pa.Array | pa.ChunkedArray, names: Iterable[str] = DEFAULT, spared: Mapping[str, np.ndarray] | None = None
) -> tuple[pa.Array, pa.Array]:  # fmt: skip
    """Apply fixes to a column of strings.

    Args:
        column: Strings; null stays null.
        names: The fixes, applied in the order of the table.
        spared: Fix -> True for every row to which it is not applied.

    Returns:
        The fixed column, and for each row the list of fixes that changed it (null where none did), which
        `explain` would give for that row.

    Raises:
        toolkit.errors.UsageError: A name is unknown.

    >>> texts, fixes = fix_column(pa.array(["每日３次", "血压140/90", None]))
    >>> texts.to_pylist(), fixes.to_pylist()
    (['每日3次', '血压140/90', None], [['narrow_full_width'], None, None])
    """
    names = tuple(names)
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    triggered = _matching(texts, union_trigger(names))
    hits = np.flatnonzero(triggered.to_numpy(zero_copy_only=False))
    if not len(hits):
        return texts, pa.nulls(len(texts), NAMES)
    apart = {name: rows[hits] for name, rows in (spared or {}).items()}
    fixed, done = _settle(texts.take(pa.array(hits)), names, apart)
    lists: list[list[str] | None] = [None] * len(texts)
    for row, made in zip(hits.tolist(), done, strict=True):
        lists[row] = made or None
    return pc.replace_with_mask(texts, triggered, fixed), pa.array(lists, NAMES)


def _settle(
    texts: pa.Array, names: tuple[str, ...], spared: Mapping[str, np.ndarray]
) -> tuple[pa.Array, list[list[str]]]:
    """Run the fixes over rows until no row changes; a row that does not settle is given back as it came."""
    done: list[list[str]] = [[] for _ in range(len(texts))]
    active, now, result = np.arange(len(texts)), texts, texts
    for number in range(PASSES):
        if number:  # what triggers nothing any more has settled
            left = _matching(now, union_trigger(names))
            active, now = active[left.to_numpy(zero_copy_only=False)], now.filter(left)
        dirty = np.zeros(len(active), bool)
        for row in chosen(names) if len(active) else ():
            now, changed = _apply(row, now, spared[row.name][active] if row.name in spared else None)
            dirty[changed] = True
            for index in active[changed]:
                done[index].append(row.name)
        result = _put(result, active, now)
        active, now = active[dirty], now.filter(pa.array(dirty))
        if not len(active):
            return result, done
    for index in active:
        done[index].clear()
    return _put(result, active, texts.take(pa.array(active))), done


def _apply(row: Fix, texts: pa.Array, spared: np.ndarray | None) -> tuple[pa.Array, np.ndarray]:
    """Apply one fix to the rows on which it triggers; say which rows it changed."""
    hits = np.flatnonzero(_matching(texts, row.re2).to_numpy(zero_copy_only=False))
    if spared is not None:
        hits = hits[~spared[hits]]
    if not len(hits):
        return texts, hits
    before = texts.take(pa.array(hits)).to_pylist()
    after = [row(text) for text in before]
    differs = np.array([old != new for old, new in zip(before, after, strict=True)], bool)
    changed = hits[differs]
    news = pa.array([text for text, new in zip(after, differs, strict=True) if new], texts.type)
    return _put(texts, changed, news), changed


def _matching(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False)


def _put(texts: pa.Array, rows: np.ndarray, values: pa.Array) -> pa.Array:
    if not len(rows):
        return texts
    mask = np.zeros(len(texts), bool)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), values)
