"""Traditional and simplified Chinese, through OpenCC (extra `zh`). Only on request; code and URLs stay."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from toolkit.errors import MissingExtraError
from toolkit.text.fix import fix
from toolkit.text.han import HAN


@cache
def _converter(direction: str) -> Callable[[str], str]:
    try:
        from opencc import OpenCC
    except ImportError as error:
        raise MissingExtraError(
            "opencc", extra="zh", purpose="conversion between traditional and simplified Chinese"
        ) from error
    convert: Callable[[str], str] = OpenCC(direction).convert
    return convert


@fix("t2s", trigger=HAN, profile="t2s")
def t2s(text: str) -> str:
    """Write traditional Chinese in simplified characters, phrase by phrase.

    Raises:
        toolkit.errors.MissingExtraError: OpenCC is not installed.

    >>> t2s("糖尿病患者應乾燥保存胰島素，皇后乾隆")
    '糖尿病患者应干燥保存胰岛素，皇后乾隆'
    >>> t2s("MRI scan")
    'MRI scan'
    """
    return _converter("t2s")(text)


@fix("s2t", trigger=HAN, profile="s2t")
def s2t(text: str) -> str:
    """Write simplified Chinese in traditional characters, phrase by phrase.

    Raises:
        toolkit.errors.MissingExtraError: OpenCC is not installed.

    >>> s2t("头发与发展，皇后在后面")
    '頭髮與發展，皇后在後面'
    >>> s2t("MRI scan")
    'MRI scan'
    """
    return _converter("s2t")(text)
