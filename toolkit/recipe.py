"""The recipe: YAML in, checked stages out. Its JSON Schema is generated from the options of the stages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import schemas
from toolkit.errors import UsageError, unknown_name
from toolkit.files import yaml_values
from toolkit.files.yaml_values import Written
from toolkit.stage import STAGES, Stage, is_required, option_fields, options_schema, stage_class

KEYS = {
    "version": "Always 1.",
    "state": "Folder of what is remembered between runs; none by default.",
    "sources": "The registry of sources: a file, or the list itself.",
    "stages": "The stages in order; an entry is a name, or a name with its options. Stages may repeat.",
    "release": "Options of the release; without it a run ends with records.",
}
PATH_OPTIONS = ("sources", "policy", "templates", "against", "minus", "index", "terms", "lexicon", "classifier")
"""Options that name files relative to the recipe."""


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Attributes:
        path: Where it was read from; relative paths in it are relative to that folder.
        stages: Names and options, `release` last where there is one.
        written: The recipe as written, with the place of each value.
    """

    path: Path
    stages: tuple[tuple[str, Mapping[str, Any]], ...]
    written: Written

    @property
    def content(self) -> Mapping[str, Any]:
        """The recipe as written, for the manifest."""
        content: Mapping[str, Any] = self.written.value
        return content

    def build(self, as_of: str | None) -> list[Stage]:
        """Make the stages, with `as_of` given to those that judge by it.

        Raises:
            UsageError: An option is unknown, missing or of the wrong kind; says where in the file.
        """
        if as_of is not None:
            from toolkit.dates import judgment_day

            judgment_day(as_of)
        numbers = [n for n, (name, _) in enumerate(self.stages) if name.startswith("label.")]
        built = []
        for number, (name, options) in enumerate(self.stages):
            pointer: list[str | int] = ["release"] if name == "release" else ["stages", number, name]
            cls = stage_class(name)
            filled = dict(options)
            if "as_of" in _fields(cls) and "as_of" not in filled:
                filled |= _day(as_of, cls)
            if "final" in _fields(cls) and "final" not in filled:
                # adjacent labelers run as a union: only the last may say that a document gave no example
                filled["final"] = number + 1 not in numbers
            rooted = "root" in _fields(cls)
            for key in PATH_OPTIONS:
                if filled.get(key) and not rooted:
                    filled[key] = _rooted(filled[key], self.path.parent)
            stage = _placed(cls, filled, self.written.place(pointer))
            built.append(dataclasses.replace(stage, root=str(self.path.parent)) if rooted else stage)  # type: ignore[call-arg]  # only stages with that field
        self._check_meant(built)
        return built

    def _check_meant(self, stages: Sequence[Stage]) -> None:
        """Refuse a stage that is for a source which nobody collects: it would silently do nothing."""
        from toolkit.collect import Collect

        first = stages[0]
        meant = [(n, options["source"]) for n, (_, options) in enumerate(self.stages) if options.get("source")]
        if not meant or not isinstance(first, Collect):
            return
        known = [source.id for source, _ in first.registry()]
        for number, source in meant:
            if source not in known:
                where = self.written.place(["stages", number, self.stages[number][0], "source"])
                raise unknown_name("source", source, known, where=where)


def _rooted(given: Any, folder: Path) -> Any:
    """Paths relative to a folder; what is no path stays."""
    if isinstance(given, list | tuple):
        return [_rooted(path, folder) for path in given]
    return str(folder / given) if isinstance(given, str) else given


def _placed(cls: type[Stage], options: Mapping[str, Any], where: str) -> Stage:
    """Make a stage; what it refuses by itself is told with the place too."""
    try:
        return cls.build(options, where=where)
    except UsageError as error:
        if type(error) is not UsageError or error.message.startswith(where):
            raise
        raise UsageError(f"{where}: {error.message}", hint=error.hint) from None


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
    written = yaml_values.read(path, missing=UsageError, hint="`toolkit recipe init` writes one to start from")
    return _checked(Path(path), written)


def from_content(content: Mapping[str, Any], folder: Path | str = ".") -> Recipe:
    """A recipe from plain values, as a program builds it."""
    path = Path(folder) / "recipe"
    return _checked(path, Written(content, str(path)))


def _checked(path: Path, written: Written) -> Recipe:
    _check(written)
    return Recipe(path, tuple(_entries(written.value)), written)


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


def _check(written: Written) -> None:
    """Find everything that is wrong with the shape of a recipe; names first, then the schema."""
    content, place = written.value, written.place
    if not isinstance(content, Mapping):
        raise UsageError(
            f"{written.where}: is no recipe", hint="a recipe is a mapping with version, sources, stages and release"
        )
    for key in content:
        if key not in KEYS:
            raise unknown_name("key", str(key), KEYS, where=place([key]))
    entries = content.get("stages")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        _check_entry(entry, place(["stages", number]))
    yaml_values.refuse(written, schemas.findings(schema(), content, key="option"))
    _check_sources(written)


def _check_entry(entry: Any, where: str) -> None:
    names = [entry] if isinstance(entry, str) else list(entry) if isinstance(entry, Mapping) else []
    if len(names) != 1:
        raise UsageError(f"{where}: expected the name of a stage, alone or with its options", hint=f"got {entry!r}")
    if names[0] == "release":
        raise UsageError(f"{where}: release is no entry of stages", hint="write it as a key of its own, after stages")
    if names[0] not in STAGES:
        raise unknown_name("stage", str(names[0]), STAGES, where=where)


def _check_sources(written: Written) -> None:
    name, options = _entries(written.value)[0]
    if name != "collect":
        raise UsageError(f"{written.place(['stages', 0])}: the first stage must be collect", hint="put it first")
    if not options.get("sources") and not options.get("paths"):
        raise UsageError(f"{written.where} /sources: nothing to collect",
                         hint="name a sources.yaml, or list the sources here")  # fmt: skip
    if isinstance(written.value.get("sources"), list):
        from toolkit.collect.sources import parse

        parse(written)


def schema() -> dict[str, Any]:
    """The recipe as JSON Schema, generated from the options of the stages."""
    forms: list[dict[str, Any]] = [{"enum": sorted(set(STAGES) - {"release"})}]
    for name in sorted(set(STAGES) - {"release"}):
        options = {
            "anyOf": [{**options_schema(stage_class(name)), "required": []}, {"type": "null"}],
            "description": "Options are a mapping, such as {threshold: 0.8}.",
        }
        forms.append(
            {"type": "object", "properties": {name: options}, "required": [name], "additionalProperties": False}
        )
    release = {**options_schema(stage_class("release")), "required": []}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recipe",
        "$comment": "Generated from the stages by `make docs`.",
        "description": "Sources, stages and release of one run; `toolkit recipe init` writes one to start from.",
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
    publisher: My organization
    authority: 5              # 1 official ... 5 unknown: decides which duplicate stays
    domain: enterprise        # medical, legal, enterprise, ...
    doc_type: manual          # law, guideline, policy, manual, faq, ticket, ...
    license: LicenseRef-internal  # SPDX, for example CC-BY-4.0
stages:
  - collect
  - clean: {profile: document, pii: mask}
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
