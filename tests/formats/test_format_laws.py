"""Laws that hold for any row and any example, not only for those in the case tables."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.formats import FORMATS, CannotDump, CannotHold, dumps_line, get, validator, write_lossy
from toolkit.formats.calls import calls_of, value_of
from toolkit.formats.example import joined

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["高血压", "一\n二", "\n", "　", "Hi there", "\u2028", "\ufeff", "null", "\\u0000", "👩\u200d⚕️"]
)
SCALAR = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
VALUE = st.recursive(SCALAR, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=6)
SAID = TEXT.filter(lambda text: text.strip(" \n\u3000\u2028\ufeff\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0") != "")
METADATA = st.dictionaries(st.sampled_from(["id", "科室", "source/来源", "a~b"]), VALUE.filter(lambda v: v is not None))


def columns(required, optional):
    return st.fixed_dictionaries(dict.fromkeys(required, TEXT), optional=dict.fromkeys(optional, TEXT))


def rows(shape):
    return st.tuples(shape, METADATA).map(lambda pair: {**pair[0], **pair[1]})


HISTORY = st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=3)
ALPACA = st.tuples(columns(["instruction", "input", "output"], ["system"]), HISTORY).map(
    lambda pair: {**pair[0], "history": pair[1]} if pair[1] else pair[0]
)
TURN = st.fixed_dictionaries({"from": st.sampled_from(["human", "gpt", "system", "observation"]), "value": TEXT})
CALLS = st.lists(
    st.fixed_dictionaries({"name": TEXT, "arguments": st.dictionaries(TEXT, VALUE, max_size=2)}), min_size=1, max_size=2
).map(
    lambda calls: {
        "from": "function_call",
        "value": json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False),
    }
)
SHAREGPT = st.fixed_dictionaries(
    {"conversations": st.lists(TURN | CALLS, max_size=4)}, optional={"system": TEXT, "tools": st.just("[]")}
)
PARTS = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}), min_size=1, max_size=2)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "developer"]), "content": TEXT | PARTS},
    optional={"name": TEXT, "weight": st.sampled_from([0, 1])},
)
OPENAI = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGE, max_size=4)},
    optional={
        "parallel_tool_calls": st.booleans(),
        "tools": st.lists(
            st.fixed_dictionaries({"type": st.just("function"), "function": VALUE}), min_size=1, max_size=2
        ),
    },
)
ROWS = {
    "alpaca": rows(ALPACA),
    "llamafactory-alpaca": ALPACA,
    "prompt-completion": rows(columns(["prompt", "completion"], ["system"])),
    "sharegpt": rows(SHAREGPT),
    "openai-chat": OPENAI,
}
JUNK = st.recursive(
    SCALAR | st.just("a\0b"), lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=8
)


def meant(row, fill):
    """A row without fillers of optional columns, and with its tool calls parsed: JSON text may differ in spaces."""
    kept = {key: value for key, value in row.items() if not (key in fill and value == fill[key])}
    turns = kept.get("conversations", [])
    return (
        kept
        | {"calls": [json.loads(turn["value"]) for turn in turns if turn["from"] == "function_call"]}
        | (
            {"conversations": [turn | {"value": ""} if turn["from"] == "function_call" else turn for turn in turns]}
            if turns
            else {}
        )
    )


def test_every_format_is_under_the_laws():
    assert ROWS.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", sorted(ROWS))
@given(data=st.data())
def test_reading_and_writing_gives_the_row_back(name, data):
    form, row = get(name), data.draw(ROWS[name])

    written = form.write(form.read(row))

    assert meant(written, form.fill) == meant(row, form.fill)


@pytest.mark.parametrize("name", sorted(ROWS))
@given(data=st.data())
def test_keys_are_written_in_one_order_whatever_the_order_read(name, data):
    form, row = get(name), data.draw(ROWS[name])
    known = [key for key in form.columns if key in row]
    turned = {key: row[key] for key in [*reversed(known), *(key for key in row if key not in known)]}

    assert list(form.write(form.read(turned))) == list(form.write(form.read(row)))


@given(ROWS["alpaca"].filter(lambda row: row.keys() <= {"instruction", "input", "output", "system", "history"}))
def test_chat_and_alpaca_teach_the_same_text(row):
    """What LLaMA-Factory would show the model is what the chat messages say."""
    messages = get("openai-chat").write(get("alpaca").read(row))["messages"]
    turns = [*row.get("history", []), [joined(row["instruction"], row["input"]), row["output"]]]

    assert [m["content"] for m in messages if m["role"] != "system"] == [text for turn in turns for text in turn]
    assert [m["content"] for m in messages if m["role"] == "system"] == list(filter(None, [row.get("system")]))


@given(st.tuples(SAID, SAID, SAID))
def test_what_is_written_from_clean_text_is_valid_everywhere(texts):
    prompt, material, output = texts
    example = {"prompt": prompt, "input": material, "output": output}

    assert [f for name, form in FORMATS.items() for f in validator(name).check(form.write(example))] == []


@pytest.mark.parametrize("name", sorted(ROWS))
@given(data=st.data())
def test_any_row_gets_one_verdict_from_both_validators(name, data):
    row = data.draw(ROWS[name] | JUNK | st.fixed_dictionaries({}, optional=dict.fromkeys(get(name).columns, JUNK)))
    check = validator(name)

    assert check.accepts(row) == (check.explain(row) == [])
    assert all(f.hint and f.message for f in check.check(row))


@given(st.dictionaries(TEXT, VALUE, max_size=4))
def test_a_line_reads_back_as_the_row(row):
    line = dumps_line(row)

    assert json.loads(line) == row
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


@given(st.dictionaries(TEXT, VALUE, max_size=2), st.sampled_from([float("nan"), float("inf"), "a\ud83d", "\0", 2**64]))
def test_what_json_cannot_say_is_refused_with_its_place(row, poison):
    """T11: NaN would be written as null, in silence."""
    with pytest.raises(CannotDump) as error:
        dumps_line({**row, "毒": [poison]})

    assert error.value.findings[-1].pointer.startswith("/毒/0")


@pytest.mark.parametrize("value", [dt.date(2024, 1, 1), b"bytes", {1: "a"}, {"a", "b"}])
def test_a_value_json_does_not_have_is_refused(value):
    with pytest.raises(CannotDump) as error:
        dumps_line({"output": value})

    assert {f.code for f in error.value.findings} == {"E003"}


def test_a_very_long_line_is_written_and_checked():
    """T24: 12 MB in one text."""
    row = {"instruction": "问", "input": "", "output": "答" * (4 << 20)}

    assert validator("llamafactory-alpaca").check(row) == []
    assert len(dumps_line(row)) > 12_000_000


@given(
    st.lists(
        st.fixed_dictionaries({"name": TEXT, "arguments": st.dictionaries(TEXT, VALUE, max_size=2)}),
        min_size=1,
        max_size=3,
    )
)
def test_calls_keep_name_and_arguments_through_both_shapes(calls):
    text = json.dumps(calls if len(calls) > 1 else calls[0], ensure_ascii=False)

    assert json.loads(value_of(calls_of(text, "/value"), "/tool_calls")) == json.loads(text)


@given(METADATA)
def test_a_lossy_writer_lists_every_column_it_leaves_behind(metadata):
    example = {"prompt": "问", "output": "答", "extra": metadata, "tools": "[]"}

    written = write_lossy(get("llamafactory-alpaca"), example)

    assert written.row == {"instruction": "问", "input": "", "output": "答"}
    assert len(written.lost) == len(metadata) + 1
    assert example["extra"] == metadata


def test_a_lossy_writer_never_leaves_a_turn_behind():
    example = {
        "messages": [{"role": "user", "content": "看图"}, {"role": "assistant", "parts": '[{"type":"image_url"}]'}]
    }

    with pytest.raises(CannotHold) as error:
        write_lossy(get("alpaca"), example)

    assert error.value.field == "/messages/1/parts"


def test_a_lossy_writer_drops_a_key_of_the_right_message():
    """The system column puts a message in front; the key that goes is still that of the message it stands in."""
    messages = [
        {"role": "user", "content": "问", "extra": '{"评分":1}'},
        {"role": "assistant", "content": "答", "extra": '{"weight":1,"评分":2}'},
    ]

    written = write_lossy(get("openai-chat"), {"system": "简短。", "messages": messages})

    assert [lost.field for lost in written.lost] == ["/messages/0/extra/评分", "/messages/1/extra/评分"]
    assert written.row["messages"][2] == {"role": "assistant", "content": "答", "weight": 1}
