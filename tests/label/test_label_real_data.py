"""Numbers on real material, where it lies on this machine; they are floors, with room below what was measured."""

import json
from pathlib import Path

import pytest

from toolkit.label import Convert, LabelRules

DATA = Path("/work/shared/data")
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real material is not on this machine")


@pytest.fixture(scope="module")
def laws():
    files = sorted((DATA / "laws").rglob("*.md"))[::10]
    rows = [
        {"id": f.name, "text": f.read_text(encoding="utf-8"), "source": {"uri": f.relative_to(DATA).as_posix()}}
        for f in files
    ]
    return rows, LabelRules().run(rows)


def test_articles_of_statutes_re_slice_from_their_file(laws):
    rows, done = laws
    texts = {row["id"]: row["text"] for row in rows}

    places = [(texts[r["parents"][0]], r["source"]["locator"], r["output"]) for r in done.kept]

    assert all(text[place["start"] : place["end"]] == output for text, place, output in places)


def test_nearly_every_line_that_begins_with_an_article_becomes_an_example(laws):
    rows, done = laws
    lines = sum(
        line.startswith("第") and "条 " in line[:12]
        for row in rows
        for line in row["text"].replace("\r", "").split("\n")
    )

    articles = sum(r["labeling"]["by"] == "rule:law_article@1" for r in done.kept)

    assert articles > 0.97 * lines


def test_no_article_swallows_the_next(laws):
    swallowed = [
        r["id"] for r in laws[1].kept if "\n第" in r["output"] and "条 " in r["output"].partition("\n第")[2][:10]
    ]

    assert len(swallowed) < 0.002 * len(laws[1].kept)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("medical/huatuo_llama_data.json", "alpaca"),
        ("legal_qa/legal_advice.json", "alpaca"),
        ("english/gpteacher_codegen.json", "alpaca"),
    ],
)
def test_public_data_sets_are_told_and_read(name, form):
    text = (DATA / name).read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.split("\n")[:500]] if text.startswith("{") else json.loads(text)[:500]
    rows = [row[0] if isinstance(row, list) else row for row in rows]

    done = Convert().run(rows)

    assert len(done.kept) + sum(r.reason == "empty_target" for r in done.rejected) == len(rows)
    assert {r["labeling"]["by"] for r in done.kept} == {f"convert:{form}@1"}
