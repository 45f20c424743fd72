"""What every runner on a cluster does, on a cluster that is a thread: no package, no process, no network."""

import signal
import sys
import threading
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from toolkit.engine.cluster import ClusterPool, answer
from toolkit.engine.runner import Runner, Stop
from toolkit.engine.store import Done, Store
from toolkit.errors import DataError, MissingExtraError, SourceError, StoppedError, UsageError
from toolkit.files import atomic
from toolkit.pipeline import ENGINES


class Threads:
    """A cluster of two threads that loses the first calls it is told to lose."""

    def __init__(self, losses=0, slots=2):
        self.executor, self.losses, self.size = ThreadPoolExecutor(2), losses, slots
        self.asked, self.cancelled = [], []

    def slots(self):
        return self.size

    def start(self, function, /, *args):
        if args[-1]:  # the trial call of `open` has nothing to lose
            self.asked.append(args[-1])
            if len(self.asked) <= self.losses:
                lost = Future()
                lost.set_exception(RuntimeError("KilledWorker: 工人已死"))
                return lost
        return self.executor.submit(function, *args)

    def result(self, call):
        return call.result(timeout=30)

    def cancel(self, call):
        self.cancelled.append(call)
        call.cancel()


def run(link, function, tasks):
    runner = Runner(ClusterPool(lambda: link), Stop())
    try:
        return runner.run(function, tasks, lambda answer: answer)
    finally:
        runner.close()


def test_answers_come_in_the_order_of_the_tasks():
    assert run(Threads(), str.upper, ["b", "a", "中"]) == ["B", "A", "中"]


def test_a_task_that_was_lost_with_its_worker_is_asked_for_again():
    link = Threads(losses=1)

    assert run(link, str.upper, ["甲", "b"]) == ["甲", "B"]
    assert len(link.asked) > 2


def test_a_task_that_is_lost_again_and_again_is_named():
    with pytest.raises(DataError, match="died again and again on 甲"):
        run(Threads(losses=99), str.upper, ["甲"])


def test_what_a_task_raises_arrives_as_it_was_raised_with_the_place_in_the_worker():
    with pytest.raises(ValueError, match="invalid literal") as caught:
        run(Threads(), int, ["十二"])

    assert "return function(task), None" in "".join(caught.value.__notes__)


def test_a_user_error_of_a_task_keeps_its_exit_code_and_is_not_tried_again():
    link = Threads()

    with pytest.raises(SourceError, match="gone"):
        run(link, raise_source_error, ["a.md"])
    assert link.asked == ["a.md"]


def raise_source_error(path):
    raise SourceError(f"{path}: gone")


def test_a_worker_with_other_code_is_refused():
    value, error = answer("0" * 32, str.upper, "a")

    assert value is None
    assert isinstance(error, UsageError)


def test_a_cluster_that_runs_nothing_is_told_from_a_task_that_dies():
    class Gone(Threads):
        def start(self, _function, /, *_args):
            raise RuntimeError("Traceback\n  ...\nModuleNotFoundError: No module named 'toolkit'\n  at x")

    with pytest.raises(SourceError, match=r"runs no task: .*No module named 'toolkit'"):
        run(Gone(), str.upper, ["a"])


def test_a_cluster_that_cannot_be_connected_is_told():
    def connect():
        raise OSError("Timed out trying to connect to tcp://127.0.0.1:1 after 30 s")

    with pytest.raises(SourceError, match="Timed out trying to connect"):
        _ = ClusterPool(connect).workers


def test_a_shard_that_this_machine_cannot_see_is_told(tmp_path):
    task = SimpleNamespace(folder=tmp_path)
    seen, unseen = Done("ab" * 16, 0, {}), Done("cd" * 16, 0, {})
    Store(tmp_path).commit(seen)

    assert run(Threads(), lambda _: seen, [task]) == [seen]
    with pytest.raises(SourceError, match="cannot see"):
        run(Threads(), lambda _: unseen, [task])


def test_a_cluster_may_begin_without_workers_grow_and_shrink():
    link = Threads(slots=0)
    pool = ClusterPool(lambda: link)

    sizes = []
    for link.size in (0, 4, 1):
        sizes.append(pool.workers)

    assert sizes == [1, 4, 4]


def test_a_connection_that_takes_the_signals_gives_them_back():
    before = signal.getsignal(signal.SIGINT)

    def connect():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return Threads()

    ClusterPool(connect).open().shutdown()

    assert signal.getsignal(signal.SIGINT) is before


def test_asked_twice_to_stop_the_calls_in_flight_are_cancelled():
    link, stop, begun, free = Threads(), Stop(), threading.Event(), threading.Event()

    def slow(_task):
        begun.set()
        stop.asked = 2
        free.wait(30)

    runner = Runner(ClusterPool(lambda: link), stop)
    try:
        with pytest.raises(StoppedError):
            runner.run(slow, ["a"], lambda _: None)
        assert begun.is_set()
        assert len(link.cancelled) == 1
    finally:
        free.set()
        runner.close()


def test_cancelling_calls_of_a_cluster_that_is_gone_does_no_harm():
    link = Threads()
    link.cancel = lambda _call: (_ for _ in ()).throw(OSError("connection closed"))
    pool = ClusterPool(lambda: link)
    free = threading.Event()
    executor = pool.open()
    executor.submit(lambda _task: free.wait(30), "a")

    pool.kill(executor)

    free.set()


@pytest.mark.parametrize(("engine", "module"), [("dask", "distributed"), ("spark", "pyspark"), ("ray", "ray")])
def test_a_missing_package_names_the_extra(monkeypatch, engine, module):
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(MissingExtraError, match=rf"instruct-toolkit\[{engine}\]"):
        _ = ENGINES[engine](2).workers


def test_two_workers_that_write_one_shard_at_once_leave_one_whole_shard(tmp_path):
    path = tmp_path / "shard"

    with atomic.writing(path) as first:
        first.write("两".encode())
        with atomic.writing(path) as second:
            second.write("两次".encode())
        first.write("次".encode())

    assert path.read_text() == "两次"
    assert list(tmp_path.iterdir()) == [path]


def test_a_broken_executor_is_what_the_runner_waits_for():
    executor = ClusterPool(lambda: Threads(losses=1)).open()

    with pytest.raises(BrokenExecutor, match="工人已死"):
        executor.submit(str.upper, "a").result(timeout=30)
