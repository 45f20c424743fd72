"""Rows of one shape are read once: the law that makes it right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.formats import FORMATS, CannotRead, get
from toolkit.formats.alpaca import NAMING
from toolkit.label.convert import reading_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["", "无", "\ue0000\ue001", "[]", "null", "高血压", "{}", "3"]
)
NAMES = [
    *NAMING, *(alias for aliases in NAMING.values() for alias in aliases), "prompt", "completion", "question", "answer", "问题",
    "答案", "messages", "conversations", "history", "tools", "text", "科室", "id", "kto_tag",
]  # fmt: skip


@pytest.mark.parametrize("name", [*FORMATS, None])
@given(row=st.dictionaries(st.sampled_from(NAMES), TEXT, min_size=1, max_size=5))
def test_a_row_of_texts_is_read_as_its_shape_is_read(name, row):
    reading = reading_of(row, name)

    if reading is not None:
        form, example = reading.of(row)
        alone = dict((get(name) if name else form).read(row))
        assert {k: v for k, v in example.items() if v is not None} == alone


@given(row=st.dictionaries(st.sampled_from(["instruction", "output", "history"]), TEXT, min_size=3, max_size=3))
def test_a_row_that_its_format_refuses_has_no_reading(row):
    with pytest.raises(CannotRead):
        get("alpaca").read(row)

    assert reading_of(row, "alpaca") is None
