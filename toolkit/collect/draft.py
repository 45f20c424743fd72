"""From rows and documents to records: fields by declaration, everything else into `extra`, a name by logical place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson

from toolkit.collect.documents import Document
from toolkit.collect.fields import DATES, FIELDS, FRONT_MATTER, Convert, as_fact, full_name
from toolkit.collect.sources import Source
from toolkit.files.found import Fault, Found, clip
from toolkit.files.parquet import as_json
from toolkit.record import SCHEMA, content_hash

_RECORD = frozenset(SCHEMA.names)
_NAMED = re.compile(r"\{([^{}]+)\}")
_RANK = {"path": 2, "table": 3, "column": 3, "front_matter": 3}
"""Strength of a date by where it stands: a declared file name is weaker than a declared column."""
_JSON = orjson.OPT_NON_STR_KEYS


class Draft(NamedTuple):
    """A record before it becomes a row of a batch.

    Attributes:
        row: Record fields without `source`; with it where `whole`.
        uri: URI of the file.
        sha256: Hash of the file.
        line: Physical line, from 1.
        number: Row of a table without lines, from 0.
        key: The declared id.
        own: What this record says of its source, over what the registry says.
        leaving: Reason and detail, where it leaves.
        whole: The row was a record of this toolkit already and stays as it is.
    """

    row: dict[str, Any]
    uri: str
    sha256: str | None
    line: int | None = None
    number: int | None = None
    key: str | None = None
    own: dict[str, Any] | None = None
    leaving: tuple[str, str] | None = None
    whole: bool = False


class Slot(NamedTuple):
    """One field that a column may fill; `group` is "" for the record itself, else `validity` or `source`."""

    group: str
    leaf: str
    column: str
    convert: Convert


class Form(NamedTuple):
    """The fields of one kind of input: those of the record itself, those of its groups, and all columns they use."""

    plain: tuple[Slot, ...]
    grouped: tuple[Slot, ...]
    columns: frozenset[str]
    method: str

    @classmethod
    def of(cls, declared: Iterable[tuple[str, str]], method: str) -> Form:
        """Sort declared (field, column) pairs."""
        slots = tuple(_slot(field, column) for field, column in declared)
        columns = frozenset(s.column for s in slots)
        return cls(tuple(s for s in slots if not s.group), tuple(s for s in slots if s.group), columns, method)


def _slot(field: str, column: str) -> Slot:
    group, dot, leaf = field.partition(".")
    return Slot(group if dot else "", leaf if dot else field, column, FIELDS[field])


_NOTHING = Form.of((), "column")
_TEXT_ROW = Form.of((("text", "text"), ("title", "title")), "column")
"""Rows of a source that declares no fields: a `text` is one; all else is for `label.convert` to recognize."""


def namer(source_id: str, uri: str) -> Callable[[str], str]:
    """`record_id` for many places of one file, without hashing the file's part again and again.

    >>> from toolkit.record import record_id
    >>> namer("法规", "民法典.md")("第一条") == record_id("法规", "民法典.md", "第一条")
    True
    """
    head = hashlib.blake2b(_parts("record", source_id, uri), digest_size=16)

    def name(place: str) -> str:
        whole = head.copy()
        whole.update(_parts(place))
        return whole.hexdigest()

    return name


def _parts(*parts: str) -> bytes:
    return "".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")


def is_record(value: dict[str, Any]) -> bool:
    """Whether a row is a record of this toolkit: nothing but its fields, and both of its names.

    >>> is_record({"id": "9f", "content_hash": "c4", "text": "高血压"}), is_record({"id": "1", "prompt": "剂量？"})
    (True, False)
    """
    return isinstance(value.get("id"), str) and isinstance(value.get("content_hash"), str) and value.keys() <= _RECORD


class Drafter:
    """Makes the records of one file.

    >>> drafter = Drafter(Source(fields=(("prompt", "问"), ("validity.valid_until", "止"))), "问答.csv", None)
    >>> row = drafter.of_row(Found({"问": "几点开门？", "止": "2026-12-31", "科": "内科"}, line=2)).row
    >>> row["prompt"], row["extra"], row["validity"]["evidence"]
    ('几点开门？', '{"科":"内科"}', [{'field': 'valid_until', 'value': '2026-12-31', 'method': 'column', 'rank': 3}])
    """

    def __init__(
        self, source: Source, uri: str, sha256: str | None, facts: tuple[tuple[str, str], ...] = ()
    ) -> None:  # fmt: skip
        self.source, self.uri, self.sha256 = source, uri, sha256
        self._name = namer(source.id, uri)
        found = re.search(source.pattern, uri) if source.pattern else None
        self._groups = {k: v for k, v in found.groupdict().items() if v is not None} if found else {}
        named = [(full_name(k), v, "path") for k, v in self._groups.items() if full_name(k) in FIELDS]
        named += [(field, value, "table") for field, value in facts]
        said = [(_slot(field, ""), FIELDS[field](value), how) for field, value, how in named]
        self._constant = ({"lang": source.lang} if source.lang else {}) | {s.leaf: v for s, v, _ in said if not s.group}
        self._said = [(slot, value, how) for slot, value, how in said if slot.group and value is not None]
        self._rows = Form.of(source.fields, "column")
        self._always = bool(self._said or source.tz or source.fact_key)

    def of_row(self, found: Found) -> Draft:
        """Make a record of a row; a value that its field cannot hold, or a missing id, makes a fault of it."""
        value, source = found.value, self.source
        form = self._rows
        if not source.fields:
            if "content_hash" in value and is_record(value):
                return Draft(value, self.uri, self.sha256, whole=True)
            form = _TEXT_ROW if isinstance(value.get("text"), str) else _NOTHING
        try:
            key = as_fact(value.get(source.id_column)) if source.id_column else None
            row, own = self._fill(value, form)
            rest = {k: v for k, v in value.items() if k not in form.columns} if form.columns else value
            if rest:
                row["extra"] = orjson.dumps(rest, default=as_json, option=_JSON).decode()
        except (ValueError, TypeError) as error:
            return self._refused("wrong_type", str(error), found)
        if source.id_column and key is None:
            what = f"no value in the column {source.id_column!r}, which names the rows; fill it or declare no id_column"
            return self._refused("missing_id", what, found)
        if found.fixes:
            row["fixes"] = list(found.fixes)
        self._finish(row, key)
        return Draft(row, self.uri, self.sha256, found.line, found.row, key, own)

    def of_document(self, document: Document) -> Draft:
        """Make a record of a file that is one text. A heading is its title where nothing else names one."""
        facts = document.facts
        if document.heading and not facts.get("title") and "title" not in self._constant:
            facts = {**facts, "title": document.heading}
        form = self._front_matter()
        try:
            row, own = self._fill(facts, form)
        except ValueError as error:
            return self.of_fault(Fault("wrong_type", f"front matter: {error}", clip(document.text)))
        row["text"] = document.text
        rest = {k: v for k, v in facts.items() if k not in form.columns}
        if rest:
            row["extra"] = orjson.dumps(rest).decode()
        if document.fixes:
            row["fixes"] = list(document.fixes)
        self._finish(row, "")
        return Draft(row, self.uri, self.sha256, own=own)

    def of_fault(self, fault: Fault) -> Draft:
        """Make a record of what could not be read, so that it is counted and can be looked at."""
        row: dict[str, Any] = {"id": self._name(f"!{fault.reason}:{fault.line}:{fault.row}")}
        if fault.raw:
            row["extra"] = orjson.dumps({"raw": fault.raw}).decode()
        row["content_hash"] = content_hash(row)
        leaving = (fault.reason, f"{self.uri}: {fault.detail}")
        return Draft(row, self.uri, self.sha256, fault.line, fault.row, leaving=leaving)

    def _refused(self, reason: str, what: str, found: Found) -> Draft:
        at = f"line {found.line}: " if found.line else f"row {found.row}: " if found.row is not None else ""
        raw = orjson.dumps(found.value, default=str, option=_JSON).decode()
        return self.of_fault(Fault(reason, at + what, clip(raw), found.line, found.row))

    def _front_matter(self) -> Form:
        declared = [pair for pair in self.source.fields if pair[0] != "text"]
        known = {field for field, _ in declared}
        own = [(full_name(name), name) for name in FRONT_MATTER if full_name(name) not in known]
        return Form.of((*declared, *own), "front_matter")

    def _finish(self, row: dict[str, Any], key: str | None) -> None:
        row["kind"] = "example" if "prompt" in row or "messages" in row or "chosen" in row else "document"
        row["content_hash"] = content_hash(row)
        row["id"] = self._name(row["content_hash"] if key is None else key)

    def _fill(self, value: dict[str, Any], form: Form) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """What path, table and columns say; who comes later wins. Returns the record and what it says of its source."""
        row: dict[str, Any] = self._constant.copy()
        for slot in form.plain:
            fact = _fact(slot, value)
            if fact is not None:
                row[slot.leaf] = fact
        return row, self._fill_groups(row, value, form) if form.grouped or self._always else None

    def _fill_groups(self, row: dict[str, Any], value: dict[str, Any], form: Form) -> dict[str, Any] | None:
        groups: dict[str, dict[str, Any]] = {"source": {}, "validity": {"tz": self.source.tz} if self.source.tz else {}}
        said = self._said.copy()
        said += [(slot, fact, form.method) for slot in form.grouped if (fact := _fact(slot, value)) is not None]
        for slot, fact, _ in said:
            groups[slot.group][slot.leaf] = fact
        validity = groups["validity"]
        if self.source.fact_key and "fact_key" not in validity and (key := self._fact_key(row, groups, value)):
            validity["fact_key"] = key
        evidence = [
            _evidence(slot.leaf, fact, how)
            for slot, fact, how in said
            if slot.group == "validity" and slot.leaf in DATES
        ]
        if evidence:
            validity["evidence"] = evidence
        if validity:
            row["validity"] = validity
        return groups["source"] or None

    def _fact_key(self, row: dict[str, Any], groups: dict[str, dict[str, Any]], value: dict[str, Any]) -> str | None:
        """Fill the template; a gap means no key rather than half a key, under which strangers would meet."""
        names = {**value, **self._groups, **groups["source"], **groups["validity"], **row}
        names |= {f"{group}.{leaf}": fact for group, facts in groups.items() for leaf, fact in facts.items()}
        template = self.source.fact_key or ""
        wanted = {name: names.get(name) for name in _NAMED.findall(template)}
        if not all(isinstance(fact, str | int) and str(fact).strip() for fact in wanted.values()):
            return None
        return _NAMED.sub(lambda m: str(wanted[m.group(1)]).strip(), template)


def _fact(slot: Slot, value: dict[str, Any]) -> Any:
    if slot.column not in value:
        return None
    try:
        return slot.convert(value[slot.column])
    except (ValueError, TypeError) as error:
        raise ValueError(f"column {slot.column!r}: {error}") from None


def _evidence(field: str, value: str, method: str) -> dict[str, Any]:
    return {"field": field, "value": value, "method": method, "rank": _RANK[method]}
