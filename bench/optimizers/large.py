#!/usr/bin/env python3
"""What a small network tells about a large one: examples/v1 with four times its cells.

For each seed two searches: one of large networks alone, and one that has examples/v1 itself, the
network of a quarter of the cells, as a cheaper simulation. It is said at which share of the first
search's core-seconds the second has the least total that the first has in the end. Core-seconds are
those that the simulations computed.

A search that was interrupted goes on from where it was; one that ended is not run again. So after a
change of mozopt or of the model give another --work. With a --density of 625, the default of
examples/v1, and --cheap-density 150 a search takes a quarter of the time.
"""

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
CONFIG = PROJECT / "examples/v1/param_optim/config_optimisation"
DENSITY = "sheets.l4_cortex_exc.params.density"
FIDELITY = '\n[[fidelity]]\nname = "small"\noverrides = {{ "{path}" = {density} }}\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--work", type=Path, default=PROJECT / "target/bench-large")
    add("--seeds", type=int, default=10)
    add("--first-seed", type=int, default=1)
    add(
        "--simulations",
        type=int,
        default=160,
        help="of large networks, in the search of them alone",
    )
    add(
        "--density",
        type=float,
        default=2500,
        help="cells per square millimetre of the large network",
    )
    add("--cheap-density", type=float, default=625)
    add("--jobs", type=int, default=2, help="searches at a time, each on one core")
    add("--mozopt", type=Path, help="the program, if it is not to be built")
    add("--report-only", action="store_true", help="of the searches that there are")
    arguments = parser.parse_args()
    if not arguments.report_only and arguments.mozopt is None:
        subprocess.run(
            ["cargo", "build", "--release", "--package", "mozopt"], cwd=PROJECT, check=True
        )
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        rows = list(pool.map(lambda seed: compared(seed, arguments), seeds))
    report([row for row in rows if row is not None])


def compared(seed, arguments):
    """The two searches of a seed: what the first has, and when the second has it."""
    alone = searched(seed, "alone", arguments, ["--max-simulations", arguments.simulations])
    if alone is None:
        return None
    # As a search of mozopt counts them, by time: generous, since the share is of what was computed.
    hours = 1.2 * sum(it["job_seconds"] for it in alone) / 3600
    both = searched(seed, "both", arguments, ["--max-core-hours", f"{hours:.4f}"])
    if both is None:
        return None
    spent, least = best_so_far(alone)[-1]
    cost = next((spent for spent, total in best_so_far(both) if total <= least), None)
    at_third = [total for cost, total in best_so_far(both) if cost <= spent / 3]
    exploded = [
        sum(it["outcome"] == "exploded" for it in first_full(search)) for search in (alone, both)
    ]
    return {
        "seed": seed,
        "least": least,
        "core_seconds": spent,
        "share": None if cost is None else cost / spent,
        "at_third": at_third[-1] if at_third else float("inf"),
        "at_end": best_so_far(both)[-1][1],
        "exploded": exploded,
    }


def searched(seed, name, arguments, limits):
    """The results of a search in the order in which they came, run as far as it was not."""
    model = arguments.work.resolve() / f"{name}-{seed}"
    done = model / "done"
    if not done.exists():
        if arguments.report_only:
            return None
        run(seed, name, model, arguments, limits)
        done.touch()
    lines = next(model.glob("*_Optimization/journal.jsonl")).read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    fidelity = {
        proposal["candidate"]: proposal.get("fidelity", 0)
        for entry in entries
        if entry["event"] == "proposed"
        for proposal in entry["candidates"]
    }
    finished = [entry for entry in entries if entry["event"] == "finished"]
    return [as_row(it["result"], fidelity[it["candidate"]]) for it in finished]


def as_row(result, fidelity):
    return {
        "full": fidelity == 0,
        "outcome": result["outcome"],
        "total": result["total"],
        "core_seconds": result["cpu_seconds"],
        "job_seconds": result["simulation_seconds"] + result["evaluation_seconds"],
    }


def run(seed, name, model, arguments, limits):
    program = arguments.mozopt or PROJECT / "target/release/mozopt"
    if optimizations := list(model.glob("*_Optimization")):
        command = [program, "resume", optimizations[0], "--quiet"]
    else:
        (model / "param_optim").mkdir(parents=True, exist_ok=True)
        config = json.loads(CONFIG.read_text())
        config["parameters"][DENSITY] = [arguments.density, arguments.density]
        (model / "param_optim/config_optimisation").write_text(json.dumps(config, indent=1))
        settings = (PROJECT / "examples/v1/mozopt.toml").read_text()
        if name == "both":
            settings += FIDELITY.format(path=DENSITY, density=arguments.cheap_density)
        (model / "mozopt.toml").write_text(settings)
        command = [program, "run", model, "--quiet", "--seed", seed, "--slots", 1]
        command += ["--max-ngen", 100000, "--validate-best", 0, *limits]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def best_so_far(search):
    """Core-seconds of everything so far, and the least total of a full simulation."""
    spent, least, rows = 0.0, float("inf"), []
    for it in search:
        spent += it["core_seconds"]
        if it["full"] and it["outcome"] == "completed":
            least = min(least, it["total"])
        rows.append((spent, least))
    return rows


def first_full(search):
    return [it for it in search if it["full"]][:12]


def report(rows):
    print(
        "| seed | core-s alone | least total | with the small network at | after 1/3 | in the end |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        share = "not reached" if row["share"] is None else f"{100 * row['share']:.0f} %"
        numbers = [f"{row['core_seconds']:.0f}", f"{row['least']:.1f}", share]
        numbers += [f"{row['at_third']:.1f}", f"{row['at_end']:.1f}"]
        print(f"| {row['seed']} | {' | '.join(numbers)} |")
    if rows:
        shares = [float("inf") if row["share"] is None else row["share"] for row in rows]
        alone, both = (sum(row["exploded"][i] for row in rows) for i in (0, 1))
        print(f"\nmedian share {100 * median(shares):.0f} %, greatest {100 * max(shares):.0f} %")
        print(
            f"of the first 12 full simulations exploded {alone} alone, {both} with the small network"
        )


if __name__ == "__main__":
    main()
