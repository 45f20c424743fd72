"""Make the sample files that cannot be written as text, from the readable text in `plain/`.

    python sample_data/make_binary.py           write what is missing or reads differently
    python sample_data/make_binary.py --check   write nothing; exit 1 and name the files that are out of date

A file counts as up to date when it reads back as its plain text, so that another version of a compression library
does not rewrite bytes that say the same.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

HERE = Path(__file__).resolve().parent

NUL_PICTURE = "\u2400"
"""Stands in `plain/` where the file that is made has the character NUL."""


@dataclass(frozen=True)
class Form:
    """A way to store text; `read(write(text)) == text` for every text in `plain/`."""

    write: Callable[[str], bytes]
    read: Callable[[bytes], str]


def to_parquet(text: str) -> bytes:
    r"""Store JSON lines as a table; columns named `valid_…` hold real dates, as a database export would.

    >>> rows = '{"name": "天平", "valid_until": "2026-12-31"}\n'
    >>> from_parquet(to_parquet(rows)) == rows
    True
    """
    rows = [json.loads(line) for line in text.splitlines()]
    for row in rows:
        row.update({name: date.fromisoformat(row[name]) for name in row if name.startswith("valid_")})
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, compression="none")
    return sink.getvalue()


def from_parquet(data: bytes) -> str:
    """Give a table back as JSON lines."""
    table = pq.read_table(io.BytesIO(data), use_threads=False)  # threads: pyarrow 26 aborted at exit in 3 of 16 runs
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in table.to_pylist())


def to_excel_csv(text: str) -> bytes:
    """Store text as spreadsheets export it: byte order mark and CRLF, also inside quoted cells."""
    return text.replace("\n", "\r\n").encode("utf-8-sig")


FORMS: dict[str, Form] = {
    "bom": Form(lambda text: text.encode("utf-8-sig"), lambda data: data.decode("utf-8-sig")),
    "excel-csv": Form(to_excel_csv, lambda data: data.decode("utf-8-sig").replace("\r\n", "\n")),
    "gb18030": Form(lambda text: text.encode("gb18030"), lambda data: data.decode("gb18030")),
    "gz": Form(lambda text: gzip.compress(text.encode(), mtime=0), lambda data: gzip.decompress(data).decode()),
    "nul": Form(
        lambda text: text.replace(NUL_PICTURE, "\0").encode(),
        lambda data: data.decode().replace("\0", NUL_PICTURE),
    ),
    "parquet": Form(to_parquet, from_parquet),
    "zst": Form(
        lambda text: zstandard.ZstdCompressor(level=19).compress(text.encode()),
        lambda data: zstandard.ZstdDecompressor().decompress(data).decode(),
    ),
}

FILES: dict[str, tuple[str, str]] = {
    # the file made: (its text in plain/, its form)
    "bylaws/zh/云泽市养犬管理规定(2020-05-01).txt": ("云泽市养犬管理规定.txt", "gb18030"),
    "clinic/faq/lab-results.txt.gz": ("lab-results.txt", "gz"),
    "clinic/faq/检验报告.txt.zst": ("检验报告.txt", "zst"),
    "clinic/handbook/冷链管理.md": ("冷链管理.md", "bom"),
    "clinic/handbook/急救要点.txt": ("急救要点.txt", "gb18030"),
    "clinic/qa/问题.csv": ("问题.csv", "gb18030"),
    "lanting/manuals/cf12-centrifuge.md.gz": ("cf12-centrifuge.md", "gz"),
    "lanting/manuals/cf12-离心机.md.zst": ("cf12-离心机.md", "zst"),
    "lanting/manuals/校准记录说明.txt": ("校准记录说明.txt", "nul"),
    "lanting/prices/价目表.parquet": ("价目表.jsonl", "parquet"),
    "lanting/tickets/tickets-en.csv": ("tickets-en.csv", "excel-csv"),
    "lanting/tickets/tickets-more.jsonl.gz": ("tickets-more.jsonl", "gz"),
    "lanting/tickets/工单.csv": ("工单.csv", "gb18030"),
    "lanting/tickets/工单补充.jsonl.zst": ("工单补充.jsonl", "zst"),
    "sets/messages_zh.parquet": ("messages_zh.jsonl", "parquet"),
}


def plain_text(name: str) -> str:
    """Read one file of `plain/` without touching its line ends."""
    return (HERE / "plain" / name).read_bytes().decode("utf-8")


def stale() -> list[str]:
    """Name the files that are missing or do not read back as their plain text."""
    return [
        path for path, (plain, form) in FILES.items() if not is_current(HERE / path, plain_text(plain), FORMS[form])
    ]


def is_current(file: Path, text: str, form: Form) -> bool:
    """Say whether a file is there and reads as the text."""
    try:
        return form.read(file.read_bytes()) == text
    except (OSError, ValueError, EOFError, pa.ArrowException, zlib.error, zstandard.ZstdError):
        return False  # missing or damaged: both are mended by writing it again


def main(arguments: list[str]) -> int:
    """Write what is out of date, or only name it with `--check`."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write(f"unknown arguments {arguments}; the only one is --check\n")
        return 2
    paths = stale()
    for path in paths:
        plain, form = FILES[path]
        if not check:
            (HERE / path).write_bytes(FORMS[form].write(plain_text(plain)))
        sys.stdout.write(f"{'out of date' if check else 'written'}: {path}\n")
    return 1 if check and paths else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
