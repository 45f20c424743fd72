"""Equal, near and contradicting records are decided on in one reduce."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.dedup import Dedup, near, settled
from toolkit.dedup.compare import FIELDS
from toolkit.dedup.exact import REASON as EQUAL
from toolkit.dedup.index import add
from toolkit.dedup.kernel import Params
from toolkit.dedup.near import REASON as NEAR
from toolkit.dedup.pairs import Kind
from toolkit.frames import batches_of
from toolkit.kinds import run_steps

RULE = "国家实行统一的医疗保障制度，参加人依法享有待遇，任何单位和个人不得侵占、挪用医疗保障基金。"
TWO = RULE.replace("任何单位和个人", "任何单位或者个人")
LAWS = [
    {
        "id": "a19",
        "text": RULE,
        "validity": {"fact_key": "法:1", "valid_from": "2019-01-01", "valid_until": "2020-12-31"},
    },
    {"id": "a24", "text": RULE + "。", "validity": {"fact_key": "法:1", "valid_from": "2024-01-01"}},
    {
        "id": "b19",
        "text": TWO,
        "validity": {"fact_key": "法:1", "valid_from": "2019-01-01", "valid_until": "2020-12-31"},
    },
    {"id": "b24", "text": TWO + "。", "validity": {"fact_key": "法:1", "valid_from": "2024-01-01"}},
]


def decided(stage, rows):
    """What the one step decides about rows: id -> (reason, survivor)."""
    found = {}
    [step] = stage.steps()

    def spy(rows, records):
        solved = step.solve(rows, records)
        found.update({row["id"]: (row["reason"], row["survivor"]) for row in solved.to_pylist() if row["reason"]})
        return solved

    run_steps([type(step)(step.emit, step.rounds, step.apply, spy)], list(batches_of(rows)), "dedup")
    return found


def test_near_texts_of_two_times_merge_within_each_time_though_each_stands_twice():
    assert decided(Dedup(threshold=0.7), LAWS) == {"a19": (NEAR, "b19"), "a24": (NEAR, "b24")}  # the longer one stays


def test_versions_of_equal_text_are_flagged_and_stand_in_one_cluster():
    kept = Dedup().run(LAWS[:2]).kept

    assert [(row["id"], row["clusters"], row["flags"]) for row in kept] == [
        (n, ["a19"], ["near_variant"]) for n in ("a19", "a24")
    ]


def test_a_near_duplicate_of_equal_texts_points_to_the_one_that_stayed():
    official = {"id": "z", "text": RULE, "source": {"authority": 1}}

    found = decided(Dedup(threshold=0.7), [{"id": "copy", "text": RULE + "！"}, official, {"id": "near", "text": TWO}])

    assert found == {"copy": (EQUAL, "z"), "near": (NEAR, "z")}


def test_a_dropped_answer_contradicts_nothing():
    question = "青霉素每日用几次？"
    rows = [
        {"id": n, "prompt": question, "output": answer}
        for n, answer in (("a", "每日3次。"), ("b", "每日３次"), ("c", "每日2次。"))
    ]

    result = Dedup(conflicts="keep_best").run(rows)

    assert [(r.record["id"], r.reason) for r in result.rejected] == [("b", EQUAL), ("c", "conflicting_output")]


def test_a_batch_in_which_some_leave_and_some_stay_is_applied_at_once():
    stage = Dedup(threshold=0.7)
    [step] = stage.steps()
    [batch] = batches_of(
        [
            {"id": "copy", "text": RULE + "！"},
            {"id": "a", "text": RULE},
            {"id": "near", "text": TWO},
            {"id": "x", "text": "无关"},
        ]
    )
    calls = []

    def apply(part, rows):
        calls.append(part.num_rows)
        return step.apply(part, rows)

    run_steps([type(step)(step.emit, step.rounds, apply, step.solve)], [batch], "dedup")
    assert calls == [4]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_the_size_of_batches_changes_nothing(size):
    rows = [
        *LAWS,
        {"id": "copy", "text": RULE + "！"},
        {"id": "q", "prompt": "几次？", "output": "3次"},
        {"id": "p", "prompt": "几次", "output": "2次"},
    ]
    whole = pa.Table.from_batches(batches_of(rows))
    [step] = Dedup(threshold=0.7).steps()

    batches, gone, _ = run_steps([step], whole.to_batches(max_chunksize=size), "dedup")

    expected = Dedup(threshold=0.7).run(whole)
    assert [r["id"] for b in batches for r in b.to_pylist()] == [r["id"] for r in expected.kept.to_pylist()]
    assert sorted(r["id"] for b in gone for r in b.to_pylist()) == sorted(r.record["id"] for r in expected.rejected)


FORMS = [RULE, TWO, RULE.replace("统一", "同一"), "片剂每日口服，饭后半小时温水送服，连服七天为一个疗程，忌烟酒辛辣。"]


TIMES = [None, {"fact_key": "法:1", "valid_from": "2019-01-01"}, {"fact_key": "法:1", "valid_from": "2024-01-01"}]
RECORDS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 12), st.integers(0, 2), st.booleans()), min_size=2, max_size=40
)


@given(drawn=RECORDS)
@settings(max_examples=40, deadline=None)
def test_that_texts_which_stay_apart_are_linked_by_few_pairs_changes_nothing_that_is_kept(drawn):
    rows = [
        {"id": f"{n:02}", "output" if asked else "text": f"{FORMS[form]}第{number}条", "validity": TIMES[time]}
        | ({"prompt": f"第{number % 3}条怎么规定？"} if asked else {})
        for n, (form, number, time, asked) in enumerate(drawn)
    ]
    stage = Dedup(threshold=0.7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settled, "SPANNED", 8)
        few = stage.run(rows)
        for module in (near, settled):
            patch.setattr(module, "spanning", lambda pairs: pairs)
        assert few == stage.run(rows)


def test_a_table_of_a_hundred_doses_takes_a_hundred_links_and_not_all_pairs():
    rows = [{"id": f"{n:03}", "text": f"{RULE}每次{n}毫克。"} for n in range(1, 101)]
    [step] = Dedup().steps()
    sizes = []

    def spy(rows, records):
        sizes.append(rows.column("kind").to_pylist().count(Kind.VETOED))
        return step.solve(rows, records)

    kept, _, _ = run_steps([type(step)(step.emit, step.rounds, step.apply, spy)], list(batches_of(rows)), "dedup")

    assert 0 < sizes[0] < len(rows)
    assert sum(batch.num_rows for batch in kept) == 100


def test_where_an_entry_of_the_index_leaves_those_that_it_stood_between_stay_linked(tmp_path):
    first, second, third = (f"{RULE}第{n}条" for n in (1, 2, 3))
    add(tmp_path, batches_of([{"id": "x", "text": first}]), fields=FIELDS, params=Params(threshold=0.7))
    rows = [{"id": "y", "text": first}, {"id": "x", "text": second}, {"id": "b", "text": third}]

    result = Dedup(threshold=0.7, index=tmp_path).run(rows)

    assert [(row["id"], row["clusters"], row["flags"]) for row in result.kept] == [
        (n, ["b"], ["near_variant"]) for n in ("x", "b")
    ]
