"""What is written here loads where it is meant to load: every row, unchanged, in the real `datasets` reader."""

from __future__ import annotations

import json

import pytest

from toolkit.formats import FileShape, dumps_line, get

EXAMPLES = [
    {"prompt": "高血压的诊断标准？", "input": "", "output": "收缩压≥140mmHg。"},
    {"prompt": "Translate.", "input": "高血压", "output": "hypertension"},
    {"prompt": "生效日期？", "output": "2021-01-01", "system": "你是律师。"},
    {"prompt": "Line breaks", "output": "a\u2028b\r\nc\u0085d"},
    {
        "messages": [
            {"role": "user", "content": "收缩压？"},
            {"role": "assistant", "content": "140"},
            {"role": "user", "content": "舒张压？"},
            {"role": "assistant", "content": "90"},
        ]
    },
]


@pytest.fixture
def load(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def read(rows, **options):
        path = tmp_path / "train.jsonl"
        path.write_bytes(b"".join(map(dumps_line, rows)))
        loaded = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path), **options)
        return list(loaded)

    return read


def taught(row, columns):
    """What LLaMA-Factory 0.9.5 makes of an alpaca row by its entry: turns of text, system; written from its manual."""
    column = {name: row[key] for name, key in columns.items()}  # a column the file lacks is a KeyError there as here
    turns = [
        *(column.get("history") or []),
        ["\n".join(filter(None, (column["prompt"], column["query"]))), column["response"]],
    ]
    assert all(isinstance(text, str) for turn in turns for text in turn)
    return turns, column.get("system") or ""


def test_llamafactory_learns_every_row_as_it_stands(load):
    form = get("llamafactory-alpaca")
    rows = [form.write(example) for example in EXAMPLES]
    columns = tuple({key for row in rows for key in row})
    info = json.loads(form.sidecar({"train.jsonl": columns})["dataset_info.json"])

    loaded = load([form.complete(row, columns) for row in rows])

    learned = [taught(row, info["train"]["columns"]) for row in loaded]
    assert learned == [
        ([["高血压的诊断标准？", "收缩压≥140mmHg。"]], ""),
        ([["Translate.\n高血压", "hypertension"]], ""),
        ([["生效日期？", "2021-01-01"]], "你是律师。"),
        ([["Line breaks", "a\u2028b\r\nc\u0085d"]], ""),
        ([["收缩压？", "140"], ["舒张压？", "90"]], ""),
    ]


def test_chat_rows_load_as_they_were_written(load):
    rows = [get("openai-chat").write(example) for example in EXAMPLES]

    assert load(rows) == rows


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"instruction": "a", "input": "", "output": "2024-01-01"}] * 3, "E103"),
        (
            [{"instruction": "a", "input": "", "output": "b", "history": []}] * 40
            + [{"instruction": "a", "input": "", "output": "b", "history": [["一", "二"]]}],
            "E104",
        ),
        (
            [{"instruction": "a", "input": "", "output": "b"}] * 40
            + [{"instruction": "a", "input": "", "output": "b", "system": "简短。"}],
            "E104",
        ),
        (
            [{"instruction": "a", "input": "", "output": "2024-01-01"}] * 40
            + [{"instruction": "a", "input": "", "output": "未知"}],
            "E103",
        ),
    ],
    ids=["dates", "late-history", "late-column", "dates-then-text"],
)
def test_what_the_file_check_names_really_breaks_the_reader(load, rows, code):
    from datasets.exceptions import DatasetGenerationError

    shape = FileShape(get("llamafactory-alpaca"), window=1000)
    for row in rows:
        shape.add(row)

    assert code in {finding.code for finding in shape.findings()}
    try:
        loaded = load(rows, chunksize=1000)
    except DatasetGenerationError:
        loaded = []
    assert loaded != rows


def test_leaders_first_cures_a_late_shape(load):
    """The lines that first show a shape, put first, let the reader infer all of the file."""
    form = get("llamafactory-alpaca")
    late = {"instruction": "a", "input": "", "output": "b", "history": [["一", "二"]]}
    rows = [{"instruction": "a", "input": "", "output": "b", "history": []}] * 40 + [late]
    shape = FileShape(form, window=1000)
    for row in rows:
        shape.add(row)

    first = [rows[line - 1] for line in reversed(shape.leaders)]
    rest = [row for number, row in enumerate(rows, 1) if number not in shape.leaders]

    assert shape.leaders == [1, 41]
    assert load([*first, *rest], chunksize=1000) == [*first, *rest]
