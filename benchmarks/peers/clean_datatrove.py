"""datatrove on a file of {"id", "text"}: python clean_datatrove.py IN OUT.

Repair, Gopher repetition and quality, C4 quality, personal data, in the order of FineWeb. The language filter is left out: it
downloads a fastText model. What it would have said is given for nothing: the id says it, and each language has a pipeline.
Chinese has limits of its own, as in FineWeb 2: no letters per word, no ASCII sentence ends, Chinese function words; with the
defaults nothing Chinese is left at all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
from datatrove.utils.typeshelper import Languages
from loguru import logger

CHINESE = ["的", "是", "在", "和", "了", "有", "不", "可以", "您", "我"]


def steps(language: str) -> list[object]:
    quality: dict[str, object] = {}
    lines: dict[str, object] = {}
    if language == Languages.chinese__hani:
        quality = {"min_avg_word_length": 1, "stop_words": CHINESE}
        lines = {"filter_no_terminal_punct": False, "min_words_per_line": -1}
    return [
        FTFYFormatter(),
        GopherRepetitionFilter(language=language),
        GopherQualityFilter(language=language, **quality),
        C4QualityFilter(language=language, **lines),
        PIIFormatter(),
    ]


def documents(source: str, language: str) -> Iterator[Document]:
    with Path(source).open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            if row["id"].startswith(language):
                yield Document(text=row["text"], id=row["id"])


def main(source: str, target: str) -> None:
    logger.remove()
    with Path(target).open("w", encoding="utf-8") as out:
        for name, language in (("zh", Languages.chinese__hani), ("en", Languages.english)):
            flow = documents(source, name)
            for step in steps(language):
                flow = step.run(flow)
            out.writelines(
                json.dumps({"id": document.id, "text": document.text}, ensure_ascii=False) + "\n" for document in flow
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
