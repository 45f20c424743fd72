"""Another threshold for a run that is done: decided again from the similarities that `clusters.jsonl` keeps.

Only upward: pairs below the threshold of the run were never kept. Every record lists the better ones that it resembles, so
the decision is the same as a new run's. The exception are crowds (more than 64 texts under one key), whose members were
measured against their leaders only: where the leader no longer covers one, the answer is `unsure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import orjson

from toolkit.errors import UsageError


@dataclass
class Redecided:
    """What changes at another threshold.

    Attributes:
        back: Dropped by the run, kept now -> (what it was dropped for, similarity).
        gone: Kept by the run, dropped now -> (for what, similarity): what it resembles was dropped then and is kept now.
        moved: Dropped both times -> (for what now, similarity), where that is another record.
        unsure: Members of crowds that only a new run decides.
    """

    threshold: float
    back: dict[str, tuple[str, float]] = field(default_factory=dict)
    gone: dict[str, tuple[str, float]] = field(default_factory=dict)
    moved: dict[str, tuple[str, float]] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)


def redecide(lines: Iterable[Mapping[str, Any]], threshold: float) -> Redecided:
    """Decide again.

    Args:
        lines: Of `clusters.jsonl`.
        threshold: From 0 to 1, not below that of the run.

    Raises:
        UsageError: It is below.

    >>> b = {"id": "b", "similarity": 0.85, "reason": "near_duplicate"}
    >>> chain = [
    ...     {"survivor": "a", "threshold": 0.8, "members": [b]},
    ...     {"survivor": "c", "threshold": 0.8, "likes": [["b", 0.95]], "members": []},
    ... ]
    >>> found = redecide(chain, 0.9)
    >>> found.back, found.gone  # b comes back, and c, which resembles it, leaves
    ({'b': ('a', 0.85)}, {'c': ('b', 0.95)})
    >>> redecide(chain, 0.8).back  # the threshold of the run changes nothing
    {}
    """
    told = [line for line in lines if "threshold" in line]
    stored = max((line["threshold"] for line in told), default=0.0)
    if threshold < stored:
        raise UsageError(
            f"threshold {threshold} is below {stored}, the one of the run: less similar pairs were not kept",
            hint="run dedup again with the lower threshold",
        )
    before = {m["id"]: (line["survivor"], m["similarity"]) for line in told for m in line["members"]}
    likes = _likes(told)
    crowds = {r["id"] for line in told for r in [{**line, "id": line["survivor"]}, *line["members"]] if r.get("crowd")}
    return _decide(likes, before, crowds, threshold)


def _likes(lines: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[str, float]]]:
    """For every record the better ones that it resembles."""
    likes: dict[str, list[tuple[str, float]]] = {}
    for line in lines:
        likes.setdefault(line["survivor"], []).extend((name, score) for name, score in line.get("likes", ()))
        for member in line["members"]:
            others = [(name, score) for name, score in member.get("likes", ())]
            likes.setdefault(member["id"], []).extend([(line["survivor"], member["similarity"]), *others])
    return likes


def _decide(
    likes: Mapping[str, list[tuple[str, float]]],
    before: Mapping[str, tuple[str, float]],
    crowds: set[str],
    threshold: float,
) -> Redecided:
    found = Redecided(threshold)
    dropped: set[str] = set()
    order = TopologicalSorter({name: sorted({other for other, _ in others}) for name, others in sorted(likes.items())})
    for name in order.static_order():
        near = [(-score, other) for other, score in likes.get(name, ()) if score >= threshold and other not in dropped]
        if near:
            score, other = min(near)
            dropped.add(name)
            if name not in before:
                found.gone[name] = (other, -score)
            elif before[name][0] != other:
                found.moved[name] = (other, -score)
        elif name in before and name in crowds:
            found.unsure.append(name)
        elif name in before:
            found.back[name] = before[name]
    found.unsure.sort()
    return found


def read_clusters(out: Path | str) -> list[dict[str, Any]]:
    """The lines of `clusters.jsonl` of a run.

    Raises:
        UsageError: The run has left none.
    """
    path = Path(out) / "clusters.jsonl"
    if not path.is_file():
        raise UsageError(f"{path}: is not there", hint="give the --out folder of a run that dropped duplicates")
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
