"""Personal data and secrets of a batch: found once, then masked, given pseudonyms, flagged or rejected, by type and domain.

No value that was found is ever written anywhere but over itself: flags and details name types and counts.
"""

from __future__ import annotations

import hmac
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from toolkit.errors import UsageError, unknown_name
from toolkit.text.pii import TYPES, Detector, Span, find_pii, is_reserved, mask, pseudonymize

ACTIONS = ("off", "flag", "mask", "pseudonym", "reject")
KEY = "TOOLKIT_PSEUDONYM_KEY"
"""The environment variable that holds the secret of the pseudonyms; it stands in no recipe and no manifest."""
REPLACING = ("mask", "pseudonym")
FIX_NAMES = {"mask": "mask_pii", "pseudonym": "pseudonymize_pii"}
"""How a record says among its `fixes` that values were replaced."""
_EVERY = "*"


def action_of(value: Any, where: str = "pii") -> str:
    """Read an action; YAML takes a bare `off` for false.

    >>> action_of("mask"), action_of(False)
    ('mask', 'off')
    >>> action_of("hide")
    Traceback (most recent call last):
    toolkit.errors.UsageError: pii: unknown action 'hide'
    known: flag, mask, off, pseudonym, reject
    """
    if value is False:
        return "off"
    if value not in ACTIONS:
        raise unknown_name("action", str(value), ACTIONS, where=where)
    return str(value)


def pseudonym_key() -> bytes:
    """Read the secret of the pseudonyms from the environment.

    Raises:
        UsageError: It is not set.
    """
    key = os.environ.get(KEY, "")
    if not key:
        raise UsageError(
            f"pii: pseudonym needs a secret in the environment variable {KEY}",
            hint=f"export {KEY}=$(openssl rand -hex 32), and keep it: equal keys give equal pseudonyms",
        )
    return key.encode()


def key_mark(actions: Actions) -> str | None:
    """Tell one key from another without telling the key; None where no pseudonyms are given."""
    if "pseudonym" not in actions.used():
        return None
    return hmac.new(pseudonym_key(), b"which key", "sha256").hexdigest()[:8]


class About(NamedTuple):
    """What a record says of its texts.

    Attributes:
        lang: Its language, which decides whose phone numbers are taken without a word before them.
        domain: The domain of its source.
        programs: Whether it speaks of programs: then values that standards reserve for examples stay.
    """

    lang: str | None = None
    domain: str | None = None
    programs: Callable[[], bool] = bool


_NOTHING = About()


class Found(NamedTuple):
    """What was done to one text: the text as it is now, and how many values of each type met each action."""

    text: str
    counts: Counter[tuple[str, str]]


@dataclass(frozen=True)
class Actions:
    """What is done with each type, in each domain.

    Attributes:
        general: The action for everything that is not named.
        by_type: Type -> domain -> action; the domain `*` is every other.
    """

    general: str
    by_type: Mapping[str, Mapping[str, str]]

    @classmethod
    def parse(cls, general: Any, by_type: Mapping[str, Any]) -> Actions:
        """Read the options `pii` and `pii_types`.

        Raises:
            UsageError: A type or an action is unknown, or pseudonyms are asked for without a key.

        >>> actions = Actions.parse("mask", {"USCC": "off", "PHONE": {"legal": "flag"}})
        >>> actions.of("PHONE", "legal"), actions.of("PHONE", "medical"), actions.of("USCC", "legal")
        ('flag', 'mask', 'off')
        """
        named: dict[str, dict[str, str]] = {}
        for kind, value in by_type.items():
            if kind not in TYPES:
                raise unknown_name("type of personal data", kind, TYPES, where="pii_types")
            domains = value if isinstance(value, Mapping) else {_EVERY: value}
            named[kind] = {domain: action_of(action, f"pii_types/{kind}") for domain, action in domains.items()}
        actions = cls(action_of(general), named)
        if "pseudonym" in actions.used():
            pseudonym_key()
        return actions

    def used(self) -> set[str]:
        """All actions that can happen."""
        return {self.general, *(action for domains in self.by_type.values() for action in domains.values())}

    @property
    def off(self) -> bool:
        """Whether nothing is looked for."""
        return self.used() == {"off"}

    def of(self, kind: str, domain: str | None) -> str:
        """The action for one type in one domain."""
        domains = self.by_type.get(kind, {})
        return domains.get(domain or "", domains.get(_EVERY, self.general))

    def apply(
        self, text: str, about: About = _NOTHING, before: str = "", among: Sequence[Detector] | None = None
    ) -> Found:  # fmt: skip
        """Find what is in a text and replace what is to be replaced.

        Args:
            text: The text.
            about: What its record says of it.
            before: Words in front of it that say what it is (the name of its column) and are no part of it.
            among: The detectors whose trigger matches, where that is known.

        >>> Actions.parse("mask", {}).apply("请拨打13812345678", About("zh"))
        Found(text='请拨打[PHONE]', counts=Counter({('mask', 'PHONE'): 1}))
        >>> Actions.parse("mask", {}).apply("每日3次，每次0.5mg", About("zh")).text
        '每日3次，每次0.5mg'
        >>> Actions.parse("mask", {}).apply("a@example.com = a@163.com", About("en", programs=lambda: True)).text
        'a@example.com = [EMAIL]'
        """
        skipped = len(before)
        spans = [
            (s - skipped, e - skipped, kind)
            for s, e, kind in find_pii(before + text, about.lang, among=among)
            if s >= skipped
        ]
        spans = [(s, e, kind) for s, e, kind in spans if not (is_reserved(text[s:e], kind) and about.programs())]
        acted = [(span, self.of(span[2], about.domain)) for span in spans]
        counts = Counter((action, span[2]) for span, action in acted if action != "off")
        return Found(_replaced(text, acted), counts)

    def apply_json(self, extra: str, about: About = _NOTHING) -> Found:
        """Find and replace in the values of a JSON object; the name of a column says what a bare number is.

        >>> Actions.parse("mask", {}).apply_json('{"手机":"13812345678","剂量":"0.5mg"}', About("zh")).text
        '{"手机":"[PHONE]","剂量":"0.5mg"}'
        """
        counts: Counter[tuple[str, str]] = Counter()
        value = self._walk(orjson.loads(extra), "", about, counts)
        replaced = any(action in REPLACING for action, _ in counts)
        return Found(orjson.dumps(value).decode() if replaced else extra, counts)

    def _walk(self, value: Any, name: str, about: About, counts: Counter[tuple[str, str]]) -> Any:
        if isinstance(value, dict):
            return {k: self._walk(v, k, about, counts) for k, v in value.items()}
        if isinstance(value, list):
            return [self._walk(v, name, about, counts) for v in value]
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        found = self.apply(str(value), about, before=f"{name}：" if name else "")
        counts.update(found.counts)
        return value if found.text == str(value) else found.text


def _replaced(text: str, acted: Sequence[tuple[Span, str]]) -> str:
    """Masks and pseudonyms may stand in one text."""
    pieces, last = [], 0
    for (start, end, kind), action in acted:
        if action in REPLACING:
            pieces += [text[last:start], _REPLACEMENTS[action](text[start:end], [(0, end - start, kind)])]
            last = end
    return "".join([*pieces, text[last:]])


_REPLACEMENTS: Mapping[str, Callable[[str, list[Span]], str]] = {
    "mask": mask,
    "pseudonym": lambda value, spans: pseudonymize(value, spans, pseudonym_key()),
}


def tell(counts: Mapping[tuple[str, str], int], action: str) -> str:
    """Say what was found, by type and number alone.

    >>> tell({("reject", "PHONE"): 2, ("reject", "EMAIL"): 1, ("mask", "IP"): 1}, "reject")
    'EMAIL 1, PHONE 2'
    """
    return ", ".join(f"{kind} {n}" for (done, kind), n in sorted(counts.items()) if done == action)
