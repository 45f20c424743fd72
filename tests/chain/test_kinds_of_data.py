"""The chain over data frames, datasets and Arrow tables gives what it gives over dicts: nothing is lost on the way."""

import pyarrow as pa
import pytest
import yaml
from sample_chain import SAMPLE, comparable, stage_entries

import toolkit
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
