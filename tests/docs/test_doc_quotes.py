"""Outputs and figures in the pages are those of a run."""

import re

import pytest
from doc_pages import PAGES, name_of, text_of


def test_every_quote_is_what_the_sample_run_gives(quotes, watched_run):
    report, _ = watched_run

    assert quotes.stale(report, write=False) == [], "run `python docs/quotes.py`"


def test_a_quote_that_differs_is_found_and_made_anew(quotes, watched_run):
    report, _ = watched_run
    old = "<!-- quote: near-duplicates -->\nonce it was faster\n<!-- end -->"

    new = quotes.filled(old, report)

    assert new != old
    assert quotes.filled(new, report) == new


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_quote_has_a_name_that_is_known_and_an_end(quotes, page):
    opened = re.findall(r"<!-- quote: (.*?) -->", text_of(page))
    closed = [m["name"] for m in quotes.QUOTE.finditer(text_of(page))]

    assert opened in (closed, ["NAME"])
    assert set(closed) <= set(quotes.QUOTES)
