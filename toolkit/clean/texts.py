"""The texts of a batch: every field that people read, in one column, with the record and the role each came from.

One column means one pass per trigger instead of nine. Of messages only the content is text: typed parts, tool calls and
keys beyond the schema stay as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.kinds import Batch
from toolkit.record import set_columns, struct_with

ROLES = ("", "document", "prompt", "input", "output", "code")
"""What a text is in its record; rules judge by role. The first is for texts that are cleaned and not judged."""
UNJUDGED, DOCUMENT, PROMPT, INPUT, OUTPUT, CODE = range(len(ROLES))

Rows = np.ndarray
"""Row numbers in the batch, one per text."""


@dataclass(frozen=True)
class Field:
    """A column that holds texts.

    Attributes:
        name: The column.
        read: Its texts (nulls among them), the row of each, and the role of each.
        write: The column with other texts, in the order in which `read` gave them.
    """

    name: str
    read: Callable[[pa.Array], tuple[pa.Array, np.ndarray, np.ndarray]]
    write: Callable[[pa.Array, pa.Array], pa.Array]


def _plain(name: str, role: int) -> Field:
    def read(column: pa.Array) -> tuple[pa.Array, np.ndarray, np.ndarray]:
        return column, np.arange(len(column)), np.full(len(column), role, np.uint8)

    return Field(name, read, lambda _column, texts: texts)


def _list(name: str) -> Field:
    def read(column: pa.Array) -> tuple[pa.Array, np.ndarray, np.ndarray]:
        items = column.flatten()
        return items, _parents(column), np.full(len(items), UNJUDGED, np.uint8)

    return Field(name, read, _with_items)


def _messages(name: str, roles: dict[str, int]) -> Field:
    speakers = pa.array(list(roles), pa.string())
    numbers = np.array([*roles.values(), UNJUDGED], np.uint8)

    def read(column: pa.Array) -> tuple[pa.Array, np.ndarray, np.ndarray]:
        items = column.flatten()
        said = pc.fill_null(pc.index_in(pc.struct_field(items, "role"), value_set=speakers), len(roles))
        return pc.struct_field(items, "content"), _parents(column), numbers[said.to_numpy(zero_copy_only=False)]

    def write(column: pa.Array, texts: pa.Array) -> pa.Array:
        return _with_items(column, struct_with(column.flatten(), {"content": texts}))

    return Field(name, read, write)


def _parents(column: pa.ListArray) -> np.ndarray:
    parents: np.ndarray = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    return parents


def _with_items(column: pa.ListArray, items: pa.Array) -> pa.ListArray:
    """Other items in a list column of the same lengths; slices and null lists are ordinary."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), items, type=column.type, mask=pc.is_null(column))


_SPEAKERS = {"user": PROMPT, "assistant": OUTPUT}
FIELDS = (
    _plain("text", DOCUMENT),
    _plain("title", UNJUDGED),
    _list("headings"),
    _plain("prompt", PROMPT),
    _plain("input", INPUT),
    _plain("output", OUTPUT),
    _plain("system", UNJUDGED),
    _messages("messages", _SPEAKERS),
    _messages("chosen", _SPEAKERS),
    _messages("rejected", {}),  # meant to be the worse answer: repaired, never judged
)
"""The table of fields; the order is that of the texts of a record, and of its findings."""
_OF_DOCUMENTS = [n for n, field in enumerate(FIELDS) if field.name in ("text", "title", "headings")]


@dataclass(frozen=True)
class Texts:
    """The texts of a batch.

    Attributes:
        values: The texts, none of them null.
        rows: The row of each.
        roles: The role of each, a number into `ROLES`.
        places: Where each stands in the column of its field: (number of the field, number of the text in it).
    """

    values: pa.StringArray
    rows: np.ndarray
    roles: np.ndarray
    places: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Gather the texts of a batch, field by field.

        >>> from toolkit.record import columns_of
        >>> rows = [{"id": "a", "prompt": "剂量？", "output": "5 mg"}, {"id": "b", "messages": [{"role": "user", "content": "Hi"}]}]
        >>> texts = Texts.of(columns_of(rows))
        >>> [(text, int(row), ROLES[role]) for text, row, role in zip(texts.values.to_pylist(), texts.rows, texts.roles)]
        [('剂量？', 0, 'prompt'), ('5 mg', 0, 'output'), ('Hi', 1, 'prompt')]
        """
        parts = list(_parts(batch))
        if not parts:
            nothing = np.empty(0, np.int64)
            return cls(pa.array([], pa.string()), nothing, nothing.astype(np.uint8), (nothing, nothing))
        values, rows, roles, fields, numbers = zip(*parts, strict=True)
        places = (np.concatenate(fields), np.concatenate(numbers))
        return cls(pa.concat_arrays(values), np.concatenate(rows), np.concatenate(roles), places)

    def with_values(self, values: pa.StringArray) -> Self:
        """The same places with other texts."""
        return dataclasses.replace(self, values=values)

    def only(self, mask: np.ndarray) -> Self:
        """Some of the texts."""
        places = (self.places[0][mask], self.places[1][mask])
        return type(self)(self.values.filter(pa.array(mask)), self.rows[mask], self.roles[mask], places)

    def of_row(self, row: int) -> str:
        """All texts of a row, one a line: what says whereof each of them speaks."""
        return "\n".join(self.values.take(pa.array(np.flatnonzero(self.rows == row))).to_pylist())

    def in_example(self) -> np.ndarray:
        """The texts that belong to an example, whether they are judged or not."""
        there: np.ndarray = ~np.isin(self.places[0], _OF_DOCUMENTS)
        return there

    def waiting(self, batch: Batch, visible: np.ndarray) -> np.ndarray:
        """The rows whose content still lies in `extra`, where a labeler will find it.

        Args:
            batch: The batch the texts were gathered from.
            visible: Visible characters of each text.
        """
        seen = np.bincount(self.rows, visible * (self.roles != UNJUDGED), batch.num_rows) > 0
        rows: np.ndarray = ~seen & pc.is_valid(batch.column("extra")).to_numpy(zero_copy_only=False)
        return rows

    def judged_as(self, role: int) -> Self:
        """The same texts, all that are judged judged by one role."""
        roles = np.where(self.roles == UNJUDGED, UNJUDGED, role).astype(np.uint8)
        return dataclasses.replace(self, roles=roles)

    def put(self, batch: Batch, changed: np.ndarray) -> Batch:
        """Write the changed texts back; a column in which none changed is left as it is.

        Args:
            batch: The batch the texts were gathered from.
            changed: True for every text that is to be written.
        """
        fields, numbers = self.places
        columns = {}
        for number in np.unique(fields[changed]).tolist():
            field, here = FIELDS[number], changed & (fields == number)
            column = batch.column(field.name)
            old = field.read(column)[0]
            mask = np.zeros(len(old), bool)
            mask[numbers[here]] = True
            new = pc.replace_with_mask(old, pa.array(mask), self.values.filter(pa.array(here)))
            columns[field.name] = field.write(column, new)
        return set_columns(batch, columns)


def _parts(batch: Batch) -> Iterator[tuple[pa.Array, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    for number, field in enumerate(FIELDS):
        column = batch.column(field.name)
        if column.null_count == len(column):
            continue
        values, rows, roles = field.read(column)
        there = pc.is_valid(values).to_numpy(zero_copy_only=False)
        at = np.flatnonzero(there)
        yield values.drop_null(), rows[at], roles[at], np.full(len(at), number), at
