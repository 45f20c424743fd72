"""The policy: read once, checked as a whole, carried as content; and the two stages as every stage must be."""

import os
import pickle
import re

import pytest

from toolkit.age import Attach, Decide, Policy
from toolkit.age.evidence import FLAGS as KNOWLEDGE_FLAGS
from toolkit.age.policy import BUILTIN, VOLATILITIES, check
from toolkit.age.verdict import FLAGS, RULES
from toolkit.errors import UsageError
from toolkit.reasons import check_reason
from toolkit.record import columns_of, rows_of
from toolkit.schemas import load
from toolkit.stage import stage_class


def test_the_builtin_policy_keeps_its_own_schema():
    check(BUILTIN)


def test_the_schema_and_the_program_know_the_same_words():
    schema = load("policy")["properties"]

    assert set(schema) == set(BUILTIN)
    assert tuple(schema["defaults"]["properties"]) == VOLATILITIES
    assert tuple(schema["rules"]["items"]["properties"]["set"]["properties"]["volatility"]["enum"]) == VOLATILITIES


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"normative_doctypes": ["法律"]}, "did you mean 'normative_doc_types'?"),
        ({"drop_min_rank": 1}, "/drop_min_rank: 1 is less than 2"),
        ({"tz_default": "Asia/Shangahi"}, "did you mean 'Asia/Shanghai'"),
        ({"defaults": {"fats": {"route": "rag"}}}, "did you mean 'fast'?"),
        ({"rules": [{"match": {}, "set": {"route": "rag"}}]}, "/rules/0/match"),
        ({"rules": [{"match": {"domain": 3}, "set": {"route": "rag"}}]}, "/rules/0/match/domain: "),
        (["医疗"], "expected a mapping"),
        ({1: "x"}, "unknown key '1'"),
    ],
)
def test_a_wrong_policy_says_where_and_what_to_write(policy, told):
    with pytest.raises(UsageError) as error:
        Policy.of(policy)

    assert told in str(error.value)


def test_every_finding_is_told_at_once():
    wrong = {
        "drop_min_rnk": 3,
        "unknown_anchor": "drop",
        "rules": [{"match": {"source": "价目表"}, "set": {"rout": "rag"}}],
    }

    with pytest.raises(UsageError) as error:
        Policy.of(wrong)

    assert all(place in error.value.message for place in ("/drop_min_rnk", "/unknown_anchor", "/rules/0/set/rout"))


def test_the_content_of_the_file_and_not_its_path_is_the_option(tmp_path):
    file = tmp_path / "策略.yaml"
    file.write_text("rules:\n  - match: {source: 价目表*}\n    set: {route: rag}\n", encoding="utf-8")

    options = Decide(as_of="2026-11-22", policy=str(file)).options()
    file.unlink()

    assert options["policy"]["rules"] == [{"match": {"source": "价目表*"}, "set": {"route": "rag"}}]
    assert options["policy"]["drop_min_rank"] == 3
    assert Decide.build(options).options() == options


@pytest.mark.parametrize("text", ["a: [", "\x00"])
def test_a_policy_that_is_no_yaml_is_refused_by_name(tmp_path, text):
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match="is no YAML"):
        Policy.of(file)


def test_a_missing_policy_is_refused_by_name():
    with pytest.raises(UsageError, match=r"nowhere\.yaml: cannot be read"):
        Policy.of("nowhere.yaml")


@pytest.mark.parametrize("day", ["today", "2024-06", "2024-02-30", "2024年6月1日", ""])
def test_a_day_that_is_none_is_refused_before_anything_runs(day):
    with pytest.raises(UsageError, match="is no day"):
        Decide(as_of=day)


def test_a_day_is_required():
    with pytest.raises(UsageError, match=r"age\.decide needs the option 'as_of'"):
        Decide.build({})


def test_an_unknown_zone_is_refused_before_anything_runs():
    with pytest.raises(UsageError, match="北京"):
        Attach(tz="北京")


def test_the_stages_are_found_by_name_and_travel_to_workers():
    for name, stage in (("age.attach", Attach()), ("age.decide", Decide(as_of="2026-11-22"))):
        assert type(stage) is stage_class(name)
        assert pickle.loads(pickle.dumps(stage.steps())) is not None
        assert pickle.loads(pickle.dumps(stage)) == stage


def test_a_stage_judges_one_batch_of_another_engine():
    batch = columns_of([{"id": "甲", "text": "…", "validity": {"valid_until": "2020年"}}, {"id": "b", "text": "…"}])

    (kept, gone) = rows_of(Decide(as_of="2024-01-01").apply(batch))

    assert (kept["id"], kept["flags"], gone["leaving"]["reason"]) == ("b", ["no_date"], "expired")


def test_what_attach_does_not_know_of_evidence_stays():
    claim = {
        "field": "valid_until",
        "value": "2020年",
        "method": "text",
        "rank": 1,
        "start": 3,
        "end": 8,
        "doc_sha256": "0a",
    }
    validity = {"valid_from": "2019", "evidence": [claim]}

    (kept,) = Attach().run([{"id": "a", "text": "…", "validity": validity}]).kept

    assert kept["validity"]["evidence"][0] == claim
    assert [c["value"] for c in kept["validity"]["evidence"]] == ["2020年", "2019"]


def test_flags_of_other_stages_keep_their_place_and_a_flag_that_no_longer_holds_goes():
    record = {"id": "a", "text": "…", "flags": ["no_date", "near_variant"], "validity": {"valid_from": "2019"}}

    assert Attach().run([record]).kept[0]["flags"] == ["near_variant"]
    assert Attach().run([{**record, "validity": {}}]).kept[0]["flags"] == ["no_date", "near_variant"]


def test_a_policy_may_change_its_mind_about_volatility_and_a_source_is_not_overruled():
    records = [
        {"id": "a", "text": "…", "source": {"domain": "价格"}, "validity": {"valid_from": "2026"}},
        {
            "id": "b",
            "text": "…",
            "source": {"domain": "价格"},
            "validity": {"valid_from": "2026", "volatility": "slow"},
        },
    ]

    def by(volatility):
        return {"rules": [{"match": {"domain": "价格"}, "set": {"volatility": volatility}}]}

    first = Attach(policy=by("fast")).run(records).kept
    second = Attach(policy=by("timeless")).run(first).kept

    assert [r["validity"]["volatility"] for r in first] == ["fast", "slow"]
    assert [r["validity"]["volatility"] for r in second] == ["timeless", "slow"]
    assert sum(c["field"] == "volatility" for c in second[0]["validity"]["evidence"]) == 1


def test_every_reason_stands_in_the_table_of_the_program():
    for rule in RULES:
        check_reason({"undated": "no_date"}.get(rule.__name__, rule.__name__))


def test_every_rule_and_flag_has_a_name_of_its_own():
    assert len({rule.__name__ for rule in RULES}) == len(RULES)
    assert set(KNOWLEDGE_FLAGS) & set(FLAGS) == {"no_date"}


def test_of_the_versions_of_real_laws_the_one_in_force_stays_and_no_other(shared_data):
    versions = real_laws(shared_data / "laws")
    assert sum(len(rows) > 1 for rows in versions.values()) > 10
    for day in ("2005-01-01", "2015-06-01", "2022-01-01", "2026-11-22"):
        kept = {r["id"] for r in Decide(as_of=day).run([row for rows in versions.values() for row in rows]).kept}
        for title, rows in versions.items():
            begun = [r["validity"]["valid_from"] for r in rows if r["validity"]["valid_from"] <= day]
            expected = {r["id"] for r in rows if begun and r["validity"]["valid_from"] == max(begun)}
            assert kept & {r["id"] for r in rows} == expected, (title, day)


def real_laws(folder):
    """Every dated version in a file name, by title: the shape that a source entry with a pattern gives."""
    named = re.compile(r"(?P<title>.+)\((?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})\)\.md")
    found = {}
    for path in sorted(folder.rglob("*.md")):
        match = named.fullmatch(path.name)
        if match:
            claim = {"field": "valid_from", "value": match["day"], "method": "path", "rank": 2}
            validity = {"fact_key": f"law:CN:{match['title']}", "valid_from": match["day"], "evidence": [claim]}
            row = {"id": os.fspath(path.relative_to(folder)), "text": "", "validity": validity,
                   "source": {"id": "laws", "doc_type": "law", "jurisdiction": "CN"}}  # fmt: skip
            found.setdefault(match["title"], []).append(row)
    return found
