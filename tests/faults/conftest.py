"""The undisturbed run that the faults are compared with."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "chain"))


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    from sample_chain import run_recipe

    return run_recipe(tmp_path_factory.mktemp("sample"))
