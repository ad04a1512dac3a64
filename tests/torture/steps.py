"""Every step of a controller and of a job: killed there, or failing there.

strace counts the system calls of one process and does something at the Nth. It follows neither
threads nor children, so that nobody else is disturbed.
"""

import shutil
from pathlib import Path

from row import Row
from search import Search

# System calls that change something, or that something is made of, and how they may fail.
CALLS = {
    "write": ["ENOSPC", "EIO"],
    "pwrite64": ["EIO"],
    "openat": ["EMFILE", "EIO", "EACCES"],
    "fsync": ["EIO"],
    "fdatasync": ["EIO"],
    "rename": ["EIO"],
    "renameat": ["EIO", "ENOSPC"],
    "renameat2": ["EIO"],
    "mkdir": ["ENOSPC", "EIO"],
    "mkdirat": ["ENOSPC"],
    "unlink": ["EIO"],
    "unlinkat": ["EIO"],
    "rmdir": ["EIO"],
    "read": ["EIO"],
    "getdents64": ["EIO"],
    "statx": ["EIO"],
    "lseek": ["EIO"],
    "fchmod": ["EIO"],
    "flock": ["ENOLCK"],
    "fcntl": ["EMFILE"],
    "ftruncate": ["EIO"],
    "copy_file_range": ["EIO"],
    "clone": ["EAGAIN"],
    "clone3": ["EAGAIN"],
    "vfork": ["EAGAIN"],
    "execve": ["ENOMEM"],
    "pipe2": ["EMFILE"],
    "socketpair": ["EMFILE"],
    "mmap": ["ENOMEM"],
    "wait4": ["EINTR"],
    "kill": ["EPERM"],
}

# Stands in the place of bash and traces the first job. A file says what is done to it.
TRACING_BASH = """\
#!{bash}
case $1 in */job.sh)
    mv "$MOZOPT_TORTURE/inject" "$MOZOPT_TORTURE/injected" 2> /dev/null &&
        exec {strace} -qq -o "$MOZOPT_TORTURE/trace" $(cat "$MOZOPT_TORTURE/injected") {bash} "$@" ;;
esac
exec {bash} "$@"
"""


# More than there are: each step.
EACH = 10_000


class Steps(Row):
    """What is done to a controller (or, in a subclass, to a job) at each of its system calls."""

    phases = ("run", "resume")
    all = ()

    def ready(self):
        if not shutil.which("strace"):
            return "there is no strace"
        search = Search(Path(self.tools.place) / f"{self.name}-counted", self.tools.mozopt)
        self.traced(search, [f"-etrace={','.join(CALLS)}"])
        if not search.to_the_end():
            return f"nothing can be traced: {search.violations}"
        calls = {}
        for line in self.trace(search).splitlines():
            call = line.partition("(")[0]
            calls[call] = calls.get(call, 0) + 1
        self.all = [
            (phase, call, injection, when)
            for phase in self.phases
            for call in CALLS
            for injection in self.injections(call)
            for when in range(1, calls.get(call, 0) + 1)
        ]
        search.clean()
        return None if self.all else "nothing was traced"

    def injections(self, call):
        """What is done at a system call, in the words of strace."""
        raise NotImplementedError

    def cases(self):
        return len(self.all)

    def search(self, place, chance, number):
        return Search(place, self.tools.mozopt)

    def torture(self, search, chance, number):
        phase, call, injection, when = self.all[number]
        if phase == "resume":
            controller = search.begin()
            search.goes_on(controller, chance.uniform(0.0, 0.3))
            search.kill_controller(controller)
        search.what = f"{call}:{injection}:when={when}"
        self.traced(search, [f"-etrace={call}", f"--inject={search.what}"])
        # What runs on is not killed: the next controller finds it.
        return int("INJECTED" in self.trace(search) or "killed by SIGKILL" in self.trace(search))

    def trace(self, search):
        """What strace wrote."""
        path = search.place / "trace"
        return path.read_text(errors="replace") if path.exists() else ""

    def traced(self, search, flags):
        """Runs a search under strace, to whatever end."""
        strace = ["strace", "-qq", "-o", search.place / "trace", *flags]
        search.ended(search.begin(prefix=strace))
        search.look_around()


class OfJob(Steps):
    """The same for the first job: a script in the place of bash traces it."""

    phases = ("run",)

    def traced(self, search, flags):
        tools = search.place / "bin"
        tools.mkdir()
        bash = tools / "bash"
        bash.write_text(
            TRACING_BASH.format(bash=shutil.which("bash"), strace=shutil.which("strace"))
        )
        bash.chmod(0o755)
        (search.place / "inject").write_text(" ".join(flags))
        path = search.environment["PATH"]
        search.environment["PATH"] = f"{tools}:{path}"
        search.ended(search.begin())
        search.look_around()


class Kill:
    """Killed before this call."""

    def injections(self, call):
        return [] if call in ("mmap", "statx", "lseek") else ["signal=KILL"]


class Fail:
    """The call fails once."""

    def injections(self, call):
        return [f"error={error}" for error in CALLS[call]]


class KillController(Kill, Steps):
    """The controller is killed at each of its steps."""

    name = "kill-controller-steps"
    fault = "`kill -9` of the controller at each system call"
    full = EACH
    reduced = 24
    seconds = 0.6


class KillBoth(KillController):
    """The controller is killed at each of its steps, and everything else in the same moment."""

    name = "kill-both-steps"
    fault = "`kill -9` of controller and jobs at each system call"
    full = 600
    reduced = 16
    seconds = 0.6

    def traced(self, search, flags):
        super().traced(search, flags)
        search.kill_all()


class KillJob(Kill, OfJob):
    """A job is killed at each of its steps."""

    name = "kill-job-steps"
    fault = "`kill -9` of a job at each system call"
    full = EACH
    reduced = 10
    seconds = 1.0


class FailController(Fail, Steps):
    """Each system call of the controller fails once."""

    name = "fail-controller"
    fault = "each system call of the controller fails"
    full = 1200
    reduced = 24
    seconds = 0.5


class FailJob(Fail, OfJob):
    """Each system call of a job fails once."""

    name = "fail-job"
    fault = "each system call of a job fails"
    full = EACH
    reduced = 16
    seconds = 0.6


ROWS = [KillController, KillBoth, KillJob, FailController, FailJob]
