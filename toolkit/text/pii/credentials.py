"""Secrets: keys that are recognizable by their shape, and values that a word before them calls secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.text.pii.detector import HIDDEN

# Shapes as their issuers publish them; each begins with a literal, so that a search costs almost nothing.
_KEYS = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"sk-(?:[a-z]{2,8}[0-9]{0,2}-){0,2}[A-Za-z0-9_-]{20,200}"  # OpenAI, Anthropic and who imitates them
    r"|gh[pousr]_[A-Za-z0-9]{36,100}|github_pat_[A-Za-z0-9_]{22,100}"
    r"|glpat-[A-Za-z0-9_-]{20,60}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS
    r"|AIza[0-9A-Za-z_-]{35}"  # Google
    r"|LTAI[A-Za-z0-9]{12,26}|AKID[A-Za-z0-9]{32}"  # Alibaba Cloud, Tencent Cloud
    r"|xox[abeprs]-[0-9A-Za-z-]{10,200}"  # Slack
    r"|[rs]k_live_[0-9A-Za-z]{16,100}"  # Stripe
    r"|hf_[A-Za-z0-9]{30,40}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,250}"
    r"|eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,2000}"  # JSON web token
    r")(?![A-Za-z0-9])"
)
_PEM_END = "-----END "
_PEM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----"
    rf"(?:(?:[^-{HIDDEN}]|-(?!----)){{0,20000}}{_PEM_END}(?:[A-Z0-9]{{1,12}} ){{0,3}}PRIVATE KEY-----"
    r"|(?:\s{0,4}[A-Za-z0-9+/=]{16,100}){0,200})"  # cut off: as far as the base64 lines go
)
_URL_PASSWORD = re.compile(rf"://[^\s:/@{HIDDEN}]{{1,64}}:(?P<value>[^\s:/@{HIDDEN}]{{3,100}})@(?=[A-Za-z0-9\[])")
_BEARER = re.compile(r"(?<![A-Za-z0-9_])(?ai:bearer)\s{1,3}(?P<value>[A-Za-z0-9._~+/-]{20,2000}={0,2})")

NAMES = (
    r"(?ai:pass(?:word|wd|phrase|code)|pwd|secret(?:[_-]?(?:key|id))?|api[ _-]?(?:key|secret)|access[_-]?key(?:[_-]?(?:id|secret))?"
    r"|private[_-]?key|(?:access|auth|api|refresh|session|bearer)[ _-]?token|token|client[_-]?secret)"
)
NAMES_ZH = r"密码|密碼|口令|密钥|密鑰|令牌|授权码|授權碼|提取码"
_ASSIGNMENT = re.compile(
    rf"(?:(?<![A-Za-z0-9])(?P<name>{NAMES})|{NAMES_ZH})(?![A-Za-z])[\"'”’`*]{{0,3}}\s{{0,3}}"
    r"(?:=>|:=|==?|[:：＝]|\ is\ |是|为|為)\s{0,3}[\"'“‘`*]{0,3}"
    # printable ASCII without quotes, brackets, comma and semicolon, taken whole; so [SECRET] or <key> never begins one
    r"(?P<value>[A-Za-z0-9!#$%&+\-./@^_~?][A-Za-z0-9!#$%&*+\-./:=?@\\^_|~]{4,200}+)(?![(\[{<])"
)
_NAME_BEGINS = ("pass", "pwd", "secret", "api", "access", "private", "auth", "refresh", "session", "bearer", "token", "client",
                *NAMES_ZH.split("|"))  # fmt: skip
_PLACEHOLDER = re.compile(
    r"(?ai:your|(?:my|the|some|insert|enter|change|replace|example|sample|dummy|placeholder|redacted|test)[_-]"
    r"|(?:none|null|true|false|undefined|required|string)$|x{4,}|\*{3,}|\.{3,}|\$)"
)
_NOT_A_VALUE = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->)[A-Za-z_][A-Za-z0-9_]*)+$"  # an expression: settings.DB_PASS1
    r"|[0-9]{1,3}-[A-Za-z]+$"  # "12-character"
    r"|[A-Za-z]{2,6}[0-9]{0,2}://"  # a URL
)
_PIN_DIGITS = 6
_BARE_TOKEN_LENGTH = 16  # "token" alone also counts words
_VARIETY = 8  # a random key of 20 characters has more different ones

RECOGNIZABLE = (
    "sk-|gh[pousr]_|github_pat_|glpat-|AKI[AD]|ASIA|AIza|LTAI|xox[abeprs]-|k_live_|hf_|npm_|pypi-|eyJ|PRIVATE KEY"
)
_RECOGNIZED = re.compile(RECOGNIZABLE)
_NAMED = "(?i:passw|passph|passc|pwd|secret|token|api[ _-]?key|access[_-]?key|private[_-]?key|bearer)"
SECRET_TRIGGER = f"{RECOGNIZABLE}|{_NAMED}|{NAMES_ZH}|://[^/@]+@"


def find_secrets(text: str, lang: str | None) -> Iterator[tuple[int, int]]:  # noqa: ARG001 - both languages, always
    """Yield keys, private key blocks, passwords in URLs and assigned passwords (the value only).

    >>> [text[s:e] for text in ["数据库密码：Lanting#2024"] for s, e in find_secrets(text, "zh")]
    ['Lanting#2024']
    >>> list(find_secrets("api_key = <your-api-key-here>，密码：********", None))  # placeholders
    []
    """
    for pattern in (_PEM, _KEYS) if _RECOGNIZED.search(text) else ():
        yield from (match.span() for match in pattern.finditer(text) if _varied(match[0]))
    for pattern, mark in ((_URL_PASSWORD, "://"), (_BEARER, "earer")):
        if mark in text or mark.upper() in text:
            yield from (
                match.span("value") for match in pattern.finditer(text) if not _PLACEHOLDER.match(match["value"])
            )
    for match in _assignments(text):
        value = match["value"].rstrip(".:?")
        if _looks_secret(match["name"] or "", value):
            yield match.start("value"), match.start("value") + len(value)


def _assignments(text: str) -> Iterator[re.Match[str]]:
    """What `finditer` would yield, tried only where a name begins: looking for its first letters costs a tenth."""
    lower = text.lower()
    if len(lower) != len(text):  # İ, which becomes two characters
        yield from _ASSIGNMENT.finditer(text)
        return
    end = 0
    for start in sorted(start for begins in _NAME_BEGINS for start in _places(lower, begins)):
        match = _ASSIGNMENT.match(text, start) if start >= end else None
        if match:
            end = match.end()
            yield match


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _varied(key: str) -> bool:
    """Tell a key from `sk-xxxxxxxxxxxxxxxxxxxx`."""
    return len(set(key)) >= _VARIETY and "xxxx" not in key.lower()


def _looks_secret(name: str, value: str) -> bool:
    """A digit is in every password people are made to choose; words without one are prose ("password: required")."""
    if _PLACEHOLDER.match(value) or _NOT_A_VALUE.match(value) or "${" in value:
        return False
    if name.lower() == "token" and len(value) < _BARE_TOKEN_LENGTH:
        return False
    digits = sum(map(str.isdigit, value))
    return digits >= _PIN_DIGITS if digits == len(value) else bool(digits)
