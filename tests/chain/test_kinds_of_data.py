"""The chain over data frames, datasets and Arrow tables gives what it gives over dicts: nothing is lost on the way."""

import pyarrow as pa
import pytest
import yaml
from sample_chain import SAMPLE, comparable, stage_entries

import toolkit
from toolkit.errors import UsageError
from toolkit.frames import without_maps
from toolkit.record import SCHEMA, columns_of

CLASSES = {
    "label.map": toolkit.LabelMap, "label.convert": toolkit.Convert, "label.rules": toolkit.LabelRules,
    "clean": toolkit.Clean, "dedup": toolkit.Dedup, "age.attach": toolkit.Attach, "age.decide": toolkit.Decide,
}  # fmt: skip


def as_pandas(rows):
    import pandas as pd

    return pd.DataFrame(rows)


def as_pyarrow(rows):
    return pa.Table.from_batches([columns_of(rows)], schema=SCHEMA)


def as_datasets(rows):
    import datasets

    return datasets.Dataset(without_maps(as_pyarrow(rows)))


@pytest.mark.parametrize("make", [as_pandas, as_pyarrow, as_datasets])
def test_a_chain_over_any_kind_of_table_gives_the_same_release(tmp_path, sample_run, make):
    data = make(toolkit.Collect(sources=str(SAMPLE / "sources.yaml")).run().kept)
    kind = type(data)

    for name, options in stage_entries(SAMPLE):
        data = CLASSES[name](**options).run(data).kept
        assert type(data) is kind
    stage = toolkit.Release(**yaml.safe_load((SAMPLE / "recipe.yaml").read_text(encoding="utf-8"))["release"])
    stage.write(stage.run(data).kept, tmp_path / "release")

    assert comparable(tmp_path / "release") == comparable(sample_run.out / "release")


def test_a_value_that_fits_no_field_costs_no_row():
    rows = [
        {"id": 7, "prompt": "剂量？", "output": "5 mg"},
        {"id": "b", "prompt": ["a"], "output": "5 mg", "source": "leaflet"},
        {"id": "c", "prompt": "半个\ud800字", "output": 5},
    ]

    first, second, third = toolkit.Attach().run(rows).kept

    assert (first["id"], third["prompt"], third["output"]) == ("7", "半个\ufffd字", "5")
    assert second["extra"] == '{"prompt":["a"],"source":"leaflet"}'
    assert "prompt" not in second


@pytest.mark.parametrize(
    ("data", "says", "hint"),
    [
        ("text", "cannot run on str", "iterable of dicts"),
        ([{"text": "a"}, 2], "a row is a mapping", "iterable of dicts"),
        (as_pandas([{"text": "文"}])["text"], "cannot run on Series", "to_frame"),
    ],
)
def test_what_is_no_table_is_answered_with_what_to_give(data, says, hint):
    with pytest.raises(UsageError, match=says) as caught:
        toolkit.Clean().run(data)

    assert hint in caught.value.hint
