"""Every command in the pages is one that the program understands, and every command explains itself."""

import re
import shlex
import tomllib

import click
import pytest
from doc_pages import PAGES, ROOT, blocks, name_of

from toolkit.cli.main import cli

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def commands(group=cli, path="toolkit"):
    """Every command that does something: its words and itself."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands())
LINES = [
    pytest.param(line.removeprefix("$ ").partition("  #")[0], id=f"{name_of(page)}: {line}")
    for page in PAGES
    for block in blocks(page, "console")
    for line in block.split("\n")
    if line.startswith("$ ")
]


def parse(words):
    """Let click read the words of a command without running it."""
    command = cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words[0])
        words = words[1:]
    command.make_context(None, list(words))


def understand(line):
    """Raise where a line is no command of this project."""
    program, *words = shlex.split(line)
    if program == "toolkit":
        parse(words)
    elif program == "make":
        assert all(re.search(rf"^{word}:", MAKEFILE, re.MULTILINE) for word in words if "=" not in word)
    elif program == "pip":
        extras = re.findall(r"\[([a-z,]+)\]", line)
        assert {e for group in extras for e in group.split(",")} <= set(PYPROJECT["project"]["optional-dependencies"])
    else:
        paths = [w for w in words if "/" in w and not w.startswith("-")]
        assert all((ROOT / path).exists() for path in paths)


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_a_page_is_understood(line):
    understand(line)


def test_the_first_screen_of_the_readme_holds_the_two_commands():
    screen = (ROOT / "README.md").read_text(encoding="utf-8").split("\n")[:12]

    assert any(line.startswith("$ make run") for line in screen)
    assert any(line.startswith("$ make test") for line in screen)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_an_example_and_a_sentence_for_each_option(path):
    command = COMMANDS[path]
    told = command.get_help(click.Context(command, info_name=path.rpartition(" ")[2]))

    assert "Example:" in told
    assert all(p.help for p in command.params if isinstance(p, click.Option) and p.name != "help")


@pytest.mark.parametrize("path", COMMANDS)
def test_the_example_of_every_command_is_understood(path):
    examples = re.findall(r"^  (toolkit .*)$", COMMANDS[path].help, re.MULTILINE)

    assert examples
    assert all(example.startswith(path) for example in examples)
    for example in examples:
        understand(example)


@pytest.mark.parametrize("path", COMMANDS)
def test_no_two_options_of_a_command_share_a_name(path):
    names = [name for p in COMMANDS[path].params for name in (*p.opts, *p.secondary_opts)]
    values = [p.name for p in COMMANDS[path].params]

    assert sorted(names) == sorted(set(names))
    assert sorted(values) == sorted(set(values))
