"""What the server of worker processes imports once, so that each worker starts with it at no cost."""

import pyarrow as pa

import toolkit.engine.tasks  # noqa: F401 - imported for its effect: loaded before workers are forked

__all__ = ["pa"]
