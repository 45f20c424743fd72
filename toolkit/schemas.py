"""JSON Schemas by name, from the wheel or from a checkout: the only place that knows where they lie."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

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
