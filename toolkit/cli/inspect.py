"""`toolkit inspect`: look into what a run left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from toolkit import recipe as recipes
from toolkit.clean import Clean
from toolkit.clean.audit import as_text, audit_batches
from toolkit.cli.common import Choice, Command, Number, build_stage, examples, funnel, stage_options
from toolkit.collect import RecordFiles
from toolkit.errors import UsageError
from toolkit.files.places import place
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
    base = place(out)
    told = next((p for p in (base / "release" / "manifest.json", base / "work" / "run.json") if p.is_file()), None)
    if told is None:
        raise UsageError(f"{out}: no run has written here", hint="give the --out folder of `toolkit run`")
    entries = json.loads(told.read_bytes())["account"]
    counts = [(e["stage"], Counts.from_json(e)) for e in entries]
    for name, counted in counts:
        counted.check(name)
    if as_json:
        click.echo(json.dumps(entries, ensure_ascii=False))
        return
    for line in funnel(Report(base, counts)):
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


@inspect.command("pair", help="Compare two records as dedup does, and say why they were merged or not." + examples(
    ["toolkit inspect pair 3f9a1c 77b2e0 --out build"]
))  # fmt: skip
@click.argument("left", metavar="ID_A")
@click.argument("right", metavar="ID_B")
@click.option("--out", default="build", show_default=True, help="The --out folder of the run.")
@click.option("--fields", help="The compared fields, commas between; by default all that carry content.")
@click.option(
    "--threshold", type=Number(0.05, 1), default=0.8, show_default=True, help="From which similarity on texts are near."
)
@click.option(
    "--unit", type=Choice(["char", "word"]), default="char", show_default=True, help="What a shingle is made of."
)
@click.option("--as-of", metavar="DAY", help="The day for which the newest valid record survives.")
def pair(
    left: str, right: str, *, out: str, fields: str | None, threshold: float, unit: str, as_of: str | None
) -> None:
    """Compare two records."""
    from toolkit.dedup import Dedup
    from toolkit.dedup.pair import explain, find_pair, lines_of

    stage = Dedup(fields=tuple(fields.split(",")) if fields else (), threshold=threshold, unit=unit, as_of=as_of)
    for line in lines_of(
        explain(*find_pair(out, left, right), fields=stage.compared, params=stage.params, as_of=as_of)
    ):
        click.echo(line)


@inspect.command("clusters", help="Decide again at a higher threshold, without computing anything again." + examples(
    ["toolkit inspect clusters --threshold 0.9 --out build"]
))  # fmt: skip
@click.option("--threshold", type=Number(0.05, 1), required=True, help="From which similarity on texts are near.")
@click.option("--out", default="build", show_default=True, help="The --out folder of the run.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def clusters(threshold: float, out: str, *, as_json: bool) -> None:
    """Decide again at a higher threshold."""
    from dataclasses import asdict

    from toolkit.dedup.rethreshold import read_clusters, redecide

    found = redecide(read_clusters(out), threshold)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    for name, (other, score) in found.back.items():
        click.echo(f"{name} comes back: {score:.4f} like {other}")
    for name, (other, score) in found.gone.items():
        click.echo(f"{name} leaves: {score:.4f} like {other}, which comes back")
    for name in found.unsure:
        click.echo(f"{name} is one of a crowd: only a new run decides")
    click.echo(
        f"at {threshold}: {len(found.back):,} come back, {len(found.gone):,} leave, {len(found.unsure):,} unsure"
    )
