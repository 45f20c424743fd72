"""Two questions stay two, however long the answer they share."""

import pytest

from toolkit import Dedup

ANSWER = {
    "zh": "建议先做血常规、肝功能和腹部超声检查，注意休息，清淡饮食，忌烟酒，按医嘱服药，并在两周后复查，如有发热或腹痛加重请立即就医。",
    "en": "Start with a blood count, liver tests and an ultrasound of the abdomen; rest, eat lightly, avoid alcohol and come back in two weeks.",
}


def kept(rows, **options):
    return [r["id"] for r in Dedup(conflicts="off", **options).run(rows).kept]


@pytest.mark.parametrize(
    ("lang", "first", "second"),
    [
        ("zh", "肝炎患者应该做哪些检查？", "胆囊结石平时要注意什么？"),
        ("en", "What tests does hepatitis need?", "How are gallstones treated?"),
    ],
)
def test_another_question_with_the_same_answer_is_another_record(lang, first, second):
    rows = [
        {"id": "a", "prompt": first, "output": ANSWER[lang]},
        {"id": "b", "prompt": second, "output": ANSWER[lang] + "!" + "谢谢"},
    ]

    assert kept(rows, threshold=0.7) == ["a", "b"]


@pytest.mark.parametrize(
    ("lang", "first", "second"),
    [
        ("zh", "请问肝炎患者应该做哪些检查？", "肝炎患者应该做哪些检查"),
        ("en", "What tests does hepatitis need?", "What tests does hepatitis need please?"),
    ],
)
def test_the_same_question_asked_a_little_differently_is_a_near_duplicate(lang, first, second):
    rows = [{"id": "a", "prompt": first, "output": ANSWER[lang]}, {"id": "b", "prompt": second, "output": ANSWER[lang]}]

    assert len(kept(rows)) == 1


def test_documents_ask_nothing_and_are_compared_as_they_are():
    rows = [{"id": "a", "text": ANSWER["zh"] * 2}, {"id": "b", "text": ANSWER["zh"] * 2 + "谢谢"}]

    assert len(kept(rows)) == 1


def test_in_a_crowd_only_equal_questions_merge():
    rows = [
        {"id": f"{n:03}", "prompt": f"第{'甲乙丙丁戊'[n % 5]}类患者怎么办？", "output": ANSWER["zh"] * 3}
        for n in range(200)
    ]

    assert len(kept(rows, fields=("prompt", "output"))) == 5
