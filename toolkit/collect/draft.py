"""From rows and documents to records: fields by declaration, everything else into `extra`, a name by logical place."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from toolkit.collect.documents import Document
from toolkit.collect.fields import DATES, FIELDS, FRONT_MATTER, Convert, as_fact, full_name
from toolkit.collect.sources import Source
from toolkit.files.found import Fault, Found, clip
from toolkit.files.parquet import as_json
from toolkit.record import SCHEMA, content_hash, record_id

_RECORD = frozenset(SCHEMA.names)
_NAMED = re.compile(r"\{([^{}]+)\}")
_RANK = {"path": 2, "column": 3, "front_matter": 3}
"""Strength of a date by where it stands: a declared file name is weaker than a declared column."""

Leaving = tuple[str, str]


class Draft(NamedTuple):
    """A record before it becomes a row of a batch.

    Attributes:
        row: Record fields without `source`; with it where `whole`.
        own: What this record says of its source, over what the registry says.
        leaving: Reason and detail, where it leaves.
        whole: The row was a record of this toolkit already and stays as it is.
    """

    row: dict[str, Any]
    uri: str
    sha256: str | None
    line: int | None = None
    index: int | None = None
    key: str | None = None
    own: dict[str, Any] | None = None
    leaving: Leaving | None = None
    whole: bool = False


class Place(NamedTuple):
    """A file, and what its path says.

    Attributes:
        facts: (record field, value) from the groups of the source's pattern.
        groups: All groups, also those that name no field; templates may use them.
    """

    uri: str
    sha256: str | None
    facts: tuple[tuple[str, Any], ...]
    groups: dict[str, str]


class Slot(NamedTuple):
    """One declared field: `group` is "", "validity" or "source"."""

    group: str
    leaf: str
    column: str
    convert: Convert


def place(source: Source, uri: str, sha256: str | None) -> Place:
    """Read the path of a file by the source's pattern."""
    found = re.search(source.pattern, uri) if source.pattern else None
    groups = {k: v for k, v in found.groupdict().items() if v is not None} if found else {}
    facts = [(full_name(k), v) for k, v in groups.items() if full_name(k) in FIELDS]
    return Place(uri, sha256, tuple((name, FIELDS[name](value)) for name, value in facts), groups)


@functools.lru_cache(maxsize=64)
def slots(source: Source) -> tuple[Slot, ...]:
    """The declared fields of rows; where none is declared, `text` and `title` stand for themselves."""
    declared = source.fields or (("text", "text"), ("title", "title"))
    return tuple(_slot(field, column) for field, column in declared)


@functools.lru_cache(maxsize=64)
def document_slots(source: Source) -> tuple[Slot, ...]:
    """The declared fields of front matter, and those that stand under their own names."""
    declared = [(field, column) for field, column in source.fields if field != "text"]
    known = {field for field, _ in declared}
    own = [(full_name(name), name) for name in FRONT_MATTER if full_name(name) not in known]
    return tuple(_slot(field, column) for field, column in (*declared, *own))


def _slot(field: str, column: str) -> Slot:
    group, dot, leaf = field.partition(".")
    return Slot(group if dot else "", leaf if dot else field, column, FIELDS[field])


def of_row(found: Found, source: Source, where: Place) -> Draft:
    """Make a record of a row.

    >>> draft = of_row(Found({"问": "咳嗽吃什么？", "科": "内科"}, line=2), Source(fields=(("prompt", "问"),)), Place("a.csv", "", (), {}))
    >>> draft.row["prompt"], draft.row["extra"], draft.row["kind"]
    ('咳嗽吃什么？', '{"科":"内科"}', 'example')
    """
    value = found.value
    if "content_hash" in value and not source.fields and is_record(value):
        return Draft(value, where.uri, where.sha256, whole=True)
    try:
        key = as_fact(value.get(source.id_column)) if source.id_column else None
        row, own = _fill(value, slots(source), source, where, "column")
        rest = {k: v for k, v in value.items() if k not in _columns(source)}
        if not source.fields and not isinstance(value.get("text"), str):
            row, own, rest = *_fill({}, (), source, where, "column"), value
        if rest:
            row["extra"] = orjson.dumps(rest, default=as_json, option=orjson.OPT_NON_STR_KEYS).decode()
    except (ValueError, TypeError) as error:
        return of_fault(_fault("wrong_type", str(error), found), source, where)
    if source.id_column and key is None:
        what = f"no value in the column {source.id_column!r}, which names the rows; fill it or declare no id_column"
        return of_fault(_fault("missing_id", what, found), source, where)
    if found.fixes:
        row["fixes"] = list(found.fixes)
    return _named(row, key, Draft(row, where.uri, where.sha256, found.line, found.row, key, own), source)


@functools.lru_cache(maxsize=64)
def _columns(source: Source) -> frozenset[str]:
    return frozenset(slot.column for slot in slots(source))


def is_record(value: dict[str, Any]) -> bool:
    """Whether a row is a record of this toolkit: nothing but its fields, and both of its names.

    >>> is_record({"id": "9f", "content_hash": "c4", "text": "高血压"}), is_record({"id": "1", "prompt": "剂量？"})
    (True, False)
    """
    return isinstance(value.get("id"), str) and isinstance(value.get("content_hash"), str) and value.keys() <= _RECORD


def _named(row: dict[str, Any], key: str | None, draft: Draft, source: Source) -> Draft:
    row["kind"] = "example" if any(row.get(f) is not None for f in ("prompt", "messages", "chosen")) else "document"
    row["content_hash"] = content_hash(row)
    row["id"] = record_id(source.id, draft.uri, row["content_hash"] if key is None else key)
    return draft


def _fill(
    value: dict[str, Any], wanted: tuple[Slot, ...], source: Source, where: Place, method: str
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Collect what path and columns say; the stronger comes later and wins."""
    row: dict[str, Any] = {"lang": source.lang} if source.lang else {}
    groups: dict[str, dict[str, Any]] = {"": row, "source": {}, "validity": {"tz": source.tz} if source.tz else {}}
    evidence: list[dict[str, Any]] = []
    for field, fact in where.facts:
        slot = _slot(field, "")
        _put(groups, slot, fact, "path", evidence)
    for slot in wanted:
        if slot.column in value:
            try:
                fact = slot.convert(value[slot.column])
            except ValueError as error:
                raise ValueError(f"column {slot.column!r}: {error}") from None
            if fact is not None:
                _put(groups, slot, fact, method, evidence)
    _fact_key(source, groups, where, value)
    if evidence:
        groups["validity"]["evidence"] = evidence
    if groups["validity"]:
        row["validity"] = groups["validity"]
    return row, groups["source"] or None


def _put(groups: dict[str, dict[str, Any]], slot: Slot, fact: Any, method: str, evidence: list[dict[str, Any]]) -> None:
    groups[slot.group][slot.leaf] = fact
    if slot.group == "validity" and slot.leaf in DATES:
        evidence.append({"field": slot.leaf, "value": fact, "method": method, "rank": _RANK[method]})


def _fact_key(source: Source, groups: dict[str, dict[str, Any]], where: Place, value: dict[str, Any]) -> None:
    """Fill the template, unless the record names its fact itself; a gap means no key rather than half a key."""
    if not source.fact_key or groups["validity"].get("fact_key"):
        return
    names = {**value, **where.groups, **groups["source"], **groups["validity"], **groups[""]}
    names |= {f"{group}.{leaf}": fact for group in ("source", "validity") for leaf, fact in groups[group].items()}
    wanted = {name: names.get(name) for name in _NAMED.findall(source.fact_key)}
    if all(isinstance(fact, str | int) and str(fact).strip() for fact in wanted.values()):
        groups["validity"]["fact_key"] = _NAMED.sub(lambda m: str(wanted[m.group(1)]).strip(), source.fact_key)


def of_document(document: Document, source: Source, where: Place) -> Draft:
    """Make a record of a file that is one text. A heading is its title where nothing else names one."""
    facts = document.facts
    if document.heading and not facts.get("title") and "title" not in dict(where.facts):
        facts = {**facts, "title": document.heading}
    wanted = document_slots(source)
    try:
        row, own = _fill(facts, wanted, source, where, "front_matter")
    except ValueError as error:
        return of_fault(Fault("wrong_type", f"front matter: {error}", clip(document.text)), source, where)
    columns = {slot.column for slot in wanted}
    rest = {k: v for k, v in facts.items() if k not in columns}
    row["text"] = document.text
    if rest:
        row["extra"] = orjson.dumps(rest).decode()
    if document.fixes:
        row["fixes"] = list(document.fixes)
    return _named(row, "", Draft(row, where.uri, where.sha256, own=own), source)


def _fault(reason: str, what: str, found: Found) -> Fault:
    at = f"line {found.line}: " if found.line else f"row {found.row}: " if found.row is not None else ""
    raw = orjson.dumps(found.value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return Fault(reason, at + what, clip(raw), found.line, found.row)


def of_fault(fault: Fault, source: Source, where: Place) -> Draft:
    """Make a record of what could not be read, so that it is counted and can be looked at."""
    name = record_id(source.id, where.uri, f"!{fault.reason}:{fault.line}:{fault.row}")
    row: dict[str, Any] = {"id": name}
    if fault.raw:
        row["extra"] = orjson.dumps({"raw": fault.raw}).decode()
    row["content_hash"] = content_hash(row)
    detail = f"{where.uri}: {fault.detail}"
    return Draft(row, where.uri, where.sha256, fault.line, fault.row, leaving=(fault.reason, detail))


Reader = Callable[[Source, Place], Any]
