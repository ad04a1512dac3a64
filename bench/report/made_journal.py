"""Makes an optimization of 37 parameters and 31 targets whose journal has many simulations.

A real search of one generation is begun, which freezes the configuration; then its journal is
written anew, with simulations that narrow towards a point, some of which fail.
"""

import json
import random
import subprocess
from datetime import UTC, datetime, timedelta

import google_crc32c

SHEETS = ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"]
ENDS = [
    "L4ExcL4ExcConnection.base_weight",
    "AfferentConnection.weight_functions.f1.params.arborization_constant",
    "L4ExcL4InhConnection.short_term_plasticity.tau_rec",
    "K",
]
MEASURES = [
    "SpontActivityTarget",
    "IrregularityTarget",
    "SynchronyTarget",
    "OrientationTuningOrthoHighTarget",
]
GENERATION = 16
SLOTS = 16


def parameters():
    """Paths with their ranges."""
    return {
        f"sheets.{SHEETS[i % 4]}.group_{i // 16}.{ENDS[i // 4 % 4]}": [
            0.001 * (i + 1),
            0.1 * (i + 1),
        ]
        for i in range(37)
    }


def targets():
    """What is wanted of 31 measures."""
    return [
        {
            "class": "RangeTarget",
            "name": f"{MEASURES[i % 4]}_{SHEETS[i // 4 % 4]}_{i}",
            "target_value": [1.0 + i, 2.0 + i],
            "norm": 0.5,
        }
        for i in range(31)
    ]


def configuration():
    """The text of a `config_optimisation`."""
    searched = parameters()
    centroid = {path: (low + high) / 2 for path, (low, high) in searched.items()}
    return json.dumps(
        {"parameters": searched, "optimiser_centroid": centroid, "targets": targets()}
    )


def made(directory, mozopt, simulations):
    """Makes the optimization; returns its path and its last entry."""
    (directory / "param_optim").mkdir(parents=True)
    (directory / "param_optim/config_optimisation").write_text(configuration())
    (directory / "mozopt.toml").write_text(
        '[simulator]\nkind = "command"\ncommand = "exit 1"\n'
        f"[execution]\nslots = {SLOTS}\n[optimizer]\noffspring_size = {GENERATION}\nmax_ngen = 1\n"
    )
    # Nothing can be measured: the search ends with an error, which is of no interest here.
    subprocess.run([mozopt, "run", directory, "-q"], capture_output=True, check=False)
    (optimization,) = directory.glob("*_Optimization")
    entries = [json.loads(line) for line in (optimization / "journal.jsonl").open()]
    journal = Journal(optimization / "journal.jsonl")
    for entry in entries[:2]:
        if "limits" in entry:
            entry["limits"].update(max_ngen=simulations // GENERATION + 10, validate_best=0)
        journal.append(entry)
    for number in range(0, simulations, GENERATION):
        journal.generation(range(number, min(number + GENERATION, simulations)))
    journal.file.close()
    return optimization, journal


class Journal:
    """Writes entries as mozopt does."""

    def __init__(self, path):
        self.file = path.open("w")
        self.seq = 0
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.random = random.Random(1)
        self.ranges = list(parameters().values())
        self.goal = [self.random.random() for _ in self.ranges]

    def append(self, entry):
        """One line, with its number, its time and its checksum."""
        event = {key: value for key, value in entry.items() if key not in ("seq", "time", "crc32c")}
        time = self.time.isoformat().replace("+00:00", "Z")
        body = json.dumps({"seq": self.seq, "time": time, **event}, separators=(",", ":"))[:-1]
        crc = google_crc32c.value(body.encode())
        self.file.write(f'{body},"crc32c":"{crc:08x}"}}\n')
        self.seq += 1

    def generation(self, numbers):
        """A generation, from its proposal to the last outcome."""
        width = 0.02 + 0.3 * 0.999 ** (numbers[0] / 2)
        places = {
            number: [min(1, max(0, self.random.gauss(goal, width))) for goal in self.goal]
            for number in numbers
        }
        candidates = [
            {
                "candidate": number,
                "seed": number,
                "parameters": [
                    low + place * (high - low)
                    for place, (low, high) in zip(places[number], self.ranges)
                ],
            }
            for number in numbers
        ]
        self.append(
            {
                "event": "proposed",
                "generation": numbers[0] // GENERATION + 1,
                "candidates": candidates,
            }
        )
        for number in numbers:
            self.append({"event": "submitting", "candidate": number, "attempt": 1})
            self.append({"event": "submitted", "candidate": number, "job": str(number)})
        for number in numbers:
            self.time += timedelta(seconds=self.random.uniform(100, 300))
            self.append(
                {"event": "finished", "candidate": number, "result": self.result(places[number])}
            )
        for number in numbers:
            self.append({"event": "told", "candidate": number})

    def result(self, places):
        """Values that depend on a few parameters each; failures where the first is large."""
        failed = places[0] > self.goal[0] + 0.25
        results = []
        for i, target in enumerate(targets()):
            low, high = target["target_value"]
            off = places[i] - self.goal[i] + 0.5 * (places[(i + 7) % 37] - self.goal[(i + 7) % 37])
            value = (low + high) / 2 + 6 * off + self.random.gauss(0, 0.1)
            score = (
                20.0 if failed else min(20.0, max(low - value, value - high, 0) / target["norm"])
            )
            results.append(
                {
                    "name": target["name"],
                    "class": target["class"],
                    "sheet_name": None,
                    "value": None if failed else value,
                    "score": score,
                    "reason": "the simulation has no data: crashed" if failed else None,
                }
            )
        result = {
            "outcome": "crashed" if failed else "completed",
            "total": sum(one["score"] for one in results),
            "targets": results,
            "simulation_seconds": self.random.uniform(3000, 5000),
            "evaluation_seconds": 1.0,
            "host": f"node{self.random.randrange(SLOTS):02}",
        }
        if failed:
            result["reason"] = "the simulator ended with exit code 1"
        return result
