"""Fill the quotes of README.md and docs/ from a run of the sample data. `--check` fails when one of them is stale.

A quote stands between `<!-- quote: NAME -->` and `<!-- end -->`; NAME is a key of `QUOTES`.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import toolkit
from toolkit.cli.common import funnel
from toolkit.pipeline import How, Report
from toolkit.trace import story

ROOT = Path(__file__).parents[1]
AS_OF = "2026-11-22"
TARGET = "openai-chat"
QUOTE = re.compile(r"(?P<open><!-- quote: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)

BYLAW = "云泽市生活垃圾分类管理条例({}).md"
VERSIONS = ("2019-06-01", "2024-09-01")
TICKETS = "tickets-en.csv"


def sample_run(out: Path) -> Report:
    """The sample data through the whole chain, in this process."""
    how = How(workers=0, progress="quiet")
    return toolkit.run(ROOT / "sample_data" / "recipe.yaml", out=out, as_of=AS_OF, how=how)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a JSONL file."""
    yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def provenance(out: Path, uri: str, **place: str) -> dict[str, Any]:
    """The provenance of the one released line that comes from a place of a source."""
    found = [
        row
        for row in rows(out / "release" / "provenance.jsonl")
        if row["source"]["uri"].endswith(uri) and place.items() <= row["source"]["locator"].items()
    ]
    assert len(found) == 1, f"{uri} {place}: {len(found)} lines"
    return found[0]


def line(out: Path, row: dict[str, Any]) -> str:
    """The line of the release that a line of provenance speaks of."""
    path = out / "release" / TARGET / f"{row['split']}.jsonl"
    lines: list[str] = path.read_text(encoding="utf-8").split("\n")
    return lines[int(row["line"]) - 1]


def wrapped(row: dict[str, Any]) -> str:
    """One JSON object with a key per line; hashes and ids are cut to eight digits."""
    parts = [f" {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in row.items()]
    return re.sub(r'"([0-9a-f]{8})[0-9a-f]{24,}"', r'"\1…"', "{\n" + ",\n".join(parts) + "\n}")


def fenced(text: str, lang: str) -> str:
    """A code block."""
    return f"```{lang}\n{text}\n```\n"


def source_lines(*places: tuple[str, str]) -> str:
    """Lines of files of the sample data, found by how they begin."""
    found = []
    for path, start in places:
        text = (ROOT / "sample_data" / path).read_text(encoding="utf-8-sig")
        found += [x for x in text.split("\n") if x.startswith(start)]
    assert len(found) == len(places)
    return fenced("\n".join(found), "text")


def account(report: Report) -> str:
    """The table and the reasons that `toolkit run` prints."""
    return fenced("\n".join(funnel(report)), "text")


def released(report: Report, uri: str, **place: str) -> str:
    """A line of the release and its line of provenance."""
    row = provenance(report.out, uri, **place)
    where = f"`release/{TARGET}/{row['split']}.jsonl`, line {row['line']}"
    return (
        f"{where}:\n\n{fenced(line(report.out, row), 'json')}\n"
        f"its line in `release/provenance.jsonl` (one line there, wrapped and hashes cut here):\n\n{fenced(wrapped(row), 'json')}"
    )


def why(report: Report) -> str:
    """The story of the article as it stood before the amendment."""
    left = next(report.out.glob("rejected/*-age.decide.jsonl"))
    [old] = [
        row
        for row in rows(left)
        if row["source"]["uri"].endswith(BYLAW.format(VERSIONS[0]))
        and row["source"]["locator"].get("article") == "第八条"
    ]
    told = [f"$ toolkit inspect why {old['id'][:8]} --out build", *story(report.out, old["id"])]
    return fenced("\n".join(told), "text")


def near_duplicates(_: Report) -> str:
    """Our near-duplicate kernel beside a peer, as the benchmark measured it."""
    measured = result("kernel-100k")
    lines = ["| threshold | program | gold pairs found | dropped | CPU s |", "|---|---|---|---|---|"]
    lines += [
        f"| {m['threshold']} | {'toolkit' if m['peer'] == 'ours' else m['peer']} | {m['recall']:.2%} of {m['gold']:,} "
        f"| {m['dropped']:,} | {m['cpu'] + m.get('cut', 0):.1f} |"
        for m in sorted(measured, key=lambda m: (m["threshold"], m["peer"]))
    ]
    return "\n".join(lines) + "\n"


def scale(_: Report) -> str:
    """What the whole chain took, by the number of records."""
    runs = [run for kind in ("usual", "short") for run in result("scale").get(kind, {}).get("runs", [])]
    lines = [
        "| records | input MB | workers | minutes | µs CPU per record | peak MB | of it the driver | work/ bytes per record | shuffled |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['records']:,} | {r['input_mb']:,} | {r['workers']} | {r['wall_s'] / 60:.1f} | {r['us_per_record']:,} | {r['peak_pss_mb']:,} | {r['peak_driver_mb']:,} "
        f"| {r['work_bytes_per_record']:,} | {r['shuffle_bytes_per_record']:,} |"
        for r in runs
    ]
    return "\n".join(lines) + "\n"


CORE_HOUR, CORES, UNIT = 0.04, 256, 8 << 20
"""US dollars; cores of the cluster; bytes that one task of the first phase reads."""


def billion(_: Report) -> str:
    """The same for a billion records, from the largest run that was measured."""
    run = result("scale")["usual"]["runs"][-1]
    hours = run["us_per_record"] * 1e9 / 3.6e9
    size = run["input_mb"] * 1e6 / run["records"] * 1e9
    lines = {
        "measured at": f"{run['records']:,} records of {size / 1e9:,.0f} bytes",
        "core-hours": f"{hours:,.0f}",
        f"hours on {CORES} cores, were it all tasks": f"{hours / CORES:.1f}",
        f"cost at ${CORE_HOUR} a core-hour": f"${hours * CORE_HOUR:,.0f}",
        "shard tasks in a phase": f"{size / UNIT:,.0f}",
        "memory of a task": f"{run['peak_pss_mb'] - run['peak_driver_mb']:,} MB",
        "shuffled bytes": f"{run['shuffle_bytes_per_record'] / 1e3:,.1f} TB",
        "bytes in work/": f"{run['work_bytes_per_record'] / 1e3:,.1f} TB",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in lines.items())]) + "\n"


def result(name: str) -> Any:
    """What a benchmark measured."""
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


QUOTES: dict[str, Callable[[Report], str]] = {
    "account": account,
    "document-en": lambda _: source_lines((f"lanting/tickets/{TICKETS}", "000406")),
    "document-zh": lambda _: source_lines(*((f"bylaws/zh/{BYLAW.format(day)}", "第八条") for day in VERSIONS)),
    "released-en": lambda report: released(report, TICKETS, key="000406"),
    "released-zh": lambda report: released(report, BYLAW.format(VERSIONS[1]), article="第八条"),
    "why-zh": why,
    "near-duplicates": near_duplicates,
    "scale": scale,
    "billion": billion,
}


def filled(text: str, report: Report) -> str:
    """A page with its quotes made anew."""
    return QUOTE.sub(lambda m: m["open"] + QUOTES[m["name"]](report) + m["close"], text)


def stale(report: Report, *, write: bool) -> list[str]:
    """The pages whose quotes differ from the run; written anew if asked to."""
    found = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        old = path.read_text(encoding="utf-8")
        new = filled(old, report)
        if new != old:
            found.append(path.relative_to(ROOT).as_posix())
            if write:
                path.write_text(new, encoding="utf-8")
    return found


def main() -> int:
    """Write or check all quotes."""
    check = "--check" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        report = sample_run(Path(folder) / "build")
        pages = stale(report, write=not check)
    for page in pages:
        print(f"{page}: {'stale, run `python docs/quotes.py`' if check else 'written'}")
    return 1 if pages and check else 0


if __name__ == "__main__":
    sys.exit(main())
