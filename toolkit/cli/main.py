"""The command `toolkit`: commands are loaded when they are called, so that `--help` is fast."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

import toolkit
from toolkit.errors import ToolkitError, UsageError
from toolkit.stage import STAGES

VERBS: dict[str, tuple[str, str]] = {
    "run": ("toolkit.cli.run:run", "Run a recipe from sources to a release."),
    "recipe": ("toolkit.cli.recipe:recipe", "Write and check recipes."),
    "index": ("toolkit.cli.index:index", "Remember what was shipped: add, find, remove, compact, rebuild, info."),
    "inspect": ("toolkit.cli.inspect:inspect", "Look into a run: why a record left, and whether the account adds up."),
    "doctor": ("toolkit.cli.doctor:doctor", "Say what is installed, and what a recipe would need."),
}
"""Command -> where it lies, and its line in the help."""
GROUPS = {
    "label": "Make examples: convert, map, rules.",
    "age": "Attach times, and decide what still holds.",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called; an unknown one is answered with the nearest."""

    def __init__(self, *args: object, prefix: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # click's own arguments pass through
        self.prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order of the chain."""
        inside = [n.removeprefix(self.prefix) for n in STAGES if n.startswith(self.prefix)]
        first = list(dict.fromkeys(n.partition(".")[0] for n in inside))
        return first if self.prefix else ["run", *first, *(v for v in VERBS if v != "run")]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if not self.prefix and name in VERBS:
            module, _, attribute = VERBS[name][0].partition(":")
            found: click.Command = getattr(importlib.import_module(module), attribute)
            return found
        if self.prefix + name in STAGES:
            from toolkit.cli.stages import stage_command

            return stage_command(self.prefix + name)
        if not self.prefix and name in GROUPS:
            return Lazy(name=name, help=GROUPS[name], prefix=f"{name}.")
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Answer an unknown command with the nearest."""
        from toolkit.errors import unknown_name

        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            raise unknown_name("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with one line each, without importing them."""
        lines = {name: summary for name, (_, summary) in VERBS.items()} | GROUPS
        lines |= {name.removeprefix(self.prefix): entry.summary for name, entry in STAGES.items()}
        with formatter.section("Commands"):
            formatter.write_dl([(name, lines[name]) for name in self.list_commands(ctx)])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(toolkit.__version__, prog_name="toolkit")
def cli() -> None:
    """Turn messy domain documents and tables, English and Chinese, into validated fine-tuning data.

    Start with `toolkit recipe init`, then `toolkit run recipe.yaml --out build --as-of 2026-11-22`.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 data, 2 usage, 3 source, 4 stopped and resumable, 70 our bug."""
    sys.exit(_exit_code(args))


def _exit_code(args: Sequence[str] | None) -> int:
    try:
        code = cli.main(args=None if args is None else list(args), prog_name="toolkit", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        return _tell(_in_our_words(error))
    except ToolkitError as error:
        return _tell(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run the same command again to go on", err=True)
        return 4
    except (BrokenPipeError, SystemExit):
        # whoever read our output has enough (click makes a SystemExit of it); a second error at exit would only confuse
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        click.echo(f"error: {error.filename or ''}: {error.strerror or error}", err=True)
        click.echo("  what was finished is kept; run the same command again when that is mended", err=True)
        return 4
    except Exception:  # noqa: BLE001 - the last resort: a fault of ours, shown whole
        traceback.print_exc()
        click.echo("this is a bug of toolkit; please report it with the lines above", err=True)
        return 70


def _tell(error: ToolkitError) -> int:
    click.echo(f"error: {error.message}", err=True)
    if error.hint:
        click.echo(f"  {error.hint}", err=True)
    return error.exit_code


def _in_our_words(error: click.ClickException) -> UsageError:
    """What click refuses, told like everything else: what is wrong, in which command, what to do."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "toolkit"
    message = error.format_message()
    return UsageError(f"{command}: {message[:1].lower()}{message[1:]}", hint=f"`{command} --help` lists its options")
