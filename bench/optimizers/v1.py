#!/usr/bin/env python3
"""The composite optimizer and the predecessor's CMA-ES on examples/v1, the embedded spiking model.

Searches of several seeds, all from the centroid of the example, one after the other on --jobs cores.
After some numbers of simulations each search would recommend the candidate with the least total so
far; that candidate is simulated again with other seeds. What is in the work directory already is not
run again, and with --report-only nothing is run.
"""

import argparse
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples/v1"
BLUEPYOPT = ["--algorithm", "cma-es", "--variant", "bluepyopt"]
# Flags, simulations, colour and line. sigma 0.3 is the predecessor's, 0.1 that of the example.
METHODS = {
    "composite, 8, sigma 0.1": ([], 160, "black", "-"),
    "BluePyOpt, 12, sigma 0.3": (
        [*BLUEPYOPT, "--offspring-size", "12", "--sigma", "0.3"], 240, "#d55e00", "-"),
    "BluePyOpt, 12, sigma 0.1": (
        [*BLUEPYOPT, "--offspring-size", "12", "--sigma", "0.1"], 240, "#0072b2", "-"),
    "composite, 8, sigma 0.3": (["--sigma", "0.3"], 160, "black", "--"),
    "BluePyOpt, 16, sigma 0.3": (
        [*BLUEPYOPT, "--offspring-size", "16", "--sigma", "0.3"], 240, "#d55e00", "--"),
}
COUNTS = [40, 80, 120, 160, 240]
AGAIN = [900_001, 900_002, 900_003]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--work", type=Path, default=PROJECT / "target/bench-v1", help="what was seen")
    add("--seeds", type=int, default=5)
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    add("--jobs", type=int, default=os.cpu_count())
    add("--mozopt", type=Path, help="the program [default: a release build of this project]")
    add("--report-only", action="store_true")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if not arguments.report_only:
        program = arguments.mozopt or built_program()
        # Seed by seed, so that what is done early can be compared.
        searches = [(method, seed) for seed in range(1, arguments.seeds + 1)
                    for method in arguments.methods]
        with ThreadPoolExecutor(arguments.jobs) as pool:
            list(pool.map(lambda search: run(program, arguments.work, *search), searches))
    report(arguments.work, arguments.methods)


def built_program():
    subprocess.run(["cargo", "build", "--release", "--locked"], check=True, cwd=PROJECT)
    return Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release/mozopt"


def run(program, work, method, seed):
    """One search, and its recommended candidates again; leaves METHOD-SEED.json."""
    seen = work / f"{method}-{seed}.json"
    if seen.exists():
        return
    flags, budget, *_ = METHODS[method]
    directory = work / f"{method}-{seed}"
    command = [program, "run", EXAMPLE, "--output", directory, "--seed", seed, "--slots", 1,
               "--max-simulations", budget, "--max-ngen", 1000, "--validate-best", 0, "--quiet"]
    if list(directory.glob("*_Optimization")):
        call([program, "resume", directory, "--quiet"])
    else:
        directory.mkdir(exist_ok=True)
        call([*command, *flags])
    optimization, = directory.glob("*_Optimization")
    totals, parameters, exploded = history(optimization / "journal.jsonl")
    recommended = {}
    for count in COUNTS:
        if count <= len(totals):
            best = int(np.argmin(totals[:count]))
            if str(best) not in recommended:
                scratch = directory / "again"
                recommended[str(best)] = [
                    again(program, scratch, parameters[best], number) for number in AGAIN]
    seen.write_text(json.dumps(
        {"totals": totals, "exploded": exploded, "again": recommended}))


def call(command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def history(journal):
    """Totals in the order of the candidates' numbers, and what their parameters were."""
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


def again(program, scratch, parameters, seed):
    """The total of one more simulation."""
    config = json.loads((EXAMPLE / "param_optim/config_optimisation").read_text())
    changes = [word for path, value in zip(config["parameters"], parameters)
               for word in ("--set", f"{path}={value!r}")]
    call(["rm", "-rf", scratch])
    call([program, "simulate", "--seed", seed, "--output", scratch, *changes],
         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    evaluated = call([program, "evaluate", scratch, "--config", EXAMPLE, "--jobs", 1, "--json"],
                     stdout=subprocess.PIPE)
    call(["rm", "-rf", scratch])
    return json.loads(evaluated.stdout)["total"]


def report(work, methods):
    figure, axes = plt.subplots(figsize=(6.4, 4))
    print("| optimizer | seeds |", " | ".join(str(count) for count in COUNTS), "| exploded |")
    print("| --- | ---: |", " | ".join("---:" for _ in COUNTS), "| ---: |")
    for method in methods:
        seen = [json.loads(file.read_text()) for file in sorted(work.glob(f"{method}-?*.json"))]
        if not seen:
            continue
        shortest = min(len(search["totals"]) for search in seen)
        counts = [count for count in COUNTS if count <= shortest]
        true = np.array([[truth(search, count) for count in counts] for search in seen])
        cells = [cell(column) for column in true.T] + ["–"] * (len(COUNTS) - len(counts))
        exploded = sum(search["exploded"] for search in seen)
        share = exploded / sum(len(search["totals"]) for search in seen)
        print(f"| {method} | {len(seen)} |", " | ".join(cells), f"| {share:.0%} |")
        _, _, colour, line = METHODS[method]
        low, middle, high = np.quantile(true, [0, 0.5, 1], axis=0)
        axes.errorbar(counts, middle, [middle - low, high - middle], color=colour, linestyle=line,
                      capsize=3, label=f"{method} ({len(seen)})")
    axes.set(xlabel="simulations", ylabel="total score, simulated again", yscale="log")
    axes.set_title("examples/v1: median and range over seeds", fontsize=10)
    ticks = [15, 20, 30, 40, 60, 80, 100]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(work / "v1.png", dpi=120)


def truth(search, count):
    best = int(np.argmin(search["totals"][:count]))
    return np.mean(search["again"][str(best)])


def cell(totals):
    low, middle, high = np.quantile(totals, [0, 0.5, 1])
    return f"{middle:.1f} ({low:.1f}–{high:.1f})"


if __name__ == "__main__":
    main()
