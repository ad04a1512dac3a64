"""A row of the table: one kind of fault, tried again and again."""

import random
import shutil
import threading
import traceback
from collections import Counter
from pathlib import Path

import examine
import processes
from search import Search

KINDS = ("lost", "doubled", "wrong", "bad", "panic")


class Row:
    """One kind of fault. A subclass says what is done to one search; the rest is the same for all.

    `full` and `reduced` are how often the fault is tried, `seconds` about how long one try takes.
    """

    name = ""
    fault = ""
    full = 0
    reduced = 0
    seconds = 0.2

    def __init__(self, tools):
        self.tools = tools
        self.lock = threading.Lock()
        self.tried = 0
        self.wanted = 0
        self.excused = 0
        self.counts = Counter()
        self.skipped = []
        self.begun = 0
        self.began = self.took = 0.0

    # What a subclass says

    def ready(self):
        """Prepares what all searches need. Returns why the row cannot be tried, if so."""

    def torture(self, search, chance, number):
        """Does it to one search, `number` being that of the search. Returns how often it was
        tried. Afterwards the search is resumed to its end and looked at."""
        raise NotImplementedError

    def cases(self):
        """How many different searches there are; `None` where chance makes each another one."""
        return None

    def search(self, place, chance, number):
        """The search number `number`, before anything was done to it."""
        return Search(place, self.tools.mozopt, chance.choice(["cma-es", "sobol", "composite"]))

    def ends(self, search, tried):
        """Brings a search to its end and looks at it. Returns how many second runs are excused."""
        if not search.to_the_end():
            return 0
        return examine.examine(search, self.tools.reference(search.optimizer))

    # The same for all

    def make_ready(self):
        """Gets ready. A row that cannot be tried here says why, and is left out."""
        reason = self.ready()
        if reason:
            self.skipped.append(reason)
            self.wanted = 0
        for why in self.skipped:
            self.tools.say(f"SKIPPED: {self.name}: {why}")
        self.wanted = min(self.wanted, self.cases() or self.wanted)

    def next_number(self):
        """The number of the search that is to be tortured next; `None` if enough were."""
        with self.lock:
            cases = self.cases()
            number = self.begun
            if (self.tried if cases is None else number) >= self.wanted:
                return None
            self.begun += 1
            # A part of the cases: spread over all of them.
            return number if cases is None else number * cases // self.wanted

    def one(self, number):
        """Tortures one search and counts what came of it."""
        place = Path(self.tools.place) / f"{self.name}-{number}"
        chance = random.Random(f"{self.tools.seed} {self.name} {number}")
        search, tried, excused = None, 0, 0
        try:
            search = self.search(place, chance, number)
            tried = self.torture(search, chance, number)
            if tried:
                excused = self.ends(search, tried)
            violations = search.violations
        except Exception:
            violations = [*(search.violations if search else []), ("lost", traceback.format_exc())]
        finally:
            processes.kill_all(place)
            if search:
                search.undo()
        with self.lock:
            self.tried += tried
            self.excused += excused
            self.counts.update(kind for kind, _ in violations)
        for kind, what in violations:
            self.tools.say(
                f"{self.name} {number}: {kind}: {what}\n    kept: {place}\n    again: "
                f"tests/torture/run --only {self.name} --seed {self.tools.seed} --case {number}"
            )
        if not violations and not self.tools.keep:
            shutil.rmtree(place, ignore_errors=True)

    def line(self):
        """The row of the table."""
        numbers = [self.tried, *(self.counts[kind] for kind in KINDS), self.excused]
        fault = self.fault + (f" (SKIPPED: {'; '.join(self.skipped)})" if self.skipped else "")
        return f"| {fault} | " + " | ".join(f"{number}" for number in numbers) + " |"

    def holds(self):
        """Whether nothing went wrong."""
        return not any(self.counts.values())
