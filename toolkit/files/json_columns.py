r"""Columns as JSON: what orjson writes of each row, made for all rows at once.

A record has some sixty fields, most of them null or the same in every row of a batch. Making a dict of each row to write
one line of it costs ten times what it costs to join the few columns that say something.

>>> rows = pa.array([{"name": "内科", "beds": 12, "tags": ["急"]}, {"name": None, "beds": None, "tags": []}, None])
>>> json_column(rows).to_pylist()
['{"name":"内科","beds":12,"tags":["急"]}', None, None]
>>> json_column(pa.array(['say "血压"\n', "5 mg, 10⁹/L"])).to_pylist()  # escaped where JSON demands it, else untouched
['"say \\"血压\\"\\n"', '"5 mg, 10⁹/L"']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.record import prune

_TEXT = pa.string()
_FIRST_PRINTABLE = 0x20
_QUOTE, _BACKSLASH = ord('"'), ord("\\")
_LETTERS = np.arange(256, dtype=np.uint8)
"""What stands behind the backslash: a letter for a few control characters, the byte itself for quote and backslash."""
for _byte, _letter in zip(b'"\\\n\t\r\b\f', b'"\\ntrbf', strict=True):
    _LETTERS[_byte] = _letter
_LETTERLESS = "[\\x00-\\x07\\x0b\\x0e-\\x1f]"
"""Control characters that JSON writes as a number; cleaning drops them, so they are left to orjson."""


def json_lines(names: Iterable[str], columns: Iterable[pa.Array], length: int) -> pa.StringArray:
    """One JSON object a row. Null values, empty lists and empty objects are left out; a row of nothing is null.

    >>> json_lines(["id", "flags"], [pa.array(["a"]), pa.array([[]], pa.list_(pa.string()))], 1).to_pylist()
    ['{"id":"a"}']
    """
    members = json_members(names, columns, length)
    silent = pc.equal(members, "")
    objects = pc.binary_join_element_wise(_opened(members), "}", "")
    return pc.if_else(silent, None, objects) if pc.any(silent).as_py() else objects


def line_bytes(columns: Mapping[str, pa.Array], length: int) -> memoryview:
    r"""JSON lines as they lie in a file.

    >>> bytes(line_bytes({"id": pa.array(["a", "b"]), "text": pa.array(["高血压", None])}, 2)).decode()
    '{"id":"a","text":"高血压"}\n{"id":"b"}\n'
    """
    objects = pc.fill_null(json_lines(columns, columns.values(), length), "{}")
    return text_bytes(pc.binary_join_element_wise(objects, "\n", ""))


def text_bytes(column: pa.StringArray) -> memoryview:
    """The bytes of all texts of a column, one behind the other."""
    return buffers(column)[1].data


def json_members(names: Iterable[str], columns: Iterable[pa.Array], length: int) -> pa.StringArray:
    """What stands in the object of each row, with a comma before every member.

    >>> json_members(["id", "lang"], [pa.array(["甲", "b"]), pa.array([None, "en"])], 2).to_pylist()
    [',"id":"甲"', ',"id":"b","lang":"en"']
    """
    pairs = ((name, column) for name, column in zip(names, columns, strict=True) if column.null_count < length)
    said = [(name, values) for name, column in pairs if (values := json_column(column)).null_count < length]
    if not said:
        return pa.repeat(pa.scalar(""), length)
    return pc.binary_join_element_wise(*[_member(name, values) for name, values in said], "")


def _member(name: str, values: pa.StringArray) -> pa.StringArray:
    member = pc.binary_join_element_wise(f",{orjson.dumps(name).decode()}:", values, "")
    return pc.fill_null(member, "") if values.null_count else member


def _opened(members: pa.StringArray) -> pa.StringArray:
    """Every row begins with the comma of its first member: it becomes the brace."""
    offsets, data = buffers(members)
    opened = data.copy()
    opened[offsets[:-1][np.diff(offsets) > 0]] = ord("{")
    return _strings_of(offsets, opened)


def json_column(column: pa.Array) -> pa.StringArray:
    """Every value of a column as JSON text; null where `toolkit.record.prune` would drop it."""
    known = next((make for fits, make in _MAKERS if fits(column.type)), _one_by_one)
    return known(column)


def _strings(column: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise('"', escaped(column), '"', "")


def _objects(column: pa.StructArray) -> pa.StringArray:
    return json_lines((field.name for field in column.type), column.flatten(), len(column))


def _lists(column: pa.ListArray) -> pa.StringArray:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    items = pc.fill_null(json_column(column.flatten()), "null")
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), ",")
    return pc.if_else(pa.array(lengths > 0), pc.binary_join_element_wise("[", joined, "]", ""), None)


def _integers(column: pa.Array) -> pa.StringArray:
    return column.cast(_TEXT)


def _one_by_one(column: pa.Array) -> pa.StringArray:
    """Floats, truth values and maps are rare, and orjson knows how they are written."""
    values = (prune(value) for value in column.to_pylist(maps_as_pydicts="strict"))
    return pa.array([None if value is None else orjson.dumps(value).decode() for value in values], _TEXT)


_MAKERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], pa.StringArray]], ...] = (
    (pa.types.is_string, _strings),
    (pa.types.is_struct, _objects),
    (pa.types.is_list, _lists),
    (pa.types.is_integer, _integers),
)


def escaped(column: pa.StringArray) -> pa.StringArray:
    r"""Texts as they stand between the quotes of JSON, as orjson writes them.

    >>> escaped(pa.array(["一\t二\x01", None, "a/b"])).to_pylist()
    ['一\\t二\\u0001', None, 'a/b']
    """
    offsets, data = buffers(column)
    # three comparisons run as vector instructions; one look-up per byte takes twice as long
    at = np.flatnonzero((data < _FIRST_PRINTABLE) | (data == _QUOTE) | (data == _BACKSLASH))
    if not len(at):
        return column
    found = data[at]
    if (_LETTERS[found] < _FIRST_PRINTABLE).any():
        return _by_orjson(column)
    longer = np.insert(data, at, _BACKSLASH)
    longer[at + np.arange(1, len(at) + 1)] = _LETTERS[found]
    return _strings_of(offsets + np.searchsorted(at, offsets), longer, pc.is_valid(column))


def _strings_of(offsets: np.ndarray, data: np.ndarray, valid: pa.BooleanArray | None = None) -> pa.StringArray:
    nulls = valid.buffers()[1] if valid is not None and valid.false_count else None
    ends = pa.py_buffer(offsets.astype(np.int32))
    return pa.StringArray.from_buffers(len(offsets) - 1, ends, pa.py_buffer(data), nulls)


def buffers(column: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """The offsets, beginning with 0, and the bytes of a column; without a copy of the bytes."""
    if not len(column):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    whole = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return ends - ends[0], whole[ends[0] : ends[-1]]


def _by_orjson(column: pa.StringArray) -> pa.StringArray:
    hard = pc.fill_null(pc.match_substring_regex(column, _LETTERLESS), False)
    texts = [orjson.dumps(text)[1:-1].decode() for text in column.filter(hard).to_pylist()]
    easy = escaped(pc.if_else(hard, "", column))
    return pc.replace_with_mask(easy, hard, pa.array(texts, _TEXT))
