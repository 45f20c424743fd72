"""The errors of the program, named after who must act; `toolkit.cli` turns each into one message and an exit code.

Exit codes: 0 fine, 1 the data was found wanting, 2 usage or recipe, 3 a source or endpoint cannot be read,
4 stopped and resumable, 70 our bug. Every message says what is wrong, where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class ToolkitError(Exception):
    """Something the user can act on.

    Args:
        message: What is wrong, and where.
        hint: What to do next, as one sentence.

    >>> raise ToolkitError("notes.md: cannot be decoded", hint="name its encoding in sources.yaml")
    Traceback (most recent call last):
    toolkit.errors.ToolkitError: notes.md: cannot be decoded
    name its encoding in sources.yaml
    """

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel from a worker to the driver whole: a class whose arguments differ would break the pool."""
        return _rebuild, (type(self), self.message, self.hint)


def _rebuild(kind: type[ToolkitError], message: str, hint: str) -> ToolkitError:
    error = kind.__new__(kind)
    ToolkitError.__init__(error, message, hint=hint)
    return error


class DataError(ToolkitError):
    """The data was found wanting: a gate, a fault limit, or `--strict`."""

    exit_code = 1


class UsageError(ToolkitError):
    """The command, the recipe, or the options are wrong."""

    exit_code = 2


class SourceError(ToolkitError):
    """A source or an endpoint cannot be read."""

    exit_code = 3


class StoppedError(ToolkitError):
    """The run was stopped; the same command goes on where it stopped."""

    exit_code = 4


class BrokenPromiseError(ToolkitError):
    """The program broke one of its own promises, for example an account that does not add up."""

    exit_code = 70


class MissingExtraError(UsageError):
    """An optional package is needed and not installed.

    >>> raise MissingExtraError("opencc", extra="zh", purpose="conversion of variants")
    Traceback (most recent call last):
    toolkit.errors.MissingExtraError: conversion of variants needs the package opencc
    install it with: pip install 'instruct-toolkit[zh]'
    """

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package}",
            hint=f"install it with: pip install 'instruct-toolkit[{extra}]'",
        )


def unknown_name(what: str, name: str, known: Iterable[str], *, where: str = "") -> UsageError:
    """Answer an unknown name with the nearest known ones.

    >>> unknown_name("stage", "claen", ["collect", "clean", "dedup"], where="recipe.yaml /stages/1").hint
    "did you mean 'clean'?"
    >>> unknown_name("stage", "洗", ["clean", "dedup"]).hint
    'known: clean, dedup'
    """
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(repr(n) for n in nearest)}?" if nearest else f"known: {', '.join(names)}"
    return UsageError(f"{where + ': ' if where else ''}unknown {what} {name!r}", hint=hint)
