"""What counts as the same text: everything that a record says, and whatever stands in columns it has no name for."""

from __future__ import annotations

import pytest

import toolkit

LONG = "建议低盐低脂饮食，控制体重，按时服药并定期监测血压，如有头痛头晕请及时到心内科就诊，不要自行停药或改药。"


def read(rows: list[dict[str, object]], **options: object) -> int:
    return len(list(toolkit.Dedup(**options).run(rows).kept))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(({"instruction": "高血压怎么办？", "input": "", "output": LONG}, {"instruction": "头晕怎么办？", "input": "", "output": LONG}),
                     id="alpaca-zh"),
        pytest.param(({"instruction": "List the files.", "input": "directory: /home/user", "response": "ls"},
                      {"instruction": "Delete the files.", "input": "directory: /home/user", "response": "rm *"}), id="gpteacher-en"),
        pytest.param(({"question": "2+3?", "answer": "5"}, {"question": "1+4?", "answer": "5"}), id="unknown-columns"),
        pytest.param(({"title": "头痛", "answer": LONG}, {"title": "头晕", "answer": LONG}), id="title-is-the-question"),
        pytest.param(({"prompt": "能吃什么？", "chosen": "蔬菜", "rejected": "随便"}, {"prompt": "能吃什么？", "chosen": "水果", "rejected": "随便"}),
                     id="preference-texts"),
        pytest.param(({"prompt": "Diet?", "chosen": [{"role": "assistant", "content": "Greens."}]},
                      {"prompt": "Diet?", "chosen": [{"role": "assistant", "content": "Fruit."}]}), id="preference-turns"),
        pytest.param(({"system": "Translate into German.", "prompt": "Hello", "output": "Hallo"},
                      {"system": "Translate into Dutch.", "prompt": "Hello", "output": "Hallo"}), id="system"),
        pytest.param(({"prompt": "能喝酒吗？", "output": LONG, "desirable": True}, {"prompt": "能喝酒吗？", "output": LONG, "desirable": False}),
                     id="desirable"),
        pytest.param(({"prompt": "天气？", "output": LONG, "tools": '["weather"]'}, {"prompt": "天气？", "output": LONG}), id="tools"),
    ],
)  # fmt: skip
def test_rows_that_ask_or_answer_another_thing_stay_in_whatever_column_it_stands(
    rows: tuple[dict[str, object], ...],
) -> None:
    assert read(list(rows)) == len(rows)
    assert read([dict(rows[0]), dict(rows[0])]) == 1  # and a copy is found by the same columns


def test_unknown_columns_of_a_whole_example_or_document_are_no_difference() -> None:
    example = {"prompt": "高血压怎么办？", "output": LONG}
    document = {"text": LONG, "title": "高血压"}

    assert read([example | {"row": 1}, example | {"row": 2}]) == 1
    assert read([document | {"page": "a"}, document | {"page": "b", "title": "血压"}]) == 1


def test_the_named_fields_alone_count_where_they_are_named() -> None:
    rows = [{"system": s, "prompt": "Hello", "output": "Hallo"} for s in ("Translate into German.", "Be brief.")]

    assert read(rows, fields=("prompt", "output")) == 1
