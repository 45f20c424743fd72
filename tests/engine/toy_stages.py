"""Stages small enough to see through: numbered texts, a dedup, a map that can fail, and an export."""

import dataclasses
import hashlib
import os
import resource
import signal
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.kinds import Export, KeyReduce, Map, Read, leave
from toolkit.record import columns_of
from toolkit.stage import Stage, option


def note(work):
    """Append a line to the file that `TOY_LOG` names: what a test counts to see how often a shard was done."""
    if log := os.environ.get("TOY_LOG"):
        with Path(log).open("a") as file:
            file.write(f"{work}\n")


@dataclasses.dataclass(frozen=True)
class ToyUnit:
    number: int
    rows: int

    def digest(self):
        return f"toy {self.number} {self.rows}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyRead(Stage):
    name: ClassVar[str] = "toy.read"
    units: int = option(4, "Units.")
    rows: int = option(500, "Rows in a unit.")
    kills: int = option(-1, "Number of a unit that kills whoever reads it.")

    def steps(self):
        return (Read(self.plan, self.read),)

    def plan(self):
        return [ToyUnit(n, self.rows) for n in range(self.units)]

    def read(self, unit):
        note(f"read {unit.number}")
        if unit.number == self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        rows = [self.row(unit.number, i) for i in range(unit.rows)]
        yield from (columns_of(rows[i : i + 200]) for i in range(0, len(rows), 200))

    @staticmethod
    def row(unit, number):
        return {
            "id": f"{unit:03}-{number:05}",
            "text": f"第{(unit * 31 + number * 7) % 900}条",
            "source": {"uri": f"{unit:03}"},
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyDedup(Stage):
    name: ClassVar[str] = "toy.dedup"
    kills: str = option(
        "", "Kills who solves while this file is not there, and notes in it who did; `always`: each time."
    )

    def steps(self):
        return (KeyReduce(self.emit, (self.repeats,), self.drop, self.solve, self.report),)

    def solve(self, rows, _records):
        if self.kills:
            first = self.kills == "always" or not Path(self.kills).exists()
            if self.kills != "always":
                with Path(self.kills).open("a") as file:
                    file.write(f"{os.getpid()}\n")
            if first:
                os.kill(os.getpid(), signal.SIGKILL)
        return rows.sort_by("ref")

    def report(self, solved):
        return {"repeats.jsonl": (b"%d\n" % ref for ref in solved.column("ref").to_pylist())}

    def emit(self, batch):
        keys = [hashlib.blake2b(t.encode(), digest_size=16).digest() for t in batch.column("text").to_pylist()]
        return pa.table({"key": pa.array(keys, pa.binary(16)), "row": range(batch.num_rows), "id": batch.column("id")})

    def repeats(self, rows, _records):
        rows = rows.sort_by([("key", "ascending"), ("id", "ascending")])
        keys = rows.column("key").to_pylist()
        return rows.filter(pa.array([n > 0 and keys[n] == keys[n - 1] for n in range(len(keys))])).select(["ref"])

    def drop(self, batch, rows):
        mask = pc.is_in(pa.array(range(batch.num_rows), pa.int64()), value_set=rows.column("row").combine_chunks())
        return leave(batch, mask, self.name, "exact_duplicate", "seen before")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyMap(Stage):
    """Fails on a text, kills its worker, or is slow, as told."""

    name: ClassVar[str] = "toy.map"
    fails_on: str = option("", "Raises on a text that holds this.")
    kills_on: str = option("", "Kills the worker on a text that holds this.")
    once: str = option("", "Kills only while this file is not there.")
    slow: float = option(0.0, "Seconds to sleep per batch.")
    suffix: str = option("", "Appended to every text.")
    hungry: str = option("", "Takes memory for every text that holds this.")
    takes: int = option(0, "Bytes that it takes for each.")
    cap: int = option(0, "Bytes of addresses that the process may have while it does so.")

    def apply_batch(self, batch):
        note(f"map {batch.column('id')[0] if len(batch) else None}")
        time.sleep(self.slow)
        texts = batch.column("text").to_pylist()
        if self.kills_on and any(self.kills_on in t for t in texts) and not (self.once and Path(self.once).exists()):
            if self.once:
                Path(self.once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.cap:
            resource.setrlimit(resource.RLIMIT_AS, (self.cap, resource.getrlimit(resource.RLIMIT_AS)[1]))
        if self.hungry:
            np.empty(self.takes * sum(self.hungry in t for t in texts), np.uint8)
        if self.fails_on and any(self.fails_on in t for t in texts):
            raise ValueError("the text cannot be processed")
        at = batch.schema.get_field_index("text")
        return batch.set_column(at, "text", pa.array([t + self.suffix for t in texts]))

    def steps(self):
        return (Map(self.apply_batch),)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToyExport(Stage):
    name: ClassVar[str] = "toy.export"

    def steps(self):
        return (Export(self.emit),)

    def emit(self, batch):
        # reversed ids as keys: the export must sort, not just keep the order
        keys = [i[::-1].encode() for i in batch.column("id").to_pylist()]
        lines = [f"{t}\n".encode() for t in batch.column("text").to_pylist()]
        return pa.table(
            {"key": pa.array(keys, pa.binary()), "row": range(batch.num_rows), "line": pa.array(lines, pa.binary())}
        )
