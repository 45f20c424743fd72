"""Replace what was found: by a placeholder that tells the type, or by a pseudonym that also tells which values were equal."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Sequence
from itertools import pairwise

from toolkit.errors import UsageError
from toolkit.text.pii.detector import Span
from toolkit.text.pii.find import check_span, fold
from toolkit.text.pii.phone import canonical_phone

PSEUDONYM_DIGITS = 6  # hexadecimal: among 1,000 values of a type two share one with a chance of 3 %


def mask(text: str, spans: Sequence[Span]) -> str:
    """Replace each span by its type in brackets.

    Args:
        text: The text the spans were found in.
        spans: Sorted and not overlapping, as `find_pii` returns them.

    Raises:
        UsageError: The spans are not of this text, or overlap.

    >>> from toolkit.text.pii import find_pii
    >>> text = "请联系zhangsan@example.com或13812345678"
    >>> mask(text, find_pii(text))
    '请联系[EMAIL]或[PHONE]'
    >>> mask("Take 5 mg twice a day.", find_pii("Take 5 mg twice a day."))  # untouched
    'Take 5 mg twice a day.'
    """
    return _replace(text, spans, lambda _value, kind: f"[{kind}]")


def pseudonymize(text: str, spans: Sequence[Span], key: bytes) -> str:
    """Replace each span by its type and a keyed pseudonym: one value, however it is written, has one pseudonym.

    HMAC-SHA256 under your key: without the key nobody can try out phone numbers against the pseudonyms. Keep it secret, and
    keep it, if releases shall agree.

    Raises:
        UsageError: The key is empty, the spans are not of this text, or they overlap.

    >>> from toolkit.text.pii import find_pii
    >>> text = "电话13812345678，即+86 138-1234-5678"
    >>> pseudonymize(text, find_pii(text), key=b"example")
    '电话[PHONE:372665]，即[PHONE:372665]'
    """
    if not key:
        raise UsageError("the key of the pseudonyms is empty", hint="give some random bytes and keep them secret")

    def pseudonym(value: str, kind: str) -> str:
        message = f"{kind}\0{canonical(value, kind)}".encode("utf-8", "surrogatepass")
        return f"[{kind}:{hmac.new(key, message, 'sha256').hexdigest()[:PSEUDONYM_DIGITS]}]"

    return _replace(text, spans, pseudonym)


def _replace(text: str, spans: Sequence[Span], replacement: Callable[[str, str], str]) -> str:
    for span in spans:
        check_span(span, len(text))
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        raise UsageError("the spans overlap or are not sorted", hint="give them as find_pii returns them")
    pieces, last = [], 0
    for start, end, kind in spans:
        pieces += [text[last:start], replacement(text[start:end], kind)]
        last = end
    return "".join([*pieces, text[last:]])


# -- one form for all ways of writing a value --------------------------------------------------------------------------


def canonical(value: str, kind: str) -> str:
    """Return the form that equal values share: width, case, separators and country code do not count.

    >>> canonical("Zhang.San@Example.COM", "EMAIL"), canonical("６２２２ ０２１２", "BANK_CARD"), canonical("粤b·12345", "CN_PLATE")
    ('zhang.san@example.com', '62220212', '粤B12345')
    >>> canonical("Tr0ub4dor", "SECRET")  # in a secret everything counts
    'Tr0ub4dor'
    """
    return _CANONICAL.get(kind, _words)(value)


def _words(value: str) -> str:
    return " ".join(fold(value).casefold().split())


def _code(value: str) -> str:
    return "".join(c for c in fold(value) if c.isalnum()).upper()


def _phone(value: str) -> str:
    return canonical_phone(fold(value))


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(fold(value)))
    except ValueError:  # a user's own detector may call anything an IP
        return _words(value)


def _as_it_stands(value: str) -> str:
    return value


_CANONICAL: dict[str, Callable[[str], str]] = {
    "BANK_CARD": _code,
    "CN_ID": _code,
    "CN_PLATE": _code,
    "IBAN": _code,
    "IP": _address,
    "PASSPORT": _code,
    "PHONE": _phone,
    "SECRET": _as_it_stands,
    "US_SSN": _code,
    "USCC": _code,
}
