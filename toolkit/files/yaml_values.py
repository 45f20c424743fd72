"""YAML that people write: plain values, no surprises, and the line of every value for messages."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import SourceError, ToolkitError, UsageError
from toolkit.schemas import Finding

MEND = "close brackets and quotes, indent with blanks, and quote texts that hold ': ', '{' or '#'"
SHOWN = 5
"""Findings of one message; more are counted."""
Pointer = Sequence[str | int]


@dataclass(frozen=True)
class Written:
    r"""A value as somebody wrote it.

    Attributes:
        value: Plain values: mappings, lists, texts, numbers, true, false, null.
        where: The file, or a word for what a program gave.
        tree: Where each value stands in the file; None for what a program gave.

    >>> parse("version: 1\nsources:\n  - id: 法规\n").place(["sources", 0, "id"])
    'yaml:3 /sources/0/id'
    >>> Written([], "sources").place([0])
    'sources /0'
    """

    value: Any
    where: str
    tree: Any = field(default=None, repr=False, compare=False)

    def place(self, pointer: Pointer) -> str:
        """File, line and JSON pointer of a value; the line of its nearest parent where the value itself is missing."""
        line = _line(self.tree, pointer)
        return f"{self.where}{f':{line}' if line else ''} /{'/'.join(map(str, pointer))}"


def read(path: Path | str, *, missing: type[ToolkitError] = SourceError, hint: str = "check the path") -> Written:
    """Read a YAML file.

    Args:
        path: The file, in UTF-8.
        missing: The error of a file that cannot be opened.
        hint: What to do then.

    Raises:
        UsageError: The file is no text in UTF-8, or no YAML; the message holds file and line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise missing(f"{path}: cannot be read ({error.strerror})", hint=hint) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no text in UTF-8", hint="save it as UTF-8; it is a YAML file") from None
    return parse(text, str(path))


def refuse(written: Written, findings: Sequence[Finding]) -> None:
    """Raise one error that tells the first findings, the place of each, and what to do about the first.

    Raises:
        UsageError: There is a finding.
    """
    if not findings:
        return
    shown = [f"{written.place(f.pointer)}: {f.what}" for f in findings[:SHOWN]]
    if len(findings) > SHOWN:
        shown.append(f"... and {len(findings) - SHOWN} more")
    raise UsageError("\n".join(shown), hint=next((f.hint for f in findings if f.hint), ""))


def parse(text: str, where: str = "yaml") -> Written:
    r"""Read YAML as its version 1.2 says: a day stays a text, `off` and `no` are texts, a key stands once.

    >>> parse("as_of: 2026-11-22\npii: off\nlang: no\nfinal: true\nshare: 5e-1\nnr: 007").value
    {'as_of': '2026-11-22', 'pii': 'off', 'lang': 'no', 'final': True, 'share': 0.5, 'nr': '007'}
    >>> parse("工单: 1\n工单: 2")
    Traceback (most recent call last):
    toolkit.errors.UsageError: yaml:2: the key '工单' stands twice
    keep one of them
    """
    import yaml

    try:
        loader = _loader()(text)
        tree = loader.get_single_node()
        return Written(None if tree is None else loader.construct_document(tree), where, tree)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        if isinstance(error, _twice()):
            raise UsageError(f"{where}{line}: {error.problem}", hint="keep one of them") from None
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise UsageError(f"{where}{line}: is no YAML ({problem})", hint=MEND) from None


_PLAIN = {
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    "int": (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), "-+0123456789"),
    "float": (re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), "-+.0123456789"),
    "null": (re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    "merge": (re.compile(r"<<"), "<"),
}
"""What is no text, after the core schema of YAML 1.2; numbers with leading zeros are names, so they stay texts."""


@functools.cache
def _twice() -> type[Any]:
    import yaml

    class Twice(yaml.constructor.ConstructorError):
        """A key that stands twice in a mapping."""

    return Twice


@functools.cache
def _loader() -> type[Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        """Plain values only."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.tag == "tag:yaml.org,2002:merge":
                    continue
                if key.value in seen:
                    raise _twice()(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
            return super().construct_mapping(node, deep)

        def construct_number(self, node: Any) -> float:
            return float(self.construct_scalar(node))

    Loader.yaml_implicit_resolvers = {}
    for name, (pattern, first) in _PLAIN.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern.pattern})\Z"), list(first))
    Loader.add_constructor("tag:yaml.org,2002:float", Loader.construct_number)
    return Loader


def _line(node: Any, pointer: Pointer) -> int | None:
    if node is None:
        return None
    line = int(node.start_mark.line) + 1
    for key in pointer:
        children: dict[str | int, Any] = {}
        if node.id == "mapping":
            children = {k.value: (k, v) for k, v in node.value}
        elif node.id == "sequence":
            children = {n: (v, v) for n, v in enumerate(node.value)}
        if key not in children:
            break
        name, node = children[key]
        line = int(name.start_mark.line) + 1
    return line
