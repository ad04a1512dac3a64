"""One search that is tortured: begun, killed, resumed, and looked at in the end."""

import os
import re
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import examine
import model
import processes

# A controller that takes longer than this hangs. A search takes about a second.
PATIENCE_S = 90
# How often a search is resumed, at most, until it ends by itself.
RESUMPTIONS = 5

Note = namedtuple("Note", "what directory attempt x y job_lives")


class Search:
    """A search in a place of its own, with the ledger of what really ran."""

    def __init__(self, place, mozopt, optimizer="short", **settings):
        self.place = Path(place)
        self.mozopt = mozopt
        self.optimizer = optimizer
        self.model = self.place / "model"
        self.output = self.place / "output"
        self.environment = {**os.environ, processes.MARK: str(self.place)}
        self.environment.pop("MOZOPT_SIMULATION", None)
        self.prefix = []
        self.outputs = 0
        self.violations = []
        # Ends of simulations (which of those in a directory) whose job was killed before their
        # result was on disk, and ends whose result was seen there.
        self.excusable = set()
        self.with_result = set()
        # An optimization that ran elsewhere before, and the simulations that must not run again.
        self.given = None
        self.ran_before = set()
        self.place.mkdir(parents=True, exist_ok=True)
        self.place.chmod(0o755)
        self.output.mkdir(exist_ok=True)
        # What undoes what was done to this machine.
        self.afterwards = []
        if not self.model.exists():
            model.write(self.model, optimizer, **settings)

    def violation(self, kind, what):
        """Notes that something is not as it must be."""
        self.violations.append((kind, what))

    def restart(self):
        """Forgets a search of which nothing is worth keeping: another one is begun."""
        self.kill_all()
        self.output = self.place / "anew"
        self.output.mkdir()
        (self.place / "ledger").unlink(missing_ok=True)

    # Controllers

    def optimization(self):
        """The directory of the optimization, once its journal has a first line."""
        if self.given:
            return self.given
        for journal in sorted(self.output.glob("*/journal.jsonl")):
            if b"\n" in journal.read_bytes():
                return journal.parent
        return None

    def arguments(self):
        """How the search is begun, or continued."""
        optimization = self.optimization()
        if optimization:
            return ["resume", optimization]
        return ["run", self.model, "--output", self.output]

    def begin(self, arguments=None, prefix=None, **how):
        """Begins a controller. What it says goes to a file of its own."""
        self.outputs += 1
        path = self.place / f"said.{self.outputs}"
        words = [*self.prefix, *(prefix or []), self.mozopt, *(arguments or self.arguments())]
        how.setdefault("env", self.environment)
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("cwd", self.place)
        with path.open("wb") as output:
            how.setdefault("stdout", output)
            how.setdefault("stderr", output)
            controller = subprocess.Popen([*words, "--quiet"], **how)
        controller.said = path
        return controller

    def ended(self, controller, patience_s=PATIENCE_S):
        """Waits for the end of a controller. A hang and a panic are violations."""
        try:
            code = controller.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.violation("lost", f"a controller hangs: {controller.said}")
            self.kill_all()
            return controller.wait()
        self.look_for_panic(code, controller.said)
        return code

    def look_for_panic(self, code, path):
        """A panic is never an answer."""
        text = path.read_bytes()
        if code == 101 or b"panicked" in text:
            line = re.search(rb".*panicked.*", text)
            self.violation("panic", f"{path}: {line.group().decode() if line else 'exit code 101'}")

    def says(self, *arguments, **how):
        """Runs a command of mozopt to its end: exit code, stdout, stderr."""
        how.setdefault("env", self.environment)
        ended = subprocess.run(
            [*self.prefix, self.mozopt, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            **how,
        )
        if ended.returncode == 101 or b"panicked" in ended.stderr:
            self.violation("panic", f"{arguments}: {ended.stderr.decode(errors='replace')}")
        return ended

    def goes_on(self, controller, seconds):
        """Lets a controller work for a while; whether it still does then."""
        try:
            code = controller.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        self.look_for_panic(code, controller.said)
        return False

    # Kills

    def kill_controller(self, controller):
        """Kills a controller alone. Its jobs go on."""
        controller.kill()
        controller.wait()

    def kill(self, chosen):
        """Kills processes that belong to this search, and notes what that excuses."""
        killed = processes.kill(chosen, self.place)
        if killed:
            self.look_around()
        return killed

    def kill_all(self):
        """Kills everything that belongs to this search, and notes what that excuses."""
        killed = processes.kill_all(self.place)
        self.look_around()
        return killed

    def look_around(self):
        """Notes for each simulation that ended whether its result is on disk."""
        at_work = {it.directory for it in processes.of(self.place) if it.kind == "job"}
        ends = {}
        for note in self.notes("end"):
            ends.setdefault(note.directory, []).append(note)
        for directory, notes in ends.items():
            if examine.has_result(Path(directory), notes[-1].attempt):
                self.with_result.add((directory, len(notes)))
            elif directory not in at_work and notes[-1].job_lives:
                self.excusable.add((directory, len(notes)))

    # The end

    def to_the_end(self):
        """Resumes the search until it ends by itself. That it does not is a loss."""
        for _ in range(RESUMPTIONS):
            self.look_around()
            controller = self.begin()
            if self.ended(controller) == 0:
                return True
        text = controller.said.read_text(errors="replace")
        self.violation("lost", f"it cannot be resumed to its end: {text[-500:]}")
        return False

    def notes(self, what):
        """The ledger: what really began, or ran to its end."""
        try:
            lines = (self.place / "ledger").read_text().splitlines()
        except FileNotFoundError:
            return []
        notes = [line.split(" ") for line in lines]
        return [
            Note(it[0], it[1], int(it[2]), float(it[3]), float(it[4]), it[5] == "alive")
            for it in notes
            if it[0] == what
        ]

    def undo(self):
        """Ends what still runs, and undoes what was done to this machine."""
        processes.kill_all(self.place)
        while self.afterwards:
            self.afterwards.pop()()

    def clean(self):
        """The same, and removes everything."""
        self.undo()
        shutil.rmtree(self.place, ignore_errors=True)
