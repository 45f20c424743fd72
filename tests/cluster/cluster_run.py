"""A program that drives a cluster: `cluster_run.py ENGINE cli ARGUMENTS...` or `cluster_run.py ENGINE toy WORK SLOW`."""

import hashlib
import sys

from toolkit.cli import main
from toolkit.engine.driver import Driver, Settings, locked
from toolkit.engine.progress import Progress
from toolkit.engine.runner import Runner, stop_on_signals
from toolkit.files.places import place
from toolkit.pipeline import ENGINES


def toy(engine, work, slow):
    """Run the toy stages; give what was exported, as one digest."""
    from toy_stages import ToyDedup, ToyExport, ToyMap, ToyRead  # of tests/engine, which this program finds by its path

    stages = [ToyRead(units=12, rows=500), ToyDedup(), ToyMap(slow=float(slow)), ToyExport()]
    with stop_on_signals() as stop, locked(place(work)):
        runner = Runner(ENGINES[engine](2), stop)
        try:
            finished = Driver(place(work), runner, Progress("quiet"), Settings()).run(stages)
        finally:
            runner.close()
    lines = b"".join(line for batch in finished.exported() for line in batch.column("line").to_pylist())
    return hashlib.sha256(lines).hexdigest()


if __name__ == "__main__":
    engine, what, *arguments = sys.argv[1:]
    if engine == "ray":  # the program's own connection; the runner takes it
        import ray

        ray.init(num_cpus=2, include_dashboard=False, logging_level="error")
    if what == "cli":
        sys.argv[1:] = [*arguments, "--engine", engine]
        main()
    else:
        print(toy(engine, *arguments))  # noqa: T201 - the answer of the script
