"""Which format a file is in: every format scores a sample of rows; without a clear winner the caller must ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolkit.errors import UsageError
from toolkit.formats.base import Format, Score
from toolkit.formats.example import Row
from toolkit.formats.table import FORMATS

SURE = 0.8
"""Below this nobody should guess on a user's behalf."""


class Candidate(NamedTuple):
    """A format, the mean of its scores over the rows, and the reason of the row that suits it least."""

    name: str
    score: float
    reason: str


@dataclass(frozen=True)
class Detection:
    """What the rows look like. `candidates` are all formats, the best first, ties by name."""

    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        """The format with the highest score."""
        return self.candidates[0]

    @property
    def ambiguous(self) -> bool:
        """Whether the best is not sure, or shares its place."""
        return self.best.score < SURE or self.best.score == self.candidates[1].score

    def format(self) -> Format:
        """Give the detected format.

        Raises:
            UsageError: The rows are ambiguous; the message lists the candidates.

        >>> detect([{"question": "1+1?", "answer": "2"}]).format().name
        'prompt-completion'
        >>> detect([{"text": "一段话"}]).format()
        Traceback (most recent call last):
        toolkit.errors.UsageError: the format is not clear: no candidate
        name it with --from; known: alpaca, llamafactory-alpaca, openai-chat, prompt-completion, sharegpt
        """
        if not self.ambiguous:
            return FORMATS[self.best.name]
        listed = "; ".join(f"{c.name} {c.score:.2f} ({c.reason})" for c in self.candidates if c.score > 0)
        raise UsageError(
            f"the format is not clear: {listed or 'no candidate'}",
            hint=f"name it with --from; known: {', '.join(sorted(FORMATS))}",
        )


def detect(rows: Sequence[Row]) -> Detection:
    """Score rows against every format.

    Args:
        rows: A sample, for example the first 200 rows. One-element lists around rows are the reader's matter.

    >>> detect([{"指令": "解释高血压", "输入": "", "输出": "血压持续升高。"}]).best
    Candidate(name='alpaca', score=1.0, reason='has instruction (as 指令), output (as 输出)')
    >>> detect([{"instruction": "Summarize", "context": "…", "response": "…"}]).ambiguous  # dolly is none of ours
    True
    """
    candidates = [_candidate(name, [form.score(row) for row in rows]) for name, form in FORMATS.items()]
    return Detection(tuple(sorted(candidates, key=lambda c: (-c.score, c.name))))


def _candidate(name: str, scores: list[Score]) -> Candidate:
    if not scores:
        return Candidate(name, 0.0, "no rows")
    mean = round(sum(score.value for score in scores) / len(scores), 4)
    return Candidate(name, mean, min(scores, key=lambda score: score.value).reason)
