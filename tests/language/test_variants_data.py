"""The table of variant characters is what its docstring says it is."""

from __future__ import annotations

import pytest

from toolkit.text.variants_data import SIMPLIFIED_ONLY, TRADITIONAL_ONLY, TRADITIONAL_TO_SIMPLIFIED

HAN = [chr(code) for code in range(0x4E00, 0xA000)]


def _writes(codec, character):
    try:
        return character.encode(codec)
    except UnicodeEncodeError:
        return b""


def _common(character):
    return 0xB0 <= (_writes("gb2312", character) or b"\0")[0] <= 0xD7


def test_the_table_can_be_made_again_from_opencc():
    opencc = pytest.importorskip("opencc", reason="the table is checked where the extra zh is installed")
    to_simplified, to_traditional = opencc.OpenCC("t2s").convert, opencc.OpenCC("s2t").convert

    simplified = [c for c in HAN if _common(c) and not _writes("big5", c) and to_traditional(c) != c]
    traditional = [c for c in HAN if _writes("big5", c) and not _writes("gb2312", c) and to_simplified(c) != c]
    traditional = [c for c in traditional if _common(to_simplified(c))]

    assert "".join(simplified) == SIMPLIFIED_ONLY
    assert "".join(traditional) == TRADITIONAL_ONLY
    assert "".join(map(to_simplified, traditional)) == TRADITIONAL_TO_SIMPLIFIED


def test_no_character_is_in_both_lists_and_each_stands_once():
    assert len(set(SIMPLIFIED_ONLY) | set(TRADITIONAL_ONLY)) == len(SIMPLIFIED_ONLY) + len(TRADITIONAL_ONLY)
    assert len(TRADITIONAL_TO_SIMPLIFIED) == len(TRADITIONAL_ONLY)


@pytest.mark.parametrize("character", "后里干台面只著乾瞭系谷云")
def test_what_both_ways_of_writing_use_proves_nothing(character):
    assert character not in SIMPLIFIED_ONLY + TRADITIONAL_ONLY
