"""JSON lines and JSON streams: one broken value is one fault and no more."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.found import Fault, Found, UnreadableError
from toolkit.files.json_stream import is_lines, json_stream
from toolkit.files.jsonl import json_lines, parse_line

CASES = [
    json.loads(line) for line in (Path(__file__).parents[1] / "cases/collect/json_lines.jsonl").open(encoding="utf-8")
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_line_is_a_row_or_a_fault_that_says_why(case):
    read = parse_line(case["input"].encode(), 7)

    if case["expect"] is None:
        assert isinstance(read, Fault)
        assert (read.reason, read.line) == ("unreadable_line", 7)
        assert read.detail.startswith("line 7: ")
        assert case["says"] in read.detail
        assert read.raw == case["input"][:2000]
    else:
        assert read == Found(case["expect"], 7, None, tuple(case["fixes"]))


def test_a_line_in_another_encoding_is_one_fault():
    data = '{"a": "一"}\n'.encode() + '{"a": "二"}\n'.encode("gb18030") + '{"a": "三"}\n'.encode()
    first, second, third = json_lines([data])

    assert (first.value, third.value) == ({"a": "一"}, {"a": "三"})
    assert (
        second.detail
        == "line 2: byte 0xB6 is not utf-8, unlike the rest of the file; save the whole file in one encoding"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_lines_of_every_encoding_keep_their_numbers(encoding):
    data = '{"问": "一"}\r\n\r\n{"问": "二"}'.encode(encoding)

    assert [(row.line, row.value["问"]) for row in json_lines([data], encoding)] == [(1, "一"), (3, "二")]


@given(ROWS, st.integers(1, 30), st.sampled_from([None, 1, 2]))
def test_a_stream_gives_the_elements_of_the_array(rows, size, indent):
    text = json.dumps(rows, ensure_ascii=False, indent=indent)
    parts = [text[i : i + size] for i in range(0, len(text), size)]

    assert [row.value for row in json_stream(parts)] == rows


@given(ROWS, st.integers(1, 30), st.sampled_from(["\n", " ", "", ",\n"]))
def test_values_one_after_another_are_read_too(rows, size, between):
    text = between.join(json.dumps(row, ensure_ascii=False, indent=1) for row in rows)
    parts = [text[i : i + size] for i in range(0, len(text), size)]

    assert [(row.row, row.value) for row in json_stream(parts)] == list(enumerate(rows))


def test_one_object_over_many_lines_is_one_row():
    assert [row.value for row in json_stream(['{\n "a": {\n  "b": 1\n }\n}\n'])] == [{"a": {"b": 1}}]


@pytest.mark.parametrize("broken", ['{"a": oops}', '{"a": "x}', '{"a": NaN}', "{'a': 1}"])
@pytest.mark.parametrize("indent", ["", "  "])
def test_a_broken_element_costs_only_itself_where_the_layout_shows_the_next(broken, indent):
    text = f'[\n{indent}{{"a": 1}},\n{indent}{broken},\n{indent}{{"a": 3}}\n]'
    first, fault, third = json_stream([text])

    assert (first.value, third.value) == ({"a": 1}, {"a": 3})
    assert (fault.reason, fault.row) == ("unreadable_line", 1)
    assert fault.raw.startswith(broken)


def test_a_broken_element_on_one_long_line_is_a_fault_that_holds_the_rest():
    read = list(json_stream(['[{"a": 1}, {"a": oops}, {"a": 3}]']))

    assert [type(row) for row in read] == [Found, Fault]
    assert read[1].raw == '{"a": oops}, {"a": 3}]'


def test_an_array_without_end_says_so_after_its_last_element():
    stream = json_stream(['[{"a": 1},\n {"a": 2},\n'])

    assert [next(stream).value, next(stream).value] == [{"a": 1}, {"a": 2}]
    with pytest.raises(UnreadableError, match="no end after element 1"):
        next(stream)


def test_what_follows_an_array_is_a_fault():
    assert [type(row) for row in json_stream(['[{"a": 1}] {"a": 2}'])] == [Found, Fault]


@given(ROWS.filter(bool), st.booleans())
def test_lines_and_arrays_are_told_apart(rows, named_lines):
    as_lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    assert is_lines(as_lines, default=named_lines)
    assert not is_lines(json.dumps(rows, ensure_ascii=False), default=named_lines)
    assert not is_lines(json.dumps(rows, ensure_ascii=False, indent=2), default=named_lines)


def test_a_broken_first_line_does_not_hide_that_there_are_lines():
    assert is_lines('{"问": "一\n{"问": "二"}\n', default=False)
