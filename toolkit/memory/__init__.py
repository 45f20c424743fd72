"""What is remembered between runs: one folder, read by runs and written by its own verbs only."""

from toolkit.memory.state import locked, part_of

__all__ = ["locked", "part_of"]
