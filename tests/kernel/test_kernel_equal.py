"""All backends give the same bits as the reference, for every text."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.dedup import kernel
from toolkit.dedup.kernel import reference
from toolkit.dedup.kernel.columns import to_bytes
from toolkit.dedup.kernel.params import permutations
from toolkit.dedup.kernel.salience import possible, salient_of, same_salient
from toolkit.text.shingles import normal_form, salience, salient_in_form

KERNELS = ("numba", "numpy", "datasketch")
PIECES = st.sampled_from(
    [
        "高血压",
        "可以",
        "不行",
        "是",
        "否",
        "Take ",
        "it ",
        "C#",
        "!x",
        "1.5",
        "，",
        "。",
        " ",
        "\u3000",
        "👩‍⚕️",
        "é",
        "e\u0301",
        "ß",
        "ｶﾞ",
        "\u200b",
        "'",
        "-5",
        "𠀀",
        "각",
        "Ⱥ",
        "7 0 ",
        " 岁 ",
        "\x00",
        "٣",
    ]
)
TEXT = st.one_of(
    st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(codec="utf-8"), max_size=30), st.none()
)
COLUMN = st.lists(TEXT, max_size=6)
PARAMS = st.builds(
    kernel.Params,
    threshold=st.sampled_from([0.7, 0.8, 0.9]),
    unit=st.sampled_from(["char", "word"]),
    width=st.integers(1, 7),
)
compiles = settings(deadline=None, max_examples=40)  # the first call of a numba function compiles it


@pytest.mark.parametrize("name", KERNELS)
@given(COLUMN)
@compiles
def test_normal_column_is_the_normal_form_of_every_text(name, texts):
    found = kernel.normal_column(pa.array(texts, pa.string()), kernel=name).to_pylist()

    assert found == [normal_form(text or "") for text in texts]


@pytest.mark.parametrize("name", KERNELS)
@given(COLUMN)
@compiles
def test_exact_keys_equal_the_reference(name, texts):
    found = kernel.exact_keys(pa.array(texts, pa.string()), kernel=name).to_pylist()

    assert found == [reference.exact_key(text or "") for text in texts]


@pytest.mark.parametrize("name", KERNELS)
@given(COLUMN, PARAMS)
@compiles
def test_band_keys_equal_the_reference_and_skip_empty_texts(name, texts, params):
    rows, keys = kernel.band_keys(pa.array(texts, pa.string()), params=params, kernel=name)

    assert rows.tolist() == [row for row, text in enumerate(texts) if normal_form(text or "")]
    assert keys.tolist() == [reference.band_keys(texts[row], params) for row in rows]


@pytest.mark.parametrize("name", KERNELS)
def test_some_of_the_bands_are_those_of_all(name):
    column = pa.array(["高血压患者能喝咖啡吗", "Take it with food."])
    whole = kernel.band_keys(column, params=kernel.Params(), kernel=name)[1]
    part = kernel.band_keys(column, params=kernel.Params(), only=range(7, 12), kernel=name)[1]

    assert (part == whole[:, 7:12]).all()


@pytest.mark.parametrize("name", KERNELS)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=6), PARAMS)
@compiles
def test_similarities_equal_the_jaccard_of_the_shingle_sets(name, pairs, params):
    left, right = (pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1))
    found = kernel.similarities(left, right, params=params, kernel=name)

    assert found.tolist() == [reference.similarity(a or "", b or "", params) for a, b in pairs]


@given(COLUMN, st.randoms())
@settings(deadline=None, max_examples=30)
def test_the_keys_of_a_text_do_not_depend_on_its_place(texts, random):
    order = list(range(len(texts)))
    random.shuffle(order)
    column = pa.array(texts, pa.string())
    shuffled = column.take(pa.array(order, pa.int64()))

    assert (
        kernel.exact_keys(shuffled).to_pylist()
        == kernel.exact_keys(column).take(pa.array(order, pa.int64())).to_pylist()
    )


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 0.95])
def test_the_permutations_are_those_of_datasketch(threshold):
    from datasketch import MinHash

    params = kernel.Params(threshold=threshold)

    assert (MinHash(params.bands * params.rows).permutations == permutations(params)).all()


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])
def test_bands_lose_less_than_the_promise_at_the_threshold_within_the_budget(threshold):
    bands, rows = kernel.bands_for(threshold)

    assert (1 - threshold**rows) ** bands < 1e-3
    assert bands * rows <= 190


def test_slices_chunks_and_wide_offsets_are_read_alike():
    texts = ["甲乙丙丁戊己", None, "abcdef", "", "可以"]
    plain = pa.array(texts)
    forms = [
        pa.array(["x", *texts, "y"]).slice(1, 5),
        pa.chunked_array([texts[:2], texts[2:]]),
        plain.cast(pa.large_string()),
    ]

    assert all(kernel.exact_keys(form).equals(kernel.exact_keys(plain)) for form in forms)


def test_a_text_of_a_megabyte_and_an_empty_column_are_ordinary():
    giant = pa.array(["血压12" * 90_000, "血压12" * 90_001])
    for name in ("numba", "numpy"):
        found = kernel.similarities(giant, giant.take(pa.array([1, 0])), params=kernel.Params(), kernel=name)
        assert found.tolist() == [1.0, 1.0]
    assert len(kernel.near_duplicates(pa.array([], pa.string()), params=kernel.Params()).dropped.left) == 0


CASES = Path(__file__).parents[1] / "cases" / "dedup" / "pairs.jsonl"


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(r, id=f"{r['lang']}-{r['name']}")
        for r in map(json.loads, CASES.read_text(encoding="utf-8").splitlines())
    ],
)
@pytest.mark.parametrize("name", KERNELS)
def test_pairs_table(row, name):
    found = kernel.near_duplicates(pa.array(row["input"]), params=kernel.Params(), kernel=name)

    assert ("merge" if len(found.dropped.left) else "apart") == row["expect"], row["note"]


@given(COLUMN, PARAMS, st.sampled_from([0.0, 0.3, 0.8, 1.0]))
def test_a_similarity_is_exact_where_it_reaches_the_least_asked_for_and_0_elsewhere(texts, params, least):
    rows = np.arange(len(texts))
    left, right = (side.ravel() for side in np.meshgrid(rows, rows, indexing="ij"))
    forms = kernel.normal_column(pa.array(texts, pa.string())).to_pylist()
    exact = np.array([reference.similarity(forms[a], forms[b], params) for a, b in zip(left, right, strict=True)])

    for name in KERNELS:
        found = kernel.pair_similarities(
            pa.array(texts, pa.string()), left, right, params=params, least=least, kernel=name
        )
        assert found.tolist() == np.where(exact >= least, exact, 0.0).tolist()


@given(st.text("药不可以", max_size=8).map(lambda text: text * 60), st.integers(1, 400), st.floats(0.5, 1.0))
def test_long_texts_that_are_given_up_early_are_really_unlike(text, cut, least):
    other = text[:cut] + text[::-1]
    params = kernel.Params()
    exact = reference.similarity(text, other, params)

    for name in ("numba", "numpy"):
        [found] = kernel.pair_similarities(
            pa.array([text, other]), np.array([0]), np.array([1]), params=params, least=least, kernel=name, normal=True
        )
        assert found == (exact if exact >= least else 0.0)


SAID = st.lists(
    st.one_of(
        PIECES, st.sampled_from(["不得", "不", "二", "两次", "3", "mg", "no", "not", "type ii", "a型", "th", " "])
    ),
    max_size=10,
).map("".join)


@given(st.lists(st.one_of(SAID, TEXT.filter(bool)), max_size=6))
def test_salient_tokens_of_a_column_are_those_of_each_text(texts):
    forms = kernel.normal_column(pa.array(texts, pa.string()))

    assert list(salient_of(to_bytes(forms))) == [salient_in_form(form) for form in forms.to_pylist()]


FAR = st.lists(
    st.one_of(SAID, st.sampled_from(["高血压患者" * 6, " dose" * 7, "5国际单位", "1.5 percent"])), max_size=8
)


@given(FAR.map("".join), st.lists(FAR.map("".join), min_size=2, max_size=3))
@settings(max_examples=300)
def test_texts_that_begin_alike_are_said_to_agree_when_their_salient_tokens_are_equal(begin, ends):
    forms = kernel.normal_column(pa.array([begin + end for end in ends], pa.string()))
    said = [salient_in_form(form) for form in forms.to_pylist()]
    rows = np.arange(1, len(ends))

    assert same_salient(to_bytes(forms), rows * 0, rows).tolist() == [said[0] == one for one in said[1:]]


@given(FAR.map("".join))
def test_no_salient_token_reaches_far_from_the_last_place_in_it(text):
    [text] = kernel.normal_column(pa.array([text], pa.string())).to_pylist()
    if not text:
        return
    places = possible(np.array([ord(c) for c in text], np.uint32), np.array([0, len(text)]))

    for found in salience._SCAN.finditer(text):
        last = places[places < found.end()].max()
        assert found.end() - last < salience.REACH - 2  # what it looks at behind itself is one sign or two


@pytest.mark.parametrize("name", KERNELS)
def test_salient_keys_part_what_the_salient_tokens_part(name):
    keys = kernel.salient_keys(pa.array(["每日3次", "每日三次", "每日2次", "no", ""]), kernel=name)

    assert keys[0] == keys[1]
    assert len(np.unique(keys)) == 4
