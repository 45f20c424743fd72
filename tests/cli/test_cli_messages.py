"""The errors a newcomer gets: what is wrong, where, and what to do; never a traceback."""

import json
from pathlib import Path

import pytest

from toolkit.cli.main import _exit_code
from toolkit.pipeline import REPORTS
from toolkit.stage import STAGES, stage_class

CASES = Path(__file__).parent.parent / "cases" / "cli"
DAY = ("--as-of", "2026-11-22")
QUIET = ("--workers", "0", "--quiet")


def rows(table):
    lines = (CASES / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=row["name"]) for row in map(json.loads, lines)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with one document, one row of one's own, and what can be wrong around them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "高血压.md").write_text(
        "# 高血压\n\n## 什么是高血压？\n\n血压持续高于140/90毫米汞柱，需要长期管理的一种疾病。\n", encoding="utf-8"
    )
    (tmp_path / "rows.jsonl").write_text(
        '{"prompt": "怎么测血压？", "output": "静坐五分钟后测量。"}\n', encoding="utf-8"
    )
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file").write_text("", encoding="utf-8")
    (tmp_path / "gb18030.yaml").write_bytes("version: 1\n# 高血压\n".encode("gb18030"))
    return tmp_path


def told(code, capsys, *words):
    """Run the command line in this process; what it says on stderr."""
    assert _exit_code(words) == code
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("case", rows("commands"))
def test_a_wrong_command_is_answered_with_what_to_do(case, capsys):
    message = told(case["exit"], capsys, *case["input"])

    assert [part for part in case["expect"] if part not in message] == []


@pytest.mark.parametrize("case", rows("recipes"))
def test_a_wrong_recipe_is_answered_with_file_line_and_pointer(case, here, capsys):
    (here / "r.yaml").write_text(case["input"], encoding="utf-8")

    message = told(case["exit"], capsys, "recipe", "check", "r.yaml")

    assert [part for part in case["expect"] if part not in message] == []


@pytest.mark.parametrize("case", rows("sources"))
def test_a_wrong_registry_of_sources_is_answered_with_file_and_pointer(case, here, capsys):
    (here / "sources.yaml").write_text(case["input"], encoding="utf-8")

    message = told(case["exit"], capsys, "collect", "--sources", "sources.yaml", "-o", "out.jsonl", *QUIET)

    assert [part for part in case["expect"] if part not in message] == []


def test_several_faults_of_a_recipe_are_told_at_once(here, capsys):
    (here / "r.yaml").write_text(
        "version: 1\nsources: [{id: a, paths: [data]}]\nstages:\n  - collect\n  - dedup: {threshold: 8}\n"
        "  - clean: {profile: exmple}\n",
        encoding="utf-8",
    )

    message = told(2, capsys, "recipe", "check", "r.yaml")

    assert "r.yaml:5 /stages/1/dedup/threshold: 8 is more than 1.0" in message
    assert "r.yaml:6 /stages/2/clean/profile: unknown value 'exmple'" in message


@pytest.mark.usefixtures("here")
def test_the_recipe_that_init_writes_runs_as_it_stands(capsys):
    assert _exit_code(("recipe", "init", "recipe.yaml")) == 0
    assert _exit_code(("recipe", "check", "recipe.yaml")) == 0

    assert _exit_code(("run", "recipe.yaml", "--out", "build", *DAY, *QUIET)) == 0
    assert "build/release/openai-chat/train.jsonl: 1 lines" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_init_never_overwrites(capsys):
    told(0, capsys, "recipe", "init", "recipe.yaml")
    before = Path("recipe.yaml").read_bytes()

    assert "exists already" in told(2, capsys, "recipe", "init", "recipe.yaml")
    assert Path("recipe.yaml").read_bytes() == before


@pytest.mark.usefixtures("here")
def test_why_answers_an_id_that_is_unknown_empty_or_begins_several(capsys):
    told(0, capsys, "recipe", "init", "recipe.yaml")
    sections = "".join(f"## What does code {n} mean?\n\nThe sensor number {n} has no contact.\n\n" for n in range(17))
    Path("data/codes.md").write_text(f"# Codes\n\n{sections}", encoding="utf-8")
    told(0, capsys, "run", "recipe.yaml", "--out", "build", *DAY, *QUIET)

    assert "is in no file of this run" in told(2, capsys, "inspect", "why", "zzzz", "--out", "build")
    assert "an empty id names no record" in told(2, capsys, "inspect", "why", "", "--out", "build")
    ids = [json.loads(line)["id"] for line in Path("build/release/provenance.jsonl").read_text("utf-8").splitlines()]
    shared = next(c for c in "0123456789abcdef" if sum(i.startswith(c) for i in ids) > 1)  # 17 ids, 16 beginnings
    assert "give more of the id" in told(2, capsys, "inspect", "why", shared, "--out", "build")
    assert told(0, capsys, "inspect", "why", ids[0], "--out", "build") == ""


@pytest.mark.usefixtures("here")
def test_records_that_left_a_stage_command_are_offered_to_be_seen(capsys):
    Path("junk.jsonl").write_bytes(bytes(range(256)) * 8)

    assert _exit_code(("clean", "junk.jsonl", "-o", "out.jsonl", *QUIET)) == 0
    assert "add --rejected FILE" in capsys.readouterr().out
    assert _exit_code(("clean", "junk.jsonl", "-o", "out.jsonl", "--rejected", "left.jsonl", *QUIET)) == 0
    (left,) = map(json.loads, Path("left.jsonl").read_text(encoding="utf-8").splitlines())
    assert left["reason"] == "unreadable_file"
    assert left["detail"].startswith("junk.jsonl: ")


@pytest.mark.usefixtures("here")
def test_an_output_that_cannot_be_written_is_told_and_the_input_stays(capsys):
    before = Path("rows.jsonl").read_bytes()

    message = told(2, capsys, "clean", "rows.jsonl", "-o", "a file/out.jsonl", *QUIET)

    assert "a file" in message
    assert Path("rows.jsonl").read_bytes() == before


@pytest.mark.usefixtures("here")
def test_a_run_replaces_no_folder_that_it_did_not_write(capsys):
    told(0, capsys, "recipe", "init", "recipe.yaml")
    for name in ("release", "rejected"):
        kept = Path("out", name, "病历.csv")
        kept.parent.mkdir(parents=True)
        kept.write_text("姓名\n", encoding="utf-8")

        message = told(2, capsys, "run", "recipe.yaml", "--out", "out", *DAY, *QUIET)

        assert f"out/{name}: holds" in message
        assert kept.read_text(encoding="utf-8") == "姓名\n"
        kept.unlink()
    told(0, capsys, "run", "recipe.yaml", "--out", "out", *DAY, *QUIET)
    told(0, capsys, "run", "recipe.yaml", "--out", "out", *DAY, *QUIET)


@pytest.mark.parametrize(
    "words",
    [("collect", "data", "-o", "x.jsonl"), ("label", "rules", "rows.jsonl", "-o", "x.jsonl"),
     ("release", "rows.jsonl", "-o", "x")],
)  # fmt: skip
def test_a_dry_run_of_a_stage_says_what_it_would_do_and_writes_nothing(words, here, capsys):
    before = sorted(here.iterdir())

    assert _exit_code((*words, "--dry-run")) == 0

    planned = json.loads(capsys.readouterr().out)
    assert list(planned["stages"][-1]) == [".".join(words[: words.index("-o") - 1])]
    assert planned["units"] == 1
    assert sorted(here.iterdir()) == before


@pytest.mark.usefixtures("here")
def test_doctor_names_each_package_once_with_its_version_or_the_way_to_it(capsys):
    assert _exit_code(("doctor", "--json")) == 0

    packages = json.loads(capsys.readouterr().out)["packages"]
    names = [name for group in packages.values() for name in group]
    assert len(names) == len(set(names))
    assert packages[""]["pyarrow"]
    assert {"zh", "dask"} <= set(packages)


@pytest.mark.usefixtures("here")
def test_a_row_with_values_of_the_wrong_kind_stops_no_command(capsys):
    Path("odd.jsonl").write_text(
        '{"id": 1, "text": ["高血压"]}\n{"id": 2, "text": "血压持续高于正常。"}\n', encoding="utf-8"
    )

    told(0, capsys, "age", "attach", "odd.jsonl", "-o", "out.jsonl", *QUIET)

    assert [json.loads(line)["id"] for line in Path("out.jsonl").read_text("utf-8").splitlines()] == ["1", "2"]


def test_every_report_of_a_stage_is_written_by_a_run():
    told = {name for stage in STAGES for name in stage_class(stage).reports}

    assert told == set(REPORTS)
