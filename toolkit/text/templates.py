"""Templates without code: `{{name}}`, `{{a.b}}`, and a few filters. Nothing in them can loop, call or import.

What stands outside `{{ }}` comes out as it is. A name may be anything people call a column (`标题`, `ask text`); a name that
the row does not have is a mistake and says which one was meant, unless `default('…')` allows for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from toolkit.errors import UsageError, unknown_name

_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"""[^{}|'"()]+""")
_FILTER = re.compile(r"""\s*([A-Za-z_]+)\s*(?:\(\s*(?:'([^']*)'|"([^"]*)")?\s*\))?\s*\Z""")
# a `|` inside quotes belongs to the text of the filter: {{tags|join(' | ')}}
_PIPE = re.compile(r"""\|(?=(?:[^'"]|'[^']*'|"[^"]*")*\Z)""")
_COMPARISON = re.compile(r" (==|!=) ")
_MISSING = object()


def _default(value: Any, argument: str) -> Any:
    return argument if value is _MISSING or _is_blank(value) else value


def _strip(value: Any, _argument: str) -> Any:
    return as_text(value).strip()


def _join(value: Any, argument: str) -> Any:
    return argument.join(as_text(v) for v in value) if isinstance(value, list | tuple) else value


FILTERS: dict[str, Callable[[Any, str], Any]] = {"default": _default, "strip": _strip, "join": _join}


@dataclass(frozen=True)
class Slot:
    """One `{{name|filter}}` of a template."""

    name: str
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def optional(self) -> bool:
        """True where a row may lack the name."""
        return any(name == "default" for name, _ in self.filters)

    def value(self, values: Mapping[str, Any]) -> str:
        """Look up the name and run the filters."""
        found = values.get(self.name, _MISSING)
        if found is _MISSING:
            found = _walk(values, self.name)
        if found is _MISSING and not self.optional:
            raise unknown_name("column in a template", self.name, values, where="{{" + self.name + "}}")
        for name, argument in self.filters:
            found = FILTERS[name](found, argument)
        return as_text(found)


@dataclass(frozen=True)
class Template:
    """A parsed template; make one with `template`."""

    source: str
    parts: tuple[str | Slot, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it reads, each once, in the order they stand."""
        return tuple(dict.fromkeys(p.name for p in self.parts if isinstance(p, Slot)))

    @property
    def needed(self) -> tuple[str, ...]:
        """The names that a row must have."""
        return tuple(dict.fromkeys(p.name for p in self.parts if isinstance(p, Slot) and not p.optional))

    def render(self, values: Mapping[str, Any]) -> str:
        """Fill in the values.

        Args:
            values: By name; `a.b` looks for the key `a.b`, then for `b` in the mapping `a`. Null renders as nothing, a
                list as its items with commas, numbers and mappings as in JSON.

        Raises:
            UsageError: A name is missing and has no default; the nearest name is given.

        >>> template("{{title}}：{{问诊.主诉}}").render({"title": "内科", "问诊": {"主诉": "头痛三天"}})
        '内科：头痛三天'
        >>> template("{{titel}}").render({"title": "Fever", "ask": "…"})
        Traceback (most recent call last):
        toolkit.errors.UsageError: {{titel}}: unknown column in a template 'titel'
        did you mean 'title'?
        """
        return "".join(p if isinstance(p, str) else p.value(values) for p in self.parts)


@lru_cache(maxsize=1024)
def template(source: str) -> Template:
    """Parse a template.

    Raises:
        UsageError: A brace is left open, a name is empty, or a filter is unknown.

    >>> template("{{tags|join('、')}}（{{dept|default('全科')}}）").render({"tags": ["发热", "咳嗽"], "dept": ""})
    '发热、咳嗽（全科）'
    >>> template('no slot: {"a": 1} and f{x} stay').render({})
    'no slot: {"a": 1} and f{x} stay'
    >>> template("{{body|srtip}}")
    Traceback (most recent call last):
    toolkit.errors.UsageError: {{body|srtip}}: unknown filter 'srtip'
    did you mean 'strip'?
    """
    pieces = _SLOT.split(source)
    stray = next((p for p in pieces[::2] if "{{" in p or "}}" in p), None)
    if stray is not None:
        raise UsageError(f"the template {source!r} has braces without a partner", hint="a slot is {{name}}")
    parts = [piece if i % 2 == 0 else _slot(piece) for i, piece in enumerate(pieces)]
    return Template(source, tuple(p for p in parts if p != ""))


def _slot(inside: str) -> Slot:
    name, *filters = _PIPE.split(inside)
    if not _NAME.fullmatch(name.strip()):
        raise UsageError(f"{{{{{inside}}}}} names no column", hint="a slot is {{name}} or {{name|default('…')}}")
    return Slot(name.strip(), tuple(_filter(f, inside) for f in filters))


def _filter(text: str, inside: str) -> tuple[str, str]:
    found = _FILTER.match(text)
    if found is None or found[1] not in FILTERS:
        raise unknown_name("filter", found[1] if found else text.strip(), FILTERS, where=f"{{{{{inside}}}}}")
    return found[1], found[2] or found[3] or ""


def _walk(values: Mapping[str, Any], name: str) -> Any:
    """Follow dots into mappings; null on the way means null at the end."""
    first, dot, rest = name.partition(".")
    if first not in values or not dot:
        return values.get(name, _MISSING)
    inner = values[first]
    if inner is None:
        return None
    return _walk(inner, rest) if isinstance(inner, Mapping) else _MISSING


def as_text(value: Any) -> str:
    """Write a value as people write it in a sentence.

    >>> [as_text(v) for v in ("500毫克", None, 2.5, True, ["a", "b"], {"剂量": 1})]
    ['500毫克', '', '2.5', 'true', 'a, b', '{"剂量": 1}']
    """
    if isinstance(value, str):
        return value
    if value is None or value is _MISSING:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(as_text(v) for v in value)
    return json.dumps(value, ensure_ascii=False)


def _is_blank(value: Any) -> bool:
    return not as_text(value).strip()


@dataclass(frozen=True)
class Condition:
    """Whether a row is meant; make one with `condition`."""

    left: Template
    operator: str = ""
    right: Template | None = None

    @property
    def templates(self) -> tuple[Template, ...]:
        """The templates that it is made of."""
        return (self.left,) if self.right is None else (self.left, self.right)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Say whether it holds for these values; white space at the ends does not count."""
        left = self.left.render(values).strip()
        if self.right is None:
            return bool(left)
        return (left == self.right.render(values).strip()) == (self.operator == "==")


@lru_cache(maxsize=64)
def condition(source: str) -> Condition:
    """Parse a condition: a template that must not be blank, or two that must be equal (`==`) or not (`!=`).

    >>> condition("{{status}} == 已解决").holds({"status": "已解决 "})
    True
    >>> [condition("{{answer}}").holds({"answer": text}) for text in ("Yes.", "  ", None)]
    [True, False, False]
    """
    left, *rest = _COMPARISON.split(source, maxsplit=1)
    if not rest:
        return Condition(template(left))
    return Condition(template(left), rest[0], template(rest[1]))
