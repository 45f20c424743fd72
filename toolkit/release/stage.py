"""The release stage: every record is checked against every target, given a split, and sorted for writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.errors import UsageError
from toolkit.files.places import Place, place
from toolkit.frames import batches_of
from toolkit.kinds import Batch, Export, KeyReduce, Map, Records, Step, leave
from toolkit.record import set_columns
from toolkit.release import render, split
from toolkit.release.write import write_release
from toolkit.stage import Stage, option

DEFAULT_SPLIT = {"train": 0.9, "valid": 0.05, "test": 0.05, "seed": 7}


@dataclass(frozen=True, kw_only=True)
class Release(Stage):
    """Check examples against the formats of their trainers, split them without leaks, and make them ready to write.

    >>> rows = [{"id": "a", "prompt": "高血压怎么办？", "output": "低盐饮食。"}, {"id": "b", "prompt": "Dose?", "output": " "}]
    >>> result = Release().run(rows)
    >>> [(row["id"], row["split"]) for row in result.kept], result.rejected[0].reason
    ([('a', 'train')], 'not_exportable')
    """

    name: ClassVar[str] = "release"

    targets: tuple[str, ...] = option(
        ("openai-chat",), "The formats to write, by name; an example must fit all of them."
    )
    split: Mapping[str, Any] = option(DEFAULT_SPLIT, "Shares of train, valid and test, and the seed of the lot.")

    def __post_init__(self) -> None:
        super().__post_init__()
        from toolkit.formats import get

        for target in self.targets:
            get(target)
        self._shares()

    def steps(self) -> tuple[Step, ...]:
        """Validate, split, sort."""
        divide = KeyReduce(split.emit, (self.draw,), assign_split, solve=self.solve)
        return (Map(self.check), divide, Export(self.emit))

    def check(self, batch: Batch) -> Batch:
        """Reject what a target cannot hold, with the finding of its validator."""
        detail = render.judged(batch, tuple(self.targets))
        return leave(batch, pc.is_valid(detail), self.name, "not_exportable", detail)

    def draw(self, rows: pa.Table, _records: Records) -> pa.Table:
        """Draw the lots of the groups of one bucket."""
        return split.complete(rows, self._seed)

    def solve(self, rows: pa.Table, _records: Records) -> pa.Table:
        """Assign the splits over all records."""
        return split.assign(rows, self._shares(), self._seed)

    @property
    def _seed(self) -> int:
        return int(self.split.get("seed", 0))

    def emit(self, batch: Batch) -> pa.Table:
        """The lines of every target and of the provenance, with the key that sorts them."""
        columns: dict[str, pa.Array] = {
            "key": render.order_keys(batch),
            "row": pa.array(range(batch.num_rows), pa.int64()),
            "split": batch.column("split"),
        }
        for target, (lines, names) in render.lines(batch, self.targets).items():
            columns |= {target: lines, f"{target} columns": names}
        columns["provenance"] = render.provenance(batch)
        return pa.table(columns)

    def write(self, data: Any, folder: Place | str, *, manifest: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write examples that `run` has split, as a release folder.

        Args:
            data: What `run` gave as `kept`.
            folder: Appears when it is complete; an older one is replaced.
            manifest: What else the manifest is to carry.

        Returns:
            The manifest.
        """
        emitted = [self.emit(batch) for batch in batches_of(data)]
        rows = pa.concat_tables(emitted).sort_by("key").to_batches() if emitted else []
        return write_release(
            place(folder), self.targets, lambda _columns: rows, manifest or {"options": self.options()}
        )

    def _shares(self) -> dict[str, float]:
        shares = {k: float(v) for k, v in self.split.items() if k != "seed"}
        unknown = sorted(set(shares) - set(split.SPLITS))
        if unknown or abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) < 0:  # noqa: PLR2004 - rounding of YAML numbers
            raise UsageError(
                f"release: split {dict(self.split)} is no split into {', '.join(split.SPLITS)}",
                hint="give shares that add up to 1, such as {train: 0.9, valid: 0.05, test: 0.05, seed: 7}",
            )
        return shares


def assign_split(batch: Batch, rows: pa.Table) -> Batch:
    """Write the split of every record of a batch."""
    numbers = rows.sort_by("row").column("split").combine_chunks()
    return set_columns(batch, {"split": pa.array(split.SPLITS).take(numbers)})
