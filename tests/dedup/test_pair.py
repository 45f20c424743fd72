"""Two records side by side: what is shared, what differs, and why they were merged or not."""

import json
import subprocess
import sys

import pytest

from toolkit.dedup import Dedup
from toolkit.dedup.kernel import Params
from toolkit.dedup.pair import explain, find_pair, lines_of
from toolkit.errors import UsageError

TEXT = "高血压患者应当低盐饮食，定期复查，遵医嘱调整剂量。"
ENGLISH = "The tablet must be taken with food, twice a day, for seven days."


def verdict(left, right, **options):
    return explain({"id": "a", **left}, {"id": "b", **right}, **options).verdict


@pytest.mark.parametrize(
    ("left", "right", "expect"),
    [
        (
            {"text": TEXT},
            {"text": TEXT.replace("，", ",")},
            "merged: equal normal forms; a stays, because its id is smaller",
        ),
        ({"text": TEXT}, {"text": "多喝水。"}, "not merged: similarity 0.0000 is under the threshold 0.6"),
        ({"text": TEXT}, {"text": ""}, "not merged: one of them has nothing to compare"),
        ({"text": ENGLISH}, {"text": ENGLISH.replace("must", "must not")}, "not merged: they differ in nothing / not"),
        ({"text": ENGLISH}, {"text": ENGLISH.replace("seven", "nine")}, "not merged: they differ in 7 / 9"),
        (
            {"text": TEXT, "source": {"authority": 3}},
            {"text": TEXT + "多喝水。", "source": {"authority": 1}},
            "merged: similarity 0.8571 reaches the threshold 0.6; b stays, because its authority is higher",
        ),
        (
            {"text": TEXT, "validity": {"fact_key": "law:甲"}},
            {"text": TEXT + "多喝水。", "validity": {"fact_key": "law:乙"}},
            "not merged: fact keys or intervals differ, law:甲 ... to ... / law:乙 ... to ...; aging decides",
        ),
    ],
)
def test_the_verdict_names_the_reason(left, right, expect):
    assert verdict(left, right, params=Params(threshold=0.6)) == expect


def test_shared_and_different_shingles_are_shown():
    pair = explain({"id": "a", "text": "高血压能吃人参吗"}, {"id": "b", "text": "高血压能吃党参吗"})

    assert (sorted(pair.shared), len(pair.only[0]), len(pair.only[1])) == (["高血压能吃"], 3, 3)
    assert any("only in b" in line and "党参" in line for line in lines_of(pair))


def test_records_are_found_by_the_beginning_of_their_id(tmp_path):
    (tmp_path / "rejected").mkdir()
    rows = [{"id": "aa1", "text": TEXT}, {"id": "aa2", "text": TEXT}, {"id": "bb1", "text": ENGLISH}]
    (tmp_path / "rejected" / "03-dedup.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    assert [r["id"] for r in find_pair(tmp_path, "aa1", "bb")] == ["aa1", "bb1"]
    with pytest.raises(UsageError, match="begins 2 ids"):
        find_pair(tmp_path, "aa", "bb")
    with pytest.raises(UsageError, match="is in no file of this run"):
        find_pair(tmp_path, "zz", "bb")


def recipe(folder, options):
    rows = [
        {"id": f"r{n}", "text": t} for n, t in enumerate([TEXT, TEXT + "多喝水。", ENGLISH, TEXT + "多喝水，多运动。"])
    ]
    (folder / "data.jsonl").write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8"
    )
    entry = {"id": "s", "paths": ["data.jsonl"], "id_column": "id"}
    content = {"version": 1, "sources": [entry], "stages": ["collect", {"dedup": {"fields": ["text"], **options}}]}
    (folder / "recipe.yaml").write_text(json.dumps(content), encoding="utf-8")


def run_command(*arguments):
    return subprocess.run([sys.executable, "-m", "toolkit", *arguments], capture_output=True, text=True, check=False)


def test_the_commands_explain_a_finished_run(tmp_path):
    recipe(tmp_path, {"threshold": 0.7})
    out = str(tmp_path / "build")
    assert run_command("run", str(tmp_path / "recipe.yaml"), "--out", out, "--workers", "0").returncode == 0
    lines = [
        json.loads(line) for line in (tmp_path / "build" / "clusters.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    [line] = [line for line in lines if line["members"]]

    told = run_command(
        "inspect", "pair", line["survivor"], line["members"][0]["id"], "--out", out, "--threshold", "0.7"
    )
    raised = run_command("inspect", "clusters", "--threshold", "0.99", "--out", out)
    lowered = run_command("inspect", "clusters", "--threshold", "0.5", "--out", out)

    assert told.stdout.splitlines()[-1].startswith("merged: similarity"), told.stderr
    assert raised.stdout.splitlines()[-1].startswith("at 0.99: 2 come back"), raised.stderr
    assert (lowered.returncode, "less similar pairs were not kept" in lowered.stderr) == (2, True)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_recipe_names_index_and_files_relative_to_itself(tmp_path, workers):
    (tmp_path / "shipped.jsonl").write_text(json.dumps({"id": "old", "text": TEXT}) + "\n", encoding="utf-8")
    (tmp_path / "eval.jsonl").write_text(json.dumps({"q": ENGLISH}) + "\n", encoding="utf-8")
    recipe(tmp_path, {"threshold": 0.7, "index": "state", "against": ["eval.jsonl"], "boilerplate": "report"})
    added = run_command("index", "add", str(tmp_path / "shipped.jsonl"), "--state", str(tmp_path / "state"), "--fields", "text",
                        "--threshold", "0.7")  # fmt: skip
    assert added.returncode == 0, added.stderr

    done = run_command(
        "run", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "build"), "--workers", workers, "--json"
    )

    assert done.returncode == 0, done.stderr
    dedup = json.loads(done.stdout.splitlines()[-1])["account"][1]
    assert ["rejected", "contaminated", 1] in dedup["left"]
    assert ["rejected", "exact_duplicate", 1] in dedup["left"]


def test_a_row_that_is_no_example_yet_is_shown_with_its_columns_and_told_apart_by_them():
    left, right = (
        {"id": n, "output": "多喝水。", "extra": f'{{"question":"{q}"}}'} for n, q in (("a", "发烧？"), ("b", "咳嗽？"))
    )

    pair = explain(left, right)

    assert lines_of(pair)[:2] == [
        'a: 多喝水。 | extra: {"question":"发烧？"}',
        'b: 多喝水。 | extra: {"question":"咳嗽？"}',
    ]
    assert pair.verdict == "not merged: they differ in extra"
    assert explain(left, left | {"id": "c"}).verdict == "merged: equal normal forms; a stays, because its id is smaller"


def test_two_system_prompts_are_told_as_the_difference():
    chat = {"prompt": "Hello", "output": "Hallo"}

    assert (
        verdict({**chat, "system": "Speak German."}, {**chat, "system": "Speak Dutch."})
        == "not merged: they differ in system"
    )


def test_one_long_answer_to_two_questions_is_kept_twice_and_the_verdict_says_so():
    answer = "".join(chr(0x4E00 + 7 * n) for n in range(300))
    left = {"id": "a", "prompt": "冠心病人平时在家里要留意些什么？", "output": answer}
    right = {"id": "b", "prompt": "糖尿病的饮食有哪些讲究", "output": answer}

    found = explain(left, right)

    assert found.similarity > 0.8
    assert found.verdict.startswith("not merged: similarity ")
    assert found.verdict.endswith("the prompts alone have 0.0000: another question")
    assert len(list(Dedup().run([left, right]).kept)) == 2
