"""The law of JSON from columns: it is what orjson writes of the rows."""

import orjson
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.json_columns import escaped, json_lines
from toolkit.record import SCHEMA, columns_of, rows_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["高血压", 'a"b\\c\n', "\x00\x1f\x7f", "\u2028", "👩‍⚕️", ""]
)
LABELED = {"text": TEXT, "title": TEXT, "lang": st.sampled_from(["zh", "en"])}


def _values(arrow):
    if pa.types.is_map(arrow):
        return st.dictionaries(TEXT, st.floats(allow_nan=False, allow_infinity=False), max_size=2)
    if pa.types.is_struct(arrow):
        return st.fixed_dictionaries({}, optional={f.name: _values(f.type) for f in arrow})
    if pa.types.is_list(arrow):
        return st.lists(_values(arrow.value_type), max_size=3)
    if pa.types.is_string(arrow):
        return TEXT
    if pa.types.is_boolean(arrow):
        return st.booleans()
    return st.integers(-(2**63), 2**63 - 1) if pa.types.is_integer(arrow) else st.floats(-1e300, 1e300)


ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": TEXT}, optional={f.name: st.none() | _values(f.type) for f in SCHEMA if f.name != "id"}
    ),
    min_size=1,
    max_size=4,
)


@given(ROWS)
def test_a_batch_as_json_lines_is_what_orjson_writes_of_its_rows(rows):
    batch = columns_of(rows)

    lines = json_lines(batch.schema.names, batch.columns, batch.num_rows).to_pylist()

    assert lines == [orjson.dumps(row).decode() for row in rows_of(batch)]


@given(ROWS, st.integers(0, 3), st.integers(0, 3))
def test_a_slice_of_a_batch_gives_the_lines_of_its_rows(rows, start, length):
    batch = columns_of(rows).slice(start, length)

    lines = json_lines(batch.schema.names, batch.columns, batch.num_rows).to_pylist()

    assert lines == [orjson.dumps(row).decode() for row in rows_of(batch)]


@given(st.lists(st.none() | TEXT, max_size=5))
def test_texts_are_escaped_as_orjson_escapes_them(texts):
    expected = [None if t is None else orjson.dumps(t)[1:-1].decode() for t in texts]

    assert escaped(pa.array(texts, pa.string())).to_pylist() == expected
