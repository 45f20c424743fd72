"""Exact and near duplicates, conflicts, clusters: decided exactly, with a chosen survivor, in English and Chinese."""

from toolkit.dedup.stage import Dedup

__all__ = ["Dedup"]
