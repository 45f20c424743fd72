"""Clean: repair texts, name their language, protect persons, and judge what is left."""

from toolkit.clean.audit import audit, audit_batches
from toolkit.clean.classifier import train_relevance
from toolkit.clean.rules import RULES, value_of
from toolkit.clean.stage import Clean

__all__ = ["RULES", "Clean", "audit", "audit_batches", "train_relevance", "value_of"]
