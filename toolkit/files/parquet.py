"""Parquet, batch by batch; values that JSON does not know become their usual text."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
from collections.abc import Iterator
from typing import Any

from toolkit.files.found import Found, UnreadableError
from toolkit.files.places import Place, native

BATCH_ROWS = 1000


def parquet_rows(path: Place) -> Iterator[Found]:
    """Read the rows of a Parquet file.

    Raises:
        UnreadableError: It is no Parquet file, or is damaged; rows before the damage were given.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        with native(path) as source, pq.ParquetFile(source) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                for value in batch.to_pylist(maps_as_pydicts="strict"):
                    yield Found(value, None, row)
                    row += 1
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"row {row}: cannot be read as Parquet: {str(error)[:200]}",
                              hint="write it again; what came before was read") from None  # fmt: skip


def as_json(value: Any) -> Any:
    r"""What JSON writes for a value it does not know; for `orjson.dumps(default=...)`.

    >>> import decimal
    >>> as_json(decimal.Decimal("0.10")), as_json("高".encode()), as_json(b"\xff")
    ('0.10', '高', '/w==')
    """
    if isinstance(value, decimal.Decimal | dt.timedelta):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    raise TypeError(f"no JSON for {type(value).__name__}")
