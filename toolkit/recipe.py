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
PATH_OPTIONS = ("sources", "policy", "templates", "against", "minus", "index", "terms", "lexicon", "classifier")
"""Options that name files relative to the recipe."""


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    Attributes:
        path: Where it was read from; relative paths in it are relative to that folder.
        stages: Names and options, `release` last where there is one.
        content: The recipe as written, for the manifest.
        tree: Where each value stands in the file, for messages.
    """

    path: Path
    stages: tuple[tuple[str, Mapping[str, Any]], ...]
    content: Mapping[str, Any] = field(default_factory=dict)
    tree: Any = field(default=None, repr=False, compare=False)

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
            stage = _placed(cls, filled, _place(self.path, self.tree, pointer))
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
                where = _place(self.path, self.tree, ["stages", number, self.stages[number][0], "source"])
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
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", hint="`toolkit recipe init` writes one to start from"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no text in UTF-8", hint="save it as UTF-8; a recipe is a YAML file") from None
    try:
        content = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(
            f"{path}{line}: is no YAML ({getattr(error, 'problem', error)})",
            hint="close brackets and quotes, indent with blanks, and quote texts that hold ': ', '{' or '#'",
        ) from None
    _check(path, content, tree)
    return Recipe(path, tuple(_entries(content)), content, tree)


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
    entries = content.get("stages")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        _check_entry(entry, _place(path, tree, ["stages", number]))
    findings = _schema_findings(path, content, tree)
    if findings:
        more = f"\n... and {len(findings) - 5} more" if len(findings) > 5 else ""  # noqa: PLR2004 - what fits on a screen
        raise UsageError("\n".join(where for where, _ in findings[:5]) + more, hint=findings[0][1])
    _check_sources(path, content, tree)


def _check_entry(entry: Any, where: str) -> None:
    names = [entry] if isinstance(entry, str) else list(entry) if isinstance(entry, Mapping) else []
    if len(names) != 1:
        raise UsageError(f"{where}: expected the name of a stage, alone or with its options", hint=f"got {entry!r}")
    if names[0] == "release":
        raise UsageError(f"{where}: release is no entry of stages", hint="write it as a key of its own, after stages")
    if names[0] not in STAGES:
        raise unknown_name("stage", str(names[0]), STAGES, where=where)


def _check_sources(path: Path, content: Mapping[str, Any], tree: Any) -> None:
    name, options = _entries(content)[0]
    if name != "collect":
        raise UsageError(f"{_place(path, tree, ['stages', 0])}: the first stage must be collect")
    if not options.get("sources") and not options.get("paths"):
        raise UsageError(f"{path} /sources: nothing to collect", hint="name a sources.yaml, or list the sources here")
    if isinstance(content.get("sources"), list):
        from toolkit.collect.sources import parse

        parse(content["sources"], where=str(path))


def _schema_findings(path: Path, content: Mapping[str, Any], tree: Any) -> list[tuple[str, str]]:
    """What the schema says, as (place and fault, what to do)."""
    import jsonschema

    errors = sorted(
        jsonschema.Draft202012Validator(schema()).iter_errors(content), key=lambda e: [str(p) for p in e.absolute_path]
    )
    found = []
    for error in errors:
        best = jsonschema.exceptions.best_match([error]) or error
        below, what, hint = _in_words(best)
        found.append((f"{_place(path, tree, [*best.absolute_path, *below])}: {what}", hint))
    return found


_KINDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
          "array": "a list", "object": "a mapping"}  # fmt: skip


def _in_words(error: Any) -> tuple[list[str], str, str]:
    """A finding of the schema as (names below its place, what is wrong, what to do)."""
    value, asked, told = error.instance, error.validator_value, str(error.schema.get("description", ""))
    if error.validator == "additionalProperties":
        name = min(set(value) - set(error.schema["properties"]))
        unknown = unknown_name("option", name, error.schema["properties"])
        return [name], unknown.message, unknown.hint
    if error.validator == "enum":
        unknown = unknown_name("value", str(value), asked)
        return [], unknown.message, unknown.hint
    if error.validator == "type":
        return [], f"expected {_KINDS.get(asked, asked)}, got {value!r}", told
    if error.validator == "const":
        return [], f"expected {asked!r}, got {value!r}", told
    if error.validator in ("minimum", "maximum"):
        return [], f"{value} is {'less' if error.validator == 'minimum' else 'more'} than {asked}", told
    if error.validator == "required":
        return [], f"the key {min(set(asked) - set(value))!r} is missing", "`toolkit recipe init` writes a whole recipe"
    if error.validator == "anyOf":
        return [], f"{value!r} is of the wrong kind", told or "options are a mapping, such as {threshold: 0.8}"
    return [], error.message, told


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
