"""Real statutes and medical answers: what changes is what should, and a second run changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.text.normalize import explain, normalize

DATA = Path("/work/shared/data")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared material is not on this machine")
HARMLESS = {"strip_trailing_spaces", "collapse_blank_lines", "fold_spaces", "drop_invisible", "normalize_line_ends"}
CHARACTERS = HARMLESS | {"narrow_full_width", "join_spaced_han", "decode_entities", "compose_nfc", "fold_radicals"}


def statutes():
    return [path.read_text("utf-8") for path in sorted(DATA.glob("laws/**/*.md"))]


def answers():
    lines = (DATA / "medical/huatuo_llama_data.json").read_text("utf-8").strip("\n").split("\n")
    return [json.loads(line)["output"] for line in lines]


@pytest.mark.parametrize("texts", [statutes, answers])
def test_clean_chinese_is_touched_by_character_fixes_only(texts):
    for text in texts():
        result, names = explain(text)
        assert set(names) <= CHARACTERS
        assert [c for c in result if c in "，。！？：；（）【】《》“”×"] == [
            c for c in text if c in "，。！？：；（）【】《》“”×"
        ]


def test_normalizing_statutes_twice_is_normalizing_once():
    for text in statutes():
        once = normalize(text)
        assert normalize(once) == once
