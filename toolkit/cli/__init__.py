"""The command line: parses, calls one library function, reports. `main` is the one place that turns errors into output."""

from toolkit.cli.main import main

__all__ = ["main"]
