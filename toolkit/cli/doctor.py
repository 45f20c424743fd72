"""`toolkit doctor`: what is installed, and what a recipe would need."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re

import click

import toolkit
from toolkit import recipe as recipes
from toolkit.cli.common import examples

DISTRIBUTION = "instruct-toolkit"


@click.command(
    "doctor",
    help="Say what is installed, and what a recipe needs."
    + examples(["toolkit doctor", "toolkit doctor recipe.yaml", "toolkit doctor --json"]),
)
@click.argument("recipe", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(recipe: str | None, *, as_json: bool) -> None:
    """Say what is installed, and what a recipe needs; a recipe that lacks a package exits with 2."""
    versions = {extra: {p: installed(p) for p in packages} for extra, packages in requirements().items()}
    if as_json:
        about = {"toolkit": toolkit.__version__, "python": platform.python_version(), "platform": platform.platform()}
        click.echo(json.dumps({**about, "packages": versions}, ensure_ascii=False))
    else:
        click.echo(f"toolkit {toolkit.__version__}, Python {platform.python_version()}, {platform.platform()}")
        for line in lines_of(versions):
            click.echo(line)
    if recipe:
        stages = recipes.load(recipe).build("2000-01-01")
        click.echo(f"{recipe}: {len(stages)} stages, all their packages are found", err=as_json)


def lines_of(versions: dict[str, dict[str, str | None]]) -> list[str]:
    """Extras and packages for people; an extra that is missing says how to get it."""
    lines = []
    for extra, packages in versions.items():
        missing = "reinstall" if not extra else f"pip install '{DISTRIBUTION}[{extra}]'"
        lines.append(f"[{extra}]" if extra else "always:")
        lines += [f"  {name:20} {version or f'missing: {missing}'}" for name, version in packages.items()]
    return lines


def requirements() -> dict[str, list[str]]:
    """Packages by extra ('' = always), from the metadata of the installed distribution; `all` only repeats the others."""
    found: dict[str, list[str]] = {}
    for line in importlib.metadata.requires(DISTRIBUTION) or []:
        name = re.match(r"[A-Za-z0-9_.-]+", line)
        extra = re.search(r"extra == ['\"]([a-z]+)['\"]", line)
        group = extra.group(1) if extra else ""
        if name and name.group() != DISTRIBUTION and group != "all":
            found.setdefault(group, []).append(name.group())
    return found


def installed(package: str) -> str | None:
    """The version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
