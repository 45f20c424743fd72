"""A run that names an index: what was shipped counts as if it stood in the run, and nothing else changes."""

import json
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import Dedup
from toolkit.dedup.compare import FIELDS
from toolkit.dedup.index import add, remove
from toolkit.dedup.kernel import Params, components, pair_similarities
from toolkit.errors import UsageError
from toolkit.frames import batches_of
from toolkit.kinds import run_steps

ZH = "每日三次饭后服用连服七天忌酒高血压患者应当低盐饮食定期复查遵医嘱调整剂量如有不适立即就医孕妇慎用儿童减半"
EN = "take it with food and plenty of water do not drive after the first dose ask your doctor before changing anything "
THRESHOLD = 0.5
RULE = "本办法所称生活垃圾，是指在日常生活中产生的固体废物，由市政府负责统一清运。"


def index_of(state, rows, **params):
    add(state, batches_of(rows), fields=FIELDS, params=Params(**params))


def corpus(seed, count, prefix, authority):
    """Texts of both languages, half of them small edits of a few originals that both halves of a split share."""
    draw, shared = random.Random(seed), random.Random(7)
    letters = [ZH, EN]
    originals = ["".join(shared.choices(letters[n % 2], k=30)) for n in range(6)]
    rows = []
    for n in range(count):
        text = list(draw.choice(originals))
        for _ in range(draw.randrange(4)):
            text[draw.randrange(len(text))] = draw.choice(letters[n % 2])
        rows.append(
            {"id": f"{prefix}{n:02}", "text": "".join(text), "source": {"id": prefix, "authority": authority(draw)}}
        )
    return rows


def kept(result):
    return {r["id"] for r in result.kept}


def replaced_by(result):
    return {r["id"] for row in result.kept for r in row.get("replaces", ())}


def groups(rows):
    """Components of all pairs that reach the threshold, measured pair by pair."""
    one, two = (np.array(side) for side in zip(*[(a, b) for a in range(len(rows)) for b in range(a)], strict=True))
    texts = pa.array([r["text"] for r in rows])
    near = pair_similarities(texts, one, two, params=Params(threshold=THRESHOLD)) >= THRESHOLD
    members, labels = components(one[near], two[near])
    return dict(zip((rows[m]["id"] for m in members), labels.tolist(), strict=True))


def in_two_steps(tmp_path_factory, first, second):
    """What stays of dedup(A), then dedup(B | index): ids, and the indexed ids that were replaced."""
    state = tmp_path_factory.mktemp("state")
    before = Dedup(threshold=THRESHOLD).run(first)
    index_of(state, before.kept, threshold=THRESHOLD)
    after = Dedup(threshold=THRESHOLD, index=str(state)).run(second)
    replaced = replaced_by(after) & kept(before)
    return (kept(before) - replaced) | kept(after), replaced


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_then_b_is_a_and_b_at_once_where_the_index_holds_the_better_source(tmp_path_factory, seed):
    first, second = corpus(seed, 14, "a", lambda _: 1), corpus(seed + 1, 14, "b", lambda _: 2)

    left, replaced = in_two_steps(tmp_path_factory, first, second)

    assert not replaced
    assert left == kept(Dedup(threshold=THRESHOLD).run([*first, *second]))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_where_newcomers_replace_the_difference_stays_in_their_clusters(tmp_path_factory, seed):
    first, second = (corpus(seed + n, 14, "ab"[n], lambda draw: draw.randint(1, 4)) for n in (0, 1))

    left, replaced = in_two_steps(tmp_path_factory, first, second)

    at_once = kept(Dedup(threshold=THRESHOLD).run([*first, *second]))
    group = groups([*first, *second])
    touched = {group[name] for name in replaced}
    assert {group.get(name) for name in left ^ at_once} <= touched


def test_a_record_whose_id_is_in_the_index_is_itself(tmp_path):
    rows = [{"id": "a", "text": RULE}, {"id": "b", "text": "The fee is due on the first day of every month."}]
    index_of(tmp_path, rows)

    again = Dedup(index=str(tmp_path)).run(rows)

    assert kept(again) == {"a", "b"}
    assert not replaced_by(again)


def test_an_edited_record_with_an_indexed_id_stays(tmp_path):
    index_of(tmp_path, [{"id": "a", "text": RULE}])

    assert kept(Dedup(index=str(tmp_path)).run([{"id": "a", "text": RULE + "本款自公布之日起施行。"}])) == {"a"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [(RULE.replace("，", ","), "exact_duplicate"), (RULE.replace("统一", "集中"), "near_duplicate")],
)
def test_a_newcomer_like_a_shipped_record_is_dropped_and_names_it(tmp_path, text, reason):
    index_of(tmp_path, [{"id": "shipped", "text": RULE}], threshold=0.6)

    [gone] = (
        Dedup(index=str(tmp_path), threshold=0.6).run([{"id": "0", "text": text, "source": {"authority": 9}}]).rejected
    )

    assert gone.reason == reason
    assert gone.detail.startswith("same as shipped of the index at similarity ")


def test_a_copy_with_a_smaller_id_does_not_replace_what_was_shipped(tmp_path):
    index_of(tmp_path, [{"id": "z", "text": RULE}])

    assert not Dedup(index=str(tmp_path)).run([{"id": "a", "text": RULE}]).kept


@pytest.mark.parametrize("text", [RULE, RULE.replace("统一", "集中")])
def test_a_better_newcomer_is_kept_and_the_report_lists_what_it_replaces(tmp_path, text):
    index_of(tmp_path, [{"id": "shipped", "text": RULE, "source": {"id": "blog", "authority": 4}}], threshold=0.6)
    stage = Dedup(index=str(tmp_path), threshold=0.6)
    official = {"id": "new", "text": text, "source": {"id": "gazette", "authority": 1}}

    [survivor] = stage.run([official]).kept

    assert survivor["replaces"] == [{"id": "shipped", "source": "blog"}]
    lines = reported(stage, [official])
    assert [(line["survivor"], line["replaces"]) for line in lines] == [("new", ["shipped"])]


def reported(stage, rows):
    """The lines of clusters.jsonl, from the same steps that an engine runs."""
    lines, batches = [], list(batches_of(rows))
    for step in stage.steps():
        report, solve = step.report, step.solve

        def spy(rows, records, solve=solve, report=report):
            solved = solve(rows, records)
            lines.extend(report(solved).get("clusters.jsonl", []))
            return solved

        batches, _, _ = run_steps([type(step)(step.emit, step.rounds, step.apply, spy, report)], batches, "dedup")
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(("text", "other"), [("每日3次，每次一片，饭后服用。", "每日2次，每次一片，饭后服用。"),
                                             ("You must take it at night.", "You must not take it at night.")])  # fmt: skip
def test_a_shipped_record_with_another_number_or_negation_drops_nothing(tmp_path, text, other):
    index_of(tmp_path, [{"id": "shipped", "text": text}], threshold=0.4)

    assert kept(Dedup(index=str(tmp_path), threshold=0.4).run([{"id": "new", "text": other}])) == {"new"}


def test_a_wider_interval_is_not_lost_in_the_index(tmp_path):
    index_of(
        tmp_path, [{"id": "old", "text": RULE, "validity": {"valid_from": "2019-01-01", "valid_until": "2020-12-31"}}]
    )
    longer = {"id": "new", "text": RULE, "validity": {"valid_from": "2021-01-01", "valid_until": "2022-12-31"}}

    [found] = Dedup(index=str(tmp_path)).run([longer]).kept

    assert (found["validity"]["valid_from"], found["validity"]["valid_until"]) == ("2019-01-01", "2022-12-31")
    assert found["replaces"] == [{"id": "old"}]
    assert "flags" not in found


def test_a_crowd_of_new_records_meets_an_indexed_crowd(tmp_path):
    letter = "尊敬的客户：感谢您一直以来对本公司产品与服务的信任与支持，以下内容仅供参考，不构成任何建议。"
    names = ["".join(random.Random(n).choices(ZH, k=40)) for n in range(160)]
    index_of(tmp_path, [{"id": f"a{n:03}", "text": letter + name} for n, name in enumerate(names[:80])], threshold=0.4)
    new = [{"id": f"b{n:03}", "text": letter + name} for n, name in enumerate(names[40:])]

    result = Dedup(index=str(tmp_path), threshold=0.4).run(new)

    again = {r.record["id"] for r in result.rejected if r.reason == "exact_duplicate"}
    assert again == {f"b{n:03}" for n in range(40)}


def test_a_run_writes_nothing_to_the_index(tmp_path):
    index_of(tmp_path, [{"id": "a", "text": RULE}])
    before = {p: p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}

    Dedup(index=str(tmp_path)).run([{"id": "b", "text": RULE}, {"id": "c", "text": "是"}])

    assert {p: p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()} == before


def test_what_was_removed_drops_nothing(tmp_path):
    index_of(tmp_path, [{"id": "a", "text": RULE}])
    remove(tmp_path, FIELDS, ids=["a"])

    assert kept(Dedup(index=str(tmp_path)).run([{"id": "b", "text": RULE}])) == {"b"}


def test_another_threshold_is_refused_with_the_command_that_mends_it(tmp_path):
    index_of(tmp_path, [{"id": "a", "text": RULE}])

    with pytest.raises(UsageError, match=r"threshold is 0\.8, not 0\.9") as refused:
        Dedup(index=str(tmp_path), threshold=0.9)

    assert f"toolkit index rebuild --state {tmp_path}" in refused.value.hint


def test_a_missing_index_is_refused_before_any_record_is_read(tmp_path):
    with pytest.raises(UsageError, match="holds no index") as refused:
        Dedup(index=str(tmp_path / "无"))

    assert "toolkit index add" in refused.value.hint


def test_the_messages_of_a_conversation_are_found_in_the_index(tmp_path):
    turns = [
        {"role": "user", "content": "高血压患者能喝咖啡吗？"},
        {"role": "assistant", "content": "可以少量饮用，注意监测血压。"},
    ]
    index_of(tmp_path, [{"id": "a", "messages": turns}])

    [gone] = Dedup(index=str(tmp_path)).run([{"id": "b", "messages": turns}]).rejected

    assert gone.reason == "exact_duplicate"


@pytest.mark.parametrize("text", ["", "。", None])
def test_records_without_text_pass_an_index_and_are_not_stored(tmp_path, text):
    done = add(tmp_path, batches_of([{"id": "a", "text": text}]), fields=FIELDS, params=Params())

    assert (done.new, done.empty) == (0, 1)
    assert kept(Dedup(index=str(tmp_path)).run([{"id": "b", "text": text}])) == {"b"}


def test_one_character_and_one_megabyte_are_found(tmp_path):
    rows = [{"id": "short", "text": "是"}, {"id": "long", "text": "".join(random.Random(1).choices(ZH, k=350_000))}]
    index_of(tmp_path, rows)

    result = Dedup(index=str(tmp_path)).run([{**r, "id": r["id"] + "2"} for r in rows] + [{"id": "no", "text": "否"}])

    assert kept(result) == {"no"}
