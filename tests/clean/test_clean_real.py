"""Real texts: the default profile does no harm to statutes, medical answers, English and code."""

from __future__ import annotations

import csv
import io
import json

import pytest

from toolkit.clean import Clean

MOST = 0.02


def medical(folder):
    lines = (folder / "medical/huatuo_llama_data.json").read_text("utf-8").splitlines()
    table = (folder / "medical/toyhom_neike_gbk.csv").read_bytes().decode("gb18030", "replace")
    pairs = [(row["instruction"], row["output"]) for row in map(json.loads, lines)]
    pairs += [(row["ask"], row["answer"]) for row in csv.DictReader(io.StringIO(table))]
    return [{"prompt": ask, "output": answer, "source": {"domain": "medical"}} for ask, answer in pairs]


def statutes(folder):
    return [
        {"text": path.read_text("utf-8"), "source": {"domain": "legal"}} for path in sorted(folder.glob("laws/**/*.md"))
    ]


def english(folder):
    rows = []
    for name in ("roleplay", "codegen"):
        found = json.loads((folder / f"english/gpteacher_{name}.json").read_text("utf-8"))
        rows += [{"prompt": r["instruction"], "input": r["input"], "output": r["response"]} for r in found]
    return rows


@pytest.mark.parametrize("rows", [medical, statutes, english])
def test_the_default_profile_rejects_hardly_anything_of_good_material(rows, shared_data):
    given = rows(shared_data)
    done = Clean().run(given)
    assert len(done.rejected) <= MOST * len(given), [(r.reason, r.detail) for r in done.rejected[:20]]


def test_no_statute_loses_a_mark(shared_data):
    given = statutes(shared_data)[::10]
    for before, after in zip(given, Clean(pii="mask").run(given).kept, strict=True):
        marks = "，。！？：；（）《》“”第条款项"
        assert [c for c in after["text"] if c in marks] == [c for c in before["text"] if c in marks]


def test_languages_of_the_corpora_are_what_they_are(shared_data):
    assert {row["lang"] for row in Clean().run(statutes(shared_data)[::20]).kept} == {"zh"}
    named = [row["lang"] for row in Clean().run(medical(shared_data)[::20]).kept]
    assert named.count("zh") > 0.99 * len(named)
