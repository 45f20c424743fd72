"""Run a command and measure the whole tree of its processes: CPU seconds, and the peak of their summed PSS."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass

import psutil

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Measured:
    cpu: float
    wall: float
    peak_mb: float
    driver_mb: float
    code: int
    out: str
    err: str


def measure(command: list[str], **environment: str) -> Measured:
    """Run `command`; the workers of a forkserver are counted too, because we are made the parent of orphans."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = _children_cpu()
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**_as_installed(), **environment}
    )
    peak = _Peak(process.pid)
    out, err = process.communicate()
    wall = time.monotonic() - began
    peak.stop()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # orphans: the fork server, and what it left
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    return Measured(_children_cpu() - before, wall, peak.mb, peak.driver_mb, process.returncode, out, err)


def _as_installed() -> dict[str, str]:
    """The environment, in which modules are compiled once, as they are for everybody who has installed something."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Peak:
    def __init__(self, pid: int) -> None:
        self.mb = self.driver_mb = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def _watch(self, pid: int) -> None:
        while not self._ends.wait(0.2):
            try:
                top = psutil.Process(pid)
                family = [top, *top.children(recursive=True)]
                held = [_pss(p) / 1e6 for p in family]
                self.mb, self.driver_mb = max(self.mb, sum(held)), max(self.driver_mb, held[0])
            except psutil.Error:
                continue

    def stop(self) -> None:
        self._ends.set()
        self._thread.join()


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0
