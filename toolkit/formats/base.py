"""What a format is: a name, a schema, and a few small functions. Adding one is one file and one line in `table.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from toolkit.formats.example import Example, Row
from toolkit.formats.findings import Finding


class Score(NamedTuple):
    """How surely a row is of a format (0..1), and why."""

    value: float
    reason: str


Columns = Mapping[str, tuple[str, ...]]
"""File name -> the columns that its lines have."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One training-data format.

    Attributes:
        name: The name in commands and recipes.
        schema: The name of its JSON Schema, for `toolkit.schemas.load`.
        describe: One sentence for help and docs.
        columns: The columns in the order they are written.
        fill: What stands in an optional column on the lines that have nothing to say in it. A file has an optional
            column on all lines or on none, since readers infer types from what they see.
        score: How surely a row is of this format.
        read: Row to example; raises `CannotRead`.
        write: Example to row; raises `CannotHold`, never drops in silence.
        rules: What the schema cannot say, such as who speaks last; each gives findings for a row.
        sidecar: The files that the trainer wants beside the data; given the columns of each file.
        minimum_rows: The fewest examples that the consumer takes.
        mixed: Where lines may differ in type, as the beginnings of paths (`-` stands for the items of a list).
    """

    name: str
    schema: str
    describe: str
    columns: tuple[str, ...]
    score: Callable[[Row], Score]
    read: Callable[[Row], Example]
    write: Callable[[Example], Row]
    fill: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[Callable[[Row], Iterator[Finding]], ...] = ()
    sidecar: Callable[[Columns], dict[str, bytes]] | None = None
    minimum_rows: int = 1
    mixed: tuple[str, ...] = ()

    def complete(self, row: Row, columns: tuple[str, ...]) -> Row:
        """Give a row the columns of its file, in the order of the format; what it has stays.

        Args:
            row: A row that `write` made.
            columns: The columns that any row of the file has.

        >>> from toolkit.formats import FORMATS
        >>> FORMATS["alpaca"].complete({"instruction": "问", "output": "答"}, ("system", "output", "instruction"))
        {'instruction': '问', 'output': '答', 'system': ''}
        """
        known = [key for key in self.columns if key in columns and (key in row or key in self.fill)]
        rest = [key for key in row if key not in known]
        return {key: row.get(key, self.fill.get(key)) for key in (*known, *rest)}
