"""Near duplicates by a peer: python dedup.py PEER FOLDER OUT THRESHOLD LIMIT; prints its CPU seconds.

Each reads the same normalized texts (`bench_kernel.prepare`), compares character 5-grams with 128 permutations, goes through the
texts in chunks, and writes the rows that it would drop to OUT. `cut_cpu_s` is what Python needed to give the peer its shingles (rensa,
datasketch) or its words (daft and dedup-rs count words, so every character is made one); `work_cpu_s` is all the rest.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np

T = TypeVar("T")
CHUNK = 1000
WIDTH = 5
PERMUTATIONS = 128


class Texts:
    """The first texts of a folder, in chunks; the CPU seconds of cutting them are added up."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.offsets = np.load(folder / "normal.offsets.npy")[: limit + 1]
        self.folder = folder
        self.cut = 0.0

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def chunks(self, form: Callable[[str], T]) -> Iterator[tuple[int, list[T]]]:
        with (self.folder / "normal.bytes").open("rb") as file:
            for first in range(0, len(self), CHUNK):
                ends = self.offsets[first : first + CHUNK + 1]
                data = file.read(int(ends[-1] - ends[0]))
                places = (ends - ends[0]).tolist()
                texts = [data[a:b].decode() for a, b in pairwise(places)]
                began = time.process_time()
                forms = [form(text) for text in texts]
                self.cut += time.process_time() - began
                yield first, forms


def shingles(text: str) -> list[str]:
    return [text[i : i + WIDTH] for i in range(max(1, len(text) - WIDTH + 1))]


def encoded(text: str) -> list[bytes]:
    return [token.encode() for token in shingles(text)]


def spaced(text: str) -> str:
    return " ".join(text.replace(" ", "_"))


def rensa(texts: Texts, threshold: float) -> np.ndarray:
    """As its README shows."""
    from rensa import RMinHashDeduplicator

    index, kept = RMinHashDeduplicator(threshold=threshold, num_perm=PERMUTATIONS, use_lsh=True), []
    for first, lists in texts.chunks(shingles):
        kept += index.add_pairs((str(first + at), tokens) for at, tokens in enumerate(lists))
    return np.flatnonzero(~np.array(kept, dtype=np.bool_))


def rensa_rho(texts: Texts, threshold: float) -> np.ndarray:
    """Its fastest path, with the 8 bands of its own benchmark; it flags every member of a group, also who should stay."""
    from rensa import RMinHash, RMinHashLSH

    tokens = (shingled for _, lists in texts.chunks(shingles) for shingled in lists)
    matrix = RMinHash.digest_matrix_from_token_sets_rho(tokens, num_perm=PERMUTATIONS, seed=42)
    index = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=8)
    return np.flatnonzero(np.array(index.query_duplicate_flags_matrix_one_shot(matrix), dtype=np.bool_))


def datasketch(texts: Texts, threshold: float) -> np.ndarray:
    from datasketch import MinHash, MinHashLSH

    index, dropped = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS), []
    for first, lists in texts.chunks(encoded):
        for at, sketch in enumerate(MinHash.bulk(lists, num_perm=PERMUTATIONS)):
            if index.query(sketch):
                dropped.append(first + at)
            else:
                index.insert(first + at, sketch)
    return np.array(dropped)


def gaoya(texts: Texts, threshold: float) -> np.ndarray:
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(
        32, threshold, None, None, PERMUTATIONS, analyzer="char", ngram_range=(WIDTH, WIDTH), id_container="smallvec"
    )
    dropped: list[int] = []
    for first, forms in texts.chunks(str):
        index.par_bulk_insert_docs(list(range(first, first + len(forms))), forms)
        found = index.par_bulk_query(forms)
        dropped += [first + at for at, ids in enumerate(found) if min(ids, default=first + at) < first + at]
    return np.array(dropped)


def dedup_rs(texts: Texts, threshold: float) -> np.ndarray:
    from dedup_rs import EmbedFunc

    index = EmbedFunc(threshold, PERMUTATIONS, WIDTH, 0.5, 0.5, "text", "id", "u32", 1)
    for first, forms in texts.chunks(spaced):
        index.batch_embed_shard(forms, np.arange(first, first + len(forms), dtype=np.uint32))
    kept = index.filter_duplicates(index.cluster(), np.arange(len(texts), dtype=np.uint32))
    return np.setdiff1d(np.arange(len(texts)), kept)


def daft(texts: Texts, threshold: float) -> np.ndarray:
    """Signatures by daft; equal bands are found with numpy, and a row is dropped for any earlier one of its band."""
    import daft as engine
    from datasketch.lsh import _optimal_param

    bands, rows = _optimal_param(threshold, PERMUTATIONS, 0.5, 0.5)
    dropped = np.zeros(len(texts), dtype=np.bool_)
    keys = np.empty((bands, len(texts)), dtype=np.uint64)
    for first, forms in texts.chunks(spaced):
        column = engine.from_pydict({"text": forms}).select(
            engine.col("text").minhash(num_hashes=PERMUTATIONS, ngram_size=WIDTH, hash_function="xxhash")
        )
        flat = column.to_arrow()["text"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        keys[:, first : first + len(forms)] = _band_keys(flat.reshape(len(forms), -1), bands, rows)
    for band in keys:
        _, firsts, where = np.unique(band, return_index=True, return_inverse=True)
        dropped |= firsts[where] < np.arange(len(texts))
    return np.flatnonzero(dropped)


def _band_keys(signatures: np.ndarray, bands: int, rows: int) -> np.ndarray:
    keys = np.zeros((bands, len(signatures)), dtype=np.uint64)
    for at in range(bands * rows):
        band = keys[at // rows]
        band *= np.uint64(0x9E3779B97F4A7C15)
        band ^= signatures[:, at].astype(np.uint64) + (band >> np.uint64(29))
    return keys


PEERS = {work.__name__: work for work in (rensa, rensa_rho, datasketch, gaoya, dedup_rs, daft)}


def main(peer: str, folder: str, target: str, threshold: str, limit: str) -> None:
    texts = Texts(Path(folder), int(limit))
    PEERS[peer](Texts(Path(folder), 10), float(threshold))  # imports are part of start-up
    began = time.process_time()
    dropped = PEERS[peer](texts, float(threshold))
    spent = time.process_time() - began
    np.save(target, dropped)
    print(json.dumps({"work_cpu_s": spent - texts.cut, "cut_cpu_s": texts.cut}))


if __name__ == "__main__":
    main(*sys.argv[1:])
