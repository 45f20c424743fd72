"""Clean: repair texts, name their language, protect persons, and judge what is left."""

from toolkit.clean.stage import Clean

__all__ = ["Clean"]
