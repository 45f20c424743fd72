"""What a fix is: a named function from text to text behind a cheap trigger, and the table of all of them.

A new fix is one decorated function in its family's file, one name in `ORDER`, and rows in its case table.
`toolkit.text.normalize` imports the families: read `FIXES` from there and it is complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from toolkit.errors import unknown_name
from toolkit.text.segments import through

# The order of application. Bytes before characters, markup before entities (`&lt;p&gt;` is text, not a paragraph),
# characters before spaces (half of the spaces come out of entities), spaces before lines, furniture last.
ORDER = (
    "normalize_line_ends",
    "repair_mojibake",
    "strip_ansi",
    "convert_html",
    "decode_entities",
    "compose_nfc",
    "fold_radicals",
    "narrow_full_width",
    "widen_katakana",
    "split_ligatures",
    "drop_invisible",
    "drop_controls",
    "fold_spaces",
    "join_spaced_han",
    "strip_trailing_spaces",
    "drop_page_lines",
    "drop_site_lines",
    "join_wraps",
    "collapse_blank_lines",
    "drop_tracking",
    "t2s",
    "s2t",
)
WORDS = frozenset({"prose", "cell"})


@dataclass(frozen=True)
class Fix:
    r"""One row of the table: call it with a text.

    Args:
        name: How recipes, provenance and case tables call it.
        trigger: A necessary condition, in the syntax common to `re` and RE2 (explicit classes, no look-around),
            characters beyond ASCII as `\uXXXX`. Where it does not match, the fix returns its input unchanged.
        function: The fix itself; it sees only the segments named in `kinds`.
        kinds: The kinds of segment it may touch (see `toolkit.text.segments`); None means the whole text.
        profile: `default` (always), or the name under which a recipe asks for it.
    """

    name: str
    trigger: str
    function: Callable[[str], str]
    kinds: frozenset[str] | None
    profile: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The trigger for Python's `re`."""
        return re.compile(self.trigger)

    @property
    def re2(self) -> str:
        """The trigger for `pyarrow.compute.match_substring_regex`."""
        return to_re2(self.trigger)

    def __call__(self, text: str) -> str:
        """Apply the fix to the segments it may touch."""
        if not self.pattern.search(text):
            return text
        return self.function(text) if self.kinds is None else through(self.function, text, self.kinds)


FIXES: dict[str, Fix] = {}


def fix(
    name: str, *, trigger: str, kinds: Collection[str] | None = WORDS, profile: str = "default"
) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    r"""Enter a function from text to text into `FIXES`; the function itself stays what it was.

    Raises:
        toolkit.errors.UsageError: The name has no place in `ORDER`.

    >>> from toolkit.text.normalize import FIXES
    >>> FIXES["drop_invisible"]("高血压\u200b诊断：运行 `a\u200bb`") == "高血压诊断：运行 `a\u200bb`"
    True
    """
    if name not in ORDER:
        raise unknown_name("fix", name, ORDER, where="toolkit/text/fix.py ORDER")

    def enter(function: Callable[[str], str]) -> Callable[[str], str]:
        FIXES[name] = Fix(name, trigger, function, None if kinds is None else frozenset(kinds), profile)
        for known in ORDER:  # modules may be imported in any order, the table has one
            if known in FIXES:
                FIXES[known] = FIXES.pop(known)
        return function

    return enter


def to_re2(pattern: str) -> str:
    r"""Write a pattern of `re` for RE2, which knows code points only as `\x{...}`.

    >>> to_re2(r"[\u200b\U000e0020-\U000e007f]|北京")
    '[\\x{200b}\\x{000e0020}-\\x{000e007f}]|北京'
    >>> to_re2(r"<br>")
    '<br>'
    """
    return re.sub(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})", lambda m: rf"\x{{{m[1] or m[2]}}}", pattern)
