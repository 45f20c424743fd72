"""`toolkit index`: the memory of what was shipped, for dedup. A run reads it; only these commands write it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from toolkit.cli.common import Choice, Command, Number, examples
from toolkit.errors import UsageError

STATE = click.option("--state", required=True, type=click.Path(), help="The state folder.")
FIELDS = click.option("--fields", help="The compared fields, commas between; by default all that carry content.")
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group("index", help="Remember what was shipped, so that later batches do not repeat it.")
def index() -> None:
    """Remember what was shipped."""


@index.command("add", help="Add records or a release; what is known already stays untouched." + examples(
    ["toolkit index add build/release --state state", "toolkit index add shipped.jsonl --state state --threshold 0.9"]
))  # fmt: skip
@click.argument("inputs", nargs=-1, required=True, type=click.Path())
@_options(STATE, FIELDS, JSON)
@click.option(
    "--threshold", type=Number(0.05, 1), help="From which similarity on texts are near; that of the index by default."
)
@click.option("--unit", type=Choice(["char", "word"]), help="What a shingle is made of; that of the index by default.")
def add(inputs: tuple[str, ...], state: str, fields: str | None, *, as_json: bool, **wanted: Any) -> None:
    """Add records or a release."""
    from toolkit.dedup.index import add as add_to_index
    from toolkit.dedup.index import open_index, said

    names = _fields(fields)
    params = _params(state, names, wanted)
    batches = itertools.chain.from_iterable(_batches(Path(path)) for path in inputs)
    done = add_to_index(state, batches, fields=names, params=params)
    manifest = open_index(state, names).manifest
    facts = {
        "new": done.new,
        "known": done.known,
        "empty": done.empty,
        "records": manifest.live,
        "bytes": manifest.size,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(f"{done.new:,} new, {done.known:,} known already, {done.empty:,} without text in {said(names)}")
    click.echo(_size(manifest.live, manifest.size))


@index.command("find", help="Show indexed records: by id, by source, or like a text." + examples(
    ["toolkit index find 3f9a1c --state state", "toolkit index find --text '高血压能吃什么？' --state state"]
))  # fmt: skip
@click.argument("ids", nargs=-1)
@_options(STATE, FIELDS, JSON)
@click.option("--source", help="Records of this source.")
@click.option("--text", help="Records that are equal or near to this text, most similar first.")
def find(
    ids: tuple[str, ...], state: str, fields: str | None, *, source: str | None, text: str | None, as_json: bool
) -> None:
    """Show indexed records; none found exits with 1."""
    from toolkit.dedup.index import open_index
    from toolkit.dedup.index.like import like

    if not ids and source is None and text is None:
        raise UsageError("nothing to find", hint="name ids, --source or --text")
    opened = open_index(state, _fields(fields))
    rows: Iterable[dict[str, Any]]
    rows = like(opened, text) if text is not None else (row for _, row in opened.find(ids=ids, source=source))
    count = 0
    for row in rows:
        count += 1
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else _shown(row))
    if not count:
        click.echo("not in the index", err=True)
        raise click.exceptions.Exit(1)


@index.command("remove", help="Take records out; `compact` then erases their text." + examples(
    ["toolkit index remove 3f9a1c --state state", "toolkit index remove --source clinic-qa --state state"]
))  # fmt: skip
@click.argument("ids", nargs=-1)
@_options(STATE, FIELDS)
@click.option("--source", help="All records of this source.")
def remove(ids: tuple[str, ...], state: str, fields: str | None, *, source: str | None) -> None:
    """Take records out."""
    from toolkit.dedup.index import remove as remove_from_index

    click.echo(f"{remove_from_index(state, _fields(fields), ids=ids, source=source):,} removed")


@index.command("compact", help="Write few large files and erase what was removed." + examples(
    ["toolkit index compact --state state"]
))  # fmt: skip
@_options(STATE, FIELDS)
def compact(state: str, fields: str | None) -> None:
    """Write few large files."""
    from toolkit.dedup.index import compact as compact_index

    manifest = compact_index(state, _fields(fields))
    click.echo(_size(manifest.live, manifest.size))


@index.command("rebuild", help="Make all keys again: after damage, or for another threshold." + examples(
    ["toolkit index rebuild --state state", "toolkit index rebuild --state state --threshold 0.9"]
))  # fmt: skip
@_options(STATE, FIELDS)
@click.option(
    "--threshold", type=Number(0.05, 1), help="From which similarity on texts are near; that of the index by default."
)
@click.option("--unit", type=Choice(["char", "word"]), help="What a shingle is made of; that of the index by default.")
def rebuild(state: str, fields: str | None, **wanted: Any) -> None:
    """Make all keys again; texts that are lost exit with 1."""
    from toolkit.dedup.index import rebuild as rebuild_index
    from toolkit.errors import DataError

    names = _fields(fields)
    try:
        params = _params(state, names, wanted)
    except DataError:  # the manifest is what is damaged: only the options are left to go by
        params = _chosen(wanted)
    manifest, lost = rebuild_index(state, names, params=params)
    click.echo(_size(manifest.live, manifest.size))
    if lost:
        click.echo(f"lost: the texts of {len(lost)} segments could not be read; add their records again", err=True)
        raise click.exceptions.Exit(1)


@index.command("info", help="Say what an index holds, and check every byte of it." + examples(
    ["toolkit index info --state state"]
))  # fmt: skip
@_options(STATE, JSON)
def info(state: str, *, as_json: bool) -> None:
    """Say what the indexes of a state folder hold."""
    from toolkit.dedup.index import Index, indexes_of, said

    known = indexes_of(state)
    if not known:
        raise UsageError(f"{state}: holds no index", hint=f"make one with: toolkit index add RELEASE --state {state}")
    for names in known:
        opened = Index(state, names)
        opened.check()
        settings, manifest = opened.settings, opened.manifest
        if as_json:
            facts = {"fields": names, "threshold": settings.threshold, "unit": settings.unit, "records": manifest.live,
                     "segments": len(manifest.segments), "bytes": manifest.size}  # fmt: skip
            click.echo(json.dumps(facts))
            continue
        click.echo(f"{said(names)}: threshold {settings.threshold}, {settings.unit} shingles")
        click.echo(f"  {_size(manifest.live, manifest.size)} in {len(manifest.segments)} segments")


def _fields(given: str | None) -> tuple[str, ...]:
    """The fields that a run with this option compares."""
    from toolkit.dedup import Dedup

    return Dedup(fields=tuple(given.split(",")) if given else ()).compared


def _params(state: str, names: tuple[str, ...], wanted: dict[str, Any]) -> Any:
    """The comparison asked for; what is not said is as in the index, where there is one."""
    from toolkit.dedup.index import indexes_of, manifest

    known = manifest.load(state, names).settings if names in indexes_of(state) else None
    there = {"threshold": known.threshold, "unit": known.unit} if known else {}
    return _chosen(there | {k: v for k, v in wanted.items() if v is not None})


def _chosen(wanted: dict[str, Any]) -> Any:
    from toolkit.dedup.kernel import Params

    return Params(**{k: v for k, v in wanted.items() if v is not None})


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    from toolkit.collect import RecordFiles
    from toolkit.dedup.index.shipped import is_release, release_batches
    from toolkit.kinds import split_leaving

    if is_release(path):
        yield from release_batches(path)
        return
    step = RecordFiles((str(path),)).read_step()
    for unit in step.units():
        for batch in step.read(unit):
            kept, leaving = split_leaving(batch)
            if leaving.num_rows:
                raise UsageError(
                    f"{path}: {leaving.column('leaving')[0].as_py()['detail']}", hint="mend it and add it again"
                )
            yield kept


def _size(records: int, size: int) -> str:
    each = f", {size / records:,.0f} bytes a record" if records else ""
    return f"{records:,} records, {size:,} bytes{each}"


def _shown(row: dict[str, Any]) -> str:
    source = row.get("source") or {}
    score = f"{row['similarity']:.4f} " if "similarity" in row else ""
    text = row["text"].replace("\ue000", " | ")
    return f"{score}{row['id']} ({source.get('id') or '?'}: {source.get('uri') or '?'}) {text[:100]}"
