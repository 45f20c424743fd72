"""One run of the sample data for the pages that quote it, with the network watched."""

import importlib.util
import socket

import pytest
from doc_pages import ROOT


@pytest.fixture(scope="session")
def quotes():
    """The script `docs/quotes.py` as a module."""
    spec = importlib.util.spec_from_file_location("quotes", ROOT / "docs" / "quotes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def watched_run(quotes, tmp_path_factory):
    """The report of a sample run, and every attempt to reach the network meanwhile."""
    attempts = []

    def refuse(*where, **_):
        attempts.append(where)
        raise OSError("no network in this test")

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
            patch.setattr(owner, name, refuse)
        report = quotes.sample_run(tmp_path_factory.mktemp("docs") / "build")
    return report, attempts
