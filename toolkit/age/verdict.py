"""The decision about one record on one day: a pure function of what is known, the policy, the day and the successor.

`RULES` is the order of the age page; the first that matches wins. Flags say what a date suggests without being strong or
precise enough to act: the strength of an action never exceeds the strength of its evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from toolkit.age.evidence import Dated, Known, Said, know
from toolkit.age.policy import HUMAN, WEAKEST_DROP, Policy, Subject
from toolkit.dates import Interval, PartialDate, judgment_day
from toolkit.reasons import Disposition


class Successor(NamedTuple):
    """A newer version with the same fact key, in force on the day.

    Attributes:
        id: Id of its record.
        source: Id of its source.
        valid_from: Since when it is in force.
        certain: The dates of both versions are strong enough to remove the older one.
    """

    id: str
    source: str | None
    valid_from: str
    certain: bool = True


class Decision(NamedTuple):
    """What becomes of a record; `disposition` None means that it is kept."""

    disposition: Disposition | None = None
    reason: str | None = None
    detail: str | None = None
    flags: tuple[str, ...] = ()


class Case(NamedTuple):
    """Everything a rule may look at."""

    known: Known
    subject: Subject
    policy: Policy
    day: PartialDate
    successor: Successor | None = None

    def date(self, field: str) -> Dated | None:
        """A date that is known."""
        return self.known.dates.get(field)

    @property
    def judged(self) -> str:
        """The day, for details."""
        return f"judged on {self.day} in {self.known.tz}"


def decide(
    validity: Mapping[str, Any] | None,
    source: Mapping[str, Any] | None,
    policy: Policy | None = None,
    *,
    as_of: str,
    successor: Successor | None = None,
) -> Decision:
    """Decide what becomes of a record on a day.

    Args:
        validity: The field `validity` of the record, attached or raw.
        source: The field `source` of the record.
        policy: Default: the built-in policy.
        as_of: The day to judge from, as YYYY-MM-DD; it is a civil day in the zone of the record.
        successor: The newest version of its fact key that is in force, if this record is an older one.

    Raises:
        UsageError: `as_of` is no day.

    >>> 合同法 = {"valid_from": "1999-10-01", "valid_until": "2020年12月31日", "tz": "Asia/Shanghai"}
    >>> decide(合同法, {"doc_type": "law"}, as_of="2021-01-01").detail
    'valid until 2020-12-31 (given, rank 3); judged on 2021-01-01 in Asia/Shanghai'
    >>> decide(合同法, {"doc_type": "law"}, as_of="2020-12-31")  # still valid on its last day
    Decision(disposition=None, reason=None, detail=None, flags=())
    >>> guess = {"evidence": [{"field": "valid_until", "value": "2020", "method": "text", "rank": 1}]}
    >>> decide(guess, {"doc_type": "forum"}, as_of="2024-06-01")  # a guess flags and never drops
    Decision(disposition=None, reason=None, detail=None, flags=('expiry_uncertain',))
    """
    policy, day = policy or Policy.of(), judgment_day(as_of)
    subject = subject_of(validity, source)
    return judge(Case(know(Said.of(validity, source), subject, policy), subject, policy, day, successor))


def subject_of(validity: Mapping[str, Any] | None, source: Mapping[str, Any] | None) -> Subject:
    """Take what rules look at from the fields of a record."""
    validity, source = validity or {}, source or {}
    return Subject(validity.get("fact_key"), source.get("id"), source.get("doc_type"), source.get("domain"))


def judge(case: Case) -> Decision:
    """Apply `RULES` in order, and add the flags."""
    doubts = (flag for flag in case.known.flags if flag != "no_date")
    flags = (*doubts, *(flag for flag, holds in FLAGS.items() if holds(case)))
    for rule in RULES:
        decision = rule(case)
        if decision:
            return decision._replace(flags=flags)
    return Decision(flags=flags)


def superseded(case: Case) -> Decision | None:
    """A newer version is certainly in force, and the dates of both are strong enough."""
    newer, start = case.successor, case.date("valid_from")
    if newer is None or not newer.certain:
        return None
    of_source = f" of source {newer.source}" if newer.source else ""
    since = f", in force since {newer.valid_from}" if newer.valid_from else ""
    own = f"; this version is of {start}" if start else ""
    detail = f"superseded by record {newer.id}{of_source}{since}{own}; {case.judged}"
    return Decision(Disposition.REJECTED, "superseded", detail)


def expired(case: Case) -> Decision | None:
    """The day lies after the latest reading of `valid_until`, and that date is strong enough."""
    end = case.date("valid_until")
    if end is None or not _ended(case) or end.rank < _end_gate(case):
        return None
    return Decision(Disposition.REJECTED, "expired", f"valid until {end}; {case.judged}")


def not_yet_valid(case: Case) -> Decision | None:
    """The day lies before the earliest reading of `valid_from`, and that date is no guess."""
    start = case.date("valid_from")
    if start is None or not _awaited(case) or start.rank < _start_gate(case):
        return None
    return Decision(Disposition.HELD, "not_yet_valid", f"valid from {start}; {case.judged}")


def fast_changing(case: Case) -> Decision | None:
    """The policy sends it to retrieval: by a rule, or because its volatility is fast."""
    route, origin = case.policy.route(case.subject, case.known.volatility)
    if route != "rag":
        return None
    volatility = case.known.volatility or "unknown"
    return Decision(Disposition.RAG, "fast_changing", f"volatility {volatility}, route rag by policy {origin}")


def undated(case: Case) -> Decision | None:
    """Nothing says when it was true, and the policy holds such records."""
    if case.policy.content["unknown_anchor"] != "hold" or not _undated(case):
        return None
    return Decision(Disposition.HELD, "no_date", "no date in validity or source; the policy holds such records")


RULES: tuple[Callable[[Case], Decision | None], ...] = (superseded, expired, not_yet_valid, fast_changing, undated)
"""The first that matches wins."""


def _expiry_uncertain(case: Case) -> bool:
    if case.successor is not None and not case.successor.certain:
        return True
    end = case.date("valid_until")
    if end is None or case.known.settled:
        return False
    if _ended(case):
        return end.rank < _end_gate(case)
    return Interval(None, end.date, case.known.tz).contains(case.day) == "uncertain"


def _start_uncertain(case: Case) -> bool:
    start = case.date("valid_from")
    if start is None or case.known.settled:
        return False
    if _awaited(case):
        return start.rank < _start_gate(case)
    return Interval(start.date, None, case.known.tz).contains(case.day) == "uncertain"


FLAGS: dict[str, Callable[[Case], bool]] = {
    "expiry_uncertain": _expiry_uncertain,
    "start_uncertain": _start_uncertain,
    "no_date": lambda case: case.policy.content["unknown_anchor"] == "flag" and _undated(case),
}
"""What a date suggests where it may not act."""


def _ended(case: Case) -> bool:
    end = case.date("valid_until")
    return end is not None and Interval(None, end.date, case.known.tz).ended(case.day)


def _awaited(case: Case) -> bool:
    start = case.date("valid_from")
    return start is not None and Interval(start.date, None, case.known.tz).awaited(case.day)


def _end_gate(case: Case) -> int:
    """What never ages ends only by a person: the interval of a fixed past fact is what it tells, not its shelf life."""
    return HUMAN if case.known.settled else case.policy.gate(case.subject.doc_type)


def _start_gate(case: Case) -> int:
    return HUMAN if case.known.settled else WEAKEST_DROP


def _undated(case: Case) -> bool:
    return "no_date" in case.known.flags
