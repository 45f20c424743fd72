"""What the script alone decides, and what is left out before it is asked."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.script import chinese_variant, count_scripts, latin_words, prose, sample, script_language

FOREIGN = [
    "Was ist das in dem Haus",
    "Han er her for at se det",
    "De man is in het huis of in de tuin",
    "The Lord of the Rings ist ein Film und das Buch dazu ist nicht kurz",
    "Il a un chat et on a un chien",
    "To jest do domu i my o tym",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_words_that_english_shares_make_no_text_english(text):
    assert script_language(text) != "en"


@given(st.text(alphabet=st.characters(categories=("Nd", "Po", "Sm", "Zs")), max_size=80))
def test_a_text_without_letters_is_undetermined(text):
    assert script_language(text) == "und"


@given(st.text(alphabet="的了在是我有和就不人都一上也很到说要去你会着没看好自己这", min_size=1, max_size=300))
def test_han_alone_is_chinese(text):
    assert script_language(text) == "zh"


@given(st.text(max_size=120), st.text(max_size=120))
def test_counts_of_characters_add_up_over_a_line_break(first, second):
    one, two, both = count_scripts(first), count_scripts(second), count_scripts(f"{first}\n{second}")

    assert both == tuple(a + b for a, b in zip(one, two, strict=True))


@given(st.text(max_size=300))
def test_latin_words_are_lower_case_letters(text):
    assert all(word.decode("latin-1").isalpha() for word in latin_words(text))


@given(st.text(max_size=3_000), st.integers(min_value=8, max_value=400))
def test_a_sample_is_short_and_a_short_text_is_its_own_sample(text, size):
    sampled = sample(text, size)

    assert len(sampled) <= size + 2
    assert sampled == text if len(text) <= size else sampled[: size // 2] == text[: size // 2]


@given(st.text(alphabet="头痛发烧 abc.，\n", max_size=200))
def test_prose_without_marks_is_untouched(text):
    assert prose(text) == text


def test_code_is_left_out_and_its_comments_stay():
    code = "int total = 0;\nfor (int i = 0; i < n; i++) {\n    total += a[i]; // 累加\n}\n"

    assert prose(code).split() == ["累加"]


def test_the_language_of_a_fence_is_that_of_the_words_around_it():
    assert script_language("请解释：\n```python\n# read the file and print the lines that match\nopen(p)\n```") == "zh"


def test_one_variant_character_outweighs_none():
    assert [chinese_variant(text) for text in ("中文學", "中文学", "中文")] == ["zh-Hant", "zh", "zh"]


@pytest.mark.parametrize(
    "unit", ["`", "<a", "a=", "a@", "://", "```\n", "a ;\n", "/* ", "x, ", "(", "{\n", "import a.", "中`"]
)
def test_no_text_makes_it_slow(unit):
    text = unit * (100_000 // len(unit))
    start = time.process_time()
    script_language(text)

    assert time.process_time() - start < 2


def test_a_text_of_ordinary_length_takes_microseconds():
    """The bar is 10 us on an idle machine; the margin here is for busy ones."""
    texts = [
        "高血压患者应当低盐饮食，每日食盐不超过5克。" * 20,
        "The patient should take this medicine with a glass of water. " * 21,
    ]
    best = min(_seconds(texts) for _ in range(5))

    assert best / (len(texts) * 200) < 100e-6


def _seconds(texts):
    start = time.process_time()
    for _ in range(200):
        for text in texts:
            script_language(text)
    return time.process_time() - start
