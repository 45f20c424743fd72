"""Finding the processes of a run to kill them, while they come and go."""

import time
from contextlib import suppress

import psutil


def workers_of(pid):
    """The workers of a run that live at this moment: children of its forkserver. What ends while one looks is none."""
    return [worker for server in _children(pid) if _is_forkserver(server) for worker in _children(server.pid)]


def wait_for_workers(process, patience=60):
    """Wait until a run has a worker, or is over."""
    deadline = time.monotonic() + patience
    while process.poll() is None and not workers_of(process.pid):
        assert time.monotonic() < deadline, "no worker came up"
        time.sleep(0.01)


def kill_one(pid, draw):
    """Kill one of the workers that live at this moment; say whether one was there and died of it."""
    victims = workers_of(pid)
    if not victims:
        return False
    victim = draw.choice(victims)
    with suppress(psutil.NoSuchProcess):
        victim.kill()
        return True
    return False


def _children(pid):
    try:
        return [p for p in psutil.Process(pid).children() if _lives(p)]
    except psutil.NoSuchProcess:
        return []


def _lives(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # a zombie that vanishes is one too
        return False


def _is_forkserver(process):
    try:
        return any("forkserver" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False
