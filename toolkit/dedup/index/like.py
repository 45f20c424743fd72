"""What in an index resembles one text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from toolkit.dedup.index.read import Index
from toolkit.dedup.kernel import band_keys, pair_similarities, salient_keys
from toolkit.dedup.kernel.functions import exact_halves
from toolkit.record import Row


def like(index: Index, text: str) -> list[Row]:
    """The indexed records that are equal or near to a text, most similar first.

    Returns:
        Stored rows with `similarity`, and `same_facts`: whether numbers, dates and negations are the same too.

    >>> import tempfile
    >>> from toolkit.dedup.index import add, open_index
    >>> from toolkit.dedup.kernel import Params
    >>> from toolkit.record import columns_of
    >>> batch = columns_of([{"id": "甲", "text": "每日三次，饭后服用，连服七天。"}])
    >>> with tempfile.TemporaryDirectory() as state:
    ...     _ = add(state, [batch], fields=("text",), params=Params(threshold=0.4))
    ...     found = [like(open_index(state, ("text",)), text) for text in ("每日3次，饭后服用，连服七天！", "是")]
    >>> [(row["id"], row["same_facts"]) for row in found[0]], found[1]
    ([('甲', True)], [])
    """
    given = pa.array([text], pa.string())
    params = index.settings.params
    _, bands = band_keys(given, params=params)
    entries = np.unique(np.concatenate([index.by_exact(exact_halves(given))[1], index.by_bands(np.unique(bands))[1]]))
    if not len(entries) or not bands.size:
        return []
    texts = index.texts(entries)
    both = pa.concat_arrays([given, texts])
    others = np.arange(1, len(both))
    similarity = pair_similarities(both, np.zeros_like(others), others, params=params)
    salient = salient_keys(both)
    rows = zip(
        entries.tolist(), texts.to_pylist(), similarity.tolist(), (salient[1:] == salient[0]).tolist(), strict=True
    )
    names = index.take(entries, ["id", "source"]).to_pylist()
    found = [
        {"id": name["id"], "source": name["source"], "text": said, "similarity": score, "same_facts": same}
        for (_, said, score, same), name in zip(rows, names, strict=True)
        if score >= params.threshold
    ]
    return sorted(found, key=lambda row: (-row["similarity"], row["id"]))
