"""URLs without the parameters that only follow the reader."""

from __future__ import annotations

import re

from toolkit.text.fix import fix
from toolkit.text.segments import URL

_NAMES = (
    "utm_[a-z_]+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi"
    "|spm|scm|spm_id_from|vd_source|bd_vid|hmsr|hmpl|hmcu|hmkw|hmci"
)
_PARAMETER = re.compile(rf"(?:{_NAMES})(?:=.*)?")
_URL = re.compile(URL)


@fix("drop_tracking", trigger=rf"[?&;](?:{_NAMES})", kinds={"url"})
def drop_tracking(text: str) -> str:
    """Drop tracking parameters from URLs; every other parameter keeps its place and its spelling.

    >>> drop_tracking("见 https://item.cn/a?spm=a1z.2&id=7&utm_source=wx#top。")
    '见 https://item.cn/a?id=7#top。'
    >>> drop_tracking("https://a.org/?q=utm_source and ?spm=1 outside a URL")
    'https://a.org/?q=utm_source and ?spm=1 outside a URL'
    """
    return _URL.sub(lambda url: _strip(url[0]), text)


def _strip(url: str) -> str:
    address, hash_mark, fragment = url.partition("#")
    path, question, query = address.partition("?")
    parts = re.split(r"(&amp;|&)", query)
    kept = [
        (mark, part)
        for mark, part in zip(["", *parts[1::2]], parts[::2], strict=True)
        if not _PARAMETER.fullmatch(part)
    ]
    if len(kept) == len(parts[::2]):
        return url
    left = "".join(mark + part for mark, part in kept)[len(kept[0][0]) if kept else 0 :]
    return path + (question if left else "") + left + hash_mark + fragment
