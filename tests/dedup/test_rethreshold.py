"""A higher threshold decided from what a run left is what a new run decides."""

import dataclasses
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import Dedup
from toolkit.dedup.rethreshold import read_clusters, redecide
from toolkit.errors import UsageError
from toolkit.frames import batches_of
from toolkit.kinds import run_steps

LETTERS = ["每日三次饭后服用连服七天忌酒高血压患者应当低盐饮食", "take it with food and plenty of water do not drive "]


def corpus(seed, count=36):
    draw = random.Random(seed)
    originals = ["".join(draw.choices(LETTERS[n % 2], k=40)) for n in range(4)]
    rows = []
    for n in range(count):
        text = list(draw.choice(originals))
        for _ in range(draw.randrange(5)):
            text[draw.randrange(len(text))] = draw.choice(LETTERS[n % 2])
        rows.append({"id": f"r{n:02}", "text": "".join(text), "source": {"authority": draw.randint(1, 3)}})
    return rows


def run(threshold, rows):
    """The ids that stay, and the lines of clusters.jsonl."""
    lines, batches = [], list(batches_of(rows))
    for step in Dedup(threshold=threshold, conflicts="off").steps():

        def solve(table, records, step=step):
            solved = step.solve(table, records)
            lines.extend(step.report(solved).get("clusters.jsonl", []))
            return solved

        batches, _, _ = run_steps([dataclasses.replace(step, solve=solve)], batches, "dedup")
    return {i for b in batches for i in b.column("id").to_pylist()}, [json.loads(line) for line in lines]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.sampled_from([0.4, 0.5, 0.6]), more=st.sampled_from([0.0, 0.1, 0.3]))
def test_a_raised_threshold_gives_what_a_new_run_gives(seed, low, more):
    rows = corpus(seed)
    kept, lines = run(low, rows)

    found = redecide(lines, low + more)

    assert not found.unsure
    assert (kept | set(found.back)) - set(found.gone) == run(low + more, rows)[0]


def test_a_lowered_threshold_is_refused_with_the_reason():
    _, lines = run(0.5, corpus(1))

    with pytest.raises(UsageError, match="less similar pairs were not kept"):
        redecide(lines, 0.4)


def test_equal_texts_stay_merged_at_any_threshold():
    kept, lines = run(0.5, [{"id": n, "text": "高血压患者应当低盐饮食，定期复查。"} for n in "ab"])

    assert (kept, redecide(lines, 1.0).back) == ({"a"}, {})


def test_members_of_crowds_are_named_where_only_a_new_run_decides():
    letter = "尊敬的客户：感谢您一直以来对本公司产品与服务的信任与支持，以下内容仅供参考，不构成任何建议。"
    rows = [
        {"id": f"r{n:03}", "text": letter + random.Random(n).choice("甲乙丙丁戊己庚辛") * 3 + "。" * (n % 2)}
        for n in range(8)
    ]
    rows += [
        {"id": f"s{n:03}", "text": letter + "".join(random.Random(n).choices(LETTERS[0], k=6))} for n in range(120)
    ]
    _, lines = run(0.5, rows)

    found = redecide(lines, 0.95)

    assert found.unsure
    assert not set(found.unsure) & (set(found.back) | set(found.gone))


def test_a_run_without_duplicates_has_nothing_to_decide(tmp_path):
    with pytest.raises(UsageError, match=r"clusters\.jsonl: is not there"):
        read_clusters(tmp_path)
