"""The policy: what a person decided beforehand about dates, ranks and change, checked as a whole before anything runs.

A policy is plain values (YAML or a mapping). What it leaves out is taken from `BUILTIN`, and the result, complete, is an
option of the stages, so that the manifest of a release says by which rules it was judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from toolkit import schemas
from toolkit.dates import zone
from toolkit.errors import UsageError
from toolkit.files import yaml_values
from toolkit.files.yaml_values import Written

VOLATILITIES = ("timeless", "historical", "slow", "fast", "unknown")
SETTLED = frozenset({"timeless", "historical"})
"""What never ages: only a newer version or a person ends it."""

BUILTIN: dict[str, Any] = {
    "version": 1,
    "tz_default": "UTC",
    "unknown_anchor": "flag",
    "drop_min_rank": 3,
    "normative_doc_types": ["law", "regulation", "guideline", "policy", "certificate", "contract"],
    "defaults": {name: {"route": "rag" if name == "fast" else "train"} for name in VOLATILITIES},
    "rules": [
        {
            "match": {"doc_type": ["law", "regulation", "guideline", "policy", "certificate", "contract"]},
            "set": {"volatility": "slow"},
        }
    ],
}
"""Starting values to be tuned, not measured facts. A normative text changes by a new version, so it is slow."""

WEAKEST_DROP = 2
"""Below this rank a date is a guess, and no policy lets a guess remove or hold a record."""
HUMAN = 4
"""The rank of what a person stated with name and reason."""

_BY_SPECIFICITY = ("fact_key", "source", "doc_type", "domain")


class Subject(NamedTuple):
    """What rules look at."""

    fact_key: str | None = None
    source: str | None = None
    doc_type: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy, ready to be asked.

    Attributes:
        pointer: Where it stands in the policy, as a JSON pointer.
        match: Field of `Subject` -> patterns of which one must fit; all fields must fit.
        settings: What it sets: `volatility`, `route`.
    """

    pointer: str
    match: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, str]

    def fits(self, subject: Subject) -> bool:
        """Tell whether the rule speaks of a record; a field that is null fits no pattern.

        >>> rule = Rule("/rules/0", {"fact_key": ("law:CN:*",)}, {"volatility": "slow"})
        >>> rule.fits(Subject(fact_key="law:CN:民法典")), rule.fits(Subject(fact_key="law:XX:民法典"))
        (True, False)
        """
        pairs = ((getattr(subject, field), patterns) for field, patterns in self.match.items())
        return all(value is not None and any(fnmatchcase(value, p) for p in patterns) for value, patterns in pairs)


@dataclass(frozen=True)
class Policy:
    """A policy that can be asked; made by `Policy.of`.

    Attributes:
        content: The whole policy as plain values, with what `BUILTIN` filled in.
        rules: The most specific first; rules of one kind stay in the order of the file.
    """

    content: Mapping[str, Any]
    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, policy: str | Path | Mapping[str, Any] | None = None) -> Policy:
        """Read, check and complete a policy.

        Args:
            policy: Path of a YAML file, the values themselves, or None for the built-in policy.

        Raises:
            UsageError: The policy cannot be read, or breaks its schema; every finding is named.

        >>> Policy.of({"drop_min_rank": 4}).content["drop_min_rank"], Policy.of().content["drop_min_rank"]
        (4, 3)
        >>> Policy.of({"drop_min_rnk": 3})
        Traceback (most recent call last):
        toolkit.errors.UsageError: policy /drop_min_rnk: unknown key 'drop_min_rnk'
        did you mean 'drop_min_rank'?
        """
        written = _read(policy)
        _refuse(written)
        given = written.value
        content = {**BUILTIN, **given, "defaults": {**BUILTIN["defaults"], **given.get("defaults", {})}}
        return cls(content, tuple(sorted(_rules(content), key=_generality)))

    def gate(self, doc_type: str | None) -> int:
        """Tell the rank from which evidence may remove a record: one less for normative texts, never a guess.

        >>> Policy.of().gate("forum"), Policy.of().gate("law"), Policy.of({"drop_min_rank": 2}).gate("law")
        (3, 2, 2)
        """
        least: int = self.content["drop_min_rank"]
        normative = doc_type in self.content["normative_doc_types"]
        return max(WEAKEST_DROP, least - 1 if normative else least)

    def setting(self, name: str, subject: Subject) -> tuple[str, str] | None:
        """Find what the most specific rule sets, and where that rule stands.

        >>> rules = [{"match": {"domain": "medical"}, "set": {"volatility": "slow"}},
        ...          {"match": {"source": "价目表*"}, "set": {"volatility": "fast"}}]
        >>> policy = Policy.of({"rules": rules})
        >>> policy.setting("volatility", Subject(source="价目表-2026", domain="medical"))
        ('fast', '/rules/1')
        >>> policy.setting("volatility", Subject(domain="legal")) is None
        True
        """
        return next(((r.settings[name], r.pointer) for r in self.rules if name in r.settings and r.fits(subject)), None)

    def route(self, subject: Subject, volatility: str | None) -> tuple[str, str]:
        """Tell where a record belongs, `train` or `rag`, and what says so: a rule, else the default of its volatility."""
        name = volatility or "unknown"
        routes = self.content["defaults"]
        return self.setting("route", subject) or (routes[name].get("route", "train"), f"/defaults/{name}")

    def asks_fact_key(self) -> bool:
        """Tell whether any rule looks at fact keys; else records of one source are alike."""
        return any("fact_key" in rule.match for rule in self.rules)


def check(policy: Any, where: str = "policy") -> None:
    """Raise with every finding of the schema, the nearest known name beside an unknown one.

    >>> check({"version": 1, "unknown_anchor": "hold"})
    >>> check({"unknown_anchor": "holt", "rules": [{"match": {"doctype": "law"}, "set": {"route": "rag"}}]})
    Traceback (most recent call last):
    toolkit.errors.UsageError: policy /rules/0/match/doctype: unknown key 'doctype'
    policy /unknown_anchor: unknown value 'holt'
    did you mean 'doc_type'?
    """
    _refuse(Written(policy, where))


def _refuse(written: Written) -> None:
    found = schemas.findings(schemas.load("policy"), written.value)
    if isinstance(written.value, Mapping):
        found += _zone_finding(written.value.get("tz_default"))
    yaml_values.refuse(written, found)


def _zone_finding(name: Any) -> list[schemas.Finding]:
    if not isinstance(name, str):
        return []
    try:
        zone(name)
    except UsageError as error:
        return [schemas.Finding(("tz_default",), error.message, error.hint)]
    return []


def _read(policy: Any) -> Written:
    if policy is None or isinstance(policy, Mapping):
        return Written(dict(policy or {}), "policy")
    if not isinstance(policy, str | Path):  # a recipe may hold anything here; the schema says what is wrong
        return Written(policy, "policy")
    written = yaml_values.read(policy, missing=UsageError, hint="policy is a YAML file or the values themselves")
    return dataclasses.replace(written, value={}) if written.value is None else written


def _rules(content: Mapping[str, Any]) -> Iterator[Rule]:
    for number, rule in enumerate(content["rules"]):
        match = {f: (v,) if isinstance(v, str) else tuple(v) for f, v in rule["match"].items()}
        yield Rule(f"/rules/{number}", match, dict(rule["set"]))


def _generality(rule: Rule) -> tuple[bool, ...]:
    return tuple(field not in rule.match for field in _BY_SPECIFICITY)
