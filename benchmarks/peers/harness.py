"""Run a command on 10 records and on many, and report what the many cost: start-up is measured apart and subtracted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Measured, measure

START = 10
NOISE = 0.3
"""CPU seconds under which a difference of two runs says nothing here."""
NICE = ("nice", "-n", "10")

Command = Callable[[int], list[str]]
"""Number of records -> the command that treats them."""


def best(command: list[str], repeat: int) -> Measured:
    """The round with the least CPU: others work on this machine."""
    rounds = [measure([*NICE, *command]) for _ in range(repeat)]
    for found in rounds:
        assert found.code == 0, found.err[-2000:]
    return min(rounds, key=lambda found: found.cpu)


def cost(command: Command, count: int, start: Measured, repeat: int) -> dict[str, Any]:
    """The figures of a command on `count` records; what it printed as JSON is added."""
    found = best(command(count), repeat)
    net = found.cpu - start.cpu
    said = found.out.strip().rpartition("\n")[2]
    return {
        "records": count,
        "cpu_s": round(found.cpu, 2),
        "start_up_cpu_s": round(start.cpu, 2),
        "net_cpu_s": round(net, 2),
        "records_per_cpu_s": round(count / net) if net > NOISE else None,
        "wall_s": round(found.wall, 1),
        "peak_pss_mb": round(found.peak_mb),
        **({key: _short(value) for key, value in json.loads(said).items()} if said.startswith("{") else {}),
    }


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def save(path: Path, results: object) -> None:
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
