"""Validation of one row: a compiled validator decides, jsonschema explains, rules say what no schema can.

The schemas carry the codes: `x-code` beside a constraint is the code of its violation, or a table from the violated
keyword to a code; under `required` once more from the missing key, under `type` with `null` for a null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.formats.base import Format
from toolkit.formats.example import kind, pointer
from toolkit.formats.findings import Finding
from toolkit.formats.lines import faults
from toolkit.formats.table import get
from toolkit.schemas import load

if TYPE_CHECKING:
    import jsonschema_rs


_Violation = Any
"""A `jsonschema.ValidationError`; its published types allow schemas that are not objects, ours always are."""


@dataclass(frozen=True)
class Validator:
    """Checks rows of one format; made by `validator`."""

    format: Format
    schema: dict[str, Any]
    compiled: jsonschema_rs.Draft202012Validator

    def check(self, row: Any) -> list[Finding]:
        """Find everything that is wrong with a row, the shape first.

        >>> [str(f) for f in validator("alpaca").check({"instruction": "高血压是什么？", "input": "", "output": "　"})]
        ['E204 /output is blank']
        >>> validator("alpaca").check({"instruction": "高血压是什么？", "input": "", "output": "血压持续升高。"})
        []
        """
        found = [] if self.accepts(row) else self.explain(row)
        if isinstance(row, dict):
            for rule in self.format.rules:
                found.extend(rule(row))
        return found

    def accepts(self, row: Any) -> bool:
        """Decide by the compiled schema alone, in about a microsecond."""
        try:
            return self.compiled.is_valid(row)
        except ValueError:
            # a lone surrogate or a key that is no string: Rust has no such text; `explain` names the place
            return False

    def explain(self, row: Any) -> list[Finding]:
        """Name every violation of the schema, and every text that JSON cannot carry."""
        import jsonschema

        errors = jsonschema.Draft202012Validator(self.schema).iter_errors(row)
        found = [finding for error in errors for finding in _findings(error)]
        found += faults(row)
        # several constraints may name one fault at one place: the first speaks for all
        return list({(f.code, f.pointer): f for f in reversed(found)}.values())[::-1]


@cache
def validator(name: str) -> Validator:
    """Make the validator of a format, once.

    >>> validator("openai-chat").check({"messages": []})
    [Finding(code='E201', pointer='/messages', message='is empty', line=None)]
    """
    import jsonschema_rs

    form = get(name)
    schema = load(form.schema)
    return Validator(form, schema, jsonschema_rs.Draft202012Validator(schema))


def _findings(error: _Violation) -> Iterator[Finding]:
    """Turn one violation into findings at exact places, without quoting the text of the row."""
    path, keyword = tuple(error.absolute_path), str(error.validator)
    if keyword == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield Finding(_code(error, keyword, key), pointer(*path, key), "is missing")
    elif keyword == "additionalProperties":
        for key in error.instance:
            if key not in error.schema.get("properties", {}):
                yield Finding(
                    _code(error, keyword, str(key)), pointer(*path, str(key)), "is a key the format does not have"
                )
    else:
        detail = "null" if error.instance is None else keyword
        yield Finding(_code(error, keyword, detail), pointer(*path), _sentence(error, keyword))


def _code(error: _Violation, keyword: str, detail: str) -> str:
    """Look up the code: by keyword, then by key or null, as far as the schema tells them apart."""
    code = error.schema["x-code"]
    for name in (keyword, detail):
        if isinstance(code, dict):
            code = code.get(name, code.get("*"))
    return str(code)


def _sentence(error: _Violation, keyword: str) -> str:
    if error.schema.get("x-message"):
        return str(error.schema["x-message"])
    if keyword == "type":
        return f"is of type {kind(error.instance)}, must be {error.validator_value}"
    if keyword in {"enum", "const"}:
        return f"is {error.instance!r:.40}, must be {_choice(error.validator_value)}"
    if keyword in {"minItems", "minLength"}:
        return "is empty"
    if keyword == "contains":
        return "is blank"
    return f"breaks the rule {keyword!r} of the format"


def _choice(value: Any) -> str:
    return " or ".join(map(repr, value)) if isinstance(value, list) else repr(value)
