"""The exit codes of the README are those of the program, in failure as in success."""

import re

import pytest
from doc_pages import ROOT, text_of

from toolkit import errors
from toolkit.cli.main import main

HOW = ("--workers", "0", "--quiet")
CALLS = {
    0: ("collect", "--paths", "好.jsonl", "-o", "out.jsonl", *HOW),
    1: ("collect", "--paths", "broken.jsonl", "-o", "out.jsonl", "--strict", *HOW),
    2: ("clean", "好.jsonl", "-o", "out.jsonl", "--profil", "document"),
    3: ("collect", "--paths", "nowhere", "-o", "out.jsonl", *HOW),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "好.jsonl").write_text('{"prompt": "剂量？", "output": "5 mg"}\n', encoding="utf-8")
    (tmp_path / "broken.jsonl").write_text('{"prompt": "Dose?", "output": "5 mg"}\n{"prompt": \n', encoding="utf-8")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("code", CALLS)
def test_a_command_ends_with_the_code_that_the_readme_names(code, capsys):
    with pytest.raises(SystemExit) as ended:
        main(CALLS[code])

    assert ended.value.code == code, capsys.readouterr().err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("code", [code for code in CALLS if code])
def test_no_traceback_reaches_a_user_who_can_act(code, capsys):
    with pytest.raises(SystemExit):
        main(CALLS[code])

    told = capsys.readouterr().err
    assert told
    assert "Traceback" not in told


def test_the_readme_lists_the_codes_of_all_errors_and_no_other():
    listed = {int(code) for code in re.findall(r"^\| ([0-9]+) \|", text_of(ROOT / "README.md"), re.MULTILINE)}
    known = {c.exit_code for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.ToolkitError)}

    assert listed == known | {0}
