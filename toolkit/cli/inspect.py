"""`toolkit inspect`: look into what a run left."""

from __future__ import annotations

import json
from pathlib import Path

import click

from toolkit.cli.common import examples, funnel
from toolkit.errors import UsageError
from toolkit.kinds import Counts
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
