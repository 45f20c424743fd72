"""One run of the sample data that many tests look at."""

import pytest
from sample_chain import run_recipe


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    return run_recipe(tmp_path_factory.mktemp("sample"))
