"""What validation can find: one table of codes with what is done about each, and the finding that points at the place.

The codes are those of the validator page; docs and reports read this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from toolkit.errors import DataError


class Code(NamedTuple):
    """A fault by name. `act`: R the row is rejected, F it can be repaired, W it is only reported."""

    act: str
    what: str
    hint: str


CODES: dict[str, Code] = {
    "E003": Code("R", "not a JSON object", "write one JSON object a line, with string keys and JSON values only"),
    "E005": Code("R", "NaN or Infinity", "JSON has no such number: write null or leave the key out"),
    "E007": Code("R", "lone surrogate or NUL", "clean the text first: a cut emoji or a NUL kills tokenizers"),
    "E009": Code("F", "integer beyond 2^53", "write it as a string: readers round it"),
    "E101": Code("F", "keys differ from the format's", "give every line the same keys; drop or fill"),
    "E102": Code("R", "wrong type", "write text as a string on every line"),
    "E103": Code("W", "every string of a column looks like a date", "readers turn it into timestamps: begin the file with a row that does not, or declare the types"),
    "E104": Code("F", "a shape first seen late in the file", "move the richest rows to the front of the file"),
    "E105": Code("W", "every string of a column is a number", "pandas.read_json turns it into numbers: pass dtype=False"),
    "E107": Code("F", "a column the target does not take", "keep metadata in the provenance sidecar"),
    "E201": Code("R", "nothing is asked", "give the row a question or messages"),
    "E202": Code("R", "unknown role", "use the role names of the format"),
    "E203": Code("R", "the last message is no answer", "cut the tail after the last answer, or add the answer"),
    "E204": Code("R", "empty, blank or null target", "a model that learns it stops at once: answer or remove the row"),
    "E205": Code("R", "content is not text", "write a string, or typed parts where the role allows them"),
    "E206": Code("F", "system message not first, or twice", "merge the system messages into the first one"),
    "E207": Code("R", "turns do not alternate", "merge neighbors that speak for one side"),
    "E208": Code("R", "an answer before any question", "cut the first answer, or add the question"),
    "E209": Code("R", "weight is wrong", "weight is 0 or 1, on assistant messages only, and not 0 on all"),
    "E301": Code("R", "tool call is wrong", "a call has a name and its arguments are a JSON object, written as a string"),
    "E302": Code("R", "tool not declared, or badly named", "declare every called tool; a name has 1 to 64 of A-Z a-z 0-9 _ -"),
    "E303": Code("R", "tool message and call do not match", "answer every call once, by its id, before the next turn"),
    "E304": Code("F", "tools in the wrong shape", "openai-chat takes a list of functions, sharegpt a JSON string"),
    "E501": Code("R", "too few examples", "the consumer refuses so small a file"),
    "E503": Code("R", "image in the wrong place", "images are https: or data: URLs, in user messages only"),
}  # fmt: skip
"""Code -> what it means. The lines are a table: kept one a row."""


@dataclass(frozen=True)
class Finding:
    """One fault at one place.

    Attributes:
        code: A key of `CODES`.
        pointer: JSON pointer into the row.
        message: What is wrong there.
        line: Line of the file, counted from 1, where a whole file was checked.

    >>> Finding("E204", "/output", "is blank").hint
    'a model that learns it stops at once: answer or remove the row'
    """

    code: str
    pointer: str
    message: str
    line: int | None = None

    @property
    def act(self) -> str:
        """R: the row is rejected; F: it can be repaired; W: it is only reported."""
        return CODES[self.code].act

    @property
    def hint(self) -> str:
        """What to do next."""
        return CODES[self.code].hint

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{self.code} {place}{self.pointer or '/'} {self.message}"


class CannotDump(DataError):  # noqa: N818 - as CannotRead and CannotHold in example.py
    """A row that no JSON line can say; `findings` name every place."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(map(str, findings)), hint=findings[0].hint)
        self.findings = findings
