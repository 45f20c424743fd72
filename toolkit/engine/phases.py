"""The plan of a run: consecutive steps fused into phases, cut where a KeyReduce looks at all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from toolkit.engine.store import code_digest, digest
from toolkit.errors import BrokenPromiseError
from toolkit.kinds import Export, KeyReduce, Map, Read, Step
from toolkit.stage import Stage


@dataclass(frozen=True)
class Work:
    """One step of one stage of the run."""

    stage: int
    name: str
    step: Step


@dataclass(frozen=True)
class Phase:
    """What one task does to its shard: read or apply a result, map, and emit for what comes next.

    Attributes:
        prefix: Digest of all steps up to the end of this phase with their options, and of the code.
        works: The first may be a Read or an applied KeyReduce, the rest are Maps.
        emit: The KeyReduce whose result the next phase applies, or the Export that ends the run.
    """

    prefix: str
    works: tuple[Work, ...]
    emit: Work | None = None


def phases_of(stages: Sequence[Stage]) -> list[Phase]:
    """Fuse the steps of a run into phases.

    The options of a Read are no part of the prefix: what shapes its records is in the digest of each unit, so that a
    new file does not make the others be read again.
    """
    phases: list[Phase] = []
    works: list[Work] = []
    prefix = code_digest()
    for number, stage in enumerate(stages):
        for at, step in enumerate(stage.steps()):
            options = b"" if isinstance(step, Read) else orjson.dumps(stage.options(), option=orjson.OPT_SORT_KEYS)
            prefix = digest(prefix, stage.name, str(at), options)
            work = Work(number, stage.name, step)
            _check_place(step, first=not phases and not works)
            if isinstance(step, KeyReduce | Export):
                phases.append(Phase(prefix, tuple(works), work))
                works = [work] if isinstance(step, KeyReduce) else []
            else:
                works.append(work)
    if works:
        phases.append(Phase(prefix, tuple(works)))
    return phases


def _check_place(step: Step, *, first: bool) -> None:
    if isinstance(step, Read) != first:
        raise BrokenPromiseError("a run begins with one Read and has no other")
    assert isinstance(step, Map | KeyReduce | Read | Export)
