"""What commands share: how to run, the funnel, and options made from the declarations of a stage."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from toolkit.errors import UsageError, unknown_name
from toolkit.pipeline import ENGINES, How, Report
from toolkit.stage import Stage, default_of, is_required, option_fields, type_hints

Command = TypeVar("Command", bound=Callable[..., Any])


class Whole(click.IntRange):
    """A whole number; what is none is told in plain words."""

    name = "whole number"


class Number(click.FloatRange):
    """A number; what is none is told in plain words."""

    name = "number"


class Choice(click.Choice[str]):
    """One of several words; an unknown one is answered with the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's signature
        """What is wrong, and what to write."""
        unknown = unknown_name("value", str(value), self.choices)
        known = f"; known: {', '.join(self.choices)}" if unknown.hint.startswith("did") else ""
        return f"{unknown.message}; {unknown.hint}{known}"


HOW_OPTIONS = (
    click.option("--workers", type=Whole(0), help="Worker processes; 0 = none, one per core by default."),
    click.option("--engine", default="local", show_default=True, help=f"Where workers run: {', '.join(ENGINES)}."),
    click.option("--limit", type=Whole(1), help="Read only the first so many rows."),
    click.option("--strict", is_flag=True, help="Exit with 1 if any row could not be processed."),
    click.option("--fault-limit", type=Number(0, 1), default=0.05, show_default=True,
                 help="Share of unreadable rows that stops the run, where they are ten or more."),
    click.option("--batch-rows", type=Whole(1), default=1000, hidden=True,
                 help="Rows that go through the stages at once; changes nothing in what comes out."),
    click.option("--json", "as_json", is_flag=True, help="Report as JSON: progress on stderr, the result on stdout."),
    click.option("--quiet", is_flag=True, help="No progress."),
)  # fmt: skip


def how_options(command: Command) -> Command:
    """Add the options that say how to run; collect them again with `how_of`."""
    for option in reversed(HOW_OPTIONS):
        command = option(command)
    return command


def how_of(values: dict[str, Any]) -> How:
    """Take the options of `how_options` out of the values of a command."""
    as_json, quiet = values.pop("as_json"), values.pop("quiet")
    names = ("workers", "engine", "limit", "strict", "fault_limit", "batch_rows")
    return How(progress="json" if as_json else "quiet" if quiet else "auto", **{n: values.pop(n) for n in names})


def report(result: Report, *, as_json: bool, to_stderr: bool = False) -> None:
    """Print what a run did: the funnel for people, JSON for machines."""
    if as_json:
        click.echo(json.dumps(result.to_json(), ensure_ascii=False), err=to_stderr)
        return
    for line in funnel(result):
        click.echo(line, err=to_stderr)


COLUMNS = ("in", "derived", "kept", "consumed", "rejected", "held", "rag", "quarantined")


def funnel(result: Report) -> list[str]:
    """The account as a table, and the reasons below it."""
    from toolkit.reasons import REASONS

    rows = [["stage", *COLUMNS]]
    for name, counts in result.account:
        left = [sum(n for (d, _), n in counts.left.items() if d == column) for column in COLUMNS[3:]]
        rows.append([name, *(f"{n:,}" if n else "-" for n in (counts.rows_in, counts.derived, counts.kept, *left))])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = [
        f"{row[0]:<{widths[0]}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    reasons = [
        f"  {name}: {reason} {n:,} - {REASONS.get(reason, '')}"
        for name, counts in result.account
        for (disposition, reason), n in sorted(counts.left.items())
        if disposition != "consumed"
    ]
    return [*table, *(["", "why records left:", *reasons] if reasons else [])]


def stage_options(cls: type[Stage]) -> list[Callable[[Command], Command]]:
    """Click options from the declarations of a stage."""
    hints = type_hints(cls)
    return [_option(field, hints[field.name]) for field in option_fields(cls)]


def _option(field: Any, hint: Any) -> Callable[[Command], Command]:
    name = "--" + field.name.replace("_", "-")
    help_ = field.metadata["help"]
    if isinstance(hint, types.UnionType):
        hint = next(p for p in typing.get_args(hint) if p is not type(None))
    default = default_of(field)
    if hint is bool:
        return click.option(
            f"{name}/--no-{field.name.replace('_', '-')}", default=default, show_default=True, help=help_
        )
    if typing.get_origin(hint) is tuple:
        shown = ",".join(map(str, default or ()))
        help_ = f"{help_} Commas between several.{f'  [default: {shown}]' if shown else ''}"
        return click.option(name, multiple=True, required=is_required(field), help=help_)
    if typing.get_origin(hint) is not None or hint is Any:
        return click.option(name, help=f"{help_} As YAML.")
    if is_required(field):
        return click.option(name, type=_kind(field, hint), required=True, help=help_)
    return click.option(name, type=_kind(field, hint), default=default, show_default=default is not None, help=help_)


def _kind(field: Any, hint: Any) -> click.ParamType[Any]:
    choices, low, high = (field.metadata[k] for k in ("choices", "minimum", "maximum"))
    if choices:
        return Choice(choices)
    if hint in (int, float):
        return (Whole if hint is int else Number)(low, high)
    return click.STRING


def build_stage(cls: type[Stage], values: dict[str, Any]) -> Stage:
    """Make a stage from the values of its click options."""
    hints = type_hints(cls)
    options = {}
    for field in option_fields(cls):
        value = values.pop(field.name)
        if value is None or value == ():
            continue
        options[field.name] = _value(hints[field.name], value, field.name)
    command = f"toolkit {cls.name.replace('.', ' ')}"
    try:
        return cls.build(options)
    except UsageError as error:
        if type(error) is not UsageError:  # a missing package says by itself what needs it
            raise
        raise UsageError(f"{command}: {error.message.removeprefix(f'{cls.name}: ')}", hint=error.hint) from None


def _value(hint: Any, value: Any, name: str) -> Any:
    if isinstance(hint, types.UnionType):
        hint = next(p for p in typing.get_args(hint) if p is not type(None))
    if isinstance(value, tuple):
        return [part for item in value for part in str(item).split(",")] if name != "paths" else list(value)
    if (typing.get_origin(hint) is not None or hint is Any) and isinstance(value, str):
        return _yaml(value, name)
    return value


def _yaml(text: str, name: str) -> Any:
    from toolkit.files import yaml_values

    return yaml_values.parse(text, f"--{name.replace('_', '-')}").value


def examples(lines: Iterable[str]) -> str:
    """The Example block of a command's help."""
    return "\n\n\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
