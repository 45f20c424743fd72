"""Every example of docs/drop-in.md runs as it stands, in a program of its own."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "drop-in.md"
EXAMPLES = dict(re.findall(r"<!-- example: ([a-z]+) -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
ROWS = EXAMPLES.pop("rows")
PACKAGES = {"datasets": "datasets", "ray": "ray", "spark": "pyspark", "dask": "dask", "datatrove": "datatrove"}
BEFORE = {"ray": "import ray\nray.init(num_cpus=2, include_dashboard=False, logging_level='error')\n"}
"""How a program of ours would connect; the example begins with the data."""


def in_small(tmp_path):
    """One machine, on loopback, with nothing written outside the folder of the test."""
    (tmp_path / "token").write_text(uuid.uuid4().hex * 2)
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_HOME": str(tmp_path / "hf"),
        "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.ui.enabled=false pyspark-shell",
    }


def test_every_example_of_the_page_is_known_here():
    assert set(EXAMPLES) == set(PACKAGES)


@pytest.mark.parametrize(
    "name", [n if n == "datasets" else pytest.param(n, marks=pytest.mark.cluster) for n in PACKAGES]
)
def test_the_example_runs_as_it_stands(name, tmp_path, needs):
    needs(PACKAGES[name], importlib.util.find_spec(PACKAGES[name]))
    needs("java, for Spark,", name != "spark" or shutil.which("java"))
    program = tmp_path / "example.py"
    program.write_text(guarded(f"{BEFORE.get(name, '')}{ROWS}\n{EXAMPLES[name]}"), "utf-8")

    done = subprocess.run(
        [sys.executable, program], env=in_small(tmp_path), cwd=tmp_path, check=False, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-3000:]


def guarded(source):
    """Dask starts processes that import the program again."""
    return 'if __name__ == "__main__":\n' + "".join(f"    {line}" for line in source.splitlines(keepends=True))
