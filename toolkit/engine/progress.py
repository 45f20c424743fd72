"""What a user sees while a run works: a bar on a terminal, one line per phase elsewhere, JSON lines for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

from toolkit.engine import clock
from toolkit.engine.store import Done

Style = Literal["auto", "json", "quiet"]


class Progress:
    """Reports phases to a stream; never to the standard output, which belongs to data."""

    def __init__(self, style: Style = "auto", stream: TextIO | None = None) -> None:
        self._style = style
        self._stream = stream or sys.stderr

    @contextmanager
    def phase(self, title: str, total: int) -> Iterator[Callable[[Done], None]]:
        """Report one phase; call what it gives with every manifest."""
        tally = _Tally(title, total)
        if self._style == "auto" and self._stream.isatty():
            with self._bar(tally) as advance:
                yield advance
            return
        yield tally.add
        if self._style == "json":
            self._stream.write(json.dumps(tally.to_json(), ensure_ascii=False) + "\n")
        elif self._style == "auto":
            self._stream.write(tally.line() + "\n")
        self._stream.flush()

    @contextmanager
    def _bar(self, tally: _Tally) -> Iterator[Callable[[Done], None]]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                   TextColumn("{task.fields[note]}"))  # fmt: skip
        with Bar(*columns, console=Console(file=self._stream)) as bar:
            number = bar.add_task(tally.title, total=tally.total, note="")

            def advance(done: Done) -> None:
                tally.add(done)
                bar.update(number, advance=1, note=tally.note())

            yield advance


class _Tally:
    def __init__(self, title: str, total: int) -> None:
        self.title, self.total = title, total
        self.done = self.reused = self.rows = 0
        self.left: dict[str, int] = {}
        self._start = clock.seconds()

    def add(self, done: Done) -> None:
        self.done += 1
        self.reused += done.cached
        self.rows += done.rows
        for counts in done.counts.values():
            for (disposition, _), n in counts.left.items():
                self.left[disposition] = self.left.get(disposition, 0) + n

    def note(self) -> str:
        seconds = max(clock.seconds() - self._start, 1e-9)
        parts = [f"{self.rows:,} records", f"{self.rows / seconds:,.0f}/s"]
        parts += [f"{n:,} {name}" for name, n in sorted(self.left.items())]
        parts += [f"{self.reused} of {self.total} shards reused"] if self.reused else []
        return ", ".join(parts)

    def line(self) -> str:
        return f"{self.title}: {self.done}/{self.total} shards, {self.note()}"

    def to_json(self) -> dict[str, object]:
        seconds = round(clock.seconds() - self._start, 3)
        left = dict(sorted(self.left.items()))
        base = {"phase": self.title, "shards": self.total, "reused": self.reused, "records": self.rows}
        return base | {"left": left, "seconds": seconds}
