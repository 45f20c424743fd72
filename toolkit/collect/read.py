"""One unit read: files become drafts become batches. Whatever cannot be read becomes a record that says so."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pyarrow as pa

from toolkit.collect import documents
from toolkit.collect.batches import batches
from toolkit.collect.draft import Draft, Drafter
from toolkit.collect.find import File
from toolkit.collect.forms import Rows, form_of, no_reader, table
from toolkit.collect.sources import Source, missing_columns
from toolkit.collect.units import CollectUnit, Part
from toolkit.errors import SourceError
from toolkit.files.chunks import chunks, sha256
from toolkit.files.found import Fault, Found, UnreadableError
from toolkit.files.jsonl import json_lines
from toolkit.files.places import place
from toolkit.kinds import Unit


def read_unit(unit: Unit) -> Iterator[pa.RecordBatch]:
    """Batches of the records of a unit, in the order of the files and of the rows in them."""
    assert isinstance(unit, CollectUnit)
    yield from batches(itertools.chain.from_iterable(_file(unit, file) for file in unit.files), unit.source)


def _file(unit: CollectUnit, file: File) -> Iterator[Draft]:
    drafter = Drafter(unit.source, file.uri, unit.part.sha256 if unit.part else None, file.facts)
    try:
        if not unit.part and not file.refused:
            drafter.sha256 = sha256(place(file.path))
        yield from _drafts(file, drafter, unit.part)
        check_unchanged(file)
    except (UnreadableError, OSError) as error:
        yield drafter.of_fault(unreadable(error))


def check_unchanged(file: File) -> None:
    """Refuse a file that was written to since the run planned it: its records would be half old and half new.

    Raises:
        SourceError: It is not the file that was planned.
    """
    if file.refused or file.modified is None:
        return
    status = place(file.path).stat()
    if (status.st_size, status.st_mtime_ns) != (file.size, file.modified):
        raise SourceError(f"{file.path}: changed while it was read", hint="run again when nothing writes to it")


def unreadable(error: UnreadableError | OSError) -> Fault:
    """The fault of a whole file."""
    if isinstance(error, UnreadableError):
        return Fault("unreadable_file", f"{error.message}; {error.hint}" if error.hint else error.message)
    return Fault(
        "unreadable_file", f"cannot be opened: {error.strerror or error}; check that it is there and may be read"
    )


def rows_of_file(file: File, source: Source, part: Part | None) -> Rows:
    """The rows of a table or of a part of it.

    Raises:
        UnreadableError: The file has no form that holds rows, or cannot be read; also while reading.
    """
    path = place(file.path)
    if part:
        return json_lines(chunks(path, part.range.start, part.range.end), part.encoding, part.range.line)
    if file.refused:
        raise UnreadableError(file.refused)
    form = form_of(file.uri, source.format)
    if not form:
        raise no_reader(file.uri)
    return table(form)(path, source)


def _drafts(file: File, drafter: Drafter, part: Part | None) -> Iterator[Draft]:
    source = drafter.source
    form = form_of(file.uri, source.format)
    if form in documents.READERS and not file.refused:
        document = documents.READERS[form](place(file.path), source)
        yield drafter.of_document(document) if document.text.strip() else _empty(drafter)
        return
    first = None
    for found in rows_of_file(file, source, part):
        if first is None and form != "json" and isinstance(found, Found):
            _check_columns(source, found)
        first = found
        yield drafter.of_fault(found) if isinstance(found, Fault) else drafter.of_row(found)
    if first is None and not part:
        yield _empty(drafter)


def _check_columns(source: Source, found: Found) -> None:
    lost = missing_columns(source, list(found.value))
    if lost:
        raise UnreadableError(lost, hint="correct the source's fields or id_column")


def _empty(drafter: Drafter) -> Draft:
    return drafter.of_fault(Fault("empty_file", "holds no text and no rows; fill it or leave it out"))
