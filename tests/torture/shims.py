"""What the system says is not so: the wall clock jumps, and locks lock nothing."""

import shutil
import subprocess
import time
from pathlib import Path

from row import Row
from search import Search

# By how much a clock jumps, seconds.
JUMPS_S = [-172_800, -3600, 3600, 172_800]


class Shimmed(Row):
    """A search in which a few functions of the C library are others."""

    def ready(self):
        compiler = shutil.which("cc")
        if not compiler:
            return "there is no C compiler"
        self.shim = Path(self.tools.place) / f"{self.name}.so"
        source = Path(__file__).with_name("shim.c")
        words = [compiler, "-O1", "-shared", "-fPIC", "-o", self.shim, source]
        made = subprocess.run(words, capture_output=True, text=True)
        return made.stderr.strip() if made.returncode else None

    def search(self, place, chance, number):
        search = Search(
            place,
            self.tools.mozopt,
            chance.choice(["cma-es", "sobol"]),
            execution='time_limit = "60s"',
        )
        search.environment["LD_PRELOAD"] = str(self.shim)
        return search


class Clocks(Shimmed):
    """The wall clock jumps by an hour or two days, forwards or back, while jobs run and controllers
    are killed. No healthy job runs out of time."""

    name = "clock-jumps"
    fault = "the wall clock jumps by an hour or two days"
    full = 200
    reduced = 16
    seconds = 0.35

    def torture(self, search, chance, number):
        jumps = 0
        search.environment["MOZOPT_TORTURE_SLEEP"] = "0.1"
        while jumps < 6:
            controller = search.begin()
            while jumps < 6 and search.goes_on(controller, chance.uniform(0.0, 0.3)):
                new = search.place / "clock.new"
                new.write_text(str(chance.choice(JUMPS_S)))
                new.rename(search.place / "clock")
                jumps += 1
                if chance.random() < 0.5:
                    break
            if controller.poll() == 0:
                break
            if chance.random() < 0.7:
                search.kill_controller(controller)
            else:
                search.ended(controller)
        if controller.poll() is None:
            search.ended(controller)
        return jumps


class TwoControllers(Shimmed):
    """Two controllers run one search, since their lock locks nothing. One notices and stops; the
    journal stays whole."""

    name = "two-controllers"
    fault = "two controllers where locks do nothing"
    full = 100
    reduced = 6
    seconds = 1.3

    def torture(self, search, chance, number):
        search.environment["MOZOPT_TORTURE_NO_LOCKS"] = "1"
        search.environment["MOZOPT_TORTURE_SLEEP"] = "0.1"
        first = search.begin()
        until = time.monotonic() + 10
        while not search.optimization() and time.monotonic() < until:
            time.sleep(0.001)
        search.goes_on(first, chance.uniform(0.0, 0.4))
        second = search.begin()
        codes = [search.ended(first), search.ended(second)]
        del search.environment["MOZOPT_TORTURE_NO_LOCKS"]
        said = search.says("status", search.optimization())
        if said.returncode:
            search.violation("lost", f"the journal was spoilt: {said.stderr.decode()}")
        refused = [it.said for it, code in zip((first, second), codes) if code == 1]
        for path in refused:
            if b"another controller" not in path.read_bytes():
                search.violation("wrong", f"it does not say why it stopped: {path}")
        return 1


ROWS = [Clocks, TwoControllers]
