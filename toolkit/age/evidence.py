"""What is said about the validity of a record, by whom and how strongly, merged into what holds.

Ranks (age page): 4 a person; 3 a structured source or a value that the caller gives; 2 a normative clause, the date in
a file name that the source declares; 1 a heuristic; 0 a transport or file date. Nothing said is ever thrown away: the
fields of a record hold what won, `validity.evidence` holds everything, so that merging again gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from toolkit.age.policy import SETTLED, VOLATILITIES, Policy, Subject
from toolkit.dates import Interval, PartialDate, parse_loose, zone
from toolkit.errors import UsageError

DATES = ("valid_from", "valid_until", "as_of", "verified_at", "published_at", "modified_at")
OF_SOURCE = ("published_at", "modified_at")
"""The dates that stand in `source`; the others stand in `validity`."""
BOUNDS = ("valid_from", "valid_until")
"""The dates that remove records: their evidence is always written down."""

GIVEN_RANK = 3
"""A value in a field that no evidence explains was put there by the caller, as a structured value."""

FLAGS = ("unreadable_validity", "conflicting_dates", "no_date")
"""The flags that say how well a validity is known; they are found anew each time."""

ZONES = {"CN": "Asia/Shanghai"}
"""Jurisdiction -> zone of its civil days, where a country has one."""


class Claim(NamedTuple):
    """One line of evidence, as far as merging looks at it."""

    field: str | None
    value: str | None
    rank: int | None
    method: str | None = None
    reason: str | None = None


class Said(NamedTuple):
    """Everything a record says about its validity, raw. Equal values give equal answers, so answers are kept by it."""

    valid_from: str | None = None
    valid_until: str | None = None
    as_of: str | None = None
    verified_at: str | None = None
    published_at: str | None = None
    modified_at: str | None = None
    tz: str | None = None
    volatility: str | None = None
    jurisdiction: str | None = None
    evidence: tuple[Claim, ...] = ()

    @classmethod
    def of(cls, validity: Mapping[str, Any] | None, source: Mapping[str, Any] | None) -> Said:
        """Take it from the fields of a record."""
        validity, source = validity or {}, source or {}
        claims = tuple(Claim(*(c.get(name) for name in Claim._fields)) for c in validity.get("evidence") or ())
        holders = ((f, source if f in (*OF_SOURCE, "jurisdiction") else validity) for f in cls._fields[:-1])
        fields: dict[str, Any] = {f: holder.get(f) for f, holder in holders}
        return cls(**fields, evidence=claims)


class Dated(NamedTuple):
    """A date that won, and the strongest evidence for it."""

    date: PartialDate
    rank: int
    method: str

    def __str__(self) -> str:
        return f"{self.date} ({self.method}, rank {self.rank})"


class Known(NamedTuple):
    """What holds after all evidence is merged.

    Attributes:
        dates: Field of `DATES` -> the date that won.
        tz: The IANA zone of its civil days.
        volatility: Declared by the source or set by a rule of the policy; None if nobody says.
        evidence: All claims, old ones first.
        flags: Of `FLAGS`.
    """

    dates: Mapping[str, Dated]
    tz: str
    volatility: str | None
    evidence: tuple[Claim, ...]
    flags: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """True for what never ages."""
        return self.volatility in SETTLED


def know(said: Said, subject: Subject, policy: Policy, *, tz: str | None = None) -> Known:
    """Merge what is said into what holds; merging the result again changes nothing.

    Args:
        said: The raw values of the record.
        subject: What the rules of the policy look at.
        policy: Gives a volatility where the source declares none.
        tz: The zone where neither record nor jurisdiction names one; default: that of the policy.

    >>> known = know(Said(valid_until="2020年12月31日", jurisdiction="CN"), Subject(), Policy.of())
    >>> str(known.dates["valid_until"]), known.tz
    ('2020-12-31 (given, rank 3)', 'Asia/Shanghai')
    >>> know(Said(valid_until="until further notice"), Subject(), Policy.of()).flags
    ('unreadable_validity', 'no_date')
    >>> str(know(Said(valid_until="2020"), Subject(), Policy.of()).dates["valid_until"].date)  # a year stays a year
    '2020'
    """
    zone_name, notes = _own(said, "tz", _zone_name)
    where = zone_name or ZONES.get((said.jurisdiction or "").partition("-")[0]) or tz or policy.content["tz_default"]
    dates, conflict = {}, False
    claimed = {_name(c) for c in said.evidence}
    for field in DATES:
        if getattr(said, field) is None and field not in claimed:
            continue
        notes += _note(said, field)
        found, clash = _strongest(_readings((*said.evidence, *notes), field, getattr(said, field)), where)
        conflict = conflict or clash
        if found:
            dates[field] = found
    contradiction = _contradicting(dates, where)
    dates = {f: d for f, d in dates.items() if f not in contradiction}
    volatility, claims, more = _volatility(said, subject, policy)
    evidence = (*claims, *notes, *more)
    truths = (_unreadable(evidence), conflict or bool(contradiction), not dates and volatility not in SETTLED)
    return Known(dates, where, volatility, evidence, tuple(f for f, true in zip(FLAGS, truths, strict=True) if true))


def _note(said: Said, field: str) -> tuple[Claim, ...]:
    """Write down what a field says, where evidence does not say it yet and the field alone could not keep it."""
    raw: str | None = getattr(said, field)
    if not raw or not raw.strip():  # an empty cell says nothing
        return ()
    read = parse_loose(raw)
    others = [c.value for c in _of(said.evidence, field) if c.value is not None]
    readable = [date for v in others if (date := parse_loose(v))]
    if raw in others or (read and read in readable):
        return ()
    if read and not read.ambiguous and not readable and field not in BOUNDS:
        return ()
    return (Claim(field, raw, GIVEN_RANK, "given", read.ambiguous or None if read else None),)


def _name(claim: Claim) -> str:
    """The field a claim speaks of, whether it is written `valid_from` or `validity.valid_from`."""
    return (claim.field or "").rpartition(".")[2]


def _of(evidence: Sequence[Claim], field: str) -> list[Claim]:
    return [c for c in evidence if _name(c) == field]


def _readings(evidence: Sequence[Claim], field: str, own: str | None) -> list[Dated]:
    """Read the claims on a field; the field itself speaks where no claim can be read."""
    read = ((parse_loose(c.value), c) for c in _of(evidence, field) if c.value)
    found = [Dated(date, c.rank or 0, c.method or "given") for date, c in read if date]
    plain = parse_loose(own) if own and not found else None
    return [Dated(plain, GIVEN_RANK, "given")] if plain else found


def _strongest(readings: list[Dated], tz: str) -> tuple[Dated | None, bool]:
    """Choose the date of the highest rank; of equals that can all be true the most precise; else none, and a conflict.

    >>> said = [Dated(PartialDate("2021"), 3, "column"), Dated(PartialDate("2021-06-30"), 3, "front_matter")]
    >>> str(_strongest(said, "UTC")[0])
    '2021-06-30 (front_matter, rank 3)'
    >>> _strongest([Dated(PartialDate("2021"), 3, "column"), Dated(PartialDate("2022"), 3, "column")], "UTC")
    (None, True)
    """
    if not readings:
        return None, False
    top = max(r.rank for r in readings)
    equals = sorted((r for r in readings if r.rank == top), key=lambda r: (*_width(r.date, tz), r.date.text, r.method))
    best = equals[0]
    if all(_allows(r.date, best.date, tz) for r in equals):
        return best, False
    return None, True


def _width(date: PartialDate, tz: str) -> tuple[int, bool]:
    first, last = date.days(tz)
    return (last - first).days, date.instant is None


def _allows(vague: PartialDate, precise: PartialDate, tz: str) -> bool:
    if vague.instant and precise.instant:
        return vague.instant == precise.instant
    (first, last), (start, end) = vague.days(tz), precise.days(tz)
    return first <= start and end <= last


def _contradicting(dates: Mapping[str, Dated], tz: str) -> tuple[str, ...]:
    """Name the bounds to refuse where the end certainly lies before the start: the weaker one, or both."""
    start, end = (dates.get(bound) for bound in BOUNDS)
    if not start or not end:
        return ()
    try:
        Interval(start.date, end.date, tz)
    except ValueError:
        if start.rank == end.rank:
            return BOUNDS
        return (BOUNDS[0],) if start.rank < end.rank else (BOUNDS[1],)
    return ()


def _own(said: Said, field: str, read: Callable[[str], str | None]) -> tuple[str | None, tuple[Claim, ...]]:
    """Read a word of the record itself; one that cannot be read goes into evidence."""
    raw: str | None = getattr(said, field)
    if not raw or not raw.strip():
        return None, ()
    value = read(raw)
    if value is not None:
        return value, ()
    return None, (Claim(field, raw, GIVEN_RANK, "given"),)


def _zone_name(name: str) -> str | None:
    try:
        return zone(name).key
    except UsageError:
        return None


def _volatility_word(word: str) -> str | None:
    lower = word.strip().lower()
    return lower if lower in VOLATILITIES else None


_READERS: dict[str, Callable[[str], object]] = {
    "tz": _zone_name,
    "volatility": _volatility_word,
    **dict.fromkeys(DATES, parse_loose),
}


def _unreadable(evidence: Sequence[Claim]) -> bool:
    pairs = ((c.value, _READERS.get(_name(c))) for c in evidence)
    return any(value and value.strip() and read is not None and read(value) is None for value, read in pairs)


def _volatility(
    said: Said, subject: Subject, policy: Policy
) -> tuple[str | None, tuple[Claim, ...], tuple[Claim, ...]]:
    """Take the volatility that the source declares, else that of the policy; what a policy once set is set anew.

    Returns:
        The volatility, the old evidence that stays, and the new evidence.
    """
    own, notes = _own(said, "volatility", _volatility_word)
    by_policy = [c for c in _of(said.evidence, "volatility") if c.method == "policy"]
    declared = own if not any(c.value == own for c in by_policy) else None
    rule = None if declared else policy.setting("volatility", subject)
    if rule is None:
        return declared, _without(said.evidence, by_policy), notes
    claim = Claim("volatility", rule[0], 0, "policy", rule[1])
    new = () if claim in by_policy else (claim,)
    return rule[0], _without(said.evidence, [c for c in by_policy if c != claim]), (*notes, *new)


def _without(evidence: tuple[Claim, ...], gone: Sequence[Claim]) -> tuple[Claim, ...]:
    return tuple(c for c in evidence if c not in gone)
