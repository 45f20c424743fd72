"""Character references (`&lt;`, `&#8220;`, `&nbsp;`) in text that is not markup any more."""

from __future__ import annotations

import html
import re
from html.entities import html5

from toolkit.text.fix import fix

_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_OPENS_TAG = re.compile(r"[A-Za-z/!?&]")
_OPEN_TAG = re.compile(r"<[A-Za-z/!?][^<>\n]*\Z")
# Decoded, these would become code, a formula, a table column, an end of line, or half of the next reference.
_STRUCTURE = frozenset("`$|\\~#;\n\r")
# Not printable in the sense of `str.isprintable`, and still what authors mean; later fixes fold or drop them.
_SPACES = frozenset("\u00a0\u00ad\u2002\u2003\u2009\u200b\u200c\u200d\u3000")
_AMPERSANDS = frozenset({"amp", "AMP", "#38", "#x26", "#X26"})
_BEGINS_ENTITY = re.compile(r"&?(?:#[0-9]|#[xX][0-9A-Fa-f]|[A-Za-z][A-Za-z0-9]*;)|&")


@fix("decode_entities", trigger=r"&(?:#[0-9]|#[xX][0-9A-Fa-f]|[A-Za-z])[0-9A-Za-z]*;")
def decode_entities(text: str) -> str:
    """Decode character references where the result is plain text, so that a second pass finds nothing new.

    `&amp;` stays where its result would begin another reference, `&lt;` and its `&gt;` stay where they would form a
    tag, and nothing is decoded to a mark that code, formulas or tables are made of.

    >>> decode_entities("血压&lt;140&#47;90，&ldquo;正常&rdquo;，AT&amp;T")
    '血压<140/90，“正常”，AT&T'
    >>> decode_entities("write &amp;lt; for &lt;, and &lt;b&gt; for bold")
    'write &amp;lt; for <, and &lt;b&gt; for bold'
    """
    out: list[str] = []
    end, open_tag = 0, False
    for match in _ENTITY.finditer(text):
        between = text[end : match.start()]
        out.append(between)
        open_tag = open_tag and not (">" in between or "\n" in between)
        decoded = _decode(match[1])
        if decoded == "<" and _OPENS_TAG.match(text, match.end()):
            decoded, open_tag = match[0], True
        elif decoded == ">" and (open_tag or _OPEN_TAG.search(between)):
            decoded, open_tag = match[0], False
        elif match[1] in _AMPERSANDS and _BEGINS_ENTITY.match(text, match.end()):
            decoded = match[0]
        out.append(decoded or match[0])
        end = match.end()
    return "".join([*out, text[end:]])


def _decode(name: str) -> str:
    """Give what a reference stands for, or nothing where it must stay."""
    decoded = html.unescape(f"&{name};") if name.startswith("#") else html5.get(f"{name};", "")
    unwanted = not decoded.isprintable() and decoded not in _SPACES
    return "" if unwanted or decoded in _STRUCTURE or "\ufffd" in decoded else decoded
