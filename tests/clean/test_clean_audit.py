"""The audit: what it counts is what the stage does."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest

from toolkit.clean import Clean, audit
from toolkit.clean.audit import ANY, as_text

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "clean" / "rules.jsonl").read_text("utf-8").splitlines()
]
ROWS = [
    {
        "prompt": "请问怎么办？",
        "output": case["input"],
        "lang": case["lang"],
        "source": {"domain": ("legal", "medical")[n % 2]},
    }
    for n, case in enumerate(CASES)
]


@pytest.mark.parametrize("profile", ["auto", "strict", "code"])
def test_the_row_of_all_rules_counts_what_the_stage_rejects(profile):
    stage = Clean(profile=profile)
    counted = {(r["lang"], r["domain"]): r for r in audit(ROWS, stage).to_pylist() if r["rule"] == ANY}
    done = stage.run(ROWS)
    rejected = Counter((r.record["lang"], r.record["source"]["domain"]) for r in done.rejected)
    assert {group: row["rejected"] for group, row in counted.items()} == {group: rejected[group] for group in counted}
    assert sum(row["records"] for row in counted.values()) == len(ROWS)
    flagged = Counter((r["lang"], r["source"]["domain"]) for r in done.kept if r.get("flags"))
    assert {group: row["flagged"] for group, row in counted.items()} == {group: flagged[group] for group in counted}


def test_no_rule_counts_a_record_that_the_row_of_all_rules_does_not():
    table = audit(ROWS)
    groups = {}
    for row in table.to_pylist():
        groups.setdefault((row["lang"], row["domain"]), {})[row["rule"]] = row
    for rules in groups.values():
        whole = rules.pop(ANY)
        met = [row["flagged"] + row["rejected"] for row in rules.values()]
        assert max(met) <= whole["flagged"] + whole["rejected"] <= sum(met)
        assert max(row["rejected"] for row in rules.values()) <= whole["rejected"]


def test_rates_are_shares_of_the_group():
    table = audit(ROWS)
    assert pc.all(
        pc.equal(pc.divide(pc.cast(table["rejected"], "double"), table["records"]), table["reject_rate"])
    ).as_py()


def test_nothing_to_audit_is_an_empty_table():
    table = audit([])
    assert table.num_rows == 0
    assert as_text(table)[0].startswith("rule")


def test_the_command_prints_what_the_library_counts(tmp_path, capsys):
    from toolkit.cli import main

    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    with pytest.raises(SystemExit) as end:
        main(["inspect", "audit", str(path), "--json", "--rules", "{refusal: reject}"])
    assert end.value.code == 0
    assert json.loads(capsys.readouterr().out) == audit(ROWS, Clean(rules={"refusal": "reject"})).to_pylist()


def test_an_unknown_rule_of_the_command_is_answered_with_the_nearest(tmp_path, capsys):
    from toolkit.cli import main

    with pytest.raises(SystemExit) as end:
        main(["inspect", "audit", str(tmp_path / "x.jsonl"), "--rules", "{refusals: reject}"])
    assert end.value.code == 2
    assert "did you mean 'refusal'?" in capsys.readouterr().err
