"""What a table says of the files beside it: dates, titles and publishers that stand in no file itself."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolkit.collect.fields import FIELDS, as_fact
from toolkit.collect.find import File, named
from toolkit.collect.forms import form_of, no_reader, table
from toolkit.collect.sources import Facts, Source, load, parse
from toolkit.errors import SourceError, UsageError, unknown_name
from toolkit.files.found import Fault, UnreadableError
from toolkit.files.places import Place, place


def with_facts(files: Iterable[File], source: Source, root: Path) -> tuple[File, ...]:
    """Give every file what the table of its source says of it.

    Raises:
        SourceError: The table cannot be read, or a row of it cannot.
        UsageError: A column is missing, a file is named twice, a value fits no field, or no file is named at all.
    """
    files = tuple(files)
    if source.facts is None:
        return files
    path = place(named(source.facts.table, root))
    known = _read(path, source.facts, source)
    given = tuple(file._replace(facts=known.get(_name(place(file.path)), ())) for file in files)
    if not any(_name(place(file.path)) in known for file in files):
        raise UsageError(f"{path}: no row names a file of the source {source.id!r}",
                         hint=f"the column {source.facts.key!r} holds paths relative to the table, such as 2024/notes.md")  # fmt: skip
    return given


def facts_tables(sources: Any, folder: Path) -> list[str]:
    """The tables of facts that a registry names, as paths relative to a folder.

    Args:
        sources: Path of a registry relative to `folder`, or the list itself.
        folder: Where the recipe lies.
    """
    beside = Path(sources).parent if isinstance(sources, str) else Path()
    entries = load(folder / sources) if isinstance(sources, str) else parse(sources)
    return [(beside / source.facts.table).as_posix() for source in entries if source.facts]


def _read(path: Place, facts: Facts, source: Source) -> dict[str, tuple[tuple[str, str], ...]]:
    known: dict[str, tuple[tuple[str, str], ...]] = {}
    form = form_of(path.name)
    try:
        if not form:
            raise no_reader(path.name)
        for row in table(form)(path, Source(id=source.id)):
            if isinstance(row, Fault):
                raise SourceError(f"{path}: {row.detail}", hint="mend the table; what it says decides over records")
            _check_columns(path, facts, row.value)
            said = as_fact(row.value[facts.key])
            if said is None:
                continue
            name = _name(path.parent / said)
            if name in known:
                raise UsageError(f"{path}: the file {said!r} stands twice", hint="keep one row for each file")
            known[name] = _checked(path, said, facts.said(row.value))
    except (UnreadableError, OSError) as error:
        what = error.message if isinstance(error, UnreadableError) else f"cannot be read ({error.strerror})"
        raise SourceError(
            f"{path}: {what}", hint="check `table` under `facts`, a path relative to the registry"
        ) from None
    return known


def _check_columns(path: Place, facts: Facts, row: Mapping[str, Any]) -> None:
    for column in (facts.key, *(column for _, column in facts.fields)):
        if column not in row:
            raise unknown_name("column", column, map(str, row), where=str(path))


def _checked(path: Place, named: str, said: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    for field, value in said:
        try:
            FIELDS[field](value)
        except (ValueError, TypeError) as error:
            raise UsageError(f"{path}: {named}: {field}: {error}", hint="mend the cell") from None
    return said


def _name(path: Place) -> str:
    return unicodedata.normalize("NFC", os.path.normpath(str(path.absolute())))
