"""The registry of sources: who says it, with which authority, and how its files are read."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import schemas
from toolkit.collect.fields import FIELDS, as_fact, full_name
from toolkit.errors import ToolkitError, unknown_name
from toolkit.files import yaml_values
from toolkit.files.encoding import canonical
from toolkit.files.yaml_values import Written
from toolkit.schemas import Finding


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A table of facts; its fields are the keys under `facts` in an entry of `sources.yaml`.

    Attributes:
        table: Path of the table, relative to the registry.
        key: The column that names a file by its path relative to the table.
        fields: (record field, column name).
        values: Column -> what its cells stand for; None where a cell says nothing.
    """

    table: str
    key: str
    fields: tuple[tuple[str, str], ...]
    values: Mapping[str, Mapping[str, str | None]]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Facts:
        """From the registry."""
        fields = tuple((full_name(field), column) for field, column in entry["fields"].items())
        return cls(table=entry["table"], key=entry["key"], fields=fields, values=entry.get("values", {}))

    def said(self, row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """What a row says, as (record field, value); an empty cell says nothing.

        >>> facts = Facts(table="目录.csv", key="文件", fields=(("validity.valid_until", "失效"), ("title", "名称")),
        ...               values={"失效": {"1": "2025-03", "0": None}})
        >>> facts.said({"文件": "婚姻法.md", "失效": "1", "名称": "婚姻法"})
        (('validity.valid_until', '2025-03'), ('title', '婚姻法'))
        >>> facts.said({"文件": "民法典.md", "失效": "0", "名称": ""})
        ()
        """
        cells = ((field, column, as_fact(row[column])) for field, column in self.fields)
        meant = ((field, self.values.get(column, {}).get(cell or "", cell)) for field, column, cell in cells)
        return tuple((field, value) for field, value in meant if value is not None)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source; its fields are the keys of an entry of `sources.yaml`.

    Attributes:
        fields: (record field, column name), in the order of the registry.
    """

    id: str = "files"
    paths: tuple[str, ...] = ()
    recursive: bool = True
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    publisher: str | None = None
    authority: int | None = None
    domain: str | None = None
    doc_type: str | None = None
    jurisdiction: str | None = None
    license: str | None = None
    lang: str | None = None
    tz: str | None = None
    id_column: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    pattern: str | None = None
    fact_key: str | None = None
    facts: Facts | None = None

    def shape(self) -> dict[str, Any]:
        """All that shapes the records: everything but where the files lie, and what a table says of each of them."""
        values = dataclasses.asdict(self)
        return {k: v for k, v in values.items() if k not in ("paths", "recursive", "facts")}


def load(path: Path) -> tuple[Source, ...]:
    """Read a registry.

    Raises:
        SourceError: The file cannot be read.
        UsageError: It is not YAML, or not a registry; the message holds file, line and JSON pointer.
    """
    return parse(yaml_values.read(path, hint="check the path of the sources file"))


def parse(written: Any) -> tuple[Source, ...]:
    """Make sources of a registry, of a recipe that holds one, or of the list inside them.

    >>> parse([{"id": "faq", "paths": ["faq/*.md"], "license": "Apache-2.0"}])[0].license
    'Apache-2.0'
    >>> parse([{"id": "问答", "paths": "qa.csv", "licence": "MIT"}])
    Traceback (most recent call last):
    toolkit.errors.UsageError: sources /sources/0/licence: unknown key 'licence'
    did you mean 'license'?
    """
    whole = written if isinstance(written, Written) else Written(written, "sources")
    entries = whole.value if isinstance(whole.value, list) else None
    if isinstance(whole.value, Mapping) and "stages" in whole.value:
        entries = whole.value["sources"]
    registry: Any = whole.value if entries is None else {"version": 1, "sources": entries}
    found = schemas.findings(schemas.load("sources"), registry)
    found = found or [f for i, entry in enumerate(registry["sources"]) for f in _entry_findings(entry, ("sources", i))]
    yaml_values.refuse(whole, found or list(_repeated(registry["sources"])))
    return tuple(_source(entry) for entry in registry["sources"])


def _source(entry: Mapping[str, Any]) -> Source:
    values = dict(entry)
    paths = values["paths"]
    values["paths"] = (paths,) if isinstance(paths, str) else tuple(paths)
    if "facts" in values:
        values["facts"] = Facts.of(values["facts"])
    values["fields"] = tuple((full_name(field), column) for field, column in values.get("fields", {}).items())
    return Source(**values)


def _entry_findings(entry: Mapping[str, Any], pointer: tuple[str | int, ...]) -> Iterator[Finding]:
    """What a schema cannot say: field names, encodings and patterns that work."""
    yield from _field_findings(entry, pointer)
    yield from _field_findings(entry.get("facts", {}), (*pointer, "facts"))
    if "encoding" in entry:
        try:
            canonical(entry["encoding"])
        except ToolkitError as error:
            yield Finding((*pointer, "encoding"), error.message, error.hint)
    if "pattern" in entry:
        try:
            re.compile(entry["pattern"])
        except re.error as error:
            hint = "write it in single quotes; named groups are (?P<name>...)"
            yield Finding((*pointer, "pattern"), f"not a regular expression: {error}", hint)


def _field_findings(entry: Mapping[str, Any], pointer: tuple[str | int, ...]) -> Iterator[Finding]:
    for field in entry.get("fields", {}):
        if full_name(field) not in FIELDS:
            hint = "declare it as id_column" if field == "id" else unknown_name("field", field, FIELDS).hint
            yield Finding((*pointer, "fields", field), f"no record field {field!r} that a column could fill", hint)


def _repeated(entries: list[Mapping[str, Any]]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries):
        first = seen.setdefault(entry["id"], number)
        if first != number:
            what = f"the id {entry['id']!r} is that of /sources/{first} too"
            yield Finding(("sources", number, "id"), what, "give each source an id of its own")


def missing_columns(source: Source, columns: list[str]) -> str:
    """Say which declared columns a table lacks, if without them its rows cannot become records.

    >>> missing_columns(Source(fields=(("prompt", "question"),)), ["qestion", "answer"])
    "the table has no column 'question', which the source declares; it has 'qestion', 'answer'; did you mean 'qestion'?"
    """
    content = [column for field, column in source.fields if "." not in field]
    lost = content if content and not set(content) & set(columns) else []
    lost = [source.id_column, *lost] if source.id_column and source.id_column not in columns else lost
    if not lost:
        return ""
    near = difflib.get_close_matches(lost[0], columns, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    names = ", ".join(repr(c) for c in columns[:10])
    return f"the table has no column {lost[0]!r}, which the source declares; it has {names}{hint}"
