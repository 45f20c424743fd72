"""The pages that people read, their code blocks and their links."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted(p for p in (ROOT / "docs").rglob("*.md") if "reference" not in p.parts)
BLOCK = re.compile(r"^```(?P<lang>[a-z]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
CLUSTER_PAGES = {"clusters.md", "drop-in.md"}
"""Pages whose examples need a cluster; the tests of the clusters run them."""


def name_of(page):
    """How a test names a page."""
    return page.relative_to(ROOT).as_posix()


def text_of(page):
    return page.read_text(encoding="utf-8")


def blocks(page, lang):
    """The code blocks of one language."""
    return [m["code"] for m in BLOCK.finditer(text_of(page)) if m["lang"] == lang]


def prose(page):
    """A page without its code blocks."""
    return BLOCK.sub("", text_of(page))
