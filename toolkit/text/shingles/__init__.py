"""How texts are compared: a normal form as the key, shingles as the measure, salient tokens as the veto.

These functions are pure and are the reference: the column kernels of `toolkit.dedup.kernel` are tested equal to them.
"""

from toolkit.text.shingles.fold import fold_character, normal_form
from toolkit.text.shingles.salience import salient, salient_in_form
from toolkit.text.shingles.sets import UNITS, WIDTH, jaccard, shingles

__all__ = ["UNITS", "WIDTH", "fold_character", "jaccard", "normal_form", "salient", "salient_in_form", "shingles"]
