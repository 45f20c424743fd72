"""Labeling: how data gets its prompt, input and output. No model and no key is needed for any of it."""

from toolkit.label.stage import Convert, LabelMap, LabelRules

__all__ = ["Convert", "LabelMap", "LabelRules"]
