"""Records between single-stage commands: JSON lines in, JSON lines out, through a pipe where the user likes."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa

from toolkit.collect.batches import batches
from toolkit.collect.draft import Draft, Drafter
from toolkit.collect.find import File, common_root, files_of, named
from toolkit.collect.places import number_rows
from toolkit.collect.read import rows_of_file, unreadable
from toolkit.collect.sources import Source
from toolkit.collect.units import CollectUnit, plan
from toolkit.files.found import Found, UnreadableError
from toolkit.frames import record_row
from toolkit.kinds import Read, Step, Unit
from toolkit.record import rows_of

STDIN = "-"


@dataclass(frozen=True)
class RecordFiles:
    r"""The input of a single-stage command: records of this toolkit, or rows of your own, in any table form.

    Rows are taken as `Stage.run` takes them: record fields stay, other columns go to `extra`, rows without an id are
    named by their content and numbered where they are equal.

    Attributes:
        paths: Files, folders and globs; `-` is the standard input.

    >>> import tempfile
    >>> from toolkit.kinds import run_steps
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.jsonl")
    ...     _ = path.write_text('{"id": "a", "text": "高血压", "科室": "内科"}\n', encoding="utf-8")
    ...     kept, _, _ = run_steps(RecordFiles((str(path),)).steps(), [], "clean")
    >>> [(row["id"], row["text"], row["extra"]) for row in rows_of(kept[0])]
    [('a', '高血压', '{"科室":"内科"}')]
    """

    paths: tuple[str, ...]

    def read_step(self) -> Read:
        """Read; equal rows without a name still share one."""
        return Read(self.units, read_records)

    def steps(self) -> tuple[Step, ...]:
        """Read, and number equal rows without a name."""
        return (self.read_step(), number_rows())

    def units(self) -> Sequence[CollectUnit]:
        """Plan the work, in the order of the paths."""
        return [unit for path in self.paths for unit in _plan(path)]


def _plan(given: str) -> Iterator[CollectUnit]:
    path = named(_spooled() if given == STDIN else given)
    source = Source(id="", paths=(path,), format="json" if given == STDIN else None)
    found = files_of(source, common_root((path,), Path()))
    return plan(source, (file._replace(uri=STDIN) if given == STDIN else file for file in found))


def _spooled() -> str:
    """The standard input as a file, because workers and a second pass read it too; removed at the end."""
    with tempfile.NamedTemporaryFile(prefix="toolkit-stdin-", suffix=".jsonl", delete=False) as file:
        atexit.register(Path(file.name).unlink, missing_ok=True)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return file.name


def read_records(unit: Unit) -> Iterator[pa.RecordBatch]:
    """Batches of the records of a unit."""
    assert isinstance(unit, CollectUnit)
    yield from batches((draft for file in unit.files for draft in _file(unit, file)), unit.source)


def _file(unit: CollectUnit, file: File) -> Iterator[Draft]:
    drafter = Drafter(unit.source, file.uri, None)
    try:
        for found in rows_of_file(file, unit.source, unit.part):
            if isinstance(found, Found):
                yield Draft(record_row(found.value), file.uri, None, whole=True)
            else:
                yield drafter.of_fault(found)
    except (UnreadableError, OSError) as error:
        yield drafter.of_fault(unreadable(error))


def write_records(stream: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    r"""Records as JSON lines: one chunk a batch, no nulls, keys in the order of the schema.

    >>> from toolkit.record import columns_of
    >>> b"".join(write_records([columns_of([{"id": "a", "text": "高血压"}])])).decode()
    '{"id":"a","text":"高血压"}\n'
    """
    for batch in stream:
        yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows_of(batch))
