"""The sample data through the chain, in the three ways of use."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

import toolkit
from toolkit.pipeline import How
from toolkit.recipe import load

SAMPLE = Path(__file__).parents[2] / "sample_data"
AS_OF = "2026-11-22"
TARGETS = ("openai-chat", "llamafactory-alpaca")


def run_recipe(out, *, sample=SAMPLE, **how):
    """The sample recipe; in this process unless told otherwise."""
    settings = How(**{"workers": 0, "progress": "quiet", **how})
    return toolkit.run(sample / "recipe.yaml", out=out, as_of=AS_OF, how=settings)


def run_commands(folder, *, sample=SAMPLE):
    """One command per stage, joined by files; the release folder."""
    current = folder / "00.jsonl"
    command("collect", "--sources", sample / "sources.yaml", "-o", current)
    for number, (name, options) in enumerate(stage_entries(sample), 1):
        following = folder / f"{number:02}.jsonl"
        command(*name.split("."), current, "-o", following, *flags(options))
        current = following
    release = yaml.safe_load((sample / "recipe.yaml").read_text(encoding="utf-8"))["release"]
    command("release", current, "-o", folder / "release", *flags(release))
    return folder / "release"


def run_library(folder, *, sample=SAMPLE):
    """Library calls on lists of dicts; the release folder."""
    classes = {"label.map": toolkit.LabelMap, "label.convert": toolkit.Convert, "label.rules": toolkit.LabelRules,
               "clean": toolkit.Clean, "dedup": toolkit.Dedup, "age.attach": toolkit.Attach,
               "age.decide": toolkit.Decide}  # fmt: skip
    rows = toolkit.Collect(sources=str(sample / "sources.yaml")).run().kept
    for name, options in stage_entries(sample):
        rows = classes[name](**options).run(rows).kept
    stage = toolkit.Release(**yaml.safe_load((sample / "recipe.yaml").read_text(encoding="utf-8"))["release"])
    stage.write(stage.run(rows).kept, folder / "release")
    return folder / "release"


def stage_entries(sample):
    """The stages between collect and release, with what a run fills in."""
    recipe = load(sample / "recipe.yaml")
    for (name, written), stage in list(zip(recipe.stages, recipe.build(AS_OF), strict=True))[1:-1]:
        filled = {k: v for k, v in stage.options().items() if k in ("as_of", "final")}
        yield name, {**written, **filled}


def flags(options):
    """Options as a shell would write them."""
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif isinstance(value, list):
            yield from (f"--{flag}", ",".join(value))
        else:
            yield from (f"--{flag}", json.dumps(value) if isinstance(value, dict) else str(value))


def command(*words):
    """Run the command line in a process of its own."""
    line = [sys.executable, "-m", "toolkit", *map(str, words), "--workers", "0", "--quiet"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_of(folder):
    """Relative path -> bytes of every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def comparable(release):
    """The files of promise P2 (b): those of the targets, and the provenance without the hash of the source file."""
    files = {k: v for k, v in files_of(release).items() if k.partition("/")[0] in TARGETS}
    lines = [
        json.loads(line) for line in (release / "provenance.jsonl").read_text(encoding="utf-8").split("\n") if line
    ]
    for line in lines:
        line["source"].pop("sha256", None)
    return files | {"provenance.jsonl": lines}


def lines_of(path):
    """Rows of a JSONL file; nothing where there is none."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line] if path.exists() else []
