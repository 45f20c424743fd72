"""Where each rule begins to flag and to reject: by profile and role, with the exceptions that languages and domains ask for.

The default profiles do no harm: they reject what is empty, of no length, or garbage, and flag the rest. English rules of
thumb for web pages reject all good Chinese answers and three quarters of instruction data; the limits here were set by
looking at what they hit in statutes, medical and legal answers, role play and code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from toolkit.errors import UsageError, unknown_name

VERDICTS = ("keep", "flag", "reject")


class Limit(NamedTuple):
    """From which value a rule flags, and from which it rejects; None is never."""

    flag: float | None = None
    reject: float | None = None

    def told(self, verdict: str) -> Limit:
        """The same limit with another verdict: `reject` rejects what was flagged, `flag` flags what was rejected.

        >>> Limit(0.4, 0.7).told("reject"), Limit(None, 1).told("flag"), Limit(0.4, 0.7).told("keep")
        (Limit(flag=None, reject=0.4), Limit(flag=1, reject=None), Limit(flag=None, reject=None))
        """
        first = self.reject if self.flag is None else self.flag
        return {"keep": Limit(), "flag": Limit(flag=first), "reject": Limit(reject=first)}[verdict]


_SOME = Limit(flag=1)
_BY_ROLE: dict[str, dict[str, Limit]] = {
    "too_short": {
        "document": Limit(flag=10, reject=2),
        "prompt": Limit(flag=2, reject=1),
        "output": Limit(reject=1),
        "code": Limit(reject=1),
    },
    "too_long": {"document": Limit(flag=300_000), "prompt": Limit(flag=20_000), "output": Limit(flag=20_000)},
    "garbled": dict.fromkeys(("document", "prompt", "input", "output"), Limit(flag=0.02, reject=0.3)),
    "too_many_symbols": dict.fromkeys(("document", "prompt", "output"), Limit(flag=0.3, reject=0.5)),
    "too_many_digits": {"document": Limit(flag=0.5), "output": Limit(flag=0.5)},
    "repeated_characters": dict.fromkeys(("document", "prompt", "output"), Limit(flag=0.3, reject=0.6)),
    "repeated_phrases": {
        "document": Limit(flag=0.5, reject=0.8),
        "prompt": Limit(flag=0.5, reject=0.8),
        "output": Limit(flag=0.4, reject=0.7),
        "code": Limit(flag=0.8),
    },
    "repeated_lines": {"document": Limit(flag=0.3), "output": Limit(flag=0.3)},
    "few_function_words": {"document": Limit(flag=0.01), "output": Limit(flag=0.01)},
    "no_sentence_end": {"document": _SOME, "output": _SOME},
    "truncated": {"document": _SOME, "output": _SOME, "code": _SOME},
    "model_phrase": {"document": _SOME, "output": _SOME},
    "stale_phrase": {"document": _SOME, "output": _SOME},
    "refusal": {"output": _SOME},
    "hidden_context": {"prompt": _SOME, "output": _SOME},
    "template_closing": {"output": _SOME},
    "listed_term": dict.fromkeys(("document", "prompt", "input", "output", "code"), _SOME),
    "empty": {"record": Limit(reject=1)},
    "empty_target": {"record": Limit(reject=1)},
    "empty_prompt": {"record": Limit(flag=1)},
    "off_topic": {"record": Limit()},
}
"""Rule -> role -> limit. Little is bad for `too_short`, `few_function_words` and `off_topic`, much for all others."""

_EXCEPTIONS: dict[tuple[str, str], Limit] = {
    ("repeated_lines", "legal"): Limit(),  # statutes repeat their sentences, and mean it
    ("repeated_phrases", "legal"): Limit(flag=0.8, reject=0.95),
}
"""(rule, language or domain) -> limit for every role that the rule judges."""

_STRICT = ("repeated_characters", "repeated_phrases", "repeated_lines", "garbled", "too_many_symbols", "truncated",
           "model_phrase", "stale_phrase", "refusal", "hidden_context", "listed_term")  # fmt: skip

ROLES_OF = {
    "auto": ("document", "prompt", "input", "output", "record"),
    "document": ("document", "record"),
    "example": ("prompt", "input", "output", "record"),
    "code": ("code", "record"),
    "strict": ("document", "prompt", "input", "output", "record"),
}
"""Profile -> the roles that it judges; `code` judges every text as code, `strict` rejects what the others flag."""
PROFILES = tuple(ROLES_OF)


def all_rules() -> tuple[str, ...]:
    """The names of all rules, those about texts and those about records.

    >>> {"too_short", "empty", "off_topic"} <= set(all_rules())
    True
    """
    return tuple(_BY_ROLE)


@dataclass(frozen=True)
class Settings:
    """The limits of a run: those of a profile, and what the recipe says otherwise.

    Attributes:
        profile: A name of `PROFILES`.
        overrides: Rule -> what the recipe says of it, checked.
    """

    profile: str
    overrides: Mapping[str, Any]

    @classmethod
    def parse(cls, profile: str, rules: Mapping[str, Any]) -> Settings:
        """Check the options `profile` and `rules`.

        A rule is told `keep`, `flag` or `reject`; or limits, `{flag: 0.3, reject: 0.6}`; or either for single languages
        and domains, `{legal: keep, zh: {flag: 0.2}}`.

        Raises:
            UsageError: A profile, a rule or a verdict is unknown.

        >>> settings = Settings.parse("auto", {"refusal": "reject", "truncated": {"legal": "keep"}})
        >>> settings.limit("refusal", "output", "zh", None), settings.limit("truncated", "output", "zh", "legal")
        (Limit(flag=None, reject=1), Limit(flag=None, reject=None))
        >>> settings.limit("truncated", "output", "en", "medical")  # said of legal texts alone: untouched
        Limit(flag=1, reject=None)
        >>> Settings.parse("auto", {"refusals": "reject"})
        Traceback (most recent call last):
        toolkit.errors.UsageError: rules: unknown rule 'refusals'
        did you mean 'refusal'?
        """
        if profile not in PROFILES:
            raise unknown_name("profile", profile, PROFILES)
        for rule, said in rules.items():
            if rule not in _BY_ROLE:
                raise unknown_name("rule", rule, _BY_ROLE, where="rules")
            _check(said, f"rules/{rule}")
        return cls(profile, dict(rules))

    def limit(self, rule: str, role: str, lang: str | None, domain: str | None) -> Limit:
        """The limit of a rule for a text: the domain's word before the language's, the recipe's before the profile's."""
        limit = _profile_limit(self.profile, rule, role, lang, domain)
        if limit is None:
            return Limit()
        return _override(self.overrides.get(rule), limit, lang, domain)


@cache
def _profile_limit(profile: str, rule: str, role: str, lang: str | None, domain: str | None) -> Limit | None:
    if role not in ROLES_OF[profile] or role not in _BY_ROLE[rule]:
        return None
    names = (domain, lang, _main(lang))
    excepted = next((_EXCEPTIONS[rule, name] for name in names if name and (rule, name) in _EXCEPTIONS), None)
    limit = _BY_ROLE[rule][role] if excepted is None else excepted
    return limit.told("reject") if profile == "strict" and rule in _STRICT else limit


def _override(said: Any, limit: Limit, lang: str | None, domain: str | None) -> Limit:
    if said is None:
        return limit
    if isinstance(said, str):
        return limit.told(said)
    if set(said) <= set(Limit._fields):
        return Limit(**said)
    names = (domain, lang, _main(lang))
    return _override(next((said[name] for name in names if name in said), None), limit, lang, domain)


def _main(lang: str | None) -> str | None:
    """`zh` of `zh-Hant`."""
    return lang.partition("-")[0] if lang else None


def _check(said: Any, where: str) -> None:
    if isinstance(said, str):
        if said not in VERDICTS:
            raise unknown_name("verdict", said, VERDICTS, where=where)
    elif isinstance(said, Mapping) and said and set(said) <= set(Limit._fields):
        if not all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in said.values()):
            raise UsageError(f"{where}: a limit is a number", hint="for example {flag: 0.3, reject: 0.6}")
    elif isinstance(said, Mapping) and said and not set(said) & set(Limit._fields):
        for name, inner in said.items():
            _check(inner, f"{where}/{name}")
    else:
        raise UsageError(f"{where}: expected keep, flag, reject, or limits such as {{flag: 0.3, reject: 0.6}}",
                         hint="single languages and domains may be named: {legal: keep}")  # fmt: skip
