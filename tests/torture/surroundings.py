"""Poor surroundings: little of what a program takes for granted. It may fail, and says why. It
never panics, and the search goes on when things are as they should be."""

import os
import resource
import shutil
import signal
import subprocess

from row import Row
from search import Search


class Surroundings(Row):
    """A controller begins in poor surroundings; then the search is resumed in good ones."""

    name = "surroundings"
    fault = "poor surroundings"
    full = 1000
    reduced = 24
    seconds = 0.4
    all = ()

    def ready(self):
        self.all = [*limited(), *without_streams(), *odd()]
        if os.getuid() == 0 and shutil.which("setpriv"):
            self.all += as_somebody()
        else:
            self.skipped.append("limits of another user: this one cannot become one")
        return None

    def cases(self):
        return len(self.all)

    def search(self, place, chance, number):
        return Search(place, self.tools.mozopt, retries=1)

    def torture(self, search, chance, number):
        name, how = self.all[number]
        search.what = name
        how = how(search) if callable(how) else how
        undo = how.pop("undo", None)
        controller = search.begin(**how)
        for end in ("stdout", "stderr"):
            if stream := getattr(controller, end):
                stream.close()
        code = search.ended(controller)
        if undo:
            undo()
        text = controller.said.read_bytes()
        if code < 0 and -code not in (signal.SIGXFSZ, signal.SIGPIPE):
            search.violation("panic", f"{name}: it ended by signal {-code}: {text!r}")
        if code != 0 and not text.strip() and not how.get("unheard") and "stderr" not in how:
            search.violation("wrong", f"{name}: it ended with {code} and does not say why")
        if b"simulations could be evaluated" in text:
            # The simulator itself could not work, from the first one on: such a search is begun
            # anew, and nothing of it is worth keeping.
            search.restart()
        return 1


def limit(what, number):
    """Sets a limit in a child, before it begins."""
    return {"preexec_fn": lambda: resource.setrlimit(what, (number, number))}


def limited():
    """Few open files, short files, little memory."""
    for number in (*range(3, 40), 64, 128):
        yield f"{number} open files", limit(resource.RLIMIT_NOFILE, number)
    for number in (0, 1, 100, 1000, 3000, 5000, 10_000, 20_000):
        yield f"files of {number} bytes", limit(resource.RLIMIT_FSIZE, number)
    for megabytes in (40, 80, 120, 160, 200, 250, 300, 400, 600):
        yield f"{megabytes} MB of addresses", limit(resource.RLIMIT_AS, megabytes << 20)
    for kilobytes in (512, 1024, 2048):
        yield f"a stack of {kilobytes} kB", limit(resource.RLIMIT_STACK, kilobytes << 10)
    for number in (0, 1):
        yield f"{number} s of CPU", limit(resource.RLIMIT_CPU, max(number, 1))


def without_streams():
    """Standard streams that are closed, full, or that nobody reads."""
    for which in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]):
        yield f"without streams {which}", {"preexec_fn": lambda which=which: close(which)}
    for stream in ("stdout", "stderr"):
        yield f"nobody reads {stream}", {stream: subprocess.PIPE}
        full = lambda _, stream=stream: {stream: open("/dev/full", "wb")}  # noqa: SIM115
        yield f"{stream} is full", full
    yield (
        "nobody reads stdout, with SIGPIPE",
        {
            "stdout": subprocess.PIPE,
            "preexec_fn": lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
        },
    )


def close(which):
    for number in which:
        os.close(number)


def odd():
    """Environments, directories and signals that are not as usual."""

    def environment(change):
        def how(search):
            new = dict(search.environment)
            change(new)
            return {"env": new}

        return how

    yield "no HOME", environment(lambda it: it.pop("HOME", None))
    yield "no PATH", environment(lambda it: it.pop("PATH", None))
    yield "an empty PATH", environment(lambda it: it.update(PATH=""))
    yield "a PATH to nowhere", environment(lambda it: it.update(PATH="/nowhere"))
    yield "TMPDIR is nowhere", environment(lambda it: it.update(TMPDIR="/nowhere"))
    yield "an odd locale", environment(lambda it: it.update(LC_ALL="xx_YY.KOI8"))
    yield "an odd zone", environment(lambda it: it.update(TZ="Nowhere/Never"))
    yield "an odd terminal", environment(lambda it: it.update(TERM="\x1b", COLUMNS="-1"))
    yield (
        "a name that is no text",
        environment(lambda it: it.update({"HOME": os.fsdecode(b"/\xff\xfe")})),
    )
    yield "nothing but the mark", lambda it: {"env": only_mark(it)}
    yield "all files private", {"preexec_fn": lambda: os.umask(0o777) and None}
    yield (
        "children that are not waited for",
        {"preexec_fn": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)},
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGXFSZ):
        blocked = lambda number=number: signal.pthread_sigmask(signal.SIG_BLOCK, [number])
        yield f"{number.name} is blocked", {"preexec_fn": blocked}
        if number != signal.SIGCHLD:
            ignored = lambda number=number: signal.signal(number, signal.SIG_IGN)
            yield f"{number.name} is ignored", {"preexec_fn": ignored}
    yield "a directory that is gone", gone
    for kilobytes in (1, 4):
        short = limit(resource.RLIMIT_FSIZE, kilobytes << 10)["preexec_fn"]

        def both(short=short):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            short()

        yield f"files of {kilobytes} kB, without the signal", {"preexec_fn": both}


def only_mark(search):
    return {key: it for key, it in search.environment.items() if key == "MOZOPT_TORTURE"}


def gone(search):
    """Begins in a directory that does not exist any more."""
    there = search.place / "gone"
    there.mkdir()

    def leave():
        os.chdir(there)
        os.rmdir(there)

    return {"preexec_fn": leave}


def as_somebody():
    """As another user: few processes, and directories that cannot be written."""
    for number in (*range(0, 20), 25, 30, 40, 60):
        yield f"{number} processes", few_processes(number)
    yield "the output cannot be written", lambda it: read_only(it, it.output)
    yield "the model cannot be read", lambda it: read_only(it, it.model, 0o000)
    yield "the simulations cannot be written", without_simulations


def somebody(search):
    """Gives the search to a user of its own, who has nothing else."""
    number = 50_000 + int(search.place.name.rpartition("-")[2])
    subprocess.run(["chown", "-R", f"{number}:{number}", search.place], check=True)
    search.prefix = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"]


def few_processes(number):
    def how(search):
        somebody(search)
        return {"prefix": ["sh", "-c", f'ulimit -u {number}; exec "$@"', "sh"]}

    return how


def read_only(search, directory, mode=0o555):
    """A directory without rights for its owner, until the search is resumed."""
    somebody(search)
    directory.chmod(mode)
    return {"undo": lambda: directory.chmod(0o755)}


def without_simulations(search):
    """A search in the middle whose directory of simulations cannot be written any more."""
    somebody(search)
    controller = search.begin()
    search.goes_on(controller, 0.25)
    search.kill_all()
    controller.wait()
    optimization = search.optimization()
    return read_only(search, optimization / "simulations") if optimization else {}


ROWS = [Surroundings]
