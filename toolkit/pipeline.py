"""A run from recipe to release: the one implementation behind the command line and `toolkit.run`."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import os
import platform
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

import toolkit
from toolkit import recipe as recipes
from toolkit.collect import facts_tables
from toolkit.engine import clock
from toolkit.engine.driver import Driver, Finished, Settings, locked
from toolkit.engine.local import InProcess, LocalPool
from toolkit.engine.progress import Progress, Style
from toolkit.engine.runner import Pool, Runner, stop_on_signals
from toolkit.engine.store import PACKAGES
from toolkit.errors import DataError, UsageError, unknown_name
from toolkit.files import atomic, outputs
from toolkit.files.json_columns import line_bytes
from toolkit.files.places import Place, RemotePath, listed, place
from toolkit.kinds import Batch, Counts, Read, Step, Unit
from toolkit.reasons import Disposition
from toolkit.record import SCHEMA
from toolkit.release import Release
from toolkit.release.write import MARKS, write_release
from toolkit.stage import Stage


def _local(workers: int) -> Pool:
    return LocalPool(workers) if workers else InProcess()


def _cluster(module: str) -> Pool:
    from toolkit.engine.cluster import ClusterPool

    return ClusterPool(importlib.import_module(module).connect)


ENGINES: dict[str, Callable[[int], Pool]] = {
    "local": _local,
    "dask": lambda _: _cluster("toolkit.engine.on_dask"),
    "spark": lambda _: _cluster("toolkit.engine.on_spark"),
    "ray": lambda _: _cluster("toolkit.engine.on_ray"),
}
"""How to get workers, by the name that `--engine` takes."""

BESIDE = {
    Disposition.HELD: "held.jsonl",
    Disposition.RAG: "rag/docs.jsonl",
    Disposition.QUARANTINED: "quarantine.jsonl",
}
"""Where records that left are written, beside the release; those rejected lie in a file per stage."""


_REJECTED = re.compile(r"[0-9]{2,}-[a-z.]+\.jsonl")

REPORTS = ("boilerplate.jsonl", "clusters.jsonl", "conflicts.jsonl")
"""What global steps write beside the release: the `reports` of all stages (a test holds them equal)."""


@dataclass(frozen=True)
class How:
    """How to run; nothing here changes what comes out.

    Attributes:
        workers: Processes; 0 runs everything in the calling process. None: one per core.
        engine: A name of `ENGINES`.
        progress: `auto`, `json` or `quiet`.
        fault_limit: Share of quarantined rows that stops the run.
        batch_rows: Rows that go through the stages at once.
        limit: Only the first so many rows.
        strict: Any quarantined row is an error.
    """

    workers: int | None = None
    engine: str = "local"
    progress: Style = "auto"
    fault_limit: float = 0.05
    batch_rows: int = 1000
    limit: int | None = None
    strict: bool = False


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes:
        out: Where it wrote.
        account: One entry per stage: name and counts.
        manifest: The manifest of the release, or None for a run without one.
    """

    out: Place
    account: list[tuple[str, Counts]]
    manifest: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        files = dict(self.manifest["files"]) if self.manifest else {}
        return {"out": str(self.out), "account": account_json(self.account), "files": files, **self.facts}


def account_json(account: Iterable[tuple[str, Counts]]) -> list[dict[str, Any]]:
    """The account as plain values."""
    return [{"stage": name, **counts.to_json()} for name, counts in account]


def run(
    recipe: str | Path | recipes.Recipe, *, out: str | Place = "build", as_of: str | None = None, how: How | None = None
) -> Report:  # fmt: skip
    """Run a recipe.

    Args:
        recipe: Path of a recipe, or one that is loaded already.
        out: Folder for the release and what lies beside it.
        as_of: The day to judge validity from, YYYY-MM-DD. There is no default: a release can be rebuilt as of any day.
        how: Workers, engine and progress; changes nothing in what comes out.

    Returns:
        The account and the manifest.

    Raises:
        ToolkitError: With an exit code, what is wrong, where, and what to do.
    """
    how = how or How()
    loaded = recipe if isinstance(recipe, recipes.Recipe) else recipes.load(recipe)
    stages = loaded.build(as_of)
    out = place(out)
    _check_out(out)
    with locked(out / "work"):
        finished, facts = _drive(stages, out / "work", how)
        _write_left(finished, out)
        _write_reports(finished, out)
        manifest = _release(stages[-1], finished, loaded, as_of, out)
        finished.store.remove_others(finished.used)
        account = list(zip(finished.stages, finished.counts, strict=True))
        run_facts = {"account": account_json(account), "as_of": as_of, **facts}
        atomic.write_bytes(out / "work" / "run.json", _json(run_facts))
    _check_strict(finished, how)
    return Report(out, account, manifest, facts)


def run_stage(
    stage: Stage,
    inputs: Sequence[str],
    output: str,
    how: How,
    *,
    rejected: str | None = None,
    reports: str | None = None,
) -> Report:
    """Run one stage from files to a file of records, or for `Release` to a folder.

    Args:
        stage: A stage; `Collect` reads its own sources.
        inputs: JSONL files of records, or `-` for the standard input.
        output: A JSONL file (for `Release` a folder) that appears when it is complete, or `-` for the standard output.
        how: How to run.
        rejected: Where the records go that left, with stage, reason and detail.
        reports: Folder for what the stage tells beside its records, such as `clusters.jsonl`.
    """
    _check_output(stage, output, rejected)
    if reports:
        outputs.check_folder(place(reports))
    stages = _with_input(stage, inputs)
    with tempfile.TemporaryDirectory(prefix=".toolkit-", dir=_scratch(output)) as folder:
        finished, facts = _drive(stages, Path(folder), how)
        if rejected:
            with atomic.writing(place(rejected)) as file:
                file.writelines(map(_left_lines, finished.leaving()))
        if reports:
            _write_reports(finished, place(reports))
        account = list(zip(finished.stages, finished.counts, strict=True))
        manifest = None
        if isinstance(stage, Release):
            if not finished.counts[-1].kept:
                raise DataError("no record reached the release",
                                hint=f"{_see(rejected)} why; nothing was released")  # fmt: skip
            told = {"toolkit": toolkit.__version__, "options": stage.options(), "account": account_json(account)}
            manifest = write_release(place(output), stage.targets, finished.exported, told)
        else:
            _write_records(finished.records(), output)
    _check_strict(finished, how, f"{_see(rejected)} which")
    return Report(place(output), account, manifest, facts)


def _scratch(output: str) -> Path | None:
    """Where shards lie while one stage runs: beside its output, where that is a disk; else where the system says."""
    base = place(output).absolute().parent
    if output == "-" or isinstance(base, RemotePath):
        return None
    base.mkdir(parents=True, exist_ok=True)
    return base


def _see(rejected: str | None) -> str:
    return f"{rejected} says" if rejected else "add --rejected FILE to see"


def _check_out(out: Place) -> None:
    """Refuse an --out folder that cannot be written, or in which folders of ours would replace the user's own."""
    outputs.check_folder(out)
    outputs.check_replaceable(out / "release", *MARKS)
    rejected = out / "rejected"
    foreign = [p.name for p in listed(rejected, "*") if not _REJECTED.fullmatch(p.name)]
    if foreign:
        raise UsageError(f"{rejected}: holds {min(foreign)!r}, which no run has written, and would be replaced as a whole",
                         hint="name another --out folder")  # fmt: skip


def _check_output(stage: Stage, output: str, rejected: str | None) -> None:
    """Refuse an -o or --rejected that cannot be written, before any work."""
    if rejected:
        outputs.check_file(place(rejected))
        if output != "-" and place(rejected).absolute() == place(output).absolute():
            raise UsageError(f"{output}: is named for the records that stay and for those that leave",
                             hint="give --rejected a file of its own")  # fmt: skip
    if isinstance(stage, Release):
        if output == "-":
            raise UsageError("a release is a folder and cannot go to the standard output", hint="name a folder with -o")
        outputs.check_replaceable(place(output), *MARKS)
    elif output != "-":
        outputs.check_file(place(output))


@dataclass(frozen=True, kw_only=True)
class Input(Stage):
    """Reads records that a stage command wrote, or foreign rows."""

    name: ClassVar[str] = "read"
    paths: tuple[str, ...] = ()

    def steps(self) -> tuple[Step, ...]:
        """Read, then number equal rows that have no id."""
        from toolkit.collect import RecordFiles

        return RecordFiles(self.paths).steps()


def _with_input(stage: Stage, inputs: Sequence[str]) -> list[Stage]:
    return [stage] if isinstance(stage.steps()[0], Read) else [Input(paths=tuple(inputs)), stage]


def _drive(stages: Sequence[Stage], work: Place, how: How) -> tuple[Finished, dict[str, Any]]:
    """Run stages over shards in a work folder."""
    if how.engine not in ENGINES:
        raise unknown_name("engine", how.engine, ENGINES)
    workers = how.workers if how.workers is not None else os.cpu_count() or 1
    began, cpu = clock.seconds(), clock.cpu_seconds()
    with stop_on_signals() as stop:
        runner = Runner(ENGINES[how.engine](workers), stop)
        try:
            driver = Driver(work, runner, Progress(how.progress), Settings(how.batch_rows, how.fault_limit, how.limit))
            finished = driver.run(stages)
        finally:
            runner.close()
    seconds = {"seconds": round(clock.seconds() - began, 3), "cpu_driver": round(clock.cpu_seconds() - cpu, 3)}
    return finished, {
        **seconds,
        "cpu_tasks": round(finished.cpu, 3),
        "tasks_reused": finished.reused,
        "workers": workers,
    }


def _release(
    stage: Stage, finished: Finished, loaded: recipes.Recipe, as_of: str | None, out: Place
) -> Mapping[str, Any] | None:  # fmt: skip
    if not isinstance(stage, Release):
        return None
    account = account_json(zip(finished.stages, finished.counts, strict=True))
    if not finished.counts[-1].kept:
        raise DataError(
            "no record reached the release",
            hint=f"`toolkit inspect account {out}` shows where they left; nothing was released",
        )
    manifest = {
        "toolkit": toolkit.__version__,
        "as_of": as_of,
        "recipe": loaded.content,
        "files_read": _named_files(loaded),
        "account": account,
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
    }
    return write_release(out / "release", stage.targets, finished.exported, manifest)


def _named_files(loaded: recipes.Recipe) -> dict[str, str]:
    """Hash of every file that the recipe names by a relative path: registry of sources, policy, term lists, facts."""
    folder = loaded.path.parent
    options = [options for _, options in loaded.stages]
    named = [given[key] for given in options for key in recipes.PATH_OPTIONS if isinstance(given.get(key), str)]
    named += [table for given in options if "sources" in given for table in facts_tables(given["sources"], folder)]
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in named if (folder / name).is_file()
    }


def _write_left(finished: Finished, out: Place) -> None:
    """Write what left, beside the release: a file per stage for the rejected, one each for held, rag and quarantine."""
    for name in BESIDE.values():
        (out / name).unlink(missing_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(atomic.writing_folder(out / "rejected"))
        files: dict[Place, BinaryIO] = {}
        for batch in finished.leaving():
            for disposition, number, rows in _left_by_end(batch):
                if disposition == Disposition.CONSUMED:
                    continue
                beside = BESIDE.get(disposition)
                path = out / beside if beside else folder / f"{number + 1:02d}-{finished.stages[number]}.jsonl"
                if path not in files:
                    opened = atomic.writing(path) if beside else path.open("wb")
                    files[path] = stack.enter_context(opened)
                files[path].write(_left_lines(rows))


def _write_reports(finished: Finished, out: Place) -> None:
    """Write what the global steps report, such as `clusters.jsonl`, in the order of the stages."""
    found = finished.reported()
    for name in REPORTS:
        (out / name).unlink(missing_ok=True)
        if name in found:
            with atomic.writing(out / name) as file:
                file.writelines(_distinct_lines(found[name]))


def _distinct_lines(paths: Sequence[Place]) -> Iterator[bytes]:
    """The lines of some files, each once: a stage that stands twice may say the same twice."""
    said: set[bytes] = set()
    for path in paths:
        with path.open("rb") as file:
            for line in file:
                if len(paths) > 1:
                    mark = hashlib.blake2b(line, digest_size=16).digest()
                    if mark in said:
                        continue
                    said.add(mark)
                yield line


def _left_by_end(batch: Batch) -> Iterator[tuple[Disposition, int, Batch]]:
    """The rows that left, apart by disposition and number of the stage."""
    why, number = pc.struct_field(batch.column("leaving"), "disposition"), batch.column("stage_number")
    ends = pa.table({"why": why, "number": number}).group_by(["why", "number"], use_threads=False).aggregate([])
    for end in ends.to_pylist():
        here = pc.and_(pc.equal(why, end["why"]), pc.equal(number, end["number"]))
        yield Disposition(end["why"]), end["number"], batch.filter(here)


def _left_lines(batch: Batch) -> memoryview:
    """Lines of rows that left: why they did, then the record."""
    reasons = {name: pc.struct_field(batch.column("leaving"), name) for name in ("stage", "reason", "detail")}
    return line_bytes(reasons | {name: batch.column(name) for name in SCHEMA.names}, batch.num_rows)


def _write_records(batches: Iterable[Batch], output: str) -> None:
    import sys

    lines = (line_bytes(dict(zip(b.schema.names, b.columns, strict=True)), b.num_rows) for b in batches)
    if output == "-":
        sys.stdout.buffer.writelines(lines)
        return
    with atomic.writing(place(output)) as file:
        file.writelines(lines)


def _check_strict(finished: Finished, how: How, hint: str = "see quarantine.jsonl") -> None:
    faults = sum(c.by(Disposition.QUARANTINED) for c in finished.counts)
    if how.strict and faults:
        raise DataError(f"{faults} rows could not be processed, and --strict allows none", hint=hint)


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def plan(loaded: recipes.Recipe, as_of: str | None) -> dict[str, Any]:
    """What a run would do, without doing it: stages with all options, and the pieces of input."""
    return _planned(loaded.build(as_of))


def plan_stage(stage: Stage, inputs: Sequence[str]) -> dict[str, Any]:
    """What `run_stage` would do, without doing it."""
    return _planned(_with_input(stage, inputs))


def _planned(stages: Sequence[Stage]) -> dict[str, Any]:
    step = stages[0].steps()[0]
    assert isinstance(step, Read)
    units: Sequence[Unit] = step.units()
    return {"stages": [{s.name: s.options()} for s in stages], "units": len(units)}
