"""The fixes over the texts of records: what a document needs may destroy an example, so here the role of a text counts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from toolkit.clean.columns import fix_column
from toolkit.clean.hits import holding
from toolkit.clean.protect import matching
from toolkit.clean.texts import Texts
from toolkit.text.fix import to_re2
from toolkit.text.markup import HTML_TRIGGER, leaked_markup

_HTML = "convert_html"


def fix_texts(texts: Texts, names: tuple[str, ...]) -> tuple[pa.StringArray, pa.Array]:
    """Apply fixes to the texts of a batch; HTML that an example is about stays.

    Args:
        texts: The texts.
        names: The fixes.

    Returns:
        The fixed texts and the fixes of each, as `toolkit.clean.columns.fix_column` gives them.

    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "a", "text": "<p>药</p>"}, {"id": "b", "prompt": "这段网页代码什么意思？", "output": "<p>药</p>"}]
    >>> fix_texts(Texts.of(columns_of(rows)), ("convert_html",))[0].to_pylist()  # of an example: untouched
    ['药', '这段网页代码什么意思？', '<p>药</p>']
    """
    spared = {_HTML: _spared(texts)} if _HTML in names else {}
    return fix_column(texts.values, names, spared)


def _spared(texts: Texts) -> np.ndarray:
    """The texts of examples whose HTML is no page that leaked."""
    spared: np.ndarray = texts.in_example() & holding(texts.values, b"</")
    at = np.flatnonzero(spared)
    spared[at] = matching(texts.values.take(pa.array(at)), to_re2(HTML_TRIGGER))
    at = np.flatnonzero(spared)
    for number, text in zip(at.tolist(), texts.values.take(pa.array(at)).to_pylist(), strict=True):
        spared[number] = not leaked_markup(text, texts.of_row(int(texts.rows[number])))
    return spared
