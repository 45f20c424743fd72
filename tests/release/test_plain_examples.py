"""Examples in columns are what they are one by one: the same verdicts, the same lines, the same provenance."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.formats import FORMATS, CannotHold, dumps_line, get
from toolkit.record import columns_of, rows_of
from toolkit.release import plain, render

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    [
        "",
        " ",
        "\u3000",
        "\x00",
        "血压\x00",
        "。",
        "高血压怎么办？",
        'say "5 mg"\n\\',
        "null",
        "\ue000prompt\ue001",
        "{{input}}",
    ]
)
PLAIN = st.fixed_dictionaries({}, optional={name: st.none() | TEXT for name in plain.TEXTS})
TALK = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": TEXT}),
            min_size=1,
            max_size=3,
        )
    }
)
EXAMPLES = st.lists(PLAIN | TALK, min_size=1, max_size=6)


def batch_of(examples):
    return columns_of([{"id": str(n), **example} for n, example in enumerate(examples)])


def known(batch):
    return [{k: v for k, v in row.items() if k != "id"} for row in rows_of(batch)]


@pytest.mark.parametrize("target", FORMATS)
@given(examples=EXAMPLES)
def test_every_example_of_a_batch_is_judged_as_it_is_judged_alone(target, examples):
    batch = batch_of(examples)

    verdicts = render.judged(batch, (target,)).to_pylist()

    assert verdicts == [render.findings(example, [target]) for example in known(batch)]


@pytest.mark.parametrize("target", FORMATS)
@given(examples=EXAMPLES)
def test_every_line_of_a_batch_is_what_the_format_writes_of_its_example(target, examples):
    fit = [e for e in known(batch_of(examples)) if render.findings(e, [target]) is None]
    rows = [get(target).write(example) for example in fit]

    lines, columns = render.lines(batch_of(fit), [target])[target]

    assert lines.to_pylist() == [dumps_line(row).decode() for row in rows]
    assert columns.to_pylist() == [",".join(row) for row in rows]


def test_a_text_that_looks_like_a_marker_is_a_text():
    example = {"prompt": "\ue000output\ue001 是什么？", "output": "a \ue000prompt\ue001"}

    [line] = render.lines(batch_of([example]), ["alpaca"])["alpaca"][0].to_pylist()

    assert orjson.loads(line) == {"instruction": example["prompt"], "input": "", "output": example["output"]}


def test_a_shape_that_a_target_cannot_hold_is_refused_with_the_finding():
    batch = batch_of([{"prompt": "剂量？", "output": ""}, {"prompt": "Dose?", "output": "5 mg"}])

    verdicts = render.judged(batch, ("openai-chat", "alpaca")).to_pylist()

    assert verdicts == ["openai-chat: E204 /messages/1/content is blank", None]
    with pytest.raises(CannotHold):
        get("alpaca").write({"prompt": "Hi", "chosen": []})


def test_provenance_is_the_record_without_its_texts_and_begins_with_the_line_number():
    row = {
        "id": "a",
        "prompt": "剂量？",
        "lang": "zh",
        "source": {"id": "s", "uri": "甲.csv", "locator": {"line": 3}},
        "flags": ["no_date"],
    }

    [line] = render.numbered(
        render.provenance(columns_of([row])), columns_of([row]).column("weight").fill_null(7).cast("int64")
    ).to_pylist()

    assert orjson.loads(line) == {"line": 7, **{k: v for k, v in row.items() if k != "prompt"}}
    assert line.endswith("\n")
