"""Instruction-dataset preparation: collect, clean, dedup, label, age and release, in English and Chinese.

Everything public is imported when it is used, so that `import toolkit` costs next to nothing.

>>> import toolkit
>>> toolkit.normalize("血压\u200b＝１２０")
'血压＝120'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "Collect": "toolkit.collect",
    "Clean": "toolkit.clean",
    "Dedup": "toolkit.dedup",
    "Convert": "toolkit.label",
    "LabelMap": "toolkit.label",
    "LabelRules": "toolkit.label",
    "Attach": "toolkit.age",
    "Decide": "toolkit.age",
    "Release": "toolkit.release",
    "Result": "toolkit.frames",
    "Rejection": "toolkit.frames",
    "normalize": "toolkit.text.normalize",
    "detect_language": "toolkit.text.language",
    "find_pii": "toolkit.text.pii",
    "run": "toolkit.pipeline",
}

__all__ = [
    "Attach",
    "Clean",
    "Collect",
    "Convert",
    "Decide",
    "Dedup",
    "LabelMap",
    "LabelRules",
    "Rejection",
    "Release",
    "Result",
    "__version__",
    "detect_language",
    "find_pii",
    "normalize",
    "run",
]

if TYPE_CHECKING:
    from toolkit.age import Attach, Decide
    from toolkit.clean import Clean
    from toolkit.collect import Collect
    from toolkit.dedup import Dedup
    from toolkit.frames import Rejection, Result
    from toolkit.label import Convert, LabelMap, LabelRules
    from toolkit.pipeline import run
    from toolkit.release import Release
    from toolkit.text.language import detect_language
    from toolkit.text.normalize import normalize
    from toolkit.text.pii import find_pii


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
