"""How the tests of collect look at records."""

import pyarrow as pa

from toolkit.collect import Collect
from toolkit.kinds import run_steps
from toolkit.record import rows_of


def write(folder, **files):
    """Write files by name; texts as UTF-8."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def collect(stage: Collect):
    """Kept rows and rows that leave, in order."""
    kept, gone, _ = run_steps(stage.steps(), [], "collect")
    return [row for batch in kept for row in rows_of(batch)], [row for batch in gone for row in rows_of(batch)]


def one_source(folder, **entry):
    """A stage of one registered source."""
    return Collect(sources=[{"id": "s", "paths": ["*"], **entry}], root=str(folder))


def parquet(rows):
    """Bytes of a Parquet file."""
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()
