"""The table and the figure of what was seen, and whether BluePyOpt and our variant of it agree."""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import matplotlib
import numpy as np
from scipy.stats import wilcoxon

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COUNTS = [50, 100, 200, 400]
VARIANT = "mozopt's BluePyOpt, 12"
# In the order of the table; those without a style are not drawn.
STYLES = {
    "composite": ("black", "-"),
    VARIANT: None,
    "BluePyOpt, 12": ("#d55e00", "-"),
    "BluePyOpt, 16": ("#d55e00", "--"),
    "pycma": ("#0072b2", "-"),
    "pycma, its mean": None,
    "pycma lq": ("#0072b2", "--"),
    "pycma lq, its mean": None,
    "Optuna CMA-ES": ("#56b4e9", "-"),
    "Optuna TPE": ("#009e73", "-"),
    "Optuna GP": ("#009e73", "--"),
    "TuRBO-1": ("#cc79a7", "-"),
}


class History:
    """One search: its number of simulations, and the true total recommended after each."""

    def __init__(self, line):
        self.simulations, self.exploded = line["simulations"], line["exploded"]
        self.seconds = line["seconds"]
        steps, totals = zip(*line["recommended"])
        place = np.searchsorted(steps, np.arange(self.simulations + 1), side="right")
        self.totals = np.concatenate([[np.inf], totals])[place]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("histories", type=Path, help="directory with PROBLEM-*.jsonl")
    add("problems", nargs="+")
    add("--seeds", type=int, default=5, help="of the table and the figure")
    add("--figure", type=Path, required=True)
    arguments = parser.parse_args()
    seen = {problem: read(arguments.histories, problem) for problem in arguments.problems}
    for problem, methods in seen.items():
        agreement(problem, methods)
    for problem, methods in seen.items():
        # The same starts for all.
        seeds = [seed for seed in range(arguments.seeds) if seed in methods["composite"]]
        chosen = {
            method: [methods[method][seed] for seed in seeds if seed in methods[method]]
            for method in STYLES
        }
        print_table(problem, chosen)
        seen[problem] = chosen
    draw(seen, arguments.figure)


def read(directory, problem):
    """Searches by method and seed."""
    methods = defaultdict(dict)
    for kind in ["composite", "variant", "others"]:
        for line in (directory / f"{problem}-{kind}.jsonl").read_text().splitlines():
            line = json.loads(line)
            methods[line["method"]][line["seed"]] = History(line)
    return methods


def agreement(problem, methods):
    """Pairs by seed: one start and one noise, but other deviates."""
    theirs, ours = methods["BluePyOpt, 12"], methods[VARIANT]
    seeds = sorted(theirs.keys() & ours.keys())
    print(f"\n{problem}: our variant against BluePyOpt 1.14, {len(seeds)} seeds, 95 % interval")
    for count in counts_within(theirs.values()):
        pairs = [(ours[seed].totals[count], theirs[seed].totals[count]) for seed in seeds]
        ratios = np.log([a / b for a, b in pairs])
        half = 1.96 * ratios.std(ddof=1) / len(ratios) ** 0.5
        low, middle, high = np.exp(ratios.mean() + np.array([-half, 0, half]))
        medians = np.median(pairs, axis=0)
        print(
            f"  {count:>4} simulations: medians {medians[0]:.1f} and {medians[1]:.1f},"
            f" geometric mean of the ratio {middle:.2f} ({low:.2f}–{high:.2f}),"
            f" Wilcoxon p = {wilcoxon(ratios).pvalue:.2f}"
        )


def print_table(problem, methods):
    level = np.median([search.totals[-1] for search in methods["BluePyOpt, 12"]])
    counts = counts_within(methods["BluePyOpt, 12"])
    columns = ["seeds", *counts, f"to {level:.1f}", "exploded", "CPU s"]
    print(f"\n| {problem} | {' | '.join(map(str, columns))} |")
    print("| --- |" + " ---: |" * len(columns))
    for method, searches in methods.items():
        if not searches:
            continue
        cells = [method, len(searches)]
        cells += [summary(searches, count) for count in counts]
        reached = np.median([first_below(search, level) for search in searches])
        within = min(search.simulations for search in searches)
        cells.append(f"{reached:.0f}" if np.isfinite(reached) else f"> {within}")
        cells.append(f"{np.mean([s.exploded / s.simulations for s in searches]):.0%}")
        cells.append(f"{np.mean([s.seconds for s in searches]):.1f}")
        print("| " + " | ".join(map(str, cells)) + " |")


def counts_within(searches):
    shortest = min(search.simulations for search in searches)
    return [count for count in COUNTS if count <= shortest]


def summary(searches, count):
    if any(search.simulations < count for search in searches):
        return "–"
    totals = np.array([search.totals[count] for search in searches])
    low, high = np.quantile(totals, [0.25, 0.75], method="nearest")
    return f"{np.median(totals):.1f} ({low:.1f}–{high:.1f}; {totals.max():.1f})"


def first_below(search, level):
    below = np.flatnonzero(search.totals <= level)
    return below[0] if below.size else np.inf


def draw(seen, file):
    figure, panels = plt.subplots(1, len(seen), figsize=(5 * len(seen) + 1.5, 4.5), sharey=True)
    for panel, (problem, methods) in zip(np.atleast_1d(panels), seen.items()):
        for method, style in STYLES.items():
            if not style or not methods[method]:
                continue
            color, line = style
            end = min(search.simulations for search in methods[method])
            totals = np.array([search.totals[12 : end + 1] for search in methods[method]])
            counts = np.arange(12, end + 1)
            low, high = np.quantile(totals, [0.25, 0.75], axis=0, method="nearest")
            width = 2.5 if method == "composite" else 1.3
            panel.plot(counts, np.median(totals, axis=0), line, color=color, lw=width, label=method)
            if method in ("composite", "BluePyOpt, 12"):
                panel.fill_between(counts, low, high, color=color, alpha=0.15, linewidth=0)
        panel.set(title=problem, xlabel="simulations", yscale="log")
        panel.set_yticks([5, 10, 20, 50, 100], labels=["5", "10", "20", "50", "100"])
        panel.minorticks_off()
        panel.grid(axis="y", alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    first = np.atleast_1d(panels)[0]
    first.set_ylabel("true total of the recommended point\nmedian; bands: quartiles")
    # A panel may lack some of the methods.
    drawn = {}
    for panel in np.atleast_1d(panels):
        handles, labels = panel.get_legend_handles_labels()
        drawn |= dict(zip(labels, handles))
    shown = [label for label in STYLES if label in drawn]
    figure.legend([drawn[label] for label in shown], shown, loc="center right", frameon=False)
    figure.tight_layout(rect=(0, 0, 1 - 1.6 / figure.get_figwidth(), 1))
    figure.savefig(file, dpi=130)


if __name__ == "__main__":
    main()
