"""Personal data and secrets in Chinese and English text: find, mask, pseudonymize.

A new type is one `Detector` in `patterns.DETECTORS` and rows in `tests/cases/clean/pii.jsonl`; a user's own detector is passed
per call, see `find_pii`.
"""

from toolkit.text.pii.detector import Detector, ExtraDetector, Span
from toolkit.text.pii.find import TYPES, find_pii
from toolkit.text.pii.mask import mask, pseudonymize
from toolkit.text.pii.patterns import DETECTORS, PII_TRIGGER
from toolkit.text.pii.reserved import is_reserved

__all__ = [
    "DETECTORS",
    "PII_TRIGGER",
    "TYPES",
    "Detector",
    "ExtraDetector",
    "Span",
    "find_pii",
    "is_reserved",
    "mask",
    "pseudonymize",
]
