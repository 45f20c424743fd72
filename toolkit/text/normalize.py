"""The fixes together: `normalize` applies them, `explain` also says which ones changed something.

The table is run through until nothing changes, so a fixed text is fixed: normalizing it again gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterable

# Each family enters its fixes into the table; their order is `ORDER` in toolkit/text/fix.py, not this one.
from toolkit.errors import unknown_name
from toolkit.text import boilerplate, entities, han, links, markup, mojibake, spaces, unicode, variants, wraps
from toolkit.text.fix import FIXES, ORDER, Fix

__all__ = ["DEFAULT", "FIXES", "PASSES", "chosen", "explain", "normalize", "profile"]
FAMILIES = (boilerplate, entities, han, links, markup, mojibake, spaces, unicode, variants, wraps)
PASSES = 8
CONVERSIONS = ("t2s", "s2t")


def profile(*names: str) -> tuple[str, ...]:
    """List the fixes of the named profiles beside the default ones, in the order in which they are applied.

    Raises:
        toolkit.errors.UsageError: A profile is unknown.

    >>> [name for name in profile("pdf") if name not in profile()]
    ['drop_page_lines', 'join_wraps']
    >>> "narrow_full_width" in profile(), "t2s" in profile()
    (True, False)
    """
    known = {row.profile for row in FIXES.values()}
    for name in names:
        if name not in known:
            raise unknown_name("profile", name, known)
    return tuple(row.name for row in FIXES.values() if row.profile in {"default", *names})


DEFAULT = profile()


def chosen(names: Iterable[str]) -> list[Fix]:
    """Look up fixes by name, in the order of the table.

    Raises:
        toolkit.errors.UsageError: A name is unknown; the message names the nearest.

    >>> [row.name for row in chosen(["drop_tracking", "compose_nfc"])]
    ['compose_nfc', 'drop_tracking']
    """
    wanted = set(names)
    for name in sorted(wanted):
        if name not in FIXES:
            raise unknown_name("fix", name, ORDER)
    return [row for row in FIXES.values() if row.name in wanted]


def normalize(text: str, *, convert: str | None = None) -> str:
    r"""Repair a text with the default fixes; code, formulas, URLs and table pipes survive byte for byte.

    Args:
        text: The text, Chinese, English or mixed.
        convert: `t2s` or `s2t` to write Chinese in simplified or traditional characters too (extra `zh`).

    Raises:
        toolkit.errors.UsageError: `convert` is neither.

    >>> normalize("每日３次，每次０．５ｍｇ\u200b。  见 `Ａ１`")
    '每日3次，每次0.5mg。  见 `Ａ１`'
    >>> normalize("体温≥38.5℃，白细胞 10⁹/L，①㎎，第Ⅱ期")
    '体温≥38.5℃，白细胞 10⁹/L，①㎎，第Ⅱ期'
    """
    if convert is not None and convert not in CONVERSIONS:
        raise unknown_name("conversion", convert, CONVERSIONS)
    return explain(text, DEFAULT if convert is None else (*DEFAULT, convert))[0]


def explain(text: str, names: Iterable[str] = DEFAULT) -> tuple[str, list[str]]:
    """Apply fixes and name those that changed something, once for every time they did.

    Applying the named fixes in that order to the text gives the result. A text that does not settle in `PASSES`
    rounds (markup nested on purpose) is no prose and comes back untouched.

    >>> explain("ＡＳＴ&nbsp;升高 ")
    ('AST 升高', ['decode_entities', 'narrow_full_width', 'fold_spaces', 'strip_trailing_spaces'])
    >>> explain("第一条 为了保护民事主体的合法权益。")
    ('第一条 为了保护民事主体的合法权益。', [])
    """
    fixes = chosen(names)
    now, done = text, []
    for _ in range(PASSES):
        before = now
        for row in fixes:
            after = row(now)
            if after != now:
                now = after
                done.append(row.name)
        if now == before:
            return now, done
    return text, []
