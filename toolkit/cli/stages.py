"""One command per stage, generated from its options: it runs that stage and nothing else."""

from __future__ import annotations

import json
from typing import Any

import click

from toolkit.cli.common import build_stage, examples, how_of, how_options, report, stage_options
from toolkit.pipeline import plan_stage, run_stage
from toolkit.stage import STAGES, Stage, stage_class

EXAMPLES = {
    "collect": "toolkit collect documents/ tickets.csv -o collected.jsonl",
    "clean": "toolkit clean collected.jsonl -o cleaned.jsonl --rejected dropped.jsonl",
    "dedup": "toolkit dedup cleaned.jsonl -o unique.jsonl --threshold 0.8 --as-of 2026-11-22",
    "label.convert": "toolkit label convert rows.jsonl -o examples.jsonl",
    "label.map": "toolkit label map tickets.jsonl -o examples.jsonl --prompt '{{title}}' --output '{{resolution}}'",
    "label.rules": "toolkit label rules documents.jsonl -o examples.jsonl --kinds faq,law_article",
    "age.attach": "toolkit age attach examples.jsonl -o dated.jsonl",
    "age.decide": "toolkit age decide dated.jsonl -o current.jsonl --as-of 2026-11-22",
    "release": "toolkit release current.jsonl -o release/ --targets openai-chat",
}


def stage_command(name: str) -> click.Command:
    """The command of a stage."""
    cls = stage_class(name)

    def call(**values: Any) -> None:
        _call(cls, values)

    command = call
    for option in reversed(stage_options(cls)):
        command = option(command)
    command = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")(command)
    command = how_options(command)
    command = click.option(
        "--rejected", type=click.Path(dir_okay=False), help="Write the records that leave to this file."
    )(command)
    if cls.reports:
        said = f"Write {', '.join(cls.reports)} to this folder, as far as there is something to say."
        command = click.option("--reports", type=click.Path(file_okay=False), help=said)(command)
    where = "Folder to write." if name == "release" else "File of records to write; - is the standard output."
    command = click.option("-o", "--out", "out_file", required=True, help=where)(command)
    command = click.argument("inputs", nargs=-1, required=name != "collect")(command)
    summary = STAGES[name].summary
    return click.command(name.rpartition(".")[2], help=summary + examples([EXAMPLES[name]]))(command)


def _call(cls: type[Stage], values: dict[str, Any]) -> None:
    how = how_of(values)
    output, rejected, inputs = values.pop("out_file"), values.pop("rejected"), values.pop("inputs", ())
    reports = values.pop("reports", None)
    if cls.name == "collect":
        values["paths"] = (*inputs, *values["paths"])
    dry_run = values.pop("dry_run")
    stage = build_stage(cls, values)
    if dry_run:
        click.echo(json.dumps(plan_stage(stage, inputs), ensure_ascii=False, indent=2))
        return
    result = run_stage(stage, inputs, output, how, rejected=rejected, reports=reports)
    report(result, as_json=how.progress == "json", to_stderr=output == "-")
    if not rejected and how.progress != "json" and any(counts.left for _, counts in result.account):
        click.echo("to see the records that left, with reason and place: add --rejected FILE", err=output == "-")
