"""Real material: what is there comes out, what is broken is told."""

from pathlib import Path

import pytest
from collecting import collect

from toolkit.collect import Collect

SAMPLE = Path(__file__).parents[2] / "sample_data"


def test_every_statute_is_a_document_with_a_title(shared_data):
    kept, gone = collect(Collect(paths=(f"{shared_data}/laws/**/*.md",)))

    assert (len(kept), gone) == (765, [])
    assert all(row["title"] and row["text"].strip() for row in kept)


@pytest.mark.parametrize(
    ("path", "rows", "faults"),
    [("medical/toyhom_neike_gbk.csv", 7644, 0), ("medical/huatuo_llama_data.json", 8658, 0), ("legal_qa/legal_advice.json", 5000, 0),
     ("english/gsm8k_train.jsonl", 7472, 1), ("english/gpteacher_roleplay.json", 1923, 0), ("english/gpteacher_codegen.json", 4535, 0)],
)  # fmt: skip
def test_every_row_of_a_real_table_comes_out(shared_data, path, rows, faults):
    kept, gone = collect(Collect(paths=(str(shared_data / path),)))

    assert (len(kept), len(gone)) == (rows, faults)
    assert len({row["id"] for row in kept}) == rows


def test_files_of_every_form_are_read_or_told(shared_data):
    kept, gone = collect(Collect(paths=(str(shared_data / "docs"),)))
    files = [path for path in (shared_data / "docs").rglob("*") if path.is_file()]

    assert len({row["source"]["uri"] for row in kept + gone}) == len(files)
    assert {row["leaving"]["reason"] for row in gone} == {"unreadable_file", "ragged_row"}


def test_every_file_of_the_sample_data_is_in_the_account():
    stage = Collect(sources=str(SAMPLE / "sources.yaml"))
    kept, gone = collect(stage)
    files = {file.uri for unit in stage.units() for file in unit.files}

    assert {row["source"]["uri"] for row in kept + gone} == files
    assert not [row["leaving"] for row in gone if row["leaving"]["reason"] in ("unreadable_file", "wrong_type")]
