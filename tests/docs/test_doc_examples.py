"""What a page shows as code runs, and shows what comes out."""

import ast
import doctest
import io

import pytest
import yaml
from doc_pages import CLUSTER_PAGES, PAGES, blocks, name_of, text_of

from toolkit import recipe as recipes
from toolkit.age.policy import Policy
from toolkit.collect.sources import parse as parse_sources

SHOWN = [page for page in PAGES if page.name not in CLUSTER_PAGES]
READERS = {"# recipe.yaml": recipes.from_content, "# sources.yaml": parse_sources, "# policy.yaml": Policy.of}
YAML = [
    pytest.param(block, id=f"{name_of(page)} {number}")
    for page in SHOWN
    for number, block in enumerate(blocks(page, "yaml"), 1)
]


@pytest.mark.parametrize("page", [p for p in SHOWN if ">>> " in text_of(p)], ids=name_of)
def test_every_example_of_a_page_gives_what_it_shows(page):
    said = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    lines = "\n".join(block for block in blocks(page, "python") if block.startswith(">>> "))

    runner.run(doctest.DocTestParser().get_doctest(lines, {}, page.name, str(page), 0), out=said.write)

    assert runner.failures == 0, said.getvalue()


@pytest.mark.parametrize("block", YAML)
def test_every_yaml_block_is_accepted_by_the_program(block):
    kind = next(kind for kind in READERS if block.startswith(kind))

    READERS[kind](yaml.safe_load(block))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_that_is_not_run_is_at_least_python(page):
    for block in blocks(page, "py"):
        ast.parse(block)
