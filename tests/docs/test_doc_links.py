"""Links lead somewhere, and the tests that pages name exist."""

import re

import pytest
from doc_pages import LINK, PAGES, ROOT, name_of, prose

GENERATED = re.findall(
    r'^    "(docs/[^"]+)"', (ROOT / "docs" / "generate.py").read_text(encoding="utf-8"), re.MULTILINE
)


def slug(heading):
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page):
    lost = []
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if path.startswith("https://"):
            continue
        there = (page.parent / path).resolve() if path else page
        if there.is_file():
            headings = {slug(h) for h in re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)}
            found = not anchor or anchor in headings
        else:
            found = there.is_relative_to(ROOT) and there.relative_to(ROOT).as_posix() in GENERATED
        lost += [] if found else [target]

    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_test_that_a_page_names_is_in_a_file_that_it_links(page):
    text = prose(page)
    linked = [page.parent / target for target in LINK.findall(text) if target.endswith(".py")]
    defined = {name for path in linked for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}

    assert set(re.findall(r"`(test_[a-z0-9_]+)`", text)) <= defined


def test_every_decision_stands_in_the_index_and_has_a_number_of_its_own():
    folder = ROOT / "docs" / "adr"
    decisions = sorted(p.name for p in folder.glob("[0-9]*.md"))

    assert LINK.findall((folder / "README.md").read_text(encoding="utf-8")) == decisions
    assert len({name[:4] for name in decisions}) == len(decisions)
