"""The formats by name. A new format is a file with a `FORMAT` and one line here."""

from __future__ import annotations

from toolkit.errors import unknown_name
from toolkit.formats import alpaca, llamafactory_alpaca, openai_chat, prompt_completion, sharegpt
from toolkit.formats.base import Format

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (alpaca, sharegpt, openai_chat, prompt_completion, llamafactory_alpaca)
}


def get(name: str) -> Format:
    """Give a format by its name.

    >>> get("alpaca").columns
    ('instruction', 'input', 'output', 'system', 'history')
    >>> get("share-gpt")
    Traceback (most recent call last):
    toolkit.errors.UsageError: unknown format 'share-gpt'
    did you mean 'sharegpt'?
    """
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    return FORMATS[name]
