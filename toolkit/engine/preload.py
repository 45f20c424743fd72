"""What the server of worker processes imports once, so that each worker starts with it at no cost."""

import pyarrow as pa

import toolkit.engine.reduces  # noqa: F401 - imported for its effect: loaded before workers are forked

pa.array([None])  # pyarrow imports pandas at its first array: here once, not in every worker

__all__ = ["pa"]
