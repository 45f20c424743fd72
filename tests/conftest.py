"""What all tests share."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data():
    """The real material beside the checkout; a test that needs it skips where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("the real material (../shared/data) is not beside this checkout")
    return SHARED


def needs(package: str, found: object) -> None:
    """Skip where a system package is missing; CI installs them all and sets TOOLKIT_REQUIRE_ALL."""
    if not found:
        if os.environ.get("TOOLKIT_REQUIRE_ALL"):
            pytest.fail(f"{package} is not installed")
        pytest.skip(f"{package} is not installed")
