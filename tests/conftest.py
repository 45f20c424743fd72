"""What all tests share."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# a machine under load is slow, and a test that fails by chance teaches nobody anything: same examples, no deadline
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data():
    """The real material beside the checkout; a test that needs it skips where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("the real material (../shared/data) is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def needs():
    """Skip where something of the system is missing; CI installs all and sets TOOLKIT_REQUIRE_ALL."""

    def check(what, found):
        if not found:
            if os.environ.get("TOOLKIT_REQUIRE_ALL"):
                pytest.fail(f"{what} is not there")
            pytest.skip(f"{what} is not there")

    return check


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory):
    """One run of the sample data, in this process, that many tests look at."""
    sys.path.insert(0, str(Path(__file__).parent / "chain"))
    from sample_chain import run_recipe

    return run_recipe(tmp_path_factory.mktemp("sample"))
