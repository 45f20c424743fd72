"""`toolkit doctor`: what is installed, and what a recipe would need."""

from __future__ import annotations

import importlib.metadata
import platform
import re

import click

import toolkit
from toolkit import recipe as recipes
from toolkit.cli.common import examples

DISTRIBUTION = "instruct-toolkit"


@click.command(
    "doctor", help="Say what is installed, and what a recipe needs." + examples(["toolkit doctor recipe.yaml"])
)
@click.argument("recipe", required=False)
def doctor(recipe: str | None) -> None:
    """Say what is installed, and what a recipe needs."""
    click.echo(f"toolkit {toolkit.__version__}, Python {platform.python_version()}, {platform.platform()}")
    for extra, packages in requirements().items():
        for package in packages:
            version = installed(package)
            state = version or (f"missing: pip install '{DISTRIBUTION}[{extra}]'" if extra else "missing: reinstall")
            click.echo(f"  {package:20} {state}")
    if recipe:
        stages = recipes.load(recipe).build("2000-01-01")
        click.echo(f"{recipe}: {len(stages)} stages, all their packages are found")


def requirements() -> dict[str, list[str]]:
    """Packages by extra ('' = always), from the metadata of the installed distribution."""
    found: dict[str, list[str]] = {}
    for line in importlib.metadata.requires(DISTRIBUTION) or []:
        name = re.match(r"[A-Za-z0-9_.-]+", line)
        extra = re.search(r"extra == ['\"]([a-z]+)['\"]", line)
        if name and name.group() != DISTRIBUTION:
            found.setdefault(extra.group(1) if extra else "", []).append(name.group())
    return found


def installed(package: str) -> str | None:
    """The version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
