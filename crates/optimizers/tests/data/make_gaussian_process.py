"""Computes what a Gaussian process and the score rules give, with NumPy and SciPy.

    pip install numpy scipy
    python make_gaussian_process.py

writes gaussian_process.json next to this script. The kernel parameters are given, nothing is
fitted.
"""

import json
import pathlib

import numpy
from scipy.integrate import quad
from scipy.linalg import solve
from scipy.stats import norm

HERE = pathlib.Path(__file__).parent
NOISE_RATIOS = [0.0005, 0.003, 0.02, 0.1, 0.5]
JITTER = 1e-6


def kernel(a, b, linear, quadratic, lengths, centre, radius, direction):
    def metric():
        along = numpy.outer(direction, direction) / lengths[-1] ** 2
        return numpy.diag(1 / lengths[:-1] ** 2) + along

    difference = a[:, None, :] - b[None, :, :]
    r = numpy.sqrt(5 * numpy.einsum("kli,ij,klj->kl", difference, metric(), difference))
    g = (a - centre) @ metric() @ (b - centre).T / (2.5 * radius) ** 2
    return (1 + r + r**2 / 3) * numpy.exp(-r) + linear * g + quadratic * g**2


def process():
    generator = numpy.random.default_rng(5)
    n, dimension = 14, 3
    points = generator.uniform(-1, 1, (n, dimension))
    replicates = generator.integers(1, 4, n).astype(float)
    values = numpy.stack(
        [
            numpy.sin(2 * points[:, 0]) + points[:, 1],
            points[:, 2] ** 2 - points[:, 0] + 0.3 * generator.standard_normal(n),
        ],
        axis=1,
    )
    lengths, linear, quadratic = numpy.array([0.9, 1.7, 1.2, 1.5]), 0.8, 0.3
    centre, radius, direction = numpy.array([0.1, -0.2, 0.3]), 0.4, numpy.array([0.6, 0, -0.8])
    parameters = (linear, quadratic, lengths, centre, radius, direction)
    queries = generator.uniform(-1, 1, (4, dimension))
    # Not known everywhere: the reference knows nothing of the other points.
    third = points[:, 0] * numpy.cos(2 * points[:, 2]) + 0.1 * generator.standard_normal(n)
    third[[0, 3, 4, 9, 13]] = numpy.nan
    values = numpy.column_stack([values, third])

    prior_mean = numpy.log([*[0.8 * numpy.sqrt(dimension)] * dimension, 2.0])
    penalty = (((numpy.log(lengths) - prior_mean) / 1.0) ** 2).sum() / 2
    penalty += (numpy.log(linear) / 1.5) ** 2 / 2 + ((numpy.log(quadratic) + 1) / 1.5) ** 2 / 2

    covariance = kernel(points, points, *parameters)
    means, variances, noise_variances, levels = [], [], [], []
    objective = penalty
    for output in values.T:
        known = ~numpy.isnan(output)
        output = output[known]
        mean, sd = output.mean(), output.std()
        y = (output - mean) / sd
        best = None
        for level, ratio in enumerate(NOISE_RATIOS):
            noisy = covariance[known][:, known] + numpy.diag(ratio / replicates[known] + JITTER)
            scale = y @ solve(noisy, y) / len(y)
            cost = numpy.linalg.slogdet(noisy)[1] / 2 + len(y) / 2 * numpy.log(scale)
            if best is None or cost < best[0]:
                best = (cost, level, scale, noisy)
        cost, level, scale, noisy = best
        objective += cost
        levels.append(level)
        cross = kernel(queries, points[known], *parameters)
        means.append(mean + sd * cross @ solve(noisy, y))
        left = numpy.diag(kernel(queries, queries, *parameters))
        left = left - numpy.einsum("ij,ji->i", cross, solve(noisy, cross.T))
        variances.append(scale * sd**2 * left)
        noise_variances.append(scale * sd**2 * NOISE_RATIOS[level])
    return {
        "points": points.tolist(),
        "replicates": replicates.tolist(),
        "values": numpy.where(numpy.isnan(values), None, values).tolist(),
        "log_parameters": numpy.log([linear, quadratic, *lengths]).tolist(),
        "centre": centre.tolist(),
        "radius": radius,
        "directions": [direction.tolist()],
        "queries": queries.tolist(),
        "noise": levels,
        "objective": objective,
        "means": numpy.transpose(means).tolist(),
        "variances": numpy.transpose(variances).tolist(),
        "noise_variances": noise_variances,
    }


def expected_scores():
    # The last number: norms from zero to the floor of a logarithmic warp.
    rules = [
        (4.0, 4.0, 0.5, 20.0, None),
        (1.0, 3.0, 0.2, 5.0, None),
        (2.0, None, 0.4, 20.0, None),
        (None, -1.0, 3.0, 20.0, None),
        (0.5, 0.5, 0.1, 0.0, None),
        (4.0, 4.0, 0.5, 20.0, 0.1),
        (1.0, 3.0, 0.2, 5.0, 1.0),
        (0.0, 0.0, 0.01, 20.0, 0.1),
        (None, 2.0, 0.05, 20.0, 1.0),
    ]
    cases = []
    for low, high, unit, greatest, floor_norms in rules:
        finite = [bound for bound in (low, high) if bound is not None]
        middle = sum(finite) / len(finite)
        half_width = (max(finite) - min(finite)) / 2
        if floor_norms is None:
            value_at = lambda u: middle + (5 * unit + half_width) * numpy.sinh(u)
            warp = lambda value: numpy.arcsinh((value - middle) / (5 * unit + half_width))
        else:
            floor = floor_norms * unit
            value_at = lambda u: (middle + floor) * numpy.exp(u) - floor
            warp = lambda value: numpy.log(max(value + floor, 1e-300) / (middle + floor))

        def score(u):
            below = 0.0 if low is None else low - value_at(u)
            above = 0.0 if high is None else value_at(u) - high
            return min(max(below, above, 0.0) / unit, greatest)

        kinks = [
            float(warp(bound + side * sign * greatest * unit))
            for bound, sign in ((low, -1), (high, 1))
            if bound is not None
            for side in (0, 1)
        ]
        for mean, sd in [(0.0, 0.02), (0.3, 0.5), (-1.5, 0.2), (2.5, 1.0), (-6.0, 2.5)]:
            ends = (mean - 10 * sd, mean + 10 * sd)
            breaks = sorted({k for k in [*kinks, mean] if ends[0] < k < ends[1]})
            moment = lambda power: sum(
                quad(
                    lambda u: score(u) ** power * norm.pdf(u, mean, sd),
                    a,
                    b,
                    epsabs=1e-13,
                    limit=200,
                )[0]
                for a, b in zip([ends[0], *breaks], [*breaks, ends[1]])
            )
            first, second = moment(1), moment(2)
            cases.append(
                {
                    "low": low,
                    "high": high,
                    "norm": unit,
                    "max_score": greatest,
                    "floor_norms": floor_norms,
                    "mean": mean,
                    "sd": sd,
                    "expected": first,
                    "variance": second - first**2,
                }
            )
    return cases


def main():
    result = {"process": process(), "expected_scores": expected_scores()}
    with open(HERE / "gaussian_process.json", "w") as file:
        json.dump(result, file)
        file.write("\n")


if __name__ == "__main__":
    main()
