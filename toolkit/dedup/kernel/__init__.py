"""Deduplication kernel: normal forms, keys, candidates, and exact similarities of whole Arrow columns.

The way of a pair: texts that share a band key are candidates (MinHash proposes, with a loss below 1e-3 at the threshold), the
exact Jaccard similarity of their shingle sets decides, and unequal salient keys (numbers, dates, negations) veto. Long runs of
one key are crowds, settled exactly by `leaders`. All kernels give equal results; `near_duplicates` is the whole in one call.
"""

from toolkit.dedup.kernel.backends import KERNELS, choose_kernel
from toolkit.dedup.kernel.candidates import CROWD, Candidates, candidate_pairs, components
from toolkit.dedup.kernel.functions import (
    band_keys,
    exact_keys,
    leaders,
    normal_column,
    pair_similarities,
    salient_keys,
    similarities,
)
from toolkit.dedup.kernel.near import NearDuplicates, Pairs, Texts, Work, crowds_of, near_duplicates, settle
from toolkit.dedup.kernel.params import Params, bands_for

__all__ = [
    "CROWD",
    "KERNELS",
    "Candidates",
    "NearDuplicates",
    "Pairs",
    "Params",
    "Texts",
    "Work",
    "band_keys",
    "bands_for",
    "candidate_pairs",
    "choose_kernel",
    "components",
    "crowds_of",
    "exact_keys",
    "leaders",
    "near_duplicates",
    "normal_column",
    "pair_similarities",
    "salient_keys",
    "settle",
    "similarities",
]
