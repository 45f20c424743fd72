"""The language of whole records: decided on all fields together, for a field of one word tells nothing."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.texts import Texts
from toolkit.text.language import UNDETERMINED, detect_languages


def name_languages(lang: pa.StringArray, texts: Texts, backend: str) -> pa.StringArray:
    """Fill in the languages that are not known; what the source declared stays.

    Args:
        lang: Language of each record; null or `und` where it is not known.
        texts: The texts of the batch.
        backend: Who is asked where the script does not tell; see `toolkit.text.language`.

    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "a", "prompt": "头痛吃什么药？", "output": "Aspirin"}, {"id": "b", "text": "OK"}, {"id": "c", "text": "OK", "lang": "fr"}]
    >>> batch = columns_of(rows)
    >>> name_languages(batch.column("lang"), Texts.of(batch), "langdetect").to_pylist()
    ['zh', 'und', 'fr']
    """
    unknown = pc.fill_null(pc.equal(lang, UNDETERMINED), fill_value=True).to_numpy(zero_copy_only=False)
    asked = unknown[texts.rows]
    rows = texts.rows[asked].tolist()
    if not rows:
        return lang
    parts: dict[int, list[str]] = defaultdict(list)
    for row, text in zip(rows, texts.values.filter(pa.array(asked)).to_pylist(), strict=True):
        parts[row].append(text)
    labels, _ = detect_languages(["\n".join(parts[row]) for row in sorted(parts)], backend=backend)
    mask = np.zeros(len(lang), bool)
    mask[sorted(parts)] = True
    return pc.replace_with_mask(lang, pa.array(mask), pa.array(labels, pa.string()))
