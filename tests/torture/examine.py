"""What a tortured search must be in the end: the undisturbed one, with nothing run twice."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import model


@dataclass
class Record:
    """What the journal says, without times and attempts."""

    proposals: dict = field(default_factory=dict)
    outcomes: dict = field(default_factory=dict)
    finished: Counter = field(default_factory=Counter)
    told: list = field(default_factory=list)
    validated: list = field(default_factory=list)
    stopped: str = ""
    # Candidates of which it is known that they were submitted.
    submitted: set = field(default_factory=set)


def record(journal):
    """Reads a journal."""
    it = Record()
    for number, line in enumerate(Path(journal).read_text().splitlines()):
        event = json.loads(line)
        if event["seq"] != number:
            raise ValueError(f"entry {event['seq']} follows {number} entries")
        name = event["event"]
        if name == "proposed":
            for proposal in event["candidates"]:
                at = (proposal["seed"], tuple(proposal["parameters"]))
                it.proposals[proposal["candidate"]] = at
        elif name in ("submitting", "submitted"):
            it.submitted.add(event["candidate"])
        elif name == "finished":
            result = event["result"]
            measured = {target["name"]: target["value"] for target in result["targets"]}
            it.finished[event["candidate"]] += 1
            reason = result.get("reason", "")
            it.outcomes[event["candidate"]] = (result["outcome"], measured, result["total"], reason)
        elif name == "told":
            it.told.append(event["candidate"])
        elif name == "validated":
            it.validated = [
                {key: value for key, value in each.items() if key != "job_seconds"}
                for each in event["candidates"]
            ]
        elif name == "stopped":
            it.stopped = event["reason"]
    return it


def has_result(directory, attempt):
    """Whether the result of this attempt is on disk."""
    try:
        return json.loads((directory / "result.json").read_text())["of"]["attempt"] == attempt
    except (OSError, ValueError, KeyError):
        return False


def examine(search, reference):
    """Compares a search that has ended with the undisturbed one. Returns how many simulations ran
    twice with an excuse."""
    optimization = search.optimization()
    if optimization is None:
        search.violation("lost", "there is no optimization")
        return 0
    try:
        found = record(optimization / "journal.jsonl")
    except (OSError, ValueError, KeyError) as error:
        search.violation("lost", f"the journal cannot be read: {error!r}")
        return 0
    compare(search, found, reference)
    look_for_panics(search, optimization)
    for name in ("job.lock", "started.json", "output.log"):
        # Controllers begin there: no job has anything to do in that directory.
        if (search.place / name).exists():
            search.violation("wrong", f"a job worked in {search.place}, not in its directory")
    return compare_with_ledger(search, found, optimization)


def compare(search, found, reference):
    """The journal with that of the undisturbed search."""
    for candidate, proposal in reference.proposals.items():
        if candidate not in found.proposals:
            search.violation("lost", f"candidate {candidate} was never proposed")
        elif found.proposals[candidate] != proposal:
            there = found.proposals[candidate]
            search.violation("wrong", f"candidate {candidate} is {there}, not {proposal}")
    for candidate in found.proposals.keys() - reference.proposals.keys():
        search.violation("wrong", f"candidate {candidate} should not be")
    for candidate, (_, (x, y)) in found.proposals.items():
        if candidate not in found.outcomes:
            search.violation("lost", f"candidate {candidate} has no outcome")
            continue
        outcome, measured, total, reason = found.outcomes[candidate]
        if outcome != "completed":
            search.violation("bad", f"candidate {candidate}: {outcome}: {reason}")
        elif measured != model.values(x, y):
            search.violation("wrong", f"candidate {candidate} has {measured} at {x}, {y}")
        elif candidate in reference.outcomes and total != reference.outcomes[candidate][2]:
            search.violation("wrong", f"candidate {candidate} has the total {total}")
    for candidate, times in found.finished.items():
        if times > 1:
            search.violation("doubled", f"candidate {candidate} has {times} outcomes")
    for what in ("told", "validated", "stopped"):
        there, expected = getattr(found, what), getattr(reference, what)
        if there != expected:
            search.violation("wrong", f"{what}: {there}, not {expected}")


def look_for_panics(search, optimization):
    """In the logs of the jobs."""
    for log in optimization.glob("*/*/output.log"):
        text = log.read_bytes()
        if b"panicked" in text:
            search.violation("panic", f"{log}: {text[:500]}")


def compare_with_ledger(search, found, optimization):
    """The journal with what really ran. Returns how often a second run is excused."""
    ends, excused = {}, 0
    for note in search.notes("end"):
        ends.setdefault(note.directory, []).append(note)
    for directory, notes in ends.items():
        path = Path(directory)
        of_a_candidate = path.parent == optimization / "simulations"
        candidate = int(path.name.split("-")[0])
        for note in notes:
            expected = found.proposals.get(candidate, (0, ()))[1]
            if (note.x, note.y) != expected:
                search.violation("wrong", f"{directory} ran with {note.x}, {note.y}")
        # The last one has the result.
        for number in range(1, len(notes)):
            which = (directory, number)
            if which in search.excusable and which not in search.with_result:
                excused += 1
            elif path.parent.name == "probe":
                pass
            else:
                alone = "" if notes[number - 1].job_lives else ", once after its job was killed"
                what = f"{directory} ran {len(notes)} times to its end{alone}"
                search.violation("doubled", what)
        if directory in search.ran_before:
            search.violation("doubled", f"{directory} ran again")
        if of_a_candidate and candidate not in found.outcomes:
            search.violation("lost", f"{directory} ran, and its outcome is not known")
    if search.given is None:
        # One that was killed when it had written everything could not note its end.
        begun = {note.directory for note in search.notes("begin")}
        for candidate, (*_, reason) in found.outcomes.items():
            directory = str(optimization / f"simulations/{candidate:06}")
            complete = "after everything was written" in (reason or "") and directory in begun
            if directory not in ends and not complete:
                search.violation("wrong", f"candidate {candidate} has an outcome and never ran")
    return excused
