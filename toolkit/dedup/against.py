"""Decontamination: records that hold a text of an evaluation file leave, because a model that saw it is not measured.

Texts are met by passages: runs of 13 words of the normal form, or of 16 characters where the evaluation text is mostly
Chinese. A record holds an evaluation text when half of its passages (option `share`) stand in the record. One passage is
not enough by default: of 4,800 answers of a Chinese legal set, one in six shares some 16 characters with the first 200
("建议您咨询专业律师以获取更详细的法律意见"), which is how lawyers speak and no leak. A text shorter than a passage
is only met by a field that equals it. A passage in more than 10 rows of one file is the wording of its task and counts
for nothing.

Row-local once the passages are known, so it is a Map; each process reads the evaluation files once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup.index.segment import Keys
from toolkit.dedup.kernel import Params, normal_column
from toolkit.dedup.kernel.backends import backend_for
from toolkit.dedup.kernel.columns import I64, to_bytes
from toolkit.dedup.kernel.hashes import Units
from toolkit.dedup.reference import places, strings
from toolkit.kinds import Batch, leave
from toolkit.text.shingles.fold import HAN

REASON = "contaminated"
WORDS, CHARACTERS = 13, 16
"""Units of a passage. 13 words: Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C."""
SHORTEST = 6
"""Units from which on a short text counts as a whole: "A", "是" and "true" are answers of every set."""
COMMON = 10
TEXTS = ("text", "prompt", "input", "output", "system")
TURNS = ("messages", "chosen", "rejected")
SHOWN = 120
_UNIT = re.compile(f"[{HAN}]|[^{HAN} ]+")
_HAN = re.compile(f"[{HAN}]")


class Passages(NamedTuple):
    """Hashed passages of one width, sorted, each with a text that it stands in; a text's passages are counted.

    Attributes:
        keys: Passage -> number of the text.
        totals: How many different passages a text has.
    """

    width: int
    keys: Keys
    totals: I64


class Evaluation(NamedTuple):
    """All passages of some evaluation files; `names` says for every text in which row it stands."""

    passages: tuple[Passages, ...]
    names: tuple[str, ...]


@functools.lru_cache(maxsize=4)
def evaluation(paths: tuple[str, ...], digests: tuple[str, ...], kernel: str = "auto") -> Evaluation:
    """Read evaluation files.

    Args:
        paths: The files, in any form that has rows.
        digests: Of their content; a changed file is read again.
        kernel: One of `KERNELS`.
    """
    del digests
    found = [
        (text, place.name, number)
        for number, path in enumerate(paths)
        for place in places(path, as_text=True)
        for text in strings(place.row)
    ]
    texts, names, files = zip(*found, strict=True) if found else ((), (), ())
    forms = normal_column(pa.array(texts, pa.string()), kernel=kernel)
    sizes = [(len(_UNIT.findall(form)), len(_HAN.findall(form))) for form in forms.to_pylist()]
    long = np.array([units >= SHORTEST for units, _ in sizes], bool)
    chinese = np.array([2 * han > units for units, han in sizes], bool)
    parts = [
        _passages(forms, np.flatnonzero(long & mask), np.array(files, np.int64), width, kernel)
        for width, mask in ((WORDS, ~chinese), (CHARACTERS, chinese))
    ]
    return Evaluation(tuple(parts), tuple(names))


def _passages(forms: pa.Array, chosen: I64, files: I64, width: int, kernel: str) -> Passages:
    """The passages of some texts, without the wording of a task."""
    units = hashed(forms.take(pa.array(chosen)), width, kernel)
    texts = np.repeat(chosen, np.diff(units.offsets))
    hashes, texts = np.unique(np.stack([units.values, texts.astype(np.uint64)]), axis=1)
    in_file = np.stack([hashes, files[texts.astype(np.int64)].astype(np.uint64)])
    _, group, often = np.unique(in_file, axis=1, return_inverse=True, return_counts=True)
    rare = often[group] <= COMMON
    texts = texts[rare].astype(np.uint32)
    return Passages(width, Keys(hashes[rare], texts), np.bincount(texts, minlength=len(forms)))


def hashed(forms: pa.Array, width: int, kernel: str) -> Units:
    """The hashes of all runs of units of some normal forms, in the order of the text."""
    texts = to_bytes(forms)
    units: Units = backend_for(kernel, texts).shingle_hashes(texts, Params(unit="word", width=width))
    return units


def texts_of(batch: Batch) -> tuple[pa.Array, I64]:
    """All texts of the records of a batch, and the row of each.

    >>> from toolkit.record import columns_of
    >>> turns = [{"role": "user", "content": "剂量？"}, {"role": "assistant", "content": "5 mg"}]
    >>> texts, rows = texts_of(columns_of([{"id": "a", "prompt": "Dose?"}, {"id": "b", "messages": turns}]))
    >>> texts.to_pylist(), rows.tolist()
    (['Dose?', '剂量？', '5 mg'], [0, 1, 1])
    """
    texts, rows = [pa.array([], pa.string())], [np.zeros(0, np.int64)]
    for name in TEXTS:
        column = batch.column(name)
        at = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
        texts.append(column.take(pa.array(at)))
        rows.append(at)
    for name in TURNS:
        column = batch.column(name)
        if column.null_count < len(column):
            said = pc.fill_null(pc.struct_field(pc.list_flatten(column), "content"), "")
            texts.append(said)
            rows.append(pc.list_parent_indices(column).to_numpy())
    return pa.concat_arrays(texts), np.concatenate(rows)


def apply(batch: Batch, known: Evaluation, stage: str, *, share: float, kernel: str) -> Batch:
    """Let the records leave that hold an evaluation text; the detail names its row and shows the longest passage.

    Args:
        batch: Records.
        known: The evaluation.
        stage: Name of the stage.
        share: Share of the passages of an evaluation text that must stand in the record; 0 means any.
        kernel: One of `KERNELS`.
    """
    texts, rows = texts_of(batch)
    forms = normal_column(texts, kernel=kernel)
    details: list[str | None] = [None] * batch.num_rows
    for passages in known.passages:
        for row, text, where in _held(forms, rows, passages, share, kernel):
            shown = _shown(_UNIT.findall(forms[where.text].as_py())[where.start : where.end])
            details[row] = details[row] or f"{known.names[text]}: {shown}"
    mask = pa.array([d is not None for d in details])
    return leave(batch, mask, stage, REASON, pa.array(details, pa.string()))


class _Run(NamedTuple):
    """A stretch of units of a text of a record."""

    text: int
    start: int
    end: int


def _held(
    forms: pa.Array, rows: I64, passages: Passages, share: float, kernel: str
) -> Iterator[tuple[int, int, _Run]]:  # fmt: skip
    """Per record that holds evaluation texts, the one of which it holds most: record, text, and where."""
    units = hashed(forms, passages.width, kernel)
    places, at = passages.keys.matches(units.values)
    texts = passages.keys.row[at].astype(np.int64)
    owners = np.searchsorted(units.offsets, places, side="right") - 1
    found = np.unique(np.stack([rows[owners], texts, at]), axis=1)[:2]
    pairs, counts = np.unique(found, axis=1, return_counts=True)
    shares = counts / passages.totals[pairs[1]]
    best = np.lexsort((pairs[1], -shares, pairs[0]))
    met = best[shares[best] >= share]
    _, first = np.unique(pairs[0][met], return_index=True)
    for row, text in pairs[:, met[first]].T.tolist():
        here = places[(rows[owners] == row) & (texts == text)]
        yield row, text, _longest(np.unique(here), units.offsets, passages.width)


def _longest(places: I64, offsets: I64, width: int) -> _Run:
    """The longest stretch of neighboring passages; of equal ones the first."""
    owner = np.searchsorted(offsets, places, side="right") - 1
    breaks = np.flatnonzero((np.diff(places) > 1) | (np.diff(owner) > 0)) + 1
    starts, ends = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(places)]])
    n = int(np.argmax(ends - starts))
    text = int(owner[starts[n]])
    begin = int(places[starts[n]] - offsets[text])
    return _Run(text, begin, begin + int(ends[n] - starts[n]) - 1 + width)


def _shown(units: Sequence[str]) -> str:
    """Units as a passage people can read: words apart, Han together.

    >>> _shown(["take", "2", "mg", "每", "日"])
    '"take 2 mg每日"'
    """
    text = ""
    for unit in units:
        apart = text and not _HAN.fullmatch(unit) and not _HAN.fullmatch(text[-1])
        text += (" " if apart else "") + unit
    return f'"{text if len(text) <= SHOWN else text[:SHOWN] + "…"}"'
