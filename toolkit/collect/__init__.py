"""Collect: files, folders and tables become records with a source, a place and a hash."""

from toolkit.collect.records import RecordFiles, write_records
from toolkit.collect.sources import Source
from toolkit.collect.stage import Collect

__all__ = ["Collect", "RecordFiles", "Source", "write_records"]
