"""Decisions about many duplicates are columns: only a block of records is there as Python objects at a time."""

import tracemalloc

import pytest

from toolkit.dedup import Dedup, decisions, known, survivor
from toolkit.errors import UsageError
from toolkit.frames import batches_of
from toolkit.kinds import run_steps

TEXTS = [
    "参加人依法享有基本医疗保障待遇，第{}号，任何单位和个人不得侵占。",
    "Members have a right to care, number {}, none may take it.",
]


def solved(copies):
    """The peak of Python's memory in the solve, and the ids that leave."""
    rows = [
        {"id": f"{n:04}-{copy}", "text": TEXTS[n % 2].format(n) + "。" * copy, "source": {"uri": f"目录/{n}.txt"}}
        for n in range(copies)
        for copy in range(3)
    ]
    found = {}
    [step] = Dedup(conflicts="off").steps()

    def spy(table, records):
        tracemalloc.start()
        answer = step.solve(table, records)
        found["lines"] = sum(1 for _ in step.report(answer)["clusters.jsonl"])
        found["peak"] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return answer

    _, gone, _ = run_steps([type(step)(step.emit, step.rounds, step.apply, spy)], list(batches_of(rows)), "dedup")
    return found["peak"], found["lines"], sum(batch.num_rows for batch in gone)


def test_four_times_the_duplicates_take_few_objects_more(monkeypatch):
    for module in (decisions, known, survivor):
        monkeypatch.setattr(module, "BLOCK", 300)
    solved(10)

    (few, *_), (many, lines, gone) = solved(500), solved(2000)

    assert (lines, gone) == (2000, 4000)
    assert many - few < 4500 * 600  # bytes of columns for each record; as objects they took 1,200


def test_more_rows_than_one_process_is_meant_to_hold_are_refused(monkeypatch):
    monkeypatch.setattr("toolkit.dedup.stage.MOST_ROWS", 2)

    with pytest.raises(UsageError, match="found 3 pairs and equal records, more than 2"):
        Dedup().run([{"id": n, "text": "每日三次，饭后服用。"} for n in "abc"])
