"""Promises of the README that no single part can hold: languages, network, clock."""

import ast
import json
from collections import Counter

import pytest
from doc_pages import ROOT

CASES = ROOT / "tests" / "cases"
CLOCK = ROOT / "toolkit" / "engine" / "clock.py"
NOW = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
CLOCKS = {"time", "datetime", "date", "dt"}


@pytest.mark.parametrize("folder", sorted(p.name for p in CASES.iterdir()))
def test_every_stage_has_cases_in_both_languages(folder):
    """P3: neither language has less than half of the rows that the other has."""
    rows = [json.loads(x) for p in (CASES / folder).glob("*.jsonl") for x in p.read_text("utf-8").split("\n") if x]
    count = Counter(str(row.get("lang", "")).partition("-")[0] for row in rows)

    assert 2 * min(count["en"], count["zh"]) >= max(count["en"], count["zh"]) > 0


def test_the_sample_run_opens_no_connection(watched_run):
    """P4: no network, so no key either."""
    report, attempts = watched_run

    assert attempts == []
    assert report.manifest["files"]


def readings(path):
    """The calls of a file that ask a clock."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NOW:
            owner = node.func.value
            if (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")) in CLOCKS:
                yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_only_one_module_reads_a_clock():
    """P5: what a run decides does not depend on when it runs."""
    assert list(readings(CLOCK))
    assert [
        place for path in sorted((ROOT / "toolkit").rglob("*.py")) if path != CLOCK for place in readings(path)
    ] == []
