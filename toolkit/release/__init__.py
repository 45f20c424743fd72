"""From labeled records to files that a trainer loads: validate, split without leaks, export with provenance."""

from toolkit.release.stage import Release

__all__ = ["Release"]
