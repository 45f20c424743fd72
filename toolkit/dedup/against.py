"""Decontamination: records that hold a passage of an evaluation file leave, because a model that saw it is not measured.

A passage is a run of units of the normal form: 13 words, or in mostly Chinese evaluation texts 16 characters. A text
that is shorter is only met by a field that equals it. A passage that stands in more than 10 rows of one evaluation
file is the wording of its task ("choose the correct answer ..."), not its content, and counts for nothing.

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

from toolkit.dedup.kernel import Params, normal_column
from toolkit.dedup.kernel.backends import backend_for
from toolkit.dedup.kernel.columns import I64, to_bytes
from toolkit.dedup.kernel.hashes import U64, Units
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
    """Hashed passages of one width, sorted, and for each the row of an evaluation file where it stands first."""

    width: int
    hashes: U64
    owners: I64


class Evaluation(NamedTuple):
    """All passages of some evaluation files; `names` says where an owner stands."""

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
    texts: list[str] = []
    owners: list[int] = []
    names: list[str] = []
    files: list[int] = []
    for number, path in enumerate(paths):
        for place in places(path, as_text=True):
            for text in strings(place.row):
                texts.append(text)
                owners.append(len(names))
            names.append(place.name)
            files.append(number)
    forms = normal_column(pa.array(texts, pa.string()), kernel=kernel)
    chinese = np.array([_mostly_han(form) for form in forms.to_pylist()], bool)
    of_row, of_file = np.array(owners, np.int64), np.array(files, np.int64)
    parts = [
        _passages(forms.filter(pa.array(mask)), of_row[mask], of_file, width, kernel)
        for width, mask in ((WORDS, ~chinese), (CHARACTERS, chinese))
    ]
    return Evaluation(tuple(parts), tuple(names))


def _mostly_han(form: str) -> bool:
    return 2 * len(_HAN.findall(form)) > len(_UNIT.findall(form))


def _passages(forms: pa.Array, rows: I64, files: I64, width: int, kernel: str) -> Passages:
    units = hashed(forms, width, kernel)
    long = _sizes(forms) >= SHORTEST
    counts = np.diff(units.offsets)
    owners = np.repeat(rows, counts)
    stays = np.repeat(long, counts)
    hashes, owners = units.values[stays], owners[stays]
    once = np.unique(np.stack([hashes, owners.astype(np.uint64)], axis=1), axis=0)
    hashes, owners = once[:, 0], once[:, 1].astype(np.int64)
    names, starts, rows_of_each = np.unique(hashes, return_index=True, return_counts=True)
    common = np.isin(hashes, names[rows_of_each > COMMON])
    # a passage of ten rows in each of two files is still content: count again within the file
    pairs, often = np.unique(np.stack([hashes[common], files[owners[common]].astype(np.uint64)], axis=1), axis=0, return_counts=True)
    wording = np.isin(names, pairs[often > COMMON, 0])
    return Passages(width, names[~wording], owners[starts][~wording])


def hashed(forms: pa.Array, width: int, kernel: str) -> Units:
    """The hashes of all runs of units of some normal forms, in the order of the text."""
    texts = to_bytes(forms)
    units: Units = backend_for(kernel, texts).shingle_hashes(texts, Params(unit="word", width=width))
    return units


def _sizes(forms: pa.Array) -> I64:
    return np.array([len(_UNIT.findall(form)) for form in forms.to_pylist()], np.int64)


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


def apply(batch: Batch, known: Evaluation, stage: str, kernel: str) -> Batch:
    """Let the records leave that hold a passage; the detail names the evaluation row and shows the passage."""
    texts, rows = texts_of(batch)
    forms = normal_column(texts, kernel=kernel)
    details: list[str | None] = [None] * batch.num_rows
    for passages in known.passages:
        for text, start, end, owner in _met(forms, passages, kernel):
            row = int(rows[text])
            if details[row] is None:
                units = _UNIT.findall(forms[text].as_py())[start:end]
                details[row] = f"{known.names[owner]}: {_shown(units)}"
    mask = pa.array([d is not None for d in details])
    return leave(batch, mask, stage, REASON, pa.array(details, pa.string()))


def _met(forms: pa.Array, passages: Passages, kernel: str) -> Iterator[tuple[int, int, int, int]]:
    """Per text that meets a passage: the first one in it, as (text, first unit, last unit + 1, row of the evaluation)."""
    if not len(passages.hashes) or not len(forms):
        return
    units = hashed(forms, passages.width, kernel)
    at = np.searchsorted(passages.hashes, units.values)
    hit = passages.hashes[np.minimum(at, len(passages.hashes) - 1)] == units.values
    places = np.flatnonzero(hit)
    owners = np.searchsorted(units.offsets, places, side="right") - 1
    for text, first in zip(*(part.tolist() for part in np.unique(owners, return_index=True)), strict=True):
        start = int(places[first])
        end = start
        while end + 1 < units.offsets[text + 1] and hit[end + 1]:
            end += 1
        begin = start - int(units.offsets[text])
        yield text, begin, begin + end - start + passages.width, int(passages.owners[at[start]])


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
