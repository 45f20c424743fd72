"""One unit read: files become drafts become batches. Whatever cannot be read becomes a record that says so."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from toolkit.collect import documents
from toolkit.collect.batches import batches
from toolkit.collect.draft import Draft, Place, of_document, of_fault, of_row, place
from toolkit.collect.find import File
from toolkit.collect.forms import Rows, form_of, no_reader, table
from toolkit.collect.sources import Source, missing_columns
from toolkit.collect.units import CollectUnit, Part
from toolkit.files.chunks import chunks, sha256
from toolkit.files.found import Fault, Found, UnreadableError
from toolkit.files.jsonl import json_lines


def read_unit(unit: CollectUnit) -> Iterator[pa.RecordBatch]:
    """Batches of the records of a unit, in the order of the files and of the rows in them."""
    yield from batches(itertools.chain.from_iterable(_file(unit, file) for file in unit.files), unit.source)


def _file(unit: CollectUnit, file: File) -> Iterator[Draft]:
    source = unit.source
    where = place(source, file.uri, None)
    try:
        if file.refused:
            raise UnreadableError(file.refused)
        where = where._replace(sha256=unit.part.sha256 if unit.part else sha256(Path(file.path)))
        yield from _drafts(file, source, where, unit.part)
    except UnreadableError as error:
        detail = f"{error.message}; {error.hint}" if error.hint else error.message
        yield of_fault(Fault("unreadable_file", detail), source, where)
    except OSError as error:
        detail = f"cannot be opened: {error.strerror or error}; check that it is there and may be read"
        yield of_fault(Fault("unreadable_file", detail), source, where)


def _drafts(file: File, source: Source, where: Place, part: Part | None) -> Iterator[Draft]:
    path = Path(file.path)
    form = form_of(file.uri, source.format)
    if not form:
        raise no_reader(file.uri)
    if part:
        rows: Rows = json_lines(chunks(path, part.range.start, part.range.end), part.encoding, part.range.line)
        yield from (_draft(found, source, where) for found in rows)
    elif form in documents.READERS:
        yield _document(path, form, source, where)
    else:
        yield from _table(table(form)(path, source), form, source, where)


def _draft(found: Found | Fault, source: Source, where: Place) -> Draft:
    return of_fault(found, source, where) if isinstance(found, Fault) else of_row(found, source, where)


def _table(rows: Rows, form: str, source: Source, where: Place) -> Iterator[Draft]:
    empty = True
    for found in rows:
        if empty and form != "json" and isinstance(found, Found):
            lost = missing_columns(source, list(found.value))
            if lost:
                raise UnreadableError(lost, hint="correct the source's fields or id_column")
        empty = False
        yield _draft(found, source, where)
    if empty:
        yield _empty(source, where)


def _document(path: Path, form: str, source: Source, where: Place) -> Draft:
    document = documents.READERS[form](path, source)
    return of_document(document, source, where) if document.text.strip() else _empty(source, where)


def _empty(source: Source, where: Place) -> Draft:
    return of_fault(Fault("empty_file", "holds no text and no rows; fill it or leave it out"), source, where)
