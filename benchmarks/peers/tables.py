"""Write the tables of docs/benchmarks.md from results/: python benchmarks/peers/tables.py; each stands between two marks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results"
MARKED = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = dict[str, Any]


def load(name: str) -> list[Row]:
    rows: list[Row] = json.loads((RESULTS / name).read_text(encoding="utf-8"))["rows"]
    return rows


def table(head: str, lines: list[list[object]]) -> str:
    names = head.split(" | ")
    rows = [names, ["---"] * len(names), *([str(cell) for cell in line] for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def percent(share: float) -> str:
    return f"{share:.1%}"


def clean_speed() -> str:
    rows = load("clean-peers.json")
    ours = {row["records"]: row["net_cpu_s"] for row in rows if row["peer"] == "toolkit stage"}
    return table(
        "records | who | CPU s | of it start-up | records per CPU s | CPU, stage = 1 | peak PSS MB",
        [
            [
                f"{row['records']:,}", row["peer"], row["cpu_s"], row["start_up_cpu_s"], f"{row['records_per_cpu_s']:,}",
                f"{row['net_cpu_s'] / ours[row['records']]:.1f}", f"{row['peak_pss_mb']:,}",
            ]
            for row in sorted(rows, key=lambda row: row["records"])
        ],
    )  # fmt: skip


def clean_verdicts() -> str:
    rows = [row for row in load("clean-peers.json") if row["records"] == 10_000]
    groups = ("zh", "en-text", "en-code")
    return table(
        "who | " + " | ".join(f"{group}: rejected, changed" for group in groups),
        [
            [row["peer"]] + [
                f"{percent(row['by_group'][g]['rejected'])}, {percent(row['by_group'][g]['changed'])}" for g in groups
            ]
            for row in rows
        ],
    )  # fmt: skip


def dedup_kernels() -> str:
    rows = [row for row in load("dedup-peers.json") if "work_cpu_s" in row]
    ours = {row["records"]: row["work_cpu_s"] for row in rows if row["peer"] == "toolkit kernel"}

    def line(row: Row) -> list[object]:
        work, cut, base = row["work_cpu_s"], row.get("cut_cpu_s", 0.0), ours[row["records"]]
        return [
            f"{row['records']:,}", row["peer"], f"{work:.2f}", f"{cut:.2f}", f"{work / base:.1f}", f"{(work + cut) / base:.1f}",
            row["peak_pss_mb"], f"{row['recall']:.4f}", f"{row['precision']:.4f}", f"{row['against_numbers']:,}",
        ]  # fmt: skip

    head = (
        "records | who | CPU s | cutting CPU s | CPU, ours = 1 | with cutting | peak PSS MB | recall | precision | "
        "dropped against numbers"
    )
    return table(head, [line(row) for row in rows])


def dedup_commands() -> str:
    return table(
        "records | CPU s | of it start-up | records per CPU s | wall s | peak PSS MB | recall | precision",
        [
            [
                f"{row['records']:,}", row["cpu_s"], row["start_up_cpu_s"], f"{row['records_per_cpu_s']:,}", row["wall_s"],
                row["peak_pss_mb"], f"{row['recall']:.4f}", f"{row['precision']:.4f}",
            ]
            for row in load("dedup-peers.json") if row["peer"] == "toolkit dedup"
        ],
    )  # fmt: skip


TABLES = {
    "clean-speed": clean_speed,
    "clean-verdicts": clean_verdicts,
    "dedup-kernels": dedup_kernels,
    "dedup-commands": dedup_commands,
}


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKED.sub(lambda m: m[1] + TABLES[m[2]]() + m[3], page), encoding="utf-8")


if __name__ == "__main__":
    main()
