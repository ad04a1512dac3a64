"""Records what the package cmaes learns from given generations, for comparison.

    pip install numpy cma cmaes
    python make_cmaes_trace.py

writes cmaes_trace.json next to this script. cmaes 0.13 has the learning rate c_mu, and with it the
negative weights, of the tutorial's first edition; here it gets those of the package cma, which are
the second edition's.
"""

import json
import pathlib
from importlib.metadata import version

import cma
import cmaes
import numpy

N = 6
OFFSPRING_SIZE = 10

optimizer = cmaes.CMA(mean=numpy.full(N, 0.5), sigma=0.4, seed=3, population_size=OFFSPRING_SIZE)
rates = cma.CMAEvolutionStrategy(N * [0], 1, {"popsize": OFFSPRING_SIZE, "verbose": -9}).sp
optimizer._cmu = rates.cmu
optimizer._weights = numpy.array(rates.weights)

generations = []
for _ in range(40):
    points = [optimizer.ask() for _ in range(OFFSPRING_SIZE)]
    totals = [
        float(numpy.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)) for x in points
    ]
    optimizer.tell(list(zip(points, totals)))
    generations.append(
        {
            "points": [point.tolist() for point in points],
            "totals": totals,
            "mean": optimizer.mean.tolist(),
            "sigma": float(optimizer._sigma),
            "covariance": optimizer._C.flatten().tolist(),
            "p_sigma": optimizer._p_sigma.tolist(),
            "p_c": optimizer._pc.tolist(),
        }
    )

with open(pathlib.Path(__file__).parent / "cmaes_trace.json", "w") as file:
    versions = {name: version(name) for name in ("cma", "cmaes", "numpy")}
    json.dump({"versions": versions, "generations": generations}, file, separators=(",", ":"))
    file.write("\n")
