#!/usr/bin/env python3
"""The optimizers on examples/v1, the embedded spiking model.

Searches of several seeds, all from the centroid of the example, one after the other on --jobs
cores. After some numbers of simulations each search would recommend the candidate with the least
total so far; that candidate is simulated again with other seeds. A search takes five minutes of a
core, so what was seen is kept beside this script: only what is missing there is run, and with
--report-only nothing. A search that was interrupted, or had a smaller budget, goes on from its
simulations in --work; so after a change of mozopt delete both first. Methods of other packages need
the Python that ./run installs.
"""

import argparse
import contextlib
import json
import os
import subprocess
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import others

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
EXAMPLE = PROJECT / "examples/v1"
CONFIG = json.loads((EXAMPLE / "param_optim/config_optimisation").read_text())
BLUEPYOPT = ["--algorithm", "cma-es", "--variant", "bluepyopt", "--sigma", "0.3"]
# What mozopt is told or what searches, and how it is drawn. sigma of the example is 0.1, the
# predecessor's 0.3.
METHODS = {
    "composite, 8, sigma 0.1": ([], "black", "-"),
    "BluePyOpt, 12": ([*BLUEPYOPT, "--offspring-size", "12"], "#d55e00", "-"),
    "BluePyOpt, 16": ([*BLUEPYOPT, "--offspring-size", "16"], "#d55e00", "--"),
    "composite, 12, sigma 0.3": (["--sigma", "0.3", "--offspring-size", "12"], "black", "--"),
    "pycma": (others.pycma, "#0072b2", "-"),
    "pycma lq": (others.lq_cma, "#0072b2", "--"),
    "Optuna CMA-ES": (others.optuna_cma, "#56b4e9", "-"),
    "Optuna TPE": (others.optuna_tpe, "#009e73", "-"),
    "Optuna GP": (others.optuna_gp, "#009e73", "--"),
    "TuRBO-1": (others.turbo, "#cc79a7", "-"),
}
WITH_TORCH = ["Optuna GP", "TuRBO-1"]
COUNTS = [40, 80, 120, 160]
AGAIN = [900_001, 900_002, 900_003]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--seen", type=Path, default=HERE / "v1", help="one file for each search")
    add("--work", type=Path, default=PROJECT / "target/bench-v1", help="searches under way")
    add("--seeds", type=int, default=10)
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    add("--budget", type=int, default=max(COUNTS), help="simulations of a search")
    add("--jobs", type=int, default=os.cpu_count())
    add("--mozopt", type=Path, help="the program [default: a release build of this project]")
    add("--report-only", action="store_true")
    add("--without-torch", action="store_true", help="do not run what needs it")
    arguments = parser.parse_args()
    for directory in (arguments.seen, arguments.work):
        directory.mkdir(parents=True, exist_ok=True)
    if not arguments.report_only:
        program = arguments.mozopt or built_program()
        # Each job has one core.
        os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        # Seed by seed, so that what is done early can be compared.
        run_now = [
            method
            for method in arguments.methods
            if not (arguments.without_torch and method in WITH_TORCH)
        ]
        searches = [(method, seed) for seed in range(1, arguments.seeds + 1) for method in run_now]
        with ProcessPoolExecutor(arguments.jobs, max_tasks_per_child=1) as pool:
            one = partial(run, program, arguments.seen, arguments.work, arguments.budget)
            list(pool.map(one, *zip(*searches)))
    report(arguments.seen, arguments.methods)


def built_program():
    subprocess.run(["cargo", "build", "--release", "--locked"], check=True, cwd=PROJECT)
    return Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release/mozopt"


def run(program, seen, work, budget, method, seed):
    """One search, and its recommended candidates again; leaves METHOD-SEED.json."""
    file = seen / f"{method}-{seed}.json"
    before = json.loads(file.read_text()) if file.exists() else {"totals": [], "again": {}}
    if len(before["totals"]) >= budget:
        return
    directory = work / f"{method}-{seed}"
    directory.mkdir(exist_ok=True)
    search = METHODS[method][0]
    search_by = search_of_others if callable(search) else search_of_mozopt
    totals, parameters, exploded = search_by(search, program, directory, seed, budget)
    totals = totals[:budget]
    is_same = rounded(totals[: len(before["totals"])]) == before["totals"]
    again = before["again"] if is_same else {}
    for count in COUNTS:
        best = int(np.argmin(totals[:count]))
        if count <= budget and str(best) not in again:
            outcomes = (
                simulate(program, directory / "simulation", parameters[best], number)
                for number in AGAIN
            )
            again[str(best)] = rounded(outcome["total"] for outcome in outcomes)
    seen = {"totals": rounded(totals), "exploded": exploded, "again": again}
    file.write_text(json.dumps(seen) + "\n")


def rounded(totals):
    return [round(total, 3) for total in totals]


def search_of_mozopt(flags, program, directory, seed, budget):
    """Totals in the order of the candidates' numbers, their parameters, and how many exploded."""
    if list(directory.glob("*_Optimization")):
        call([program, "resume", directory, "--max-simulations", budget, "--quiet"])
    else:
        call(
            [
                program,
                "run",
                EXAMPLE,
                "--output",
                directory,
                "--seed",
                seed,
                "--slots",
                1,
                "--max-simulations",
                budget,
                "--max-ngen",
                1000,
                "--validate-best",
                0,
                "--quiet",
                *flags,
            ]
        )
    (journal,) = directory.glob("*_Optimization/journal.jsonl")
    totals, parameters, exploded = {}, {}, 0
    for line in journal.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "proposed":
            for candidate in event["candidates"]:
                parameters[candidate["candidate"]] = candidate["parameters"]
        elif event["event"] == "finished":
            totals[event["candidate"]] = event["result"]["total"]
            exploded += event["result"]["outcome"] == "exploded"
    return [totals[number] for number in sorted(totals)], parameters, exploded


class SpikingModel:
    """The example as others.py wants a problem; what scales by logarithm is searched so."""

    def __init__(self, program, directory):
        self.program, self.scratch = program, directory / "simulation"
        # One line for each simulation, so that the search can be repeated without them.
        self.journal = directory / "simulations.jsonl"
        text = self.journal.read_text() if self.journal.exists() else ""
        # Without the end of a line it was not written to its end.
        text = text[: text.rfind("\n") + 1]
        self.journal.write_text(text)
        self.known = [json.loads(line) for line in text.splitlines()]
        self.logarithmic, low, high = [], [], []
        for entry in CONFIG["parameters"].values():
            entry = entry if isinstance(entry, dict) else {"range": entry}
            self.logarithmic.append(entry.get("scale") == "log")
            low.append(entry["range"][0])
            high.append(entry["range"][1])
        self.low, self.high = self.to_scale(low), self.to_scale(high)
        self.worst = sum(target["max_score"] for target in CONFIG["targets"])
        self.totals, self.parameters = [], []

    def to_scale(self, parameters):
        return np.where(self.logarithmic, np.log(parameters), parameters)

    def from_scale(self, parameters):
        # The exponential of what is not a logarithm is not used.
        scaled = np.where(self.logarithmic, parameters, 0)
        return np.where(self.logarithmic, np.exp(scaled), parameters).tolist()

    def start(self, _seed):
        return self.to_scale([CONFIG["optimiser_centroid"][path] for path in CONFIG["parameters"]])

    to_unit, from_unit = others.Problem.to_unit, others.Problem.from_unit

    def request(self, request):
        which = request["simulate"]
        parameters = self.from_scale(which["parameters"])
        number = 100_000 + 1000 * which["seed"] + which["candidate"]
        answer = self.known_answer(number, parameters)
        if answer is None:
            outcome = simulate(self.program, self.scratch, parameters, number)
            scores = [target["score"] for target in outcome["targets"]]
            answer = {"scores": scores, "total": outcome["total"], "exploded": outcome["exploded"]}
            line = {"number": number, "parameters": parameters, "answer": answer}
            with self.journal.open("a") as journal:
                journal.write(json.dumps(line) + "\n")
        self.totals.append(answer["total"])
        self.parameters.append(parameters)
        return answer

    def known_answer(self, number, parameters):
        same = (
            line["answer"]
            for line in self.known
            if line["number"] == number and line["parameters"] == parameters
        )
        return next(same, None)

    def truth(self, _parameters):
        """Not asked of every recommended candidate: see run."""
        return None


def search_of_others(method, program, directory, seed, budget):
    warnings.simplefilter("ignore")
    model = SpikingModel(program, directory)
    search = others.Search(model, method, seed, budget)
    with contextlib.suppress(others.BudgetSpent):
        method(search)
    return model.totals, model.parameters, search.exploded


def simulate(program, scratch, parameters, seed):
    """One simulation and its scores."""
    changes = [
        word
        for path, value in zip(CONFIG["parameters"], parameters)
        for word in ("--set", f"{path}={value!r}")
    ]
    call(["rm", "-rf", scratch])
    call(
        [program, "simulate", "--seed", seed, "--output", scratch, *changes],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    evaluated = call(
        [program, "evaluate", scratch, "--config", EXAMPLE, "--jobs", 1, "--json"],
        stdout=subprocess.PIPE,
    )
    call(["rm", "-rf", scratch])
    return json.loads(evaluated.stdout)


def call(command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def report(directory, methods):
    figure, axes = plt.subplots(figsize=(8, 4.2))
    print("| optimizer | seeds |", " | ".join(str(count) for count in COUNTS), "| exploded |")
    print("| --- | ---: |", " | ".join("---:" for _ in COUNTS), "| ---: |")
    for place, method in enumerate(methods):
        seen = [
            json.loads(file.read_text()) for file in sorted(directory.glob(f"{method}-?*.json"))
        ]
        if not seen:
            continue
        columns = [truths(seen, count) for count in COUNTS]
        cells = [cell(column, len(seen)) for column in columns]
        exploded = sum(search["exploded"] for search in seen)
        share = exploded / sum(len(search["totals"]) for search in seen)
        print(f"| {method} | {len(seen)} |", " | ".join(cells), f"| {share:.0%} |")
        _, colour, line = METHODS[method]
        complete = [column for column in columns if len(column) == len(seen)]
        if not complete:
            continue
        low, middle, high = np.quantile(complete, [0, 0.5, 1], axis=1)
        # Side by side, so that the ranges can be told apart.
        counts = [count + 1.2 * (place - len(methods) / 2) for count in COUNTS[: len(complete)]]
        axes.errorbar(
            counts,
            middle,
            [middle - low, high - middle],
            color=colour,
            linestyle=line,
            capsize=2,
            linewidth=1.2,
            label=f"{method} ({len(seen)})",
        )
    axes.set(xlabel="simulations", ylabel="total score, simulated again", yscale="log")
    axes.set_title("examples/v1: medians and ranges", fontsize=10)
    axes.set_xticks(COUNTS)
    ticks = [15, 20, 30, 40, 60, 80, 100, 200, 400]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    figure.savefig(HERE / "v1.png", dpi=120)


def truths(seen, count):
    """What the recommended candidates of the searches had again that were so long."""
    best = [
        (search, int(np.argmin(search["totals"][:count])))
        for search in seen
        if len(search["totals"]) >= count
    ]
    return [np.mean(search["again"][str(candidate)]) for search, candidate in best]


def cell(totals, seeds):
    if not totals:
        return "–"
    low, middle, high, worst = np.quantile(totals, [0.25, 0.5, 0.75, 1])
    if len(totals) == 1:
        return f"{middle:.1f} (one seed)"
    fewer = "" if len(totals) == seeds else f"; of {len(totals)}"
    return f"{middle:.1f} ({low:.1f}–{high:.1f}; {worst:.1f}{fewer})"


if __name__ == "__main__":
    main()
