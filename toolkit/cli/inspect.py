"""`toolkit inspect`: look into what a run left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from toolkit import recipe as recipes
from toolkit.clean import Clean
from toolkit.clean.audit import as_text, audit_batches
from toolkit.cli.common import Command, build_stage, examples, funnel, stage_options
from toolkit.collect import RecordFiles
from toolkit.errors import UsageError
from toolkit.kinds import Batch, Counts, Read, Step, split_leaving
from toolkit.pipeline import Report
from toolkit.trace import story


@click.group("inspect", help="Look into a run.")
def inspect() -> None:
    """Look into a run."""


@inspect.command("why", help="Tell the story of a record." + examples(["toolkit inspect why 3f9a1c --out build"]))
@click.argument("record_id", metavar="ID")
@click.option("--out", default="build", show_default=True, help="The --out folder of the run.")
def why(record_id: str, out: str) -> None:
    """Tell the story of a record."""
    for line in story(out, record_id):
        click.echo(line)


@inspect.command("account", help="Show and check the account of a run." + examples(["toolkit inspect account build"]))
@click.argument("out", default="build")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def account(out: str, *, as_json: bool) -> None:
    """Show the account; a run whose account does not add up exits with 70."""
    told = next(
        (p for p in (Path(out) / "release" / "manifest.json", Path(out) / "work" / "run.json") if p.is_file()), None
    )
    if told is None:
        raise UsageError(f"{out}: no run has written here", hint="give the --out folder of `toolkit run`")
    entries = json.loads(told.read_text(encoding="utf-8"))["account"]
    counts = [(e["stage"], Counts.from_json(e)) for e in entries]
    for name, counted in counts:
        counted.check(name)
    if as_json:
        click.echo(json.dumps(entries, ensure_ascii=False))
        return
    for line in funnel(Report(Path(out), counts)):
        click.echo(line)
    click.echo("the account adds up")


def _clean_options(command: Command) -> Command:
    """Add the options of the stage `clean`."""
    for option in reversed(stage_options(Clean)):
        command = option(command)
    return command


AUDIT_HELP = "Show what cleaning would flag and reject, by rule, language and domain, without dropping anything."
AUDIT_EXAMPLES = ["toolkit inspect audit collected.jsonl --profile document", "toolkit inspect audit recipe.yaml"]


@inspect.command("audit", help=AUDIT_HELP + examples(AUDIT_EXAMPLES))
@click.argument("inputs", nargs=-1, required=True)
@_clean_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def audit(inputs: tuple[str, ...], *, as_json: bool, **values: Any) -> None:
    """Audit records, or what a recipe collects; for a recipe its first `clean` speaks, not the options of the command."""
    stage = build_stage(Clean, values)
    step: Step = RecordFiles(inputs).read_step()
    if len(inputs) == 1 and inputs[0].endswith((".yaml", ".yml")):
        stages = recipes.load(inputs[0]).build("2000-01-01")
        step = stages[0].steps()[0]
        stage = next((one for one in stages if isinstance(one, Clean)), stage)
    assert isinstance(stage, Clean)
    table = audit_batches(_read(step), stage)
    for line in [json.dumps(table.to_pylist(), ensure_ascii=False)] if as_json else as_text(table):
        click.echo(line)


def _read(step: Step) -> Iterator[Batch]:
    """The readable records of a first step."""
    assert isinstance(step, Read)
    for unit in step.units():
        for batch in step.read(unit):
            yield split_leaving(batch)[0]
