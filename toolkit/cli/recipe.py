"""`toolkit recipe`: write one to start from, and check one."""

from __future__ import annotations

from pathlib import Path

import click

from toolkit import recipe as recipes
from toolkit.cli.common import examples
from toolkit.errors import UsageError
from toolkit.files import atomic
from toolkit.kinds import Read


@click.group("recipe", help="Write and check recipes.")
def recipe() -> None:
    """Write and check recipes."""


@recipe.command("init", help="Write a recipe to start from." + examples(["toolkit recipe init recipe.yaml"]))
@click.argument("path", default="recipe.yaml")
def init(path: str) -> None:
    """Write a recipe to start from; an existing file stays."""
    if Path(path).exists():
        raise UsageError(f"{path}: exists already", hint="name another file, as in `toolkit recipe init other.yaml`")
    atomic.write_bytes(Path(path), recipes.INIT.encode())
    click.echo(f"wrote {path}; next: name your files under sources, then: toolkit recipe check {path}")


@recipe.command("check", help="Check a recipe, its sources included." + examples(["toolkit recipe check recipe.yaml"]))
@click.argument("path")
def check(path: str) -> None:
    """Check a recipe; the day is not needed for that."""
    stages = recipes.load(path).build("2000-01-01")
    first = stages[0].steps()[0]
    assert isinstance(first, Read)
    pieces = len(first.units())
    for stage in stages:
        options = ", ".join(f"{k}: {v}" for k, v in stage.options().items() if v not in (None, [], {}) and k != "as_of")
        click.echo(f"{stage.name:14} {options[:160]}")
    click.echo(f"{path}: fine, with {pieces} pieces of input")
