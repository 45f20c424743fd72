"""P2: the same input, recipe and day give the same bytes, whatever the workers, batches, folders, order or way of use."""

import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys

import pytest
from sample_chain import AS_OF, SAMPLE, comparable, files_of, run_commands, run_library, run_recipe


@pytest.mark.parametrize("how", [{"workers": 1}, {"workers": 2}, {"batch_rows": 1}, {"batch_rows": 7}])
def test_workers_and_batch_sizes_change_no_file_of_the_release(tmp_path, sample_run, how):
    run_recipe(tmp_path, **how)

    assert files_of(tmp_path / "release") == files_of(sample_run.out / "release")


def test_another_folder_filled_in_another_order_changes_no_file(tmp_path, sample_run, monkeypatch):
    moved = tmp_path / "somewhere else" / "样本"
    moved.mkdir(parents=True)
    for path in sorted((p for p in SAMPLE.rglob("*") if p.is_file()), key=lambda p: str(p)[::-1]):
        target = moved / path.relative_to(SAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    monkeypatch.chdir(tmp_path)

    run_recipe(tmp_path / "out", sample=moved)

    assert files_of(tmp_path / "out" / "release") == files_of(sample_run.out / "release")


@pytest.mark.parametrize("seed", ["0", "12345"])
def test_hash_seed_time_zone_and_locale_change_no_file(tmp_path, sample_run, seed):
    line = [sys.executable, "-m", "toolkit", "run", str(SAMPLE / "recipe.yaml"), "--out", str(tmp_path), "--as-of", AS_OF,
            "--workers", "0", "--quiet"]  # fmt: skip
    zone = {"0": "Pacific/Kiritimati", "12345": "America/Los_Angeles"}[seed]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}

    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "release") == files_of(sample_run.out / "release")


def test_shuffled_rows_with_declared_ids_change_no_target_file(tmp_path, sample_run):
    copy = tmp_path / "sample"
    shutil.copytree(SAMPLE, copy)
    shuffled = [shuffle_rows(copy / path) for path in ("clinic/qa/questions.csv", "lanting/notices/notices.jsonl")]

    run_recipe(tmp_path / "out", sample=copy)

    assert all(shuffled)
    assert comparable(tmp_path / "out" / "release") == comparable(sample_run.out / "release")


def shuffle_rows(path):
    """Shuffle the data rows of a table whose source declares an id column; broken rows stay in the file."""
    before = path.read_bytes()
    text = before.decode("utf-8-sig")
    if path.suffix == ".csv":
        head, *rows = [row for row in csv.reader(io.StringIO(text)) if row]
        random.Random(3).shuffle(rows)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([head, *rows])
        path.write_text(out.getvalue(), encoding="utf-8")
    else:
        rows = [line for line in text.split("\n") if line]
        random.Random(3).shuffle(rows)
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path.read_bytes() != before


def test_stage_commands_joined_by_files_give_the_same_release(tmp_path, sample_run):
    assert comparable(run_commands(tmp_path)) == comparable(sample_run.out / "release")


def test_library_calls_give_the_same_release(tmp_path, sample_run):
    assert comparable(run_library(tmp_path)) == comparable(sample_run.out / "release")


def test_the_sample_gives_the_release_that_is_committed(sample_run):
    expected = SAMPLE / "expected"
    found = comparable(sample_run.out / "release")

    provenance = [json.loads(x) for x in (expected / "provenance.jsonl").read_text(encoding="utf-8").split("\n") if x]
    files = {k: v for k, v in files_of(expected).items() if k != "provenance.jsonl"}
    assert found == files | {"provenance.jsonl": provenance}
