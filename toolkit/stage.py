"""The stage contract: options declared once, the kinds of work, and the registry that CLI, recipe and docs read.

A stage is a frozen dataclass; its fields are its options. Adding one is a class and a line in `STAGES`.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import os
import types
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

from toolkit.errors import UsageError, unknown_name
from toolkit.frames import Result, run_data
from toolkit.kinds import Batch, Map, Step, pass_through


class Entry(NamedTuple):
    """A stage in the registry: where its class lies, and what it does in one line."""

    path: str
    summary: str


STAGES: dict[str, Entry] = {
    "collect": Entry("toolkit.collect:Collect", "Read files, folders and tables into records with source and locator."),
    "clean": Entry("toolkit.clean:Clean", "Repair text, name its language, drop what is empty."),
    "dedup": Entry("toolkit.dedup:Dedup", "Drop exact and near duplicates, keep the better source."),
    "label.convert": Entry("toolkit.label:Convert", "Read rows of known training formats as examples."),
    "label.map": Entry("toolkit.label:LabelMap", "Make examples from columns by templates."),
    "label.rules": Entry("toolkit.label:LabelRules", "Make examples from the structure of documents, without a model."),
    "age.attach": Entry("toolkit.age:Attach", "Attach what is known of the time in which a record is true."),
    "age.decide": Entry("toolkit.age:Decide", "Decide what still holds on a given day; drop what has expired."),
    "release": Entry("toolkit.release:Release", "Validate, split without leaks, and write training files."),
}
"""Name in recipes and commands -> the stage; imported when used, so that `--help` stays fast."""


def option(
    default: Any, sentence: str, *, choices: tuple[str, ...] = (), minimum: float | None = None, maximum: float | None = None
) -> Any:  # fmt: skip
    """Declare an option once: default, sentence, and what is allowed. CLI, recipe, JSON Schema and docs read it here."""
    metadata = {"help": sentence, "choices": choices, "minimum": minimum, "maximum": maximum}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def required(sentence: str, *, choices: tuple[str, ...] = ()) -> Any:
    """Declare an option that has no default."""
    return dataclasses.field(metadata={"help": sentence, "choices": choices, "minimum": None, "maximum": None})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """Base of all stages: what every stage can do is derived from its options and `steps`."""

    name: ClassVar[str]
    reports: ClassVar[tuple[str, ...]] = ()
    """Files in which its global steps say more than records can."""

    def __post_init__(self) -> None:
        """Refuse values that an option does not allow, wherever the stage is made; a list becomes a tuple.

        A stage that checks more calls this first.
        """
        hints = type_hints(type(self))
        for f in option_fields(type(self)):
            value = _checked(f, hints[f.name], getattr(self, f.name), f"{self.name} {f.name}")
            object.__setattr__(self, f.name, value)

    def steps(self) -> tuple[Step, ...]:
        """The kinds of work, in order. A stage that is one Map overrides `apply` alone."""
        return (Map(self.apply_batch),)

    def apply_batch(self, batch: Batch) -> Batch:  # noqa: ARG002 - the argument is the contract
        """Map stages: return every row, those that leave marked in the column `leaving`, plus derived rows."""
        raise UsageError(f"{self.name} looks at all records at once and has no apply()", hint="use run()")

    def apply(self, batch: Batch) -> Batch:
        """One batch in, one batch out, with a column `leaving` (disposition, stage, reason, detail; null = kept).

        Drops into Ray Data `map_batches`, Spark `mapInArrow` and `datasets.map(batched=True)`.
        """
        from toolkit.frames import batch_of, with_leaving

        passed = pass_through(lambda part, _start: self.apply_batch(part), batch_of(batch), self.name)
        return with_leaving(passed)

    def run(self, data: Any = ()) -> Result:
        """Run the stage on data of your program and get the same kind of thing back.

        Args:
            data: Iterable of dicts, `pandas.DataFrame`, `datasets.Dataset`, `pyarrow.Table` or `RecordBatch`. Keys that
                are no record fields survive in `extra`. `Collect` reads its own sources and takes none.

        Returns:
            `kept` (the kind of thing that went in), `rejected` (list of `Rejection`), `counts` per reason.
        """
        return run_data(self.steps(), data, self.name)

    def options(self) -> dict[str, Any]:
        """The options as plain values, for the recipe and the manifest."""
        return {f.name: _plain(getattr(self, f.name)) for f in option_fields(type(self))}

    @classmethod
    def build(cls, options: Mapping[str, Any], *, where: str = "") -> Self:
        """Make a stage from plain values, as a recipe or the command line gives them."""
        fields = {f.name: f for f in option_fields(cls)}
        for name in options:
            if name not in fields:
                raise unknown_name(f"option of {cls.name}", name, fields, where=where)
        missing = [n for n, f in fields.items() if is_required(f) and n not in options]
        if missing:
            raise UsageError(f"{where + ': ' if where else ''}{cls.name} needs the option {missing[0]!r}",
                             hint=str(fields[missing[0]].metadata["help"]))  # fmt: skip
        hints = type_hints(cls)
        return cls(**{n: _checked(fields[n], hints[n], v, f"{where}/{n}" if where else n) for n, v in options.items()})


def option_fields(cls: type[Stage]) -> list[dataclasses.Field[Any]]:
    """The fields of a stage that are options."""
    return [f for f in dataclasses.fields(cls) if f.metadata]


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether an option has no default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def default_of(field: dataclasses.Field[Any]) -> Any:
    """The default of an option; None where it is required or has none."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def type_hints(cls: type) -> dict[str, Any]:
    """The types of the options, resolved."""
    return typing.get_type_hints(cls)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


_TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _checked(field: dataclasses.Field[Any], hint: Any, value: Any, where: str) -> Any:
    value = _coerced(hint, value, where)
    choices, low, high = (field.metadata[k] for k in ("choices", "minimum", "maximum"))
    for item in value if isinstance(value, tuple) else (value,):
        if choices and item is not None and item not in choices:
            raise unknown_name(f"value of {field.name}", str(item), choices, where=where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if low is not None and not value >= low:  # nor is what is no number
            raise UsageError(f"{where}: {value} is less than {low}", hint=str(field.metadata["help"]))
        if high is not None and not value <= high:
            raise UsageError(f"{where}: {value} is more than {high}", hint=str(field.metadata["help"]))
    return value


def _coerced(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        parts = typing.get_args(hint)
        if value is None and type(None) in parts:
            return None
        return _coerced(next(p for p in parts if p is not type(None)), value, where)
    if hint is Any:
        return value
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _several(typing.get_args(hint)[0], value, where)
    if origin is not None:
        if not isinstance(value, origin if isinstance(origin, type) else Mapping):
            raise UsageError(f"{where}: expected a mapping, got {value!r}")
        return value
    return _one(hint, value, where)


def _several(hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    """One value or a list of them; not a set, whose order would reach the addresses of shards."""
    if not isinstance(value, str | os.PathLike | list | tuple):
        raise UsageError(f"{where}: expected one or several texts, got {value!r}")
    return tuple(_one(hint, item, where) for item in (value if isinstance(value, list | tuple) else [value]))


def _one(hint: Any, value: Any, where: str) -> Any:
    """A plain value; programs name files by paths and count with numpy."""
    if hint is str and isinstance(value, os.PathLike):
        return str(value)
    if getattr(value, "shape", None) == ():
        value = value.item()
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise UsageError(f"{where}: expected {_TYPE_NAMES.get(hint, hint)}, got {value!r}")
    return value


@functools.cache
def stage_class(name: str) -> type[Stage]:
    """Find a stage by its name in recipes.

    >>> stage_class("dedpu")
    Traceback (most recent call last):
    toolkit.errors.UsageError: unknown stage 'dedpu'
    did you mean 'dedup'?
    """
    if name not in STAGES:
        raise unknown_name("stage", name, STAGES)
    module, _, cls = STAGES[name].path.partition(":")
    found: type[Stage] = getattr(importlib.import_module(module), cls)
    return found


def options_schema(cls: type[Stage]) -> dict[str, Any]:
    """The options of a stage as JSON Schema."""
    hints = type_hints(cls)
    fields = option_fields(cls)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {f.name: _option_schema(f, hints[f.name]) for f in fields},
        "additionalProperties": False,
    }
    needed = [f.name for f in fields if is_required(f)]
    return schema | ({"required": needed} if needed else {})


def _option_schema(field: dataclasses.Field[Any], hint: Any) -> dict[str, Any]:
    schema = _type_schema(hint, field.metadata["choices"])
    schema["description"] = field.metadata["help"]
    default = default_of(field)
    if default is not None:
        schema["default"] = _plain(default)
    for key in ("minimum", "maximum"):
        if field.metadata[key] is not None:
            schema[key] = field.metadata[key]
    return schema


def _type_schema(hint: Any, choices: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        hint = next(p for p in typing.get_args(hint) if p is not type(None))
    if hint is Any:
        return {}
    if typing.get_origin(hint) is tuple:
        item = _type_schema(typing.get_args(hint)[0], choices)
        return {"anyOf": [{"type": "array", "items": item}, item]}
    names = {str: "string", int: "integer", float: "number", bool: "boolean"}
    schema: dict[str, Any] = {"type": names.get(hint, "object")}
    return schema | ({"enum": list(choices)} if choices else {})
