"""The rules about single texts and records: what is measured, and how a finding is told.

A new rule is one line in `RULES`, its limits in `toolkit.clean.profiles`, its sentence in `toolkit.reasons`, and rows in
`tests/cases/clean/rules.jsonl`. The name of a rule is its flag and its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.clean import endings
from toolkit.clean.hits import Hits, find_hits, holding
from toolkit.clean.material import is_enumeration, is_worked
from toolkit.clean.measures import GRAM, WINDOW, Measures, measure
from toolkit.clean.phrases import POINTING, of_family, phrase_terms
from toolkit.clean.texts import FIELDS, INPUT, OUTPUT, PROMPT, Texts
from toolkit.clean.units import LATIN, NEWLINE, SPACE, kinds
from toolkit.text.script import prose

SOME = 20
"""Visible characters from which a share means something."""
_PROMPT_FIELD = next(number for number, field in enumerate(FIELDS) if field.name == "prompt")
_LONGEST_POINTING, _EXCERPT = 50, 40
ENOUGH = 50
"""Han characters or words from which function words are to be expected."""


@dataclass(frozen=True)
class View:
    """The judged texts of a batch, with what is measured once and asked by many rules.

    Attributes:
        texts: The texts that are judged.
        measures: Their numbers.
        lang: Language of each record.
        listed: Where the user's terms stand.
    """

    texts: Texts
    measures: Measures
    lang: Sequence[str | None]
    listed: Hits

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.texts.values)

    @cached_property
    def phrases(self) -> Hits:
        """Where the phrases of `toolkit.clean.phrases` stand."""
        return find_hits(phrase_terms(), self.texts.values)

    def written_in(self, language: str) -> np.ndarray:
        """The texts of records in a language, whatever its variant."""
        rows = np.array([(lang or "").partition("-")[0] == language for lang in self.lang], bool)
        there: np.ndarray = rows[self.texts.rows]
        return there

    @cached_property
    def pointing(self) -> np.ndarray:
        """The prompts that ask about what they do not name; a turn of a conversation may, it has those before it."""
        pointing: np.ndarray = (self.texts.places[0] == _PROMPT_FIELD) & (self.measures.units <= _LONGEST_POINTING)
        found = pc.match_substring_regex(self.texts.values.filter(pa.array(pointing)), POINTING)
        pointing[pointing] = found.to_numpy(zero_copy_only=False)
        return pointing

    def with_material(self) -> np.ndarray:
        """The texts of records that have an input to speak about."""
        rows = np.zeros(len(self.lang), bool)
        rows[self.texts.rows[(self.texts.roles == INPUT) & (self.measures.visible > 0)]] = True
        there: np.ndarray = rows[self.texts.rows]
        return there


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        says: How a finding is told; may name `value`, `limit` and `phrase`.
        estimate: The value of every text, never milder than the exact one.
        exact: The value of one text, asked only where the estimate reaches a limit; None where the estimate is exact.
        low: Whether little is bad.
        phrase: The phrase that was found in a text.
    """

    says: str
    estimate: Callable[[View], np.ndarray]
    exact: Callable[[str], float] | None = None
    low: bool = False
    phrase: Callable[[View, int], str] | None = None

    def reached(self, values: np.ndarray, limit: np.ndarray) -> np.ndarray:
        """Where the values reach their limits; NaN is no limit."""
        reached: np.ndarray = values < limit if self.low else values >= limit
        return reached


def _share(part: np.ndarray, whole: np.ndarray, at_least: int = SOME) -> np.ndarray:
    shares: np.ndarray = np.where(whole >= at_least, part / np.maximum(whole, 1), 0.0)
    return shares


def _alone(text: str) -> Measures:
    return measure(pa.array([text], pa.string()))


def _symbols(found: Measures) -> np.ndarray:
    return _share(found.symbols, found.visible)


def _symbols_of_prose(text: str) -> float:
    """Code, formulas and arithmetic are made of symbols: garbage is where the prose around them is, too."""
    if is_worked(text):
        return 0.0
    return float(min(_symbols(_alone(text))[0], _symbols(_alone(prose(text)))[0]))


def _digits(found: Measures) -> np.ndarray:
    return _share(found.digits, found.visible)


def _digits_unworked(text: str) -> float:
    return 0.0 if is_worked(text) else float(_digits(_alone(text))[0])


def _function_words(view: View) -> np.ndarray:
    m = view.measures
    chinese = view.written_in("zh") & (m.han >= ENOUGH) & (m.han >= m.words)
    english = view.written_in("en") & (m.words >= ENOUGH) & (m.han == 0)
    shares = np.ones(len(view))
    shares[chinese] = (m.stop_han / np.maximum(m.han, 1))[chinese]
    shares[english] = (m.stop_words / np.maximum(m.words, 1))[english]
    return shares


def _function_words_of_prose(text: str) -> float:
    if is_enumeration(text):
        return 1.0
    m = _alone(prose(text))
    part, whole = (m.stop_han, m.han) if m.han[0] >= m.words[0] else (m.stop_words, m.words)
    return float(part[0] / whole[0]) if whole[0] >= ENOUGH else 1.0


def _unended(view: View) -> np.ndarray:
    m = view.measures
    open_ended: np.ndarray = (m.units >= SOME) & ~np.isin(m.last, _CLOSED)
    return open_ended.astype(float)


def _truncated(view: View) -> np.ndarray:
    m = view.measures
    fenced = holding(view.texts.values, b"```") | holding(view.texts.values, b"~~~")
    maybe: np.ndarray = (m.last > 0) & (_wants_more().take(m.last) | fenced)
    return maybe.astype(float)


@cache
def _wants_more() -> np.ndarray:
    """The units that a text which is cut off may end in: Latin letters, spaces before an end unknown, and a few others."""
    table = np.isin(kinds(), (LATIN, SPACE, NEWLINE))
    table[[ord(c) for c in endings.CUT_AT]] = True
    return table


_CLOSED = np.array([ord(c) for c in "。！？；.!?;…”’"], np.uint16)
"""Ends of sentences."""


def _phrase_rule(family: str, says: str, silent: Callable[[View], np.ndarray] | None = None) -> Rule:
    """A rule about a family of phrases, silent about some texts."""

    def said(view: View) -> Hits:
        return view.phrases.only(of_family(family)[view.phrases.numbers])

    def count(view: View) -> np.ndarray:
        counts = said(view).per_text(len(view)).astype(float)
        return np.where(silent(view), 0.0, counts) if silent else counts

    return Rule(says, count, phrase=lambda view, at: said(view).first(at))


def _hidden(view: View) -> np.ndarray:
    phrases = np.where(view.texts.roles == PROMPT, 0.0, _HIDDEN.estimate(view))
    hidden: np.ndarray = phrases + (view.pointing & ~view.with_material())
    return hidden


def _what_is_hidden(view: View, at: int) -> str:
    if _HIDDEN.phrase is None or view.pointing[at]:
        return str(view.texts.values[at].as_py())[:_EXCERPT]
    return _HIDDEN.phrase(view, at)


_HIDDEN = _phrase_rule("hidden_context", "it speaks of a text that nobody sees: {phrase}", silent=View.with_material)

RULES: Mapping[str, Rule] = {
    "too_short": Rule("{value:.0f} units, fewer than {limit:g}", lambda v: v.measures.units, low=True),
    "too_long": Rule("{value:.0f} units, limit {limit:g}", lambda v: v.measures.units),
    "garbled": Rule(
        "{value:.0%} of its characters are unreadable, limit {limit:.0%}",
        lambda v: _share(v.measures.garbled, v.measures.visible, 1),
    ),
    "too_many_symbols": Rule(
        "{value:.0%} of its characters are symbols, limit {limit:.0%}",
        lambda v: _symbols(v.measures),
        _symbols_of_prose,
    ),
    "too_many_digits": Rule(
        "{value:.0%} of its characters are digits, limit {limit:.0%}",
        lambda v: _digits(v.measures),
        _digits_unworked,
    ),
    "repeated_characters": Rule(
        "{value:.0%} of its characters go on a loop of at most four, limit {limit:.0%}",
        lambda v: _share(v.measures.looped, v.measures.visible, SOME // 2),
    ),
    "repeated_phrases": Rule(
        f"{{value:.0%}} of its sequences of {GRAM} characters stood before, limit {{limit:.0%}}",
        lambda v: v.measures.repeated,
        lambda text: endings.repeated_phrases(text, GRAM, WINDOW),
    ),
    "repeated_lines": Rule(
        "{value:.0%} of its text are lines that stood before, limit {limit:.0%}",
        lambda v: (v.measures.lines > 1).astype(float),
        endings.repeated_lines,
    ),
    "few_function_words": Rule(
        "{value:.1%} function words, fewer than {limit:.1%}", _function_words, _function_words_of_prose, low=True
    ),
    "no_sentence_end": Rule("it ends without the end of a sentence", _unended, endings.unended),
    "truncated": Rule("it is cut off", _truncated, endings.truncated),
    "model_phrase": _phrase_rule("model_phrase", "a model speaks of itself: {phrase}"),
    "stale_phrase": _phrase_rule("stale_phrase", "a model speaks of its last day: {phrase}"),
    "refusal": _phrase_rule("refusal", "it refuses to answer: {phrase}"),
    "hidden_context": Rule(_HIDDEN.says, _hidden, phrase=_what_is_hidden),
    "template_closing": _phrase_rule("template_closing", "a formula, no answer: {phrase}"),
    "listed_term": Rule(
        "{value:.0f} listed terms, the first is {phrase}",
        lambda v: v.listed.per_text(len(v)).astype(float),
        phrase=lambda v, at: v.listed.first(at),
    ),
}
"""The rules about texts, in the order in which a record is rejected by the first."""


def value_of(rule: str, text: str, *, lang: str | None = None) -> float:
    """Measure one text by one rule.

    >>> value_of("too_short", "每日3次"), value_of("repeated_characters", "哈哈哈哈哈哈哈哈哈哈哈哈")
    (4.0, 0.8333333333333334)
    >>> value_of("too_many_symbols", "剂量为0.5 mg/kg，每日3次（餐后）。")  # units and brackets are no garbage
    0.0
    """
    nothing, one = np.empty(0, np.int64), np.zeros(1, np.int64)
    texts = Texts(pa.array([text], pa.string()), one, np.array([OUTPUT], np.uint8), (one, one))
    view = View(texts, measure(texts.values), [lang], Hits((), nothing, nothing))
    told = RULES[rule]
    estimate = float(told.estimate(view)[0])
    harmless = estimate >= 1 if told.low else estimate <= 0
    return estimate if harmless or not told.exact else told.exact(text)
