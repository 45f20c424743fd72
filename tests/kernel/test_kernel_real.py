"""Real Chinese questions: distinct ones stay, other dresses are found."""

import functools
import json
from pathlib import Path

import pyarrow as pa
import pytest

from toolkit.dedup import kernel

QUESTIONS = Path("/work/shared/data/medical/huatuo_llama_data.json")
needs_data = pytest.mark.skipif(not QUESTIONS.exists(), reason="the real material is not on this machine")


@pytest.fixture(scope="module")
def questions():
    with QUESTIONS.open(encoding="utf-8") as lines:
        texts = dict.fromkeys(json.loads(line)["instruction"] for line in lines)
    return list(texts)[:2000]


@needs_data
def test_distinct_questions_are_kept(questions):
    found = kernel.near_duplicates(pa.array(questions), params=kernel.Params())

    assert len(questions) - len(found.dropped.left) >= 1990


@functools.cache
def converter():
    return pytest.importorskip("opencc").OpenCC("s2t")


DRESSES = {
    "punctuation": lambda text: text.replace("，", ",").replace("？", "?").replace("。", "."),
    "no-punctuation": lambda text: "".join(c for c in text if c not in "，。？！、；：“”"),
    "width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "spacing": " ".join,
    "zero-width": "\u200b".join,
    "traditional": lambda text: converter().convert(text),
}


@needs_data
@pytest.mark.parametrize("name", DRESSES)
def test_other_dresses_of_a_question_are_found(questions, name):
    keys = kernel.exact_keys(pa.array(questions)).to_pylist()
    dressed = kernel.exact_keys(pa.array([DRESSES[name](text) for text in questions])).to_pylist()
    found = sum(a == b for a, b in zip(keys, dressed, strict=True))

    assert found >= 0.99 * len(questions)
