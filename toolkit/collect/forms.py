"""The forms of files and how each is read: adding one is a function and a line in `FORMS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from toolkit.collect.sources import Source
from toolkit.files.chunks import chunks, packing_of
from toolkit.files.encoding import as_text, of_lines
from toolkit.files.found import Fault, Found, UnreadableError
from toolkit.files.json_stream import is_lines, json_stream
from toolkit.files.jsonl import json_lines
from toolkit.files.parquet import parquet_rows
from toolkit.files.places import Place
from toolkit.files.tables import csv_rows

Rows = Iterator[Found | Fault]

ENDINGS = {
    ".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet",
    ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown",
    ".html": "html", ".htm": "html", ".xhtml": "html",
}  # fmt: skip
"""Ending -> form. JSON lines and JSON arrays are one form: the content tells them apart, endings often lie."""


def form_of(name: str, declared: str | None = None) -> str:
    """The form of a file: declared, or by its ending; empty where there is no reader.

    >>> form_of("法律/民法典.md"), form_of("qa.JSONL.gz"), form_of("说明书.pdf"), form_of("表格.txt", "csv")
    ('markdown', 'json', '', 'csv')
    """
    if declared:
        return declared
    plain = name.lower().removesuffix(packing_of(name))
    return ENDINGS.get(f".{plain.rpartition('.')[2]}", "")


def no_reader(name: str) -> UnreadableError:
    """The answer to a form that nobody reads."""
    file = name.rpartition("/")[2]
    packing = packing_of(file)
    stem, dot, ending = file[: len(file) - len(packing)].rpartition(".")
    what = f".{ending}{packing}" if stem and dot else "files without an ending"
    return UnreadableError(f"no reader for {what}; known: {' '.join(sorted(ENDINGS))} (+ .gz .zst)",
                           hint="convert it, or name the files you want with a glob such as 'docs/**/*.md'")  # fmt: skip


def json_form(path: Place, declared: str | None = None) -> tuple[str, str]:
    """Tell JSON lines from other JSON, and in which encoding.

    Returns:
        `lines` or `stream`, and the encoding.
    """
    encoding = of_lines(_whole_part(path), declared)
    head = next(_whole_part(path), b"").decode(encoding, "replace")
    by_lines = is_lines(head, default=not path.name.lower().removesuffix(packing_of(path.name)).endswith(".json"))
    return "lines" if by_lines else "stream", encoding


def _whole_part(path: Place) -> Iterator[bytes]:
    """What can be read of a file: enough to decide by; who reads it meets the fault and tells it."""
    try:
        yield from chunks(path)
    except UnreadableError:
        return


def _json(path: Place, source: Source) -> Rows:
    form, encoding = json_form(path, source.encoding)
    return json_lines(chunks(path), encoding) if form == "lines" else json_stream(as_text(chunks(path), encoding))


def _csv(path: Place, source: Source) -> Rows:
    return csv_rows(chunks(path), of_lines(_whole_part(path), source.encoding), source.delimiter)


def _tsv(path: Place, source: Source) -> Rows:
    return csv_rows(chunks(path), of_lines(_whole_part(path), source.encoding), source.delimiter or "\t")


def _parquet(path: Place, _source: Source) -> Rows:
    if packing_of(path.name):
        raise UnreadableError("Parquet is packed inside already", hint="unpack it and collect the .parquet file")
    return parquet_rows(path)


TABLES: dict[str, Callable[[Place, Source], Rows]] = {"json": _json, "csv": _csv, "tsv": _tsv, "parquet": _parquet}
"""Form -> rows of a file. The forms of documents stand in `toolkit.collect.documents`."""


def table(form: str) -> Callable[[Place, Source], Rows]:
    """Find the reader of a form that has rows."""
    if form not in TABLES:
        raise UnreadableError(f"a {form} file has no rows", hint="make records of it with toolkit collect")
    return TABLES[form]
