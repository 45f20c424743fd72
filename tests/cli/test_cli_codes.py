"""Exit codes, help, and the ways in and out of the command line."""

import json
import os
import subprocess
import sys

import click
import pytest

from toolkit.cli import stages
from toolkit.cli.main import _exit_code, cli
from toolkit.errors import StoppedError

QUIET = ("--workers", "0", "--quiet")
ROW = {"prompt": "怎么测血压？", "output": "静坐五分钟后测量。"}
CLEAN = ("clean", "rows.jsonl", "-o", "out.jsonl", *QUIET)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a file of one row, and one of a row and half a row."""
    monkeypatch.chdir(tmp_path)
    line = json.dumps(ROW, ensure_ascii=False)
    (tmp_path / "rows.jsonl").write_text(f"{line}\n", encoding="utf-8")
    (tmp_path / "cut.jsonl").write_text(f'{line}\n{{"prompt": "多久量一', encoding="utf-8")
    return tmp_path


def leaves(command, path=("toolkit",)):
    """Every command that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        return [pytest.param(path, command, id=" ".join(path))]
    context = click.Context(command, info_name=path[-1])
    names = command.list_commands(context)
    return [leaf for name in names for leaf in leaves(command.get_command(context, name), (*path, name))]


def process(*words, text=None, **settings):
    """The command line in a process of its own."""
    line = [sys.executable, "-m", "toolkit", *words]
    return subprocess.run(line, input=text, capture_output=True, encoding="utf-8", check=False, **settings)


@pytest.mark.parametrize(("path", "command"), leaves(cli))
def test_the_help_of_every_command_shows_an_example_of_itself(path, command):
    told = command.get_help(click.Context(command, info_name=" ".join(path)))

    _, _, example = told.partition("Example:")
    assert f"  {' '.join(path)} " in f"{example} " or f"  {' '.join(path)}\n" in example


@pytest.mark.parametrize(("path", "command"), leaves(cli))
def test_every_option_of_every_command_is_explained(path, command):
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]

    assert [f"{path}: {option.opts[0]}" for option in options if not option.help] == []


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, CLEAN),
        (0, ("--version",)),
        (0, ("--help",)),
        (1, ("clean", "cut.jsonl", "-o", "out.jsonl", "--strict", *QUIET)),
        (2, ("clean", "rows.jsonl", "-o", "out.jsonl", "--profil", "document")),
        (2, ()),
        (3, ("clean", "缺失.jsonl", "-o", "out.jsonl", *QUIET)),
    ],
)
def test_the_exit_code_says_who_must_act(code, words):
    assert _exit_code(words) == code


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), click.Abort(), StoppedError("stopped"), OSError(28, "disk full")]
)
def test_what_can_be_taken_up_again_ends_with_4(error, monkeypatch, capsys):
    monkeypatch.setattr(stages, "run_stage", raising(error))

    assert _exit_code(CLEAN) == 4
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_a_fault_of_ours_is_shown_whole_and_ends_with_70(monkeypatch, capsys):
    monkeypatch.setattr(stages, "run_stage", raising(ZeroDivisionError("ours")))

    assert _exit_code(CLEAN) == 70
    told = capsys.readouterr().err
    assert "ZeroDivisionError: ours" in told
    assert "this is a bug of toolkit" in told


def raising(error):
    """A function that does nothing but fail."""

    def fail(*_args, **_options):
        raise error

    return fail


def test_a_pipe_goes_in_and_records_alone_come_out(here):
    done = process("clean", "-", "-o", "-", *QUIET, text=(here / "rows.jsonl").read_text(encoding="utf-8"))

    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, done.stdout.splitlines())
    assert {k: row[k] for k in ROW} == ROW
    assert "clean" in done.stderr


def test_json_keeps_records_and_report_apart(here):
    words = ("clean", "-", "-o", "-", "--workers", "0", "--json")
    done = process(*words, text=(here / "rows.jsonl").read_text(encoding="utf-8"))

    assert [json.loads(line)["prompt"] for line in done.stdout.splitlines()] == [ROW["prompt"]]
    assert json.loads(done.stderr.splitlines()[-1])["account"][-1]["kept"] == 1


def test_a_reader_that_has_enough_is_no_error(here):
    read, write = os.pipe()
    os.close(read)
    line = [sys.executable, "-m", "toolkit", "clean", "rows.jsonl", "-o", "-", *QUIET]

    done = subprocess.run(line, stdout=write, stderr=subprocess.PIPE, cwd=here, check=False)
    os.close(write)

    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_the_module_is_the_command(here):
    done = process("rnu", cwd=here)

    assert done.returncode == 2
    assert done.stderr == "error: unknown command 'rnu'\n  did you mean 'run'?\n"
