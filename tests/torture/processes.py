"""The processes of one search, found by a word in their environment: no other is ever signalled."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

# The variable that says to which search a process belongs. Its value is a directory.
MARK = "MOZOPT_TORTURE"


@dataclass(frozen=True)
class Process:
    """A process of a search: a controller, a job, a simulator, or the helper of a simulator, which
    a shell starts for each line. `directory` is where a job or a simulator works."""

    pid: int
    kind: str
    directory: str


def of(place):
    """The living processes of the search in this place: controllers, jobs and simulators."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            process = looked_at(int(entry.name), place)
            if process:
                found.append(process)
    return found


def looked_at(pid, place):
    """The process with this number, if it lives and belongs to the search."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if f"{MARK}={place}".encode() not in environment:
            return None
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    simulation = [it for it in environment if it.startswith(b"MOZOPT_SIMULATION=")]
    if simulation:
        path = simulation[0].split(b"=", 1)[1].decode()
        kind = "helper" if is_a_simulator(parent_of(pid)) else "simulator"
        return Process(pid, kind, os.path.dirname(path))
    script = [it.decode() for it in words if it.endswith(b"/job.sh")]
    if script:
        return Process(pid, "job", os.path.dirname(script[0]))
    if b"job" in words[1:3]:
        # It works in its directory from its first moment on.
        with contextlib.suppress(OSError):
            return Process(pid, "job", os.readlink(f"/proc/{pid}/cwd"))
    return Process(pid, "controller", "")


def parent_of(pid):
    """The number of its parent; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def is_a_simulator(pid):
    """Whether it is a simulator, or was started by one."""
    try:
        return b"\0MOZOPT_SIMULATION=" in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def send(process, number, place):
    """Sends a signal, if the number still belongs to the same search."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        if looked_at(process.pid, place) is None:
            return False
        signal.pidfd_send_signal(descriptor, number)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def kill(processes, place):
    """Kills these and waits until they are gone. Returns those that were there."""
    killed = [process for process in processes if send(process, signal.SIGKILL, place)]
    until = time.monotonic() + 10
    while any(looked_at(it.pid, place) for it in killed) and time.monotonic() < until:
        time.sleep(0.001)
    return killed


def kill_all(place):
    """Kills whatever belongs to the search.

    All are stopped before, as by a machine that is switched off: none runs on because another one
    was killed a moment before it.
    """
    stopped = set()
    while new := [it for it in of(place) if it.pid not in stopped]:
        for process in new:
            send(process, signal.SIGSTOP, place)
            stopped.add(process.pid)
    killed, unseen = [], 0
    # One that becomes another program in this moment has no environment for a moment.
    while unseen < 3:
        there = of(place)
        killed += kill(there, place)
        unseen = 0 if there else unseen + 1
        time.sleep(0.002)
    return killed
