"""Records what BluePyOpt's single-objective CMA does, for comparison.

    pip install numpy deap pandas efel Pebble ipyparallel scoop Jinja2
    pip install --no-deps bluepyopt
    python make_bluepyopt_trace.py

writes, next to this script,

bluepyopt_trace.json  20 generations on a problem of 16 parameters: the standard normal deviates
                      that were drawn and the whole state after every update
bluepyopt_stops.json  on small problems, the generation at which a stopping criterion was met and
                      which
"""

import json
import pathlib
import platform
from importlib.metadata import version

import numpy
from bluepyopt.deapext import CMA_SO
from bluepyopt.deapext.optimisationsCMA import DEAPOptimisationCMA
from bluepyopt.evaluators import Evaluator
from bluepyopt.objectives import Objective
from bluepyopt.parameters import Parameter

HERE = pathlib.Path(__file__).parent
VERSIONS = {"python": platform.python_version()} | {
    name: version(name) for name in ("bluepyopt", "deap", "numpy")
}


class Analytic(Evaluator):
    """Parameters given as (low, high), and a function from their values to a list of objectives."""

    def __init__(self, bounds, objectives, function):
        super().__init__(
            objectives=[Objective(f"objective {k}") for k in range(objectives)],
            params=[Parameter(f"parameter {i}", bounds=b) for i, b in enumerate(bounds)],
        )
        self.function = function

    def init_simulator_and_evaluate_with_lists(self, values):
        return self.function(values)


def optimization(bounds, objectives, function, **settings):
    evaluator = Analytic(bounds, objectives, function)
    return DEAPOptimisationCMA(evaluator, selector_name="single_objective", **settings)


# The 16 parameters of the trace: low, high, centroid, optimum. Four optima lie on a bound.
PARAMETERS = [
    (10.0, 90.0, 20.0, 60.0),
    (0.0, 0.01, 0.001, 0.004),
    (0.1, 0.7, 0.6, 0.1),
    (-70.0, -50.0, -52.0, -57.0),
    (1.0, 5000.0, 400.0, 5000.0),
    (0.001, 0.002, 0.0015, 0.0011),
    (-1e6, 2e6, 3e5, -2e5),
    (0.0, 1.0, 0.5, 1.0),
    (2.0, 40.0, 30.0, 8.0),
    (0.05, 0.5, 0.1, 0.33),
    (-1.0, 1.0, 0.9, 0.2),
    (100.0, 101.0, 100.2, 100.9),
    (0.0, 300.0, 150.0, 0.0),
    (1e-6, 1e-3, 1e-4, 6e-4),
    (-5.0, 0.0, -4.5, -1.0),
    (3.0, 3.5, 3.1, 3.3),
]


def trace_objectives(values):
    """Eight distances that share parameters: each is a squared sum of three neighbours, plus one
    parameter's own distance, whose weights span two orders of magnitude."""
    d = [(x - best) / (high - low) for x, (low, high, _, best) in zip(values, PARAMETERS)]
    return [
        (d[2 * k] + d[2 * k + 1] - d[(2 * k + 5) % 16]) ** 2
        + 2.0 ** (k - 4) * d[2 * k] ** 2
        + 2.0 ** (3 - k) * d[2 * k + 1] ** 2
        for k in range(8)
    ]


def record_trace():
    generations = []
    draw = numpy.random.standard_normal
    update = CMA_SO.CMA_SO.update

    def recording_draw(shape):
        deviates = draw(shape)
        generations.append({"deviates": deviates.tolist()})
        return deviates

    def recording_update(self, population):
        generations[-1]["population"] = [list(individual) for individual in population]
        generations[-1]["totals"] = [float(i.fitness.reduce) for i in population]
        update(self, population)
        generations[-1] |= {
            "sigma": float(self.sigma),
            "centroid": self.centroid.tolist(),
            "p_sigma": self.ps.tolist(),
            "p_c": self.pc.tolist(),
            "covariance_lower_triangle": self.C[numpy.tril_indices(len(self.C))].tolist(),
            "axes": self.B.tolist(),
            "axis_lengths": self.diagD.tolist(),
        }

    numpy.random.standard_normal = recording_draw
    CMA_SO.CMA_SO.update = recording_update
    try:
        optimization(
            [(low, high) for low, high, _, _ in PARAMETERS],
            8,
            trace_objectives,
            offspring_size=12,
            sigma=0.3,
            seed=5,
            centroids=[[centroid for _, _, centroid, _ in PARAMETERS]],
        ).run(max_ngen=19)  # which makes 20
    finally:
        numpy.random.standard_normal = draw
        CMA_SO.CMA_SO.update = update
    return {"versions": VERSIONS, "parameters": PARAMETERS, "generations": generations}


class Sums:
    """Deviates that are easily made again: sums of twelve uniform numbers of the generator
    "minimal standard" (Park and Miller 1988), less six."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = self.state * 48271 % 2147483647
        return self.state / 2147483647

    def draw(self, shape):
        count = int(numpy.prod(shape))
        return numpy.array(
            [sum(self.uniform() for _ in range(12)) - 6 for _ in range(count)]
        ).reshape(shape)


# Each is meant for one criterion. All search [-1, 1] in three dimensions around 0.5, so that the
# parameters are the normalized coordinates.
NOISE = Sums(2)
STOPS = {
    "sphere": lambda x: [v * v for v in x],
    "raised sphere": lambda x: [1 + v * v for v in x],
    "constant": lambda x: [1.0, 1.0, 1.0],
    "huge sphere": lambda x: [1e200 * (v - 0.3) * (v - 0.3) for v in x],
    "huge ellipsoid": lambda x: [1e200 * 1e9**k * v * v for k, v in enumerate(x)],
    "noise": lambda x: [100 + NOISE.uniform(), 0.0, 0.0],
}


def record_stop(function, seed):
    """Runs until a criterion is met. Eigenvectors are turned so that their largest component is
    positive, since their sign is LAPACK's choice and would decide which point a deviate means."""
    met = []
    draw = numpy.random.standard_normal
    update = CMA_SO.CMA_SO.update
    check = CMA_SO.CMA_SO.check_termination

    def turned_update(self, population):
        update(self, population)
        largest = self.B[numpy.abs(self.B).argmax(axis=0), range(self.dim)]
        self.B = self.B * numpy.sign(largest)
        self.BD = self.B * self.diagD

    def recording_check(self, generation):
        check(self, generation)
        names = [c.name for c in self.stopping_conditions if c.criteria_met]
        if names:
            met.append({"generation": generation, "criteria": names})

    numpy.random.standard_normal = Sums(seed).draw
    CMA_SO.CMA_SO.update = turned_update
    CMA_SO.CMA_SO.check_termination = recording_check
    try:
        optimization(
            [(-1.0, 1.0)] * 3,
            3,
            function,
            offspring_size=8,
            sigma=0.3,
            centroids=[[0.5] * 3],
        ).run(max_ngen=2000)
    finally:
        numpy.random.standard_normal = draw
        CMA_SO.CMA_SO.update = update
        CMA_SO.CMA_SO.check_termination = check
    return met[0]


def main():
    with open(HERE / "bluepyopt_trace.json", "w") as file:
        json.dump(record_trace(), file, separators=(",", ":"))
    stops = {name: record_stop(function, 1) for name, function in STOPS.items()}
    with open(HERE / "bluepyopt_stops.json", "w") as file:
        json.dump({"versions": VERSIONS, "stops": stops}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
