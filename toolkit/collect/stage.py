"""The stage `collect`: where its records come from, and the two steps it is made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from toolkit.collect.facts import with_facts
from toolkit.collect.find import common_root, files_of, named
from toolkit.collect.places import count_places
from toolkit.collect.read import read_unit
from toolkit.collect.sources import Source, load, parse
from toolkit.collect.units import CollectUnit, plan
from toolkit.errors import SourceError, UsageError
from toolkit.files.encoding import canonical
from toolkit.files.found import UnreadableError
from toolkit.frames import Result
from toolkit.kinds import Read, Step
from toolkit.stage import Stage, option

FILES = "files"
"""Id of the source that consists of paths without a registry."""


@dataclass(frozen=True, kw_only=True)
class Collect(Stage):
    r"""Read files, folders and tables into records, each with its source, its place and a hash.

    What cannot be read comes out as quarantined records that say where, why, and what to do.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "问答.csv").write_text("问题,答案\n咳嗽吃什么？,多喝水。\n", encoding="gb18030")
    ...     [row["extra"] for row in Collect(paths=(folder,)).run().kept]
    ['{"问题":"咳嗽吃什么？","答案":"多喝水。"}']
    """

    name: ClassVar[str] = "collect"

    sources: Any = option(  # noqa: RUF009 - option() makes a field; a registry has no narrower type than YAML
        None, "The registry of sources: path of a sources.yaml, or its list of entries."
    )
    paths: tuple[str, ...] = option((), "Files, folders and globs to read without a registry.")
    recursive: bool = option(True, "Look into the folders of the folders given as paths.")
    encoding: str | None = option(None, "Encoding of the files given as paths; found out where it is not given.")
    id_column: str | None = option(None, "Column that names the rows of the tables given as paths.")
    root: str = ""
    """Folder that relative paths start from; a recipe's own folder. No option: it must not shape the records."""

    def steps(self) -> tuple[Step, ...]:
        """Read, then settle repeated places."""
        return (Read(self.units, read_unit), count_places())

    def units(self) -> Sequence[CollectUnit]:
        """Plan the work, in the order of (source, URI, position).

        Raises:
            UsageError: Nothing to read was named, or the registry is wrong.
            SourceError: A path does not exist or a glob hits nothing.
        """
        found: list[CollectUnit] = []
        lost: list[SourceError] = []
        for source, root in sorted(self.registry(), key=lambda pair: pair[0].id):
            try:
                found += plan(source, with_facts(files_of(source, root), source, root))
            except SourceError as error:
                lost.append(error)
        if lost:
            raise SourceError("\n".join(error.message for error in lost), hint=lost[0].hint)
        return found

    def registry(self) -> list[tuple[Source, Path]]:
        """The sources, each with the folder that its paths are relative to."""
        start = Path(self.root or ".")
        sources = [*self._registered(start), *self._plain(start)]
        if not sources:
            raise UsageError("nothing to collect", hint="name files or folders, or a sources.yaml")
        return sources

    def _registered(self, start: Path) -> list[tuple[Source, Path]]:
        if self.sources is None:
            return []
        if isinstance(self.sources, str | os.PathLike):
            path = start / self.sources
            return [(source, path.parent) for source in load(path)]
        return [(source, start) for source in parse(self.sources)]

    def _plain(self, start: Path) -> list[tuple[Source, Path]]:
        if not self.paths:
            return []
        _check_encoding(self.encoding)
        absolute = tuple(named(path, start) for path in self.paths)
        source = Source(
            id=FILES, paths=absolute, recursive=self.recursive, encoding=self.encoding, id_column=self.id_column
        )
        return [(source, common_root(absolute, start))]

    def run(self, data: Any = ()) -> Result:
        """Read everything in this process, into memory; for trying and for small sources.

        Args:
            data: Nothing; a collection has no input but its files.
        """
        return super().run(data)


def _check_encoding(name: str | None) -> None:
    if name is None:
        return
    try:
        canonical(name)
    except UnreadableError as error:
        raise UsageError(error.message, hint=error.hint) from None
