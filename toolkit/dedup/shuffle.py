"""What the records of a run say to each other: the rows that travel, and the rounds that turn them into pairs.

Each text is folded once. It sends one row with its exact key and all its band keys, and another with the key of its prompt.

1. By exact key: equal texts become *twins* of the first of them, and only that one sends its band keys on.
2. By band key: texts that share one become candidate pairs, or links of a crowd.
3. By where the texts lie: candidates are measured (`near.verify`).

Twins and equal prompts pass through the later rounds, so that the solve sees all at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from toolkit.dedup.compare import asked_and_answered, compared
from toolkit.dedup.index import Index, join
from toolkit.dedup.kernel import Params, band_keys, candidate_pairs, normal_column
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.dedup.kernel.hashes import U64
from toolkit.dedup.pairs import Kind, tiles
from toolkit.kinds import Batch


def emit(batch: Batch, fields: Sequence[str], params: Params | None, kernel: str, *, prompts: bool) -> pa.Table:
    """The keys of every record that says something.

    Args:
        batch: Records.
        fields: What is compared.
        params: How near duplicates are looked for; None where only equal texts are.
        kernel: One of `KERNELS`.
        prompts: Whether the keys of what is asked are wanted too.
    """
    forms = normal_column(compared(batch, fields), kernel=kernel)
    rows, bands = _bands(forms, params, kernel)
    keys = exact_halves(forms, kernel=kernel, normal=True)[rows]
    asking, asked = _prompts(batch, kernel) if prompts else (rows[:0], keys[:0])
    both = np.concatenate([keys, asked])
    return pa.table(
        {
            "key": pa.array(both[:, 0]),
            "row": pa.array(np.concatenate([rows, asking])),
            "check": pa.array(both[:, 1]),
            "kind": pa.array(np.repeat([Kind.TEXT, Kind.PROMPT], [len(rows), len(asking)]).astype(np.uint8)),
            "bands": _lists(bands, len(asking)),
        }
    )


def _bands(forms: pa.Array, params: Params | None, kernel: str) -> tuple[I64, U64]:
    if params is not None:
        return band_keys(forms, params=params, kernel=kernel, normal=True)
    offsets = np.frombuffer(forms.buffers()[1], dtype=np.int64)[forms.offset : forms.offset + len(forms) + 1]
    rows = np.flatnonzero(np.diff(offsets))
    return rows, np.zeros((len(rows), 0), dtype=np.uint64)


def _prompts(batch: Batch, kernel: str) -> tuple[I64, U64]:
    asked, _ = asked_and_answered(batch)
    if asked.null_count == len(asked):
        return np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.uint64)
    forms = normal_column(asked, kernel=kernel)
    rows, _ = _bands(forms, None, kernel)
    return rows, exact_halves(forms, kernel=kernel, normal=True)[rows]


def _lists(bands: U64, empty: int) -> pa.Array:
    """Band keys as one binary value a row, followed by some empty ones."""
    width = 8 * bands.shape[1]
    offsets = np.minimum(np.arange(len(bands) + empty + 1), len(bands)) * width
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(bands))]
    return pa.Array.from_buffers(pa.binary(), len(bands) + empty, buffers)


def classes(rows: pa.Table, index: Index | None) -> pa.Table:
    """By exact key: twins, prompts that are asked again, and the band keys of one text of each class.

    Args:
        rows: As emitted, with `ref`.
        index: Whose entries are twins too.
    """
    kind, refs = rows.column("kind").to_numpy(), rows.column("ref").to_numpy()
    keys = np.stack([rows.column(n).to_numpy() for n in ("key", "check")], axis=1)
    order = np.lexsort((refs, keys[:, 1], keys[:, 0], kind))
    texts = int((kind == Kind.TEXT).sum())
    first, again = _groups(keys[order[:texts]]), _groups(keys[order[texts:]])
    refs = refs[order]
    lead, members = _shared(refs[:texts], first)
    heads = np.zeros(texts, dtype=np.bool_)  # by place among the texts: those rows that send their band keys on
    leading = order[:texts][first == np.arange(texts)]
    heads[(np.cumsum(kind == Kind.TEXT) - 1)[leading]] = True
    if index is not None:
        which, entries = index.by_exact(keys[leading])
        lead, members = _joined(lead, members, rows.column("ref").to_numpy()[leading[which]], ~entries)
    asked, asking = _shared(refs[texts:], again)
    parts = [
        (members, lead.astype(np.uint64), Kind.TWIN),
        (asking, asked.astype(np.uint64), Kind.PROMPT),
        (*_exploded(rows, heads), Kind.BAND),
    ]
    return _keyed(parts)


def _groups(keys: U64) -> I64:
    """For every row the place of the first with an equal key; equal keys stand together."""
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))


def _shared(refs: I64, first: I64) -> tuple[I64, I64]:
    """The first of each group and each member, of groups of more than one."""
    large = (np.bincount(first, minlength=len(first))[first] > 1) if len(first) else np.zeros(0, dtype=np.bool_)
    return refs[first[large]], refs[large]


def _joined(lead: I64, members: I64, known: I64, entries: I64) -> tuple[I64, I64]:
    """Twins and entries of the index, which make even a text that stands alone a twin."""
    alone = np.setdiff1d(known, lead)
    return np.concatenate([lead, alone, known]), np.concatenate([members, alone, entries])


def _exploded(rows: pa.Table, chosen: npt.NDArray[np.bool_]) -> tuple[I64, U64]:
    """The band keys of some texts, each with its ref."""
    chunks = rows.column("bands").chunks
    flat = np.concatenate([np.zeros(0, dtype=np.uint64), *map(_values, chunks)])
    refs = rows.column("ref").to_numpy()[rows.column("kind").to_numpy() == Kind.TEXT]
    keys = flat.reshape(len(refs), -1 if len(refs) else 0)[chosen]
    return np.repeat(refs[chosen], keys.shape[1]), keys.ravel()


def _values(lists: pa.Array) -> U64:
    _, offsets, data = lists.buffers()
    first, last = np.frombuffer(offsets, dtype=np.int32)[[lists.offset, lists.offset + len(lists)]] // 8
    return np.frombuffer(data or b"", dtype=np.uint64)[first:last]


def _keyed(parts: Sequence[tuple[I64, U64, Kind]]) -> pa.Table:
    kinds = np.repeat(np.array([k for _, _, k in parts], dtype=np.uint8), [len(r) for r, _, _ in parts])
    refs, keys = (np.concatenate([p[n] for p in parts]) for n in (0, 1))
    return pa.table({"key": keys, "ref": refs, "kind": kinds})


def candidates(rows: pa.Table, index: Index | None) -> pa.Table:
    """By band key: the candidate pairs, keyed by where their texts lie; of the index too, but not within it."""
    kind, keys, refs = (rows.column(n).to_numpy() for n in ("kind", "key", "ref"))
    band = kind == Kind.BAND
    with_index = (keys[band], refs[band]) if index is None else join.add_bands(keys[band], refs[band], index)
    found = candidate_pairs(*with_index)
    wanted = found.crowded | (found.left >= 0) | (found.right >= 0)  # crowds stay whole: their links may run through it
    left = np.concatenate([found.left[wanted], keys[~band].astype(np.int64)])
    right = np.concatenate([found.right[wanted], refs[~band]])
    kinds = np.concatenate([np.where(found.crowded[wanted], Kind.CROWD, Kind.PAIR), kind[~band]]).astype(np.uint8)
    return pa.table({"key": tiles(left, right), "left": left, "right": right, "kind": kinds})
