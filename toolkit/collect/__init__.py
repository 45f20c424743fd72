"""Collect: files, folders and tables become records with a source, a place and a hash."""

from toolkit.collect.facts import facts_tables
from toolkit.collect.records import RecordFiles, write_records
from toolkit.collect.sources import Source
from toolkit.collect.stage import Collect

__all__ = ["Collect", "RecordFiles", "Source", "facts_tables", "write_records"]
