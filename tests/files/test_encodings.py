"""Encodings are decided or refused, never guessed."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.encoding import as_text, canonical, decode, of_lines
from toolkit.files.found import UnreadableError

CASES = [
    json.loads(line) for line in (Path(__file__).parents[1] / "cases/collect/encodings.jsonl").open(encoding="utf-8")
]
DECIDED = [
    pytest.param(
        case, id=case["name"], marks=[pytest.mark.xfail(strict=True, reason=case["note"])] if case.get("known") else []
    )
    for case in CASES
]
HAN = st.text(st.sampled_from("高血压患者应当每日测量两次，并且记录在表中。的是在有"), min_size=1)


@pytest.mark.parametrize("case", DECIDED)
def test_a_whole_text_is_decoded_or_refused(case):
    data = case["text"].encode(case["bytes_in"])

    if case["expect"] is None:
        with pytest.raises(UnreadableError, match=r"name its encoding in sources\.yaml"):
            decode(data)
    else:
        assert decode(data) == (case["text"], case["expect"], ())


@pytest.mark.parametrize("case", DECIDED)
def test_lines_get_the_encoding_of_the_whole_text(case):
    data = (case["text"] + "\n").encode(case["bytes_in"])

    if case["expect"] is None:
        with pytest.raises(UnreadableError):
            of_lines([data])
    else:
        assert of_lines([data]) == case["expect"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_declared_encoding_is_enough(case):
    assert decode(case["text"].encode(case["bytes_in"]), case["bytes_in"]).text == case["text"]


def test_a_declared_encoding_that_the_bytes_contradict_is_refused():
    with pytest.raises(UnreadableError, match=r"line 2: byte 0xB8 is not utf-8, which is declared"):
        decode("a\n高血压".encode("gb18030"), "UTF-8")


def test_an_unknown_encoding_is_answered_with_known_ones():
    with pytest.raises(UnreadableError, match="unknown encoding 'chinese-ish'"):
        canonical("chinese-ish")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_character_that_the_end_cuts_off_costs_only_itself(encoding):
    data = "每日三次，饭后服用".encode(encoding)[:-1]

    assert decode(data) == ("每日三次，饭后服\ufffd", encoding, ("cut_character",))


def test_gb18030_is_seen_after_megabytes_of_ascii():
    chunks = [b"id,name\n" * 100_000] * 3 + ["1,高血压患者的治疗\n".encode("gb18030")]

    assert of_lines(chunks) == "gb18030"


def test_one_bad_line_does_not_change_the_encoding_of_a_thousand():
    lines = ["一行中文\n".encode()] * 50 + ["一行中文\n".encode("gb18030")]

    assert of_lines(lines) == "utf-8"


@given(HAN, st.integers(1, 7), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_chunks_give_the_text_of_the_whole(text, size, encoding):
    data = text.encode(encoding)
    chunks = [data[i : i + size] for i in range(0, len(data), size)]

    assert "".join(as_text(chunks, encoding)) == text


@given(HAN, st.integers(1, 9), st.sampled_from(["utf-8", "gb18030"]))
def test_the_decision_does_not_depend_on_the_chunks(text, size, encoding):
    data = f"id\n{text}\n".encode(encoding)
    chunks = [data[i : i + size] for i in range(0, len(data), size)]

    assert _decision(chunks) == _decision([data])


def _decision(chunks):
    try:
        return of_lines(chunks)
    except UnreadableError:
        return None
