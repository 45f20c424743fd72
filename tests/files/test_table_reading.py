"""CSV and TSV: strings only, and nothing is swallowed."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files import tables
from toolkit.files.found import Fault, Found
from toolkit.files.tables import csv_rows

CASES = [json.loads(line) for line in (Path(__file__).parents[1] / "cases/collect/tables.jsonl").open(encoding="utf-8")]
CELLS = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_table_gives_rows_and_faults(case):
    read = list(csv_rows([case["input"].encode()]))

    assert [row.value for row in read if isinstance(row, Found)] == case["expect"]
    assert [[row.reason, row.line, row.raw] for row in read if isinstance(row, Fault)] == case["faults"]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8), st.integers(1, 20))
def test_what_a_proper_writer_writes_is_read_back(rows, size):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    data = out.getvalue().encode()
    read = list(csv_rows([data[i : i + size] for i in range(0, len(data), size)], delimiter=","))

    assert [list(row.value.values()) for row in read] == rows


@given(
    st.lists(st.sampled_from(["1,x", '2,"y"', '3,"open', "4", "5,a,b", '6,"b" c', '"7', '8,"z', 'x"', ""]), max_size=14)
)
def test_every_line_comes_out_in_a_row_or_in_a_fault(body):
    data = "\n".join(["q,a", *body]) + "\n"
    read = list(csv_rows([data.encode()], delimiter=","))
    seen = " ".join(row.raw if isinstance(row, Fault) else " ".join(row.value.values()) for row in read)

    for line in filter(None, body):
        for word in line.replace('"', "").replace(",", " ").split():
            assert word in seen


def test_a_row_knows_its_first_line():
    rows = list(csv_rows(['问,答\n一,"甲\n乙"\n三,丁\n'.encode()]))

    assert [row.line for row in rows] == [2, 4]


def test_an_open_quote_is_given_up_after_a_thousand_lines(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROW_LINES", 10)
    body = "".join(f"{n},x\n" for n in range(100))
    read = list(csv_rows([f'q,a\n0,"open\n{body}'.encode()]))

    assert sum(isinstance(row, Found) for row in read) == 100
    assert read[0].raw == '0,"open'


def test_long_unreadable_stretches_lose_nothing():
    body = "".join(f"word{n} word\n" for n in range(900))
    read = list(csv_rows([f'q,a\n1,"open\n{body}'.encode()]))

    assert all(f"word{n} " in "".join(row.raw + " " for row in read) for n in range(900))


def test_a_line_in_another_encoding_is_one_fault():
    data = "问,答\n一,甲\n".encode() + "二,乙\n".encode("gb18030") + "三,丙\n".encode()
    read = list(csv_rows([data]))

    assert [type(row) for row in read] == [Found, Fault, Found]
    assert read[1].reason == "unreadable_line"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_tables_of_every_encoding_have_clean_headers(encoding):
    data = "问题,答案\n一,二\n".encode(encoding)

    assert next(csv_rows([data], encoding.removesuffix("-sig"))).value == {"问题": "一", "答案": "二"}
