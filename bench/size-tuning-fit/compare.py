"""Fits size tuning curves with mozopt and with SciPy, and compares errors and times.

    python compare.py INSPECTION FIT

INSPECTION is what `mozopt inspect --format json` wrote, FIT the example `fit_size_tuning` of the
crate inspection. SciPy's differential evolution fits the same model to every STEP-th cell, in two
ways: all seven parameters, with amplitudes up to 20 times the greatest response, and only the three
scales with the best amplitudes for these (scipy.optimize.nnls), as mozopt does. Both have mozopt's
limits of the scales: each at least a tenth larger than the one before.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
from scipy.optimize import differential_evolution, nnls
from scipy.special import erf

STEP = 8
SEED = 1
APART = 1.1


def scales_at(place, low, high):
    """Three scales within their limits, from places in the unit cube."""
    first = low * (high / APART**2 / low) ** place[0]
    second = APART * first * (high / APART**2 / first) ** place[1]
    return first, second, APART * second * (high / APART / second) ** place[2]


def parts(radii, scales):
    """The model's columns: centre, surround, far surround, baseline."""
    centre, surround, far = (erf(radii / scale) ** 2 for scale in scales)
    return np.stack([centre, -surround, far, np.ones_like(radii)], axis=1)


def by_all_parameters(radii, rates, low, high):
    """The least distance with all seven parameters searched."""

    def distance(p):
        return np.linalg.norm(parts(radii, scales_at(p, low, high)) @ p[3:] - rates)

    bounds = [(0, 1)] * 3 + [(0, 20 * rates.max())] * 3 + [(0, rates.max())]
    return differential_evolution(distance, bounds, seed=SEED, maxiter=1000, tol=1e-8).fun


def by_scales(radii, rates, low, high):
    """The least distance with the scales searched and the best amplitudes for each."""

    def distance(p):
        return nnls(parts(radii, scales_at(p, low, high)), rates)[1]

    return differential_evolution(distance, [(0, 1)] * 3, seed=SEED, maxiter=1000, tol=1e-8).fun


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        sheets = json.load(file)["sheets"]
    tunings = [tuning for sheet in sheets for tuning in sheet["size_tuning"]]
    radii = np.array(tunings[0]["radii_deg"])
    cells = [cell["rates_hz"] for tuning in tunings for cell in tuning["cells"] if cell["fit"]]
    fitted = subprocess.run(
        [sys.argv[2]],
        input=json.dumps({"radii_deg": radii.tolist(), "cells_hz": cells}),
        capture_output=True,
        text=True,
        check=True,
    )
    ours = json.loads(fitted.stdout)
    # All threads, and reading the curves.
    own_ms = 1000 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime / len(cells)
    print(
        f"mozopt: {len(cells)} cells in {ours['seconds']:.2f} s on {ours['threads']} threads, "
        f"{own_ms:.1f} ms of one core for each"
    )
    low, high = 0.5 * radii.min(), 4 * radii.max()
    chosen = range(0, len(cells), STEP)
    errors = np.array([ours["relative_errors"][i] for i in chosen])
    for name, fit in [("all seven parameters", by_all_parameters), ("only the scales", by_scales)]:
        began = time.process_time()
        theirs = []
        for i in chosen:
            rates = np.array(cells[i])
            theirs.append(fit(radii, rates, low, high) / np.linalg.norm(rates - rates.mean()))
        milliseconds = 1000 * (time.process_time() - began) / len(chosen)
        theirs = np.array(theirs)
        worse = errors > theirs + 1e-6
        print(
            f"SciPy, {name}: {len(chosen)} cells, {milliseconds:.0f} ms of one core for each, "
            f"{milliseconds / own_ms:.0f} times mozopt's; mean error {theirs.mean():.5f}, "
            f"mozopt's {errors.mean():.5f}; mozopt's is larger by more than 1e-6 in {worse.sum()} cells"
            + (f", by {(errors - theirs)[worse].max():.1e} at most" if worse.any() else "")
            + f", smaller in {(errors < theirs - 1e-6).sum()}"
        )


if __name__ == "__main__":
    main()
