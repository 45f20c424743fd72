"""A value that an option does not allow is refused wherever the stage is made: in a program as in a recipe."""

import numpy as np
import pytest

from toolkit.errors import UsageError
from toolkit.stage import STAGES, is_required, option_fields, stage_class

CHOOSING = [
    (name, field)
    for name in STAGES
    for field in option_fields(stage_class(name))
    if field.metadata["choices"] or field.metadata["maximum"] is not None
]


@pytest.mark.parametrize(("name", "field"), CHOOSING, ids=lambda value: getattr(value, "name", value))
def test_a_program_that_names_what_is_not_there_is_told_what_is(name, field):
    cls = stage_class(name)
    needed = {f.name: "{{a}}" for f in option_fields(cls) if is_required(f)}
    wrong = "无此" if field.metadata["choices"] else field.metadata["maximum"] + 1

    with pytest.raises(UsageError, match=f"{name} {field.name}: "):
        cls(**{**needed, field.name: (wrong,) if isinstance(field.default, tuple) else wrong})


def test_a_list_is_as_good_as_a_tuple():
    cls = stage_class("dedup")

    assert cls(fields=["prompt"]) == cls(fields=("prompt",))


@pytest.mark.parametrize("wrong", [{"fields": 3}, {"fields": {"text"}}, {"fields": None}, {"threshold": float("nan")}])
def test_what_is_no_value_of_its_kind_is_an_error_of_the_user(wrong):
    with pytest.raises(UsageError, match=f"dedup {next(iter(wrong))}: "):
        stage_class("dedup")(**wrong)


def test_paths_and_numbers_of_numpy_are_as_good_as_plain_ones(tmp_path):
    file = tmp_path / "题.jsonl"
    file.write_text("{}\n")

    stage = stage_class("dedup")(
        against=file, threshold=np.float64(0.5), near=np.bool_(False), boilerplate_count=np.int64(3)
    )

    assert stage == stage_class("dedup")(against=(str(file),), threshold=0.5, near=False, boilerplate_count=3)
    assert [type(getattr(stage, name)) for name in ("near", "boilerplate_count")] == [bool, int]
