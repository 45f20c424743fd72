"""Aging: when knowledge is valid, how strongly that is known, and what becomes of it on the day of a release."""

from toolkit.age.evidence import Claim, Dated, Known, Said, know
from toolkit.age.policy import Policy
from toolkit.age.stage import Attach, Decide
from toolkit.age.verdict import Decision, Successor, decide

__all__ = ["Attach", "Claim", "Dated", "Decide", "Decision", "Known", "Policy", "Said", "Successor", "decide", "know"]
