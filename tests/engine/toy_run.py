"""Runs the toy stages in a folder; as a script, so that a test can kill the driver."""

import hashlib
import sys
from pathlib import Path

from toy_stages import ToyDedup, ToyExport, ToyMap, ToyRead

from toolkit.engine.driver import Driver, Settings, locked
from toolkit.engine.local import InProcess, LocalPool
from toolkit.engine.progress import Progress
from toolkit.engine.runner import Runner, stop_on_signals


def toy_run(
    work, *, workers=0, batch_rows=1000, units=4, rows=500, fault_limit=0.05, limit=None,
    kills_reader=-1, kills_solve="", **options,
):  # fmt: skip
    """Run; give what was exported, as one digest, and the finished run."""
    first = ToyRead(units=units, rows=rows, kills=kills_reader)
    stages = [first, ToyDedup(kills=kills_solve), ToyMap(**options), ToyExport()]
    with stop_on_signals() as stop, locked(Path(work)):
        runner = Runner(LocalPool(workers) if workers else InProcess(), stop)
        try:
            driver = Driver(Path(work), runner, Progress("quiet"), Settings(batch_rows, fault_limit, limit))
            finished = driver.run(stages)
        finally:
            runner.close()
    lines = b"".join(line for batch in finished.exported() for line in batch.column("line").to_pylist())
    return hashlib.sha256(lines).hexdigest(), finished


if __name__ == "__main__":
    from toolkit.errors import ToolkitError

    try:
        digest, finished = toy_run(sys.argv[1], workers=2, units=12, slow=float(sys.argv[2]))
        print(digest, finished.reused)  # noqa: T201 - the answer of the script
    except ToolkitError as error:
        print(error.message)  # noqa: T201 - the answer of the script
        sys.exit(error.exit_code)
