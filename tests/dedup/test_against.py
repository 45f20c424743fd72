"""Records that hold an evaluation text, and records of another set, leave; formulas and chance do not count."""

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit import Dedup
from toolkit.dedup.kernel import Params, pair_similarities, salient_keys
from toolkit.errors import SourceError, UsageError

CASES = Path(__file__).parents[1] / "cases" / "dedup" / "against.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
QUESTION = "某患者男，56岁，突发胸骨后压榨样疼痛三小时，含服硝酸甘油不缓解，最可能的诊断是什么？"
PROBLEM = "A train leaves the station at noon and travels at sixty miles per hour until it reaches the next town."


def evaluation(folder, *rows, name="eval.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return str(path)


def left(stage, rows):
    return {r.record["id"]: (r.reason, r.detail) for r in stage.run(rows).rejected}


@pytest.mark.parametrize("case", ROWS, ids=[row["name"] for row in ROWS])
def test_what_counts_as_contaminated(tmp_path, case):
    file = evaluation(tmp_path, *case["evaluation"])

    found = left(Dedup(against=(file,), **case.get("options", {})), [{"id": "a", **case["input"]}])

    assert ({k: v[0] for k, v in found.items()} == {"a": "contaminated"}) is case["expect"], case["note"]


def test_the_detail_names_file_line_and_passage(tmp_path):
    file = evaluation(tmp_path, {"question": PROBLEM}, {"question": QUESTION})

    [(_, detail)] = left(Dedup(against=(file,)), [{"id": "a", "text": f"请回答：{QUESTION}谢谢。"}]).values()

    assert detail == 'eval.jsonl:2: "某患者男56岁突发胸骨后压榨样疼痛三小时含服硝酸甘油不缓解最可能的诊断是什么"'


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_evaluation_files_of_every_form_are_read(tmp_path, form):
    path = tmp_path / f"评测.{form}"
    row = {"id": "1", "question": QUESTION, "answer": "心肌梗死"}
    writers = {
        "jsonl": lambda: path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8"),
        "json": lambda: path.write_text(json.dumps([row], ensure_ascii=False, indent=1), encoding="utf-8"),
        "csv": lambda: path.write_bytes("\n".join([",".join(row), ",".join(row.values())]).encode("gb18030")),
        "tsv": lambda: path.write_text("\n".join(["\t".join(row), "\t".join(row.values())]), encoding="utf-8"),
        "parquet": lambda: pq.write_table(pa.table({k: [v] for k, v in row.items()}), path),
    }
    writers[form]()

    assert list(
        left(Dedup(against=(str(path),)), [{"id": "a", "prompt": QUESTION}, {"id": "b", "prompt": PROBLEM}])
    ) == ["a"]


def test_the_wording_of_a_task_is_no_content(tmp_path):
    task = "以下是单项选择题，请仔细阅读题目，从四个选项中选出唯一正确的答案。"
    file = evaluation(tmp_path, *({"question": f"{task}第{n}题"} for n in range(30)))

    assert not left(Dedup(against=(file,)), [{"id": "a", "prompt": task + "血压的正常范围是多少？"}])


def test_a_broken_line_of_an_evaluation_file_counts_as_text(tmp_path):
    path = tmp_path / "eval.jsonl"
    path.write_text(json.dumps({"q": "x"}) + f'\n{{"question": "{PROBLEM}', encoding="utf-8")

    assert list(left(Dedup(against=(str(path),)), [{"id": "a", "text": PROBLEM}])) == ["a"]


def test_empty_and_null_records_and_an_empty_evaluation_pass(tmp_path):
    rows = [{"id": "a", "text": ""}, {"id": "b"}, {"id": "c", "text": "是"}, {"id": "d", "messages": []}]

    for file in (evaluation(tmp_path, {"q": QUESTION}), evaluation(tmp_path, {"q": ""}, name="empty.jsonl")):
        assert not left(Dedup(against=(file,)), rows)


def test_one_megabyte_that_holds_the_question_leaves(tmp_path):
    file = evaluation(tmp_path, {"q": QUESTION})

    assert list(left(Dedup(against=(file,)), [{"id": "a", "text": "无关的内容。" * 60_000 + QUESTION}])) == ["a"]


@pytest.mark.parametrize("option", ["against", "minus"])
@pytest.mark.parametrize("name", ["无.jsonl", "notes.docx"])
def test_a_file_that_cannot_be_read_is_refused_before_the_run(tmp_path, option, name):
    if name != "无.jsonl":
        (tmp_path / name).write_bytes(b"PK")

    with pytest.raises(SourceError, match=r"is no file|no reader"):
        Dedup(**{option: (str(tmp_path / name),)})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (QUESTION, "exact_duplicate"),
        (QUESTION.replace("，", ", "), "exact_duplicate"),
        (QUESTION[:-3] + "？", "near_duplicate"),
    ],
)
def test_a_set_minus_another_loses_what_that_one_has(tmp_path, text, reason):
    other = evaluation(tmp_path, {"text": PROBLEM}, {"text": QUESTION})

    [(found, detail)] = left(Dedup(minus=(other,)), [{"id": "a", "text": text}]).values()

    assert found == reason
    assert detail.startswith("same as eval.jsonl:2 at similarity ")


@pytest.mark.parametrize("text", [QUESTION.replace("56", "65"), "是", "", None, QUESTION + PROBLEM])
def test_a_set_minus_another_keeps_the_rest(tmp_path, text):
    other = evaluation(tmp_path, {"text": QUESTION}, {"text": "否"}, {"text": ""})

    assert not left(Dedup(minus=(other,)), [{"id": "a", "text": text, "source": {"authority": 5}}])


def test_authority_does_not_save_a_record_of_the_other_set(tmp_path):
    other = evaluation(tmp_path, {"text": QUESTION})
    official = {"id": "a", "text": QUESTION, "source": {"authority": 1}, "validity": {"fact_key": "k"}}

    assert list(left(Dedup(minus=(other,)), [official])) == ["a"]


def test_the_other_set_may_be_in_a_training_format(tmp_path):
    other = evaluation(tmp_path, {"instruction": "高血压能吃什么？", "input": "", "output": "低盐饮食，多吃蔬菜。"})

    assert list(
        left(Dedup(minus=(other,)), [{"id": "a", "prompt": "高血压能吃什么?", "output": "低盐饮食,多吃蔬菜."}])
    ) == ["a"]


def test_rows_that_cannot_be_compared_are_refused(tmp_path):
    other = evaluation(tmp_path, {"问": "一", "备注": "二"})

    with pytest.raises(UsageError, match="none of the compared fields"):
        Dedup(minus=(other,)).run([{"id": "a", "text": QUESTION}])


def test_what_the_other_set_repeats_meets_a_crowd_of_records(tmp_path):
    letter = "尊敬的客户：感谢您一直以来对本公司产品与服务的信任与支持，以下内容仅供参考，不构成建议。"
    other = evaluation(tmp_path, *({"text": f"{letter}编号{n}甲乙丙"} for n in range(300)))
    rows = [{"id": f"a{n:03}", "text": f"{letter}编号{n}甲乙丙"} for n in range(200, 400)]

    found = left(Dedup(minus=(other,)), rows)

    assert sorted(found) == [f"a{n:03}" for n in range(200, 300)]


@pytest.mark.parametrize("threshold", [0.4, 0.6, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_a_set_minus_another_is_what_comparing_all_with_all_leaves(tmp_path, seed, threshold):
    draw = random.Random(seed)
    head = "尊敬的客户：感谢您一直以来的信任与支持，以下内容仅供参考。Dear customer, "
    texts = [
        head * draw.randint(0, 1) + "".join(draw.choices("甲乙丙丁戊己庚辛壬癸abcdefgh", k=draw.choice([4, 12, 30])))
        for _ in range(150)
    ]
    edited = ["".join(c if draw.random() > 0.03 else "子" for c in text) for text in texts]
    known, new = texts[:110], [*texts[90:], *edited[:60]]
    other = evaluation(tmp_path, *({"text": text} for text in known))

    found = left(
        Dedup(minus=(other,), threshold=threshold, near=False),
        [{"id": f"{n:03}", "text": t} for n, t in enumerate(new)],
    )

    both = pa.array([*new, *known])
    one, two = np.repeat(np.arange(len(new)), len(known)), np.tile(np.arange(len(known)) + len(new), len(new))
    alike = pair_similarities(both, one, two, params=Params(threshold=threshold)) >= threshold
    salient = salient_keys(both)
    same = set(one[alike & (salient[one] == salient[two])].tolist())
    assert {int(name) for name, (_, detail) in found.items() if "eval.jsonl" in detail} == same
