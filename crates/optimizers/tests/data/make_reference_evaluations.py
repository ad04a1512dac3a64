"""Counts the evaluations that the packages cma and cmaes need on standard functions.

    pip install numpy cma cmaes
    python make_reference_evaluations.py

writes reference_evaluations.json next to this script: for every function and package the
evaluations until a total of 1e-9, one number a seed; null where that was not reached.
"""

import json
import pathlib
import platform
import statistics
from importlib.metadata import version

import cma
import cmaes
import numpy

HERE = pathlib.Path(__file__).parent
TARGET = 1e-9
MOST_EVALUATIONS = 20_000
OFFSPRING_SIZE = 10
SEEDS = range(1, 52)

# name: function of ten values in [-5, 5], start of every coordinate, initial standard deviation
PROBLEMS = {
    "sphere": (lambda x: float(numpy.sum((x - 1) ** 2)), 3.0, 1.5),
    "ellipsoid": (
        lambda x: float(numpy.sum(10 ** (6 * numpy.arange(10) / 9) * (x - 1) ** 2)),
        3.0,
        1.5,
    ),
    "Rosenbrock": (
        lambda x: float(numpy.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)),
        0.0,
        0.5,
    ),
}


def evaluations_cma(function, start, sigma, seed):
    strategy = cma.CMAEvolutionStrategy(
        10 * [start],
        sigma,
        {
            "bounds": [-5, 5],
            "popsize": OFFSPRING_SIZE,
            "seed": seed,
            "verbose": -9,
            "tolflatfitness": 1e9,
            "tolfun": 0,
            "tolfunhist": 0,
            "tolx": 0,
            "tolstagnation": 1e9,
        },
    )
    evaluations = 0
    while evaluations < MOST_EVALUATIONS:
        points = strategy.ask()
        totals = [function(numpy.asarray(point)) for point in points]
        strategy.tell(points, totals)
        for total in totals:
            evaluations += 1
            if total <= TARGET:
                return evaluations
    return None


def evaluations_cmaes(function, start, sigma, seed):
    strategy = cmaes.CMA(
        mean=numpy.full(10, start),
        sigma=sigma,
        bounds=numpy.array(10 * [[-5.0, 5.0]]),
        population_size=OFFSPRING_SIZE,
        seed=seed,
    )
    evaluations = 0
    while evaluations < MOST_EVALUATIONS:
        told = []
        for _ in range(OFFSPRING_SIZE):
            point = strategy.ask()
            told.append((point, function(point)))
            evaluations += 1
            if told[-1][1] <= TARGET:
                return evaluations
        strategy.tell(told)
    return None


def main():
    packages = {"cma": evaluations_cma, "cmaes": evaluations_cmaes}
    result = {
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("cma", "cmaes", "numpy")},
        "evaluations": {
            problem: {
                package: [count(function, start, sigma, seed) for seed in SEEDS]
                for package, count in packages.items()
            }
            for problem, (function, start, sigma) in PROBLEMS.items()
        },
    }
    for problem, counts in result["evaluations"].items():
        for package, evaluations in counts.items():
            reached = [e for e in evaluations if e is not None]
            print(problem, package, len(reached), statistics.median(reached))
    with open(HERE / "reference_evaluations.json", "w") as file:
        json.dump(result, file)
        file.write("\n")


if __name__ == "__main__":
    main()
