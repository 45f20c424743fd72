"""The recipe: YAML in, checked stages out. Its JSON Schema is generated from the options of the stages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from toolkit.errors import UsageError, unknown_name
from toolkit.stage import STAGES, Stage, is_required, option_fields, options_schema, stage_class

KEYS = {
    "version": "Always 1.",
    "state": "Folder of what is remembered between runs; none by default.",
    "sources": "The registry of sources: a file, or the list itself.",
    "stages": "The stages in order; an entry is a name, or a name with its options. Stages may repeat.",
    "release": "Options of the release; without it a run ends with records.",
}
PATH_OPTIONS = ("sources", "policy", "templates", "against", "terms")
"""Options that name files relative to the recipe."""


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Attributes:
        path: Where it was read from; relative paths in it are relative to that folder.
        stages: Names and options, `release` last where there is one.
        content: The recipe as written, for the manifest.
    """

    path: Path
    stages: tuple[tuple[str, Mapping[str, Any]], ...]
    content: Mapping[str, Any] = field(default_factory=dict)

    def build(self, as_of: str | None) -> list[Stage]:
        """Make the stages, with `as_of` given to those that judge by it.

        Raises:
            UsageError: An option is unknown, missing or of the wrong kind; says where in the file.
        """
        numbers = [n for n, (name, _) in enumerate(self.stages) if name.startswith("label.")]
        built = []
        for number, (name, options) in enumerate(self.stages):
            where = f"{self.path.name} /{'release' if name == 'release' else f'stages/{number}/{name}'}"
            cls = stage_class(name)
            filled = dict(options)
            if "as_of" in _fields(cls) and "as_of" not in filled:
                filled |= _day(as_of, cls)
            if "final" in _fields(cls) and "final" not in filled:
                # adjacent labelers run as a union: only the last may say that a document gave no example
                filled["final"] = number + 1 not in numbers
            rooted = "root" in _fields(cls)
            for key in PATH_OPTIONS:
                if isinstance(filled.get(key), str) and not rooted:
                    filled[key] = str(self.path.parent / filled[key])
            stage = cls.build(filled, where=where)
            built.append(dataclasses.replace(stage, root=str(self.path.parent)) if rooted else stage)  # type: ignore[call-arg]  # only stages with that field
        return built


def _fields(cls: type[Stage]) -> set[str]:
    return {f.name for f in dataclasses.fields(cls)}


def _day(as_of: str | None, cls: type[Stage]) -> dict[str, str]:
    needed = any(is_required(f) for f in option_fields(cls) if f.name == "as_of")
    if as_of is None and needed:
        raise UsageError(f"{cls.name} judges by a day and none is given", hint="add --as-of YYYY-MM-DD")
    return {} if as_of is None else {"as_of": as_of}


def load(path: Path | str) -> Recipe:
    """Read and check a recipe.

    Raises:
        UsageError: With file, line and JSON pointer of every finding.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", hint="`toolkit recipe init` writes one to start from"
        ) from None
    try:
        content = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: is no YAML ({getattr(error, 'problem', error)})") from None
    _check(path, content, tree)
    return Recipe(path, tuple(_entries(content)), content)


def from_content(content: Mapping[str, Any], folder: Path | str = ".") -> Recipe:
    """A recipe from plain values, as a program builds it."""
    path = Path(folder) / "recipe"
    _check(path, content, None)
    return Recipe(path, tuple(_entries(content)), content)


def _entries(content: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    entries = [_entry(e) for e in content["stages"]]
    if "sources" in content and entries and entries[0][0] == "collect":
        entries[0] = ("collect", {"sources": content["sources"], **entries[0][1]})
    if "release" in content:
        entries.append(("release", content["release"] or {}))
    return entries


def _entry(entry: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    ((name, options),) = entry.items()
    return name, options or {}


def _check(path: Path, content: Any, tree: Any) -> None:
    """Find everything that is wrong with the shape of a recipe; names first, then the schema."""
    if not isinstance(content, Mapping):
        raise UsageError(
            f"{path}: is no recipe", hint="a recipe is a mapping with version, sources, stages and release"
        )
    for key in content:
        if key not in KEYS:
            raise unknown_name("key", str(key), KEYS, where=_place(path, tree, [key]))
    for number, entry in enumerate(content.get("stages") or ()):
        names = [entry] if isinstance(entry, str) else list(entry) if isinstance(entry, Mapping) else []
        if len(names) != 1 or names[0] not in STAGES:
            where = _place(path, tree, ["stages", number])
            if len(names) == 1:
                raise unknown_name("stage", str(names[0]), STAGES, where=where)
            raise UsageError(f"{where}: expected the name of a stage, alone or with its options", hint=f"got {entry!r}")
    findings = _schema_findings(path, content, tree)
    if findings:
        more = f"\n... and {len(findings) - 5} more" if len(findings) > 5 else ""  # noqa: PLR2004 - what fits on a screen
        raise UsageError("\n".join(findings[:5]) + more, hint="`toolkit recipe check` explains every option")
    if content["stages"] and _entry(content["stages"][0])[0] != "collect":
        raise UsageError(f"{_place(path, tree, ['stages', 0])}: the first stage must be collect")


def _schema_findings(path: Path, content: Mapping[str, Any], tree: Any) -> list[str]:
    import jsonschema

    errors = sorted(
        jsonschema.Draft202012Validator(schema()).iter_errors(content), key=lambda e: [str(p) for p in e.absolute_path]
    )
    found = []
    for error in errors:
        best = jsonschema.exceptions.best_match([error]) or error
        found.append(f"{_place(path, tree, list(best.absolute_path))}: {best.message}")
    return found


def _place(path: Path, tree: Any, pointer: Sequence[str | int]) -> str:
    line = _line(tree, pointer)
    return f"{path}{f':{line}' if line else ''} /{'/'.join(map(str, pointer))}"


def _line(node: Any, pointer: Sequence[str | int]) -> int | None:
    """The line of a place in the YAML text; of its nearest parent where the place itself is missing."""
    if node is None:
        return None
    line = int(node.start_mark.line) + 1
    for key in pointer:
        children: dict[str | int, Any] = {}
        if isinstance(node, yaml.MappingNode):
            children = {k.value: (k, v) for k, v in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = {n: (v, v) for n, v in enumerate(node.value)}
        if key not in children:
            break
        name, node = children[key]
        line = int(name.start_mark.line) + 1
    return line


def schema() -> dict[str, Any]:
    """The recipe as JSON Schema, generated from the options of the stages."""
    forms: list[dict[str, Any]] = [{"enum": sorted(set(STAGES) - {"release"})}]
    for name in sorted(set(STAGES) - {"release"}):
        options = {"anyOf": [{**options_schema(stage_class(name)), "required": []}, {"type": "null"}]}
        forms.append(
            {"type": "object", "properties": {name: options}, "required": [name], "additionalProperties": False}
        )
    release = {**options_schema(stage_class("release")), "required": []}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recipe",
        "description": "Sources, stages and release of one run. Generated from the stages by `make docs`.",
        "type": "object",
        "properties": {
            "version": {"const": 1, "description": KEYS["version"]},
            "state": {"type": "string", "description": KEYS["state"]},
            "sources": {"description": KEYS["sources"]},
            "stages": {"type": "array", "items": {"anyOf": forms}, "minItems": 1, "description": KEYS["stages"]},
            "release": {**release, "description": KEYS["release"]},
        },
        "required": ["version", "stages"],
        "additionalProperties": False,
    }


INIT = """\
# A recipe: which sources, which stages, which training formats. Paths are relative to this file.
# Check it with `toolkit recipe check`, run it with `toolkit run recipe.yaml --out build --as-of 2026-11-22`.
version: 1
sources:
  - id: my-documents          # a name for the source; it is part of every record's id
    paths: ["data/**/*.md"]   # files, folders or globs
    publisher: ""
    authority: 5              # 1 official ... 5 unknown: decides which duplicate stays
    domain: enterprise        # medical, legal, enterprise, ...
    doc_type: manual          # law, guideline, policy, manual, faq, ticket, ...
    license: ""               # SPDX, for example CC-BY-4.0
stages:
  - collect
  - clean: {profile: document}
  - age.attach
  - dedup
  - label.rules: {kinds: [faq, heading, definition, law_article], seed: 7}
  - clean: {profile: example}
  - age.attach
  - dedup: {fields: [prompt, input, output]}
  - age.decide
release:
  targets: [openai-chat, llamafactory-alpaca]
  split: {train: 0.9, valid: 0.05, test: 0.05, seed: 7}
"""
"""What `toolkit recipe init` writes."""
