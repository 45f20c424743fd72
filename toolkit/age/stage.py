"""The stages: `age.attach` writes down when knowledge is valid, `age.decide` says what becomes of it on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

from toolkit.age.columns import Distinct, Key, distinct, with_flags, write_known
from toolkit.age.evidence import Known, know
from toolkit.age.policy import Policy
from toolkit.age.succession import EMITTED, has_fact_keys, newest, successors, versions
from toolkit.age.verdict import Case, Decision, Successor, judge
from toolkit.dates import judgment_day, zone
from toolkit.kinds import Batch, KeyReduce, Map, Step, leave
from toolkit.stage import Stage, option, required

_POLICY = "The policy: path of a YAML file, or the values themselves; default: the built-in policy."


@dataclass(frozen=True, kw_only=True)
class _Aging(Stage):
    """What both stages share: a policy, read once where the stage is made, and answers found once per distinct record."""

    policy: Any = option(None, _POLICY)  # noqa: RUF009 - `option` declares a field; Any: a path or a mapping
    rules: Policy = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the content of the policy in place of its path: workers and the manifest see what was read, not where."""
        super().__post_init__()
        rules = Policy.of(self.policy)
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "policy", dict(rules.content))

    def _distinct(self, batch: Batch) -> Distinct:
        return distinct(batch, fact_keys=self.rules.asks_fact_key())

    def _known(self, keys: Sequence[Key], tz: str | None = None) -> list[Known]:
        return [know(key.said, key.subject, self.rules, tz=tz) for key in keys]


@dataclass(frozen=True, kw_only=True)
class Attach(_Aging):
    """Write down when every record is valid, from what its metadata says: dates, evidence, zone, volatility.

    Dates become ISO text as precise as they were. All that is said is merged by rank and stays in `validity.evidence`;
    what contradicts itself or cannot be read becomes null with a flag. No text is searched for dates. Attaching again
    changes nothing.

    >>> kept = Attach().run([
    ...     {"id": "a", "text": "…", "validity": {"valid_from": "２０２１年１月１日"}, "source": {"jurisdiction": "CN"}},
    ...     {"id": "b", "text": "…", "source": {"published_at": "March 2021"}},
    ... ]).kept
    >>> kept[0]["validity"]["valid_from"], kept[0]["validity"]["tz"]
    ('2021-01-01', 'Asia/Shanghai')
    >>> kept[1]["source"]["published_at"]  # a month stays a month
    '2021-03'
    """

    name: ClassVar[str] = "age.attach"

    tz: str | None = option(
        None,
        "IANA zone of dates where neither record nor jurisdiction names one; default: the policy's tz_default, UTC.",
    )

    def __post_init__(self) -> None:
        """Refuse an unknown zone at once."""
        super().__post_init__()
        if self.tz is not None:
            zone(self.tz)

    def apply_batch(self, batch: Batch) -> Batch:
        """Set `validity`, the dates of `source`, and `flags`; no record leaves."""
        rows = self._distinct(batch)
        return write_known(batch, rows, self._known(rows.keys, self.tz))


@dataclass(frozen=True, kw_only=True)
class Decide(_Aging):
    """Decide for every record whether its knowledge holds on a given day: keep, reject, hold, or send to retrieval.

    >>> Decide(as_of="2024-06-02").run([{"id": "a", "text": "…", "validity": {"valid_until": "2024-06-01"}}]).rejected[0].reason
    'expired'
    >>> result = Decide(as_of="2026-11-22").run([
    ...     {"id": "旧", "text": "费用为120元。", "validity": {"fact_key": "费用", "valid_from": "2023"}},
    ...     {"id": "新", "text": "费用为135元。", "validity": {"fact_key": "费用", "valid_from": "2025"}},
    ...     {"id": "明年", "text": "费用为150元。", "validity": {"fact_key": "费用", "valid_from": "2027"}},
    ... ])
    >>> [r["id"] for r in result.kept], [(r.record["id"], r.reason) for r in result.rejected]
    (['新'], [('旧', 'superseded'), ('明年', 'not_yet_valid')])
    """

    name: ClassVar[str] = "age.decide"

    as_of: str = required("The day to judge from, as YYYY-MM-DD.")

    def __post_init__(self) -> None:
        """Refuse what is no day at once."""
        super().__post_init__()
        judgment_day(self.as_of)

    def steps(self) -> tuple[Step, ...]:
        """Older versions leave first; then every record is judged by itself."""
        return (KeyReduce(self.emit, (newest,), self.apply_successors), Map(self.apply_batch))

    def emit(self, batch: Batch) -> pa.Table:
        """Emit the versions that have begun, by fact key."""
        if not has_fact_keys(batch):
            return EMITTED.empty_table()
        rows = self._distinct(batch)
        return versions(batch, rows, self._known(rows.keys), self.rules, judgment_day(self.as_of))

    def apply_successors(self, batch: Batch, result: pa.Table) -> Batch:
        """Judge the records that have a successor."""
        if not result.num_rows:
            return batch
        rows, later = self._distinct(batch), successors(result)
        cases = list(zip(rows.codes, map(later.get, range(batch.num_rows)), strict=True))
        numbers = {case: i for i, case in enumerate(dict.fromkeys(cases))}
        decisions = [self._judge(rows.keys[code], newer) if newer else Decision() for code, newer in numbers]
        return self._carry_out(batch, [numbers[case] for case in cases], decisions)

    def apply_batch(self, batch: Batch) -> Batch:
        """Judge every record without looking at others; older versions are found by `run` alone."""
        rows = self._distinct(batch)
        return self._carry_out(batch, rows.codes, [self._judge(key) for key in rows.keys])

    def _judge(self, key: Key, successor: Successor | None = None) -> Decision:
        known = know(key.said, key.subject, self.rules)
        return judge(Case(known, key.subject, self.rules, judgment_day(self.as_of), successor))

    def _carry_out(self, batch: Batch, codes: Sequence[int], decisions: Sequence[Decision]) -> Batch:
        """Flag the records, and mark those that leave, one reason at a time."""
        batch = with_flags(batch, codes, [d.flags for d in decisions])
        of_row = pa.array(codes, pa.int64())
        details = pa.array([d.detail for d in decisions], pa.string()).take(of_row)
        for disposition, reason in dict.fromkeys((d.disposition, d.reason) for d in decisions):
            if disposition is not None and reason is not None:
                mask = pa.array([d.disposition is disposition and d.reason == reason for d in decisions]).take(of_row)
                batch = leave(batch, mask, self.name, reason, details, disposition=disposition)
        return batch
