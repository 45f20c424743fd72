"""A small model of relevance: TF-IDF of character bigrams and trigrams, logistic regression, plain JSON on disk.

Characters need no word borders, so one model reads Chinese and English. Training asks scikit-learn (extra `ml`); what it
learns is a list of sequences with two numbers each, which anybody can read and nothing has to unpickle.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import MissingExtraError, SourceError, UsageError

VERSION = 1
LONGEST = 4_000
"""Characters of a text that are looked at."""
VOCABULARY = 50_000
_SIZES = (2, 3)
_FEWEST_TEXTS = 2
_SPACES = re.compile(r"[ \t\r\n\u3000]+")
_DIGITS = 6


def sequences(text: str) -> Counter[str]:
    """Count the bigrams and trigrams of a text, in lower case.

    >>> sorted(sequences("高血压"))
    ['血压', '高血', '高血压']
    """
    folded = _SPACES.sub(" ", text[:LONGEST].lower()).strip()
    return Counter(folded[at : at + size] for size in _SIZES for at in range(len(folded) - size + 1))


@dataclass(frozen=True)
class Classifier:
    """A trained model.

    Attributes:
        weights: Sequence -> inverse document frequency and coefficient.
        intercept: The constant of the regression.
    """

    weights: Mapping[str, tuple[float, float]]
    intercept: float

    def probability(self, text: str) -> float:
        """The probability that a text is what the positives are.

        >>> model = Classifier({"血压": (1.0, 3.0), "股票": (1.0, -3.0)}, 0.0)
        >>> round(model.probability("血压偏高"), 3), round(model.probability("股票下跌"), 3), model.probability("")
        (0.953, 0.047, 0.5)
        """
        values = {gram: (1 + math.log(count)) * self.weights[gram][0]
                  for gram, count in sequences(text).items() if gram in self.weights}  # fmt: skip
        length = math.sqrt(math.fsum(value * value for value in values.values()))
        dot = math.fsum(value * self.weights[gram][1] for gram, value in values.items())
        score = self.intercept + (dot / length if length else 0.0)
        return 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))

    def write(self, path: str | Path) -> None:
        """Write the model as JSON, sorted."""
        rows = [[gram, *numbers] for gram, numbers in sorted(self.weights.items())]
        content = {"version": VERSION, "intercept": self.intercept, "weights": rows}
        Path(path).write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")

    @classmethod
    def read(cls, path: str | Path) -> Classifier:
        """Read a model.

        Raises:
            SourceError: The file cannot be read.
            UsageError: It is no model of `train_relevance`.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{path}: cannot be read as a classifier", hint=str(error)) from None
        except json.JSONDecodeError:
            content = None
        try:
            return cls._of(content)
        except (KeyError, TypeError, ValueError):
            raise UsageError(f"{path}: is no classifier", hint="write one with toolkit.clean.train_relevance") from None

    @classmethod
    def _of(cls, content: Any) -> Classifier:
        if content["version"] != VERSION:
            raise ValueError(content["version"])
        weights = {str(gram): (float(idf), float(coefficient)) for gram, idf, coefficient in content["weights"]}
        return cls(weights, float(content["intercept"]))


def train_relevance(positives: Iterable[str], negatives: Iterable[str], path: str | Path) -> Classifier:
    """Train a model on texts of your domain and others, and write it.

    Args:
        positives: Texts that are relevant.
        negatives: Texts that are not.
        path: Where the model is written, as JSON; the option `classifier` of `Clean` reads it.

    Raises:
        UsageError: One of the sides is empty, or they have no sequence in common with another text.
        MissingExtraError: scikit-learn is not installed.
    """
    texts = [*positives]
    labels = [1] * len(texts)
    texts += negatives
    labels += [0] * (len(texts) - len(labels))
    if len(set(labels)) != 2:  # noqa: PLR2004 - relevant and not
        raise UsageError("a classifier learns from relevant and other texts", hint="give some of both")
    counts = [sequences(text) for text in texts]
    idf = _idf(counts)
    if not idf:
        raise UsageError("the texts have nothing in common", hint="give more of them")
    coefficients, intercept = _fit(counts, labels, idf)
    weights = {gram: (round(idf[gram], _DIGITS), round(c, _DIGITS)) for gram, c in coefficients.items()}
    model = Classifier(weights, round(intercept, _DIGITS))
    model.write(path)
    return model


def _idf(counts: Sequence[Counter[str]]) -> dict[str, float]:
    """The commonest sequences that more than one text has, with their inverse document frequency (smoothed)."""
    found = Counter(gram for one in counts for gram in one)
    common = sorted((-n, gram) for gram, n in found.items() if n >= _FEWEST_TEXTS)[:VOCABULARY]
    return {gram: math.log((1 + len(counts)) / (1 - negative)) + 1 for negative, gram in common}


def _fit(
    counts: Sequence[Counter[str]], labels: Sequence[int], idf: Mapping[str, float]
) -> tuple[dict[str, float], float]:
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import normalize
    except ImportError as error:
        raise MissingExtraError("scikit-learn", extra="ml", purpose="training a classifier of relevance") from error
    from scipy.sparse import csr_array

    place = {gram: number for number, gram in enumerate(idf)}
    rows, columns, values = [], [], []
    for row, one in enumerate(counts):
        for gram, count in sorted(one.items()):
            if gram in place:
                rows.append(row)
                columns.append(place[gram])
                values.append((1 + math.log(count)) * idf[gram])
    matrix = normalize(csr_array((values, (rows, columns)), shape=(len(counts), len(idf))))
    fitted = LogisticRegression(C=10.0, max_iter=1000, random_state=0).fit(matrix, labels)
    return dict(zip(idf, map(float, fitted.coef_[0]), strict=True)), float(fitted.intercept_[0])
