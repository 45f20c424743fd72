"""Whether a text speaks of programs: the marks that are looked for first must miss nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.programs import _SIGN, about_programs


@given(st.from_regex(_SIGN))
def test_every_text_that_the_pattern_matches_holds_a_mark(text):
    assert about_programs(text) or not _SIGN.search(text)
