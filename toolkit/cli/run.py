"""`toolkit run`: the whole chain."""

from __future__ import annotations

import json
from typing import Any

import click

from toolkit import pipeline
from toolkit import recipe as recipes
from toolkit.cli.common import examples, how_of, how_options, report

HELP = "Run a recipe from sources to a release." + examples(
    ["toolkit run recipe.yaml --out build --as-of 2026-11-22", "toolkit run recipe.yaml --dry-run --as-of 2026-11-22"]
)


@click.command("run", help=HELP)
@click.argument("recipe", type=click.Path())
@click.option("--out", default="build", show_default=True, help="Folder for the release and what lies beside it.")
@click.option("--as-of", metavar="DAY", help="The day to judge validity from, YYYY-MM-DD.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@how_options
def run(recipe: str, out: str, as_of: str | None, *, dry_run: bool, **values: Any) -> None:
    """Run a recipe."""
    how = how_of(values)
    loaded = recipes.load(recipe)
    if dry_run:
        click.echo(json.dumps(pipeline.plan(loaded, as_of), ensure_ascii=False, indent=2))
        return
    result = pipeline.run(loaded, out=out, as_of=as_of, how=how)
    report(result, as_json=how.progress == "json")
    if how.progress != "json":
        for line in where_to_look(result):
            click.echo(line)


def where_to_look(result: pipeline.Report) -> list[str]:
    """The files that a person opens next."""
    files = result.manifest["files"] if result.manifest else {}
    lines = [
        f"  {result.out}/release/{path}: {facts['lines']:,} lines" for path, facts in files.items() if "lines" in facts
    ]
    beside = [p for p in ("rejected", "held.jsonl", "rag/docs.jsonl", "quarantine.jsonl") if (result.out / p).exists()]
    return ["", "released:", *lines, f"beside it: {', '.join(beside)}",
            f"why a record left: toolkit inspect why ID --out {result.out}"]  # fmt: skip
