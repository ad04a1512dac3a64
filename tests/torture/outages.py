"""Outages: something that every simulation needs is away for a while, and comes back."""

import os
import shutil
import subprocess
import time

import processes
from row import Row
from search import Search

# What stands in the place of the simulator while something is missing that it needs.
MISSING = {
    "127": "no-such-program-of-this-machine",
    "126": 'exec "$MOZOPT_TORTURE/model/mozopt.toml"',
    "module": "echo \"ModuleNotFoundError: No module named 'nest'\" >&2; exit 1",
    "library": "echo 'x: error while loading shared libraries: libx.so' >&2; exit 1",
    "threads": "echo 'fork: Resource temporarily unavailable' >&2; exit 1",
    "137": "exit 137",
}
# Errors like one of the model: they show only where nothing works any more.
UNLIKELY = {
    "licence": "echo 'cannot reach the licence server' >&2; exit 3",
    "slow-licence": "sleep 0.1; echo 'cannot reach the licence server' >&2; exit 3",
}

# What a simulator leaves behind: one in its own session, one that is a child.
LATER = """\
{ sleep 0.1; echo 2 >> "$here/own"; sleep 60; } > /dev/null 2>&1 &
setsid sh -c 'sleep 0.1; echo 2 >> "$0/own"; sleep 60' "$here" > /dev/null 2>&1 &
"""


class Outages(Row):
    """Script, interpreter, model, program or prelude is away for up to two seconds and a half."""

    name = "outages"
    fault = "script, interpreter, module, model, prelude or mozopt is away for a while"
    full = 156
    reduced = 13
    seconds = 2.1

    def search(self, place, chance, number):
        search = Search(
            place,
            self.tools.mozopt,
            chance.choice(["cma-es", "sobol"]),
            command="exec ./interpreter simulate.sh",
            simulator='prelude = ". ./prelude.sh"',
        )
        (search.model / "interpreter").symlink_to(shutil.which("sh"))
        (search.model / "prelude.sh").write_text("true\n")
        # One of its own, which may go away.
        search.mozopt = place / "mozopt"
        os.link(self.tools.mozopt, search.mozopt)
        return search

    def torture(self, search, chance, number):
        kinds = ["script", "interpreter", "model", "mozopt", "prelude", *UNLIKELY, *MISSING]
        kind = kinds[number % len(kinds)]
        search.environment["MOZOPT_TORTURE_SLEEP"] = "0.05"
        controller = search.begin()
        # What nothing was seen to work with is an error of the set-up, which ends a search.
        while not search.notes("end") and search.goes_on(controller, 0.05):
            pass
        search.goes_on(controller, chance.uniform(0.1, 0.5))
        go_back = self.go_away(search, kind)
        if kind in ("script", *UNLIKELY):
            # Where something else works it would be the model's own error.
            ended = search.ended(controller)
            go_back()
            return int(ended is not None)
        search.goes_on(controller, chance.uniform(0.1, 2.5))
        go_back()
        search.ended(controller)
        return 1

    def go_away(self, search, kind):
        """Takes something away; what is returned puts it back."""
        paths = {
            "script": search.model / "simulate.sh",
            "interpreter": search.model / "interpreter",
            "model": search.model,
            "mozopt": search.mozopt,
        }
        if path := paths.get(kind):
            away = search.place / "away"
            path.rename(away)
            return lambda: away.rename(path)
        path = search.model / ("prelude.sh" if kind == "prelude" else "simulate.sh")
        text = path.read_text()
        replace(path, {"prelude": "false\n", **UNLIKELY, **MISSING}[kind])
        return lambda: replace(path, text)


def replace(path, text):
    """Gives a file other contents, at once."""
    new = path.with_name("new")
    new.write_text(text)
    new.rename(path)


class FullDisk(Row):
    """The disk of the optimization is full for a while. Who may not mount one skips this."""

    name = "full-disk"
    fault = "the disk is full for a while"
    full = 60
    reduced = 6
    seconds = 0.4

    def ready(self):
        place = self.tools.place / "disk-tried"
        place.mkdir()
        mounted = mount(place)
        if mounted:
            return f"no disk of one's own: {mounted}"
        subprocess.run(["umount", place], check=True)
        return None

    def search(self, place, chance, number):
        search = Search(place, self.tools.mozopt, chance.choice(["cma-es", "sobol"]))
        if mount(search.output):
            raise OSError("no disk of one's own")
        search.afterwards.append(lambda: subprocess.run(["umount", "-l", search.output]))
        return search

    def torture(self, search, chance, number):
        controller = search.begin()
        search.goes_on(controller, chance.uniform(0.0, 0.5))
        filler = search.output / "filler"
        until = time.monotonic() + chance.uniform(0.1, 2.0)
        with filler.open("wb", buffering=0) as file:
            size = 1 << 16
            while time.monotonic() < until and controller.poll() is None:
                try:
                    file.write(b"x" * size)
                except OSError:
                    size = max(size // 2, 1)
                    time.sleep(0.002)
        filler.unlink()
        search.ended(controller)
        return 1


def mount(place):
    """Mounts a disk of two megabytes; why that is not possible, or nothing."""
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "torture", place]
    try:
        mounted = subprocess.run(words, capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return mounted.stderr.strip() or None if mounted.returncode else None


class Leftovers(Row):
    """A simulator leaves processes behind that write into its directory later, and something is
    killed. No attempt may see what another one does."""

    name = "leftovers"
    fault = "leftovers: processes that write on after kills"
    full = 400
    reduced = 24
    seconds = 0.2

    def search(self, place, chance, number):
        search = Search(place, self.tools.mozopt, chance.choice(["cma-es", "sobol"]))
        script = search.model / "simulate.sh"
        script.write_text(script.read_text().replace("sleep ", LATER + "sleep ", 1))
        return search

    def torture(self, search, chance, number):
        controller, kills = search.begin(), 0
        while kills < 8:
            if not search.goes_on(controller, chance.uniform(0.0, 0.2)):
                if controller.poll() == 0:
                    break
                controller = search.begin()
                continue
            kind = chance.choice(["controller", "job", "simulator"])
            there = [it for it in processes.of(search.place) if it.kind == kind]
            kills += len(search.kill(there[:1]))
        controller.kill()
        controller.wait()
        return kills


ROWS = [Outages, FullDisk, Leftovers]
