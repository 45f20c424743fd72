"""The ten minutes of CONTRIBUTING.md, carried out in a copy of the tree."""

import doctest
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from doc_pages import ROOT, blocks, text_of

import toolkit

PAGE = ROOT / "CONTRIBUTING.md"
STEP = re.compile(
    r"<!-- (?P<how>append to|change): (?P<path>\S+) -->\n```(?P<lang>[a-z]+)\n(?P<code>.*?)```\n", re.DOTALL
)
COPIED = ("toolkit", "schemas", "tests/text_fixes", "tests/cases/clean", "tests/conftest.py", "pyproject.toml")
FIX = "write_ellipsis"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree after the steps of the page."""
    root = tmp_path_factory.mktemp("contributing")
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, root / name)
    for step in STEP.finditer(text_of(PAGE)):
        path = root / step["path"]
        change = appended if step["how"] == "append to" else changed
        path.write_text(change(path.read_text(encoding="utf-8"), step), encoding="utf-8")
    return root


def appended(text, step):
    between = "\n\n" if step["lang"] == "python" else ""
    return text + between + step["code"]


def changed(text, step):
    """Apply the lines of a diff; what stands around them must stand there once."""
    lines = step["code"].splitlines(keepends=True)
    before = "".join(line[1:].rjust(len(line) - 1) for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    assert text.count(before) == 1
    return text.replace(before, after)


def run(tree, *words):
    """Run Python in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def new_rows():
    return [json.loads(line) for line in blocks(PAGE, "json")[0].splitlines()]


def test_the_steps_touch_one_function_one_table_and_one_case_table():
    steps = [(m["how"], m["path"]) for m in STEP.finditer(text_of(PAGE))]

    assert steps == [
        ("append to", "toolkit/text/han.py"),
        ("change", "toolkit/text/fix.py"),
        ("append to", "tests/cases/clean/fixes.jsonl"),
    ]
    assert FIX not in text_of(ROOT / "toolkit" / "text" / "fix.py")


def test_the_rows_speak_both_languages_and_both_outcomes():
    rows = new_rows()

    assert {row["lang"] for row in rows} == {"en", "zh"}
    assert {row["input"] == row["expect"] for row in rows} == {True, False}


def test_the_fix_runs_in_the_library_and_in_the_stage(tree):
    rows = json.dumps(new_rows())

    script = (
        "import json, sys, toolkit\n"
        "rows = json.loads(sys.argv[1])\n"
        "kept = toolkit.Clean().run([{'prompt': r['input'], 'output': 'A.'} for r in rows]).kept\n"
        "print(json.dumps([toolkit.__file__, [toolkit.normalize(r['input']) for r in rows], kept]))"
    )
    place, normalized, kept = json.loads(run(tree, "-c", script, rows))

    expected = [row["expect"] for row in new_rows()]
    assert place.startswith(str(tree))
    assert normalized == expected
    assert [row["prompt"] for row in kept] == expected
    assert [FIX in row.get("fixes", ()) for row in kept] == [True, False, False]


def test_its_doctest_its_rows_and_the_laws_of_all_fixes_hold(tree):
    chosen = f"{FIX} or ellipsis or order_holds or case_table_has"

    # hypothesis' own profile "ci": the same examples each time, and no deadline that a busy machine misses
    options = ("-k", chosen, "-rA", "--hypothesis-profile=ci")
    said = run(tree, "-m", "pytest", "toolkit/text/han.py", "tests/text_fixes/test_fixes.py", *options)

    passed = re.findall(r"^PASSED (\S+)", said, re.MULTILINE)
    assert f"toolkit/text/han.py::toolkit.text.han.{FIX}" in passed
    assert f"tests/text_fixes/test_fixes.py::test_trigger_law[{FIX}]" in passed
    assert {f"tests/text_fixes/test_fixes.py::test_case_table[{row['name']}]" for row in new_rows()} <= set(passed)


def test_the_good_docstring_and_the_good_test_are_good():
    docstring, test = [code for code in blocks(PAGE, "python") if not code.startswith("@fix")]
    names = {"re": re, "toolkit": toolkit}

    exec(docstring + "\n\n" + test, names)  # the blocks of the page are the subject

    assert doctest.run_docstring_examples(names["day_of"], names) is None
    found = doctest.DocTestFinder().find(names["day_of"], globs=names)[0]
    assert doctest.DocTestRunner(verbose=False).run(found).failed == 0
    names["test_of_two_equal_rows_the_official_source_stays"]()
