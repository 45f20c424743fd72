"""data-juicer on a file of {"id", "text"}: python clean_data_juicer.py IN OUT.

The operators that compare with ours, with their own limits: Unicode repair, white space, personal data, length, repetition,
special characters. Its language filter is left out: it downloads a fastText model. One process, as in its default recipe.
"""

from __future__ import annotations

import sys

from data_juicer.core.data import NestedDataset
from data_juicer.ops import load_ops
from datasets import Dataset, disable_progress_bars

OPERATORS = (
    {"fix_unicode_mapper": {}},
    {"whitespace_normalization_mapper": {}},
    {"pii_redaction_mapper": {}},
    {"text_length_filter": {"min_len": 2}},
    {"alphanumeric_filter": {}},
    {"special_characters_filter": {}},
    {"character_repetition_filter": {}},
    {"maximum_line_length_filter": {"max_len": 300_000}},
)


def main(source: str, target: str) -> None:
    disable_progress_bars()
    data = NestedDataset(Dataset.from_json(source, keep_in_memory=False, cache_dir=f"{target}.cache"))
    data = data.process(
        load_ops([{name: {**limits, "num_proc": 1} for name, limits in row.items()} for row in OPERATORS])
    )
    data.select_columns(["id", "text"]).to_json(target, force_ascii=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
