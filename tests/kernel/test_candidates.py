"""Candidates and crowds: every pair is reachable, nothing grows with the square of a run."""

import random
import time
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.dedup import kernel
from toolkit.dedup.kernel import near, reference
from toolkit.text.shingles import normal_form, salient

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30)), unique=True)
HAN = [c for c in map(chr, range(0x4E2D, 0x4E2D + 4000)) if normal_form(c) == c and not salient(c)][:3000]
LAW = "".join(HAN[at] for at in range(0, 3000, 7))  # 429 characters that no two places share


def arrays(rows):
    return np.array([key for key, _ in rows], dtype=np.uint64), np.array([ref for _, ref in rows], dtype=np.int64)


@given(ROWS)
def test_a_short_run_gives_every_pair_once(rows):
    found = kernel.candidate_pairs(*arrays(rows))
    expect = {(a, b) for (k, a), (m, b) in combinations(sorted(rows, key=lambda r: r[1]), 2) if k == m and a != b}

    assert sorted(zip(found.left.tolist(), found.right.tolist(), strict=True)) == sorted(expect)
    assert not found.crowded.any()


@given(ROWS, st.randoms(), st.integers(1, 6))
def test_the_order_of_rows_does_not_matter(rows, generator, crowd):
    shuffled = list(rows)
    generator.shuffle(shuffled)
    one, two = (kernel.candidate_pairs(*arrays(r), crowd=crowd) for r in (rows, shuffled))

    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@given(ROWS, st.integers(1, 6))
def test_every_member_of_a_run_stays_reachable(rows, crowd):
    found = kernel.candidate_pairs(*arrays(rows), crowd=crowd)
    refs, labels = kernel.components(found.left, found.right)
    of = dict(zip(refs.tolist(), labels.tolist(), strict=True))

    for (key, a), (other, b) in combinations(rows, 2):
        if key == other and a != b:
            assert of[a] == of[b]


def test_a_run_of_a_hundred_thousand_gives_a_chain():
    found = kernel.candidate_pairs(np.zeros(100_000, dtype=np.uint64), np.arange(100_000))

    assert len(found.left) == 99_999
    assert found.crowded.all()


def follow_all(texts, params):
    """Greedy by definition: every text against every leader."""
    lead, out = [], {}
    for row, text in enumerate(texts):
        scores = [(reference.similarity(text, texts[other], params), -other) for other in lead]
        best = max(scores, default=(0.0, 0))
        if best[0] >= params.threshold:
            out[row] = (-best[1], best[0])
        else:
            lead.append(row)
    return out


def variant(generator, base, share):
    letters = list(base)
    for _ in range(generator.randrange(3)):
        at = generator.randrange(len(letters))
        letters[at : at + max(1, int(len(base) * share))] = generator.choices(HAN, k=generator.randrange(1, 9))
    return "".join(letters)


@pytest.mark.parametrize("name", ["numba", "numpy"])
@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.7, 0.8, 0.9, 1.0]))
@settings(deadline=None, max_examples=25)
def test_leaders_are_those_of_the_definition(name, seed, threshold):
    generator = random.Random(seed)
    bases = ["".join(generator.choices(HAN, k=generator.randrange(5, 60))) for _ in range(3)]
    texts = [variant(generator, generator.choice(bases), 0.05) for _ in range(25)]
    params = kernel.Params(threshold=threshold)
    found = kernel.leaders(pa.array(texts), params=params, kernel=name)

    assert {m: (at, s) for m, at, s in zip(*(part.tolist() for part in found), strict=True)} == follow_all(
        texts, params
    )


def test_leaders_compare_only_what_is_the_same():
    texts = pa.array([LAW, LAW, LAW])
    members, leads, _ = kernel.leaders(texts, params=kernel.Params(), same=np.array([1, 2, 1], dtype=np.uint64))

    assert (members.tolist(), leads.tolist()) == ([2], [0])


def judge(texts, params, **options):
    """Return the result after checking the three laws of the survivor rule by the reference."""
    found = kernel.near_duplicates(pa.array(texts), params=params, **options)
    dropped = dict(zip(found.dropped.left.tolist(), found.dropped.right.tolist(), strict=True))
    for row, keeper in dropped.items():
        assert keeper not in dropped
        assert reference.similarity(texts[row], texts[keeper], params) >= params.threshold
        assert salient(texts[row]) == salient(texts[keeper])
    return dropped


@pytest.mark.parametrize("threshold", [0.7, 0.8, 0.9])
def test_no_two_kept_texts_of_planted_groups_are_near(threshold):
    generator = random.Random(11)
    params = kernel.Params(threshold=threshold)
    bases = ["".join(generator.choices(HAN, k=200)) for _ in range(40)]
    texts = [variant(generator, generator.choice(bases), 0.03) for _ in range(400)]
    dropped = judge(texts, params)
    kept = [row for row in range(len(texts)) if row not in dropped]
    near = [(a, b) for a, b in combinations(kept, 2) if reference.similarity(texts[a], texts[b], params) >= threshold]

    assert dropped
    assert len(near) <= 0.001 * len(dropped)


@pytest.mark.parametrize("own", [10, 30, 45, 60, 120])
def test_a_crowd_is_settled_exactly_whatever_share_its_members_have_in_common(own):
    """Boilerplate of 429 characters and `own` ones of each record: from all alike to none alike."""
    generator = random.Random(own)
    texts = [LAW + "".join(generator.choices(HAN, k=own)) for _ in range(200)]
    params = kernel.Params()
    dropped = judge(texts, params)

    if own <= 30:
        assert len(dropped) == 199
    if own >= 60:
        assert not dropped


def test_a_member_whose_leader_was_dropped_for_a_text_outside_finds_another():
    """Row 0 is kept; row 1, the leader of the crowd, falls to it; the crowd's others are not like row 0, but one another."""
    middle = LAW[:300]
    outside = "".join(HAN[5 + at * 7] for at in range(30)) + middle[30:]
    crowd = [middle[:-30] + "".join(HAN[3 + at * 7] for at in range(30 - n % 3)) + HAN[-1 - n] for n in range(130)]
    texts = [outside, middle, *crowd]
    work = kernel.Work(pa.chunked_array([texts]), kernel.Params(), "numpy", normal=True)
    outer = kernel.Pairs(np.array([0]), np.array([1]), np.array([0.82]))
    _, kept_for, _ = kernel.settle(work, [np.arange(1, len(texts))], outer, np.arange(len(texts)))

    assert kept_for.tolist() == [-1, 0, -1, *[2] * 129]
    assert [row for row in range(len(texts)) if row not in judge(texts, kernel.Params())] == [0, 2]


def test_a_crowd_is_settled_within_equal_numbers_only():
    work = kernel.Work(
        pa.chunked_array([[LAW] * 4]), kernel.Params(), "numpy", normal=True, apart=np.array([1, 2, 1, 2])
    )

    assert work.lead(np.arange(4)).right.tolist() == [0, 1]


def test_the_survivor_follows_the_order_given():
    texts = [LAW, LAW + "附", "又" + LAW]
    found = kernel.near_duplicates(pa.array(texts), params=kernel.Params(), order=np.array([2, 0, 1]))

    assert found.dropped.left.tolist() == [0, 2]
    assert set(found.dropped.right.tolist()) == {1}


@given(st.randoms())
@settings(deadline=None, max_examples=10)
def test_who_survives_does_not_depend_on_the_order_of_rows(generator):
    source = random.Random(3)
    bases = ["".join(source.choices(HAN, k=80)) for _ in range(6)]
    texts = [variant(source, source.choice(bases), 0.05) for _ in range(60)]
    order = list(range(len(texts)))
    generator.shuffle(order)
    plain = kernel.near_duplicates(pa.array(texts), params=kernel.Params()).dropped
    mixed = kernel.near_duplicates(
        pa.array([texts[at] for at in order]), params=kernel.Params(), order=np.array(order)
    ).dropped
    rows = np.array(order)

    assert sorted(zip(plain.left.tolist(), plain.similarity.tolist(), strict=True)) == sorted(
        zip(rows[mixed.left].tolist(), mixed.similarity.tolist(), strict=True)
    )


def test_numbers_and_negations_are_vetoed_and_reported():
    base = "高血压患者在冬季应注意保暖并按时监测血压，如出现头痛头晕等不适症状请及时前往医院心内科就诊。"
    found = kernel.near_duplicates(pa.array([base + "每日3次", base + "每日2次"]), params=kernel.Params())

    assert not len(found.dropped.left)
    assert (found.vetoed.left.tolist(), found.vetoed.right.tolist()) == ([0], [1])


def test_thousands_of_letters_of_one_letterhead_take_seconds():
    """Nearly three quarters of each letter is the same: every band is full of them, no two are near, and all are kept."""
    generator = random.Random(5)
    texts = pa.array([LAW + "".join(generator.choices(HAN, k=150)) for _ in range(3_000)])
    begin = time.process_time()
    found = kernel.near_duplicates(texts, params=kernel.Params(), kernel="numba")

    assert not len(found.dropped.left)
    assert time.process_time() - begin < 20


def test_ten_thousand_equal_texts_leave_one():
    found = kernel.near_duplicates(pa.array([LAW] * 10_000), params=kernel.Params())

    assert found.dropped.left.tolist() == list(range(1, 10_000))
    assert set(found.dropped.right.tolist()) == {0}


def test_pairs_are_measured_alike_however_few_texts_are_in_memory(monkeypatch):
    draw = random.Random(3)
    texts = ["".join(draw.choices("高血压每日三次不得2", k=draw.choice([3, 40, 900]))) for _ in range(40)]
    texts += [text[:-1] + "次" for text in texts]
    rows = np.arange(40)
    work = kernel.Work(pa.chunked_array([texts]), kernel.Params(threshold=0.5), "numpy", False)
    whole = work.verify(rows, rows + 40)
    monkeypatch.setattr(near, "BLOCK", 1)
    monkeypatch.setattr(near, "FEW", 2)

    for one, other in zip(whole, work.verify(rows, rows + 40), strict=True):
        assert [part.tolist() for part in one] == [part.tolist() for part in other]
        assert len(one.left)


def test_huge_texts_are_measured_a_few_at_a_time():
    asked = []

    class Spy:
        def take(self, rows):
            asked.append(len(rows))
            return pa.array(["血压12" * 100_000] * len(rows))

    work = kernel.Work(Spy(), kernel.Params(), "numba", False)
    rows = np.arange(100)
    near_ones, _ = work.verify(rows, rows + 100)

    assert len(near_ones.left) == 100
    assert max(asked[1:]) * 800_000 <= 3 * near.BLOCK
