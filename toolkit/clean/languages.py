"""The language of whole records: decided on all fields together, for a field of one word tells nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.measures import Measures
from toolkit.clean.texts import Texts
from toolkit.text.language import UNDETERMINED, detect_languages
from toolkit.text.script import ENGLISH_SHARE, HAN_WORD, KANA_SHARE

ENOUGH = 10
"""Words that make a sentence."""
QUOTED = KANA_SHARE / 2
"""Share of foreign letters beside Han that no Japanese text has so little of."""
ALONE = 0.03
"""Share of function words that English alone has, among all words; its prose has four times that."""


def name_languages(
    lang: pa.StringArray, texts: Texts, measures: Measures, backend: str, waiting: np.ndarray | None = None
) -> pa.StringArray:  # fmt: skip
    """Fill in the languages that are not known; what the source declared stays.

    Args:
        lang: Language of each record; null or `und` where it is not known.
        texts: The texts of the batch.
        measures: The numbers of each text.
        backend: Who is asked where the script does not tell; see `toolkit.text.language`.
        waiting: The records whose content still lies in `extra`: a title alone is too short to tell, and a language that
            is named once is not asked for again. Null leaves their language open.

    >>> from toolkit.clean.measures import measure
    >>> from toolkit.record import columns_of
    >>> rows = [{"id": "a", "prompt": "头痛吃什么药？", "output": "Aspirin"}, {"id": "b", "text": "OK"}, {"id": "c", "text": "OK", "lang": "fr"}]
    >>> batch, texts = columns_of(rows), Texts.of(columns_of(rows))
    >>> name_languages(batch.column("lang"), texts, measure(texts.values), "langdetect").to_pylist()
    ['zh', 'und', 'fr']
    """
    unknown = pc.fill_null(pc.equal(lang, UNDETERMINED), fill_value=True).to_numpy(zero_copy_only=False)
    asked = unknown & (np.bincount(texts.rows, minlength=len(lang)) > 0)
    if waiting is not None:
        asked &= ~waiting
    if not asked.any():
        return lang
    named = np.where(asked, _by_counts(texts, measures, len(lang)), "")
    rest = np.flatnonzero(asked & (named == ""))
    named[rest] = detect_languages(_joined(texts, rest), backend=backend)[0]
    return pc.if_else(pa.array(asked), pa.array(named, pa.string()), lang)


def _by_counts(texts: Texts, measures: Measures, length: int) -> np.ndarray:
    """Name what the counts of whole records leave no doubt about: Chinese, and plain English.

    The same thoughts as in `toolkit.text.script`, which looks at one sample and sees through code; here nine records in
    ten are settled at once (measured: 15 microseconds a record without, 2 with). Of a record that is ASCII throughout
    one field may speak for all: the question, where the answer is a program.
    """

    def total(numbers: np.ndarray) -> np.ndarray:
        return np.bincount(texts.rows, numbers, minlength=length)

    han, words, foreign = total(measures.han), total(measures.words), total(measures.others)
    # a word in Greek or Cyrillic, a name in kana: quoted, whichever they are
    chinese = (han > 0) & (foreign <= QUOTED * han) & (HAN_WORD * han >= words + foreign)
    traditional = total(measures.traditional) > total(measures.simplified)
    plain = _plainly_english(measures.english, measures.stop_words, measures.words)
    not_ascii = ~pc.string_is_ascii(texts.values).to_numpy(zero_copy_only=False)
    one_speaks = (total(plain) > 0) & (total(not_ascii) == 0)
    english = (han + foreign == 0) & (
        one_speaks | _plainly_english(total(measures.english), total(measures.stop_words), words)
    )
    return np.select([chinese & traditional, chinese, english], ["zh-Hant", "zh", "en"], "").astype(object)


def _plainly_english(alone: np.ndarray, stop_words: np.ndarray, words: np.ndarray) -> np.ndarray:
    return (words >= ENOUGH) & (alone >= ALONE * words) & (stop_words >= ENGLISH_SHARE * words)


def _joined(texts: Texts, rows: np.ndarray) -> list[str]:
    """All texts of each of some rows."""
    here = np.isin(texts.rows, rows)
    parts: dict[int, list[str]] = {row: [] for row in rows.tolist()}
    for row, text in zip(texts.rows[here].tolist(), texts.values.filter(pa.array(here)).to_pylist(), strict=True):
        parts[row].append(text)
    return ["\n".join(part) for part in parts.values()]
