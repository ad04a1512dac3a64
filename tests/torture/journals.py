"""The journal's bytes: one of them is changed, or the file is cut off."""

import json
import shutil
from pathlib import Path

from row import Row
from search import Search


class Journals(Row):
    """A search that has ended, in a copy for each try: its journal is damaged."""

    def ready(self):
        self.base = Search(Path(self.tools.place) / f"{self.name}-undisturbed", self.tools.mozopt)
        if not self.base.to_the_end():
            return f"an undisturbed search fails: {self.base.violations}"
        self.text = (self.base.optimization() / "journal.jsonl").read_bytes()
        self.first_line = self.text.index(b"\n") + 1
        self.expected = [self.shown(self.base, self.base.optimization())]
        # A last line that is damaged counts as torn: it was never written.
        journal = self.base.optimization() / "journal.jsonl"
        journal.write_bytes(self.text[: self.text[:-1].rindex(b"\n") + 1])
        self.expected.append(self.shown(self.base, self.base.optimization()))
        journal.write_bytes(self.text)
        return None

    def search(self, place, chance, number):
        search = Search(place, self.tools.mozopt)
        shutil.rmtree(search.model)
        # The configuration names the model's directory: that of the undisturbed search.
        search.given = place / "Optimization"
        shutil.copytree(self.base.optimization(), search.given)
        return search

    def shown(self, search, optimization):
        """What is said about the search and its candidates, as far as it does not vary."""
        status = search.says("status", "--json", optimization)
        if status.returncode:
            return None
        status = json.loads(status.stdout)
        status = {key: status[key] for key in status if key not in ("usage", "optimization")}
        candidates = []
        for number in (0, 5):
            candidate = json.loads(
                search.says("show", str(number), "--json", optimization).stdout or "{}"
            )
            candidates.append(
                {key: candidate.get(key) for key in ("parameters", "seed", "result", "generation")}
            )
        return status, candidates

    def remember(self, search):
        """What the journal does not know any more may run again."""
        lines = (search.given / "journal.jsonl").read_bytes().split(b"\n")[:-1]
        known = set()
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                break
            if event.get("event") in ("submitting", "submitted", "finished"):
                known.add(event["candidate"])
        for directory in (search.given / "simulations").iterdir():
            if int(directory.name) in known:
                # It ran once, before the journal was damaged.
                search.ran_before.add(str(directory))


class Cuts(Journals):
    """The journal is cut off somewhere: what it still says is taken up, the rest done again."""

    name = "journal-cuts"
    fault = "the journal is cut off"
    full = 900
    reduced = 25
    seconds = 0.3

    def torture(self, search, chance, number):
        length = chance.randrange(len(self.text))
        journal = search.given / "journal.jsonl"
        journal.write_bytes(self.text[:length])
        self.remember(search)
        if length < self.first_line:
            ended = search.says("resume", search.given)
            if ended.returncode != 1 or b"does not begin with the creation" not in ended.stderr:
                search.violation("wrong", f"cut at {length}: {ended.stderr.decode()}")
            journal.write_bytes(self.text)
        return 1


class Bytes(Journals):
    """One byte of the journal is changed. That is seen, or changes nothing; `repair` and `resume`
    give the whole search."""

    name = "journal-bytes"
    fault = "a byte of the journal is changed"
    full = 1800
    reduced = 40
    seconds = 0.2

    def torture(self, search, chance, number):
        place = chance.randrange(len(self.text))
        byte = chance.choice([it for it in range(256) if it != self.text[place]])
        damaged = self.text[:place] + bytes([byte]) + self.text[place + 1 :]
        what = f"byte {place} is {byte} instead of {self.text[place]}"
        journal = search.given / "journal.jsonl"
        journal.write_bytes(damaged)
        shown = self.shown(search, search.given)
        if shown is None:
            said = search.says("status", search.given)
            if said.returncode != 1 or b"journal.jsonl" not in said.stderr:
                search.violation("wrong", f"{what}: {said.stderr.decode()}")
        elif shown not in self.expected:
            search.violation("wrong", f"{what} passes unnoticed")
        doctor = search.says("doctor", "--json", search.given)
        if (doctor.returncode != 0) != (shown is None):
            search.violation("wrong", f"{what}: the doctor says {doctor.stdout.decode()}")
        if shown is None:
            refused = search.says("resume", search.given, "--quiet")
            if refused.returncode == 0 or journal.read_bytes() != damaged:
                search.violation("wrong", f"{what}: the search goes on")
            repaired = search.says("repair", "--yes", search.given)
            if repaired.returncode != 0 and place < self.first_line:
                # Nothing would stay, and it says so: only a copy helps.
                journal.write_bytes(self.text)
            elif repaired.returncode != 0:
                search.violation("lost", f"{what}: no repair: {repaired.stderr.decode()}")
        self.remember(search)
        return 1


ROWS = [Cuts, Bytes]
