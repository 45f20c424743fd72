"""JSON Schemas by name, from the wheel or from a checkout, and what they find wrong with a value, in plain words."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.errors import unknown_name

_PLACES = (Path(__file__).with_name("_schemas"), Path(__file__).parents[1] / "schemas")


def folder() -> Path:
    """Where the schemas lie: inside the wheel, or beside the package in a checkout."""
    return next(place for place in _PLACES if place.is_dir())


def names() -> list[str]:
    """All schema names, such as `record` and `formats/openai-chat`."""
    root = folder()
    return sorted(p.relative_to(root).as_posix().removesuffix(".schema.json") for p in root.rglob("*.schema.json"))


@functools.cache
def load(name: str) -> dict[str, Any]:
    """Read one schema.

    >>> load("record")["title"]
    'record'
    """
    path = folder() / f"{name}.schema.json"
    if not path.is_file():
        raise unknown_name("schema", name, names())
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


class Finding(NamedTuple):
    """One thing that is wrong with a value.

    Attributes:
        pointer: Where: the keys and numbers that lead there.
        what: What is wrong.
        hint: What to do.
    """

    pointer: tuple[str | int, ...]
    what: str
    hint: str


def findings(schema: Mapping[str, Any], value: Any, *, key: str = "key") -> list[Finding]:
    """Everything a schema finds wrong; unknown names first, since they explain what is missing.

    Args:
        schema: A JSON Schema.
        value: Plain values.
        key: What the keys of the mappings are called, such as option.

    >>> findings({"properties": {"lang": {"type": "string"}}, "additionalProperties": False}, {"lnag": "中文"})[0]
    Finding(pointer=('lnag',), what="unknown key 'lnag'", hint="did you mean 'lang'?")
    >>> findings({"type": "integer", "minimum": 1, "description": "rows"}, 0)
    [Finding(pointer=(), what='0 is less than 1', hint='rows')]
    """
    import jsonschema

    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    best = (jsonschema.exceptions.best_match([error]) or error for error in errors)
    found = [finding for error in best for finding in _in_words(error, key)]
    return sorted(found, key=lambda f: (not f.what.startswith("unknown"), [str(part) for part in f.pointer]))


def _in_words(error: Any, key: str) -> Iterator[Finding]:
    place, value, asked = tuple(error.absolute_path), error.instance, error.validator_value
    told = str(error.schema.get("description", ""))
    if error.validator == "additionalProperties" and asked is False:
        known = error.schema["properties"]
        for name in sorted(map(str, set(value) - set(known))):
            unknown = unknown_name(key, name, known)
            yield Finding((*place, name), unknown.message, unknown.hint)
    elif error.validator == "enum":
        unknown = unknown_name("value", str(value), map(str, asked))
        yield Finding(place, unknown.message, unknown.hint)
    elif error.validator == "required":
        yield Finding(place, f"the key {next(name for name in asked if name not in value)!r} is missing", told)
    else:
        say = _SAID.get(error.validator, lambda _value, _asked: error.message[:200])
        yield Finding(place, say(value, asked), told)


_KINDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
          "array": "a list", "object": "a mapping"}  # fmt: skip

_SAID: dict[str, Any] = {
    "type": lambda value, asked: f"expected {_kinds(asked)}, got {_clip(value)}",
    "const": lambda value, asked: f"expected {asked!r}, got {_clip(value)}",
    "minimum": lambda value, asked: f"{value} is less than {asked}",
    "maximum": lambda value, asked: f"{value} is more than {asked}",
    "anyOf": lambda value, _: f"{_clip(value)} is of the wrong kind",
    "minLength": lambda _value, _asked: "is empty",
    "minItems": lambda _value, _asked: "is empty",
    "minProperties": lambda _value, _asked: "is empty",
    "maxLength": lambda value, asked: f"{_clip(value)} is longer than {asked}",
}
"""Keyword of JSON Schema -> what is wrong, from the value and what is asked of it."""


def _kinds(asked: str | list[str]) -> str:
    return " or ".join(_KINDS.get(kind, kind) for kind in ([asked] if isinstance(asked, str) else asked))


def _clip(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"  # noqa: PLR2004 - what fits on a line
