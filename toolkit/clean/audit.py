"""What a profile would flag and reject, by rule, language and domain: looked at before anything is dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean.stage import Clean
from toolkit.frames import batches_of
from toolkit.kinds import Batch

ANY = "any"
"""The row that counts each record once, whatever rules it met."""
UNKNOWN = ""
"""Stands for no language and no domain."""

SCHEMA = pa.schema(
    [
        ("rule", pa.string()),
        ("lang", pa.string()),
        ("domain", pa.string()),
        ("records", pa.int64()),
        ("flagged", pa.int64()),
        ("rejected", pa.int64()),
        ("flag_rate", pa.float64()),
        ("reject_rate", pa.float64()),
    ]
)


class _Group(NamedTuple):
    lang: str
    domain: str


def audit(data: Any, clean: Clean | None = None) -> pa.Table:
    """Count what the rules of a stage say of records, without dropping any.

    Args:
        data: What `Clean.run` takes: dicts, pandas, datasets or pyarrow tables.
        clean: The stage; its defaults where it is left out.

    Returns:
        A row per rule, language and domain: records of the group, how many the rule flags and rejects, and the rates (0 to
        1). A record may meet several rules; `any` counts it once, as rejected where one rejects it.

    >>> rows = [{"prompt": "剂量？", "output": "。"}, {"prompt": "What dose?", "output": "As an AI language model, I have no dose."}]
    >>> [(r["rule"], r["lang"], r["records"], r["flagged"], r["rejected"]) for r in audit(rows).to_pylist()]
    [('any', 'en', 1, 1, 0), ('any', 'zh', 1, 0, 1), ('model_phrase', 'en', 1, 1, 0), ('too_short', 'zh', 1, 0, 1)]
    """
    return audit_batches(batches_of(data), clean)


def audit_batches(batches: Iterable[Batch], clean: Clean | None = None) -> pa.Table:
    """Count what the rules of a stage say of batches of records; see `audit`."""
    stage = clean or Clean()
    records: Counter[_Group] = Counter()
    met: Counter[tuple[str, _Group, bool]] = Counter()
    for batch in batches:
        _count(stage, batch, records, met)
    rules = sorted({rule for rule, _, _ in met})
    rows = [
        (rule, group, records[group], met[rule, group, False], met[rule, group, True])
        for rule in [ANY, *(rule for rule in rules if rule != ANY)]
        for group in sorted(records)
        if rule == ANY or met[rule, group, False] + met[rule, group, True]
    ]
    columns = [(rule, *group, n, flags, gone, flags / n, gone / n) for rule, group, n, flags, gone in rows]
    return pa.table([list(column) for column in zip(*columns, strict=True)] or [[]] * len(SCHEMA), schema=SCHEMA)


def _count(
    stage: Clean, batch: Batch, records: Counter[_Group], met: Counter[tuple[str, _Group, bool]]
) -> None:  # fmt: skip
    cleaned, findings = stage.examine(batch)
    domains = pc.struct_field(cleaned.column("source"), "domain").to_pylist()
    groups = [
        _Group(lang or UNKNOWN, domain or UNKNOWN)
        for lang, domain in zip(cleaned.column("lang").to_pylist(), domains, strict=True)
    ]
    records.update(groups)
    verdicts: dict[int, bool] = {}
    for finding in findings:
        for row in finding.details:
            met[finding.rule, groups[row], finding.rejects] += 1
            verdicts[row] = verdicts.get(row, False) or finding.rejects
    met.update((ANY, groups[row], rejected) for row, rejected in verdicts.items())


def as_text(table: pa.Table) -> list[str]:
    """The audit as lines for people.

    >>> as_text(audit([{"prompt": "剂量？", "output": "。", "source": {"domain": "medical"}}]))[1]
    'any        zh    medical        1        0   0.00%         1  100.00%'
    """
    names = ("rule", "lang", "domain", "records", "flagged", "rejected")
    cells = [["rule", "lang", "domain", "records", "flagged", "", "rejected", ""]]
    for row in table.to_pylist():
        texts = [row[name] or "-" for name in names[:3]]
        counts = [
            f"{row['records']:,}",
            f"{row['flagged']:,}",
            f"{row['flag_rate']:.2%}",
            f"{row['rejected']:,}",
            f"{row['reject_rate']:.2%}",
        ]
        cells.append([*texts, *counts])
    widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
    return [
        "  ".join(
            f"{cell:<{width}}" if at < len(names) // 2 else f"{cell:>{width}}"
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
