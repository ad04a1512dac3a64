"""Makes data/size_tuning.golden.json: size tuning curves of some cells, and SciPy's fits of them.

    pip install numpy==2.4.6 scipy==1.17.1
    python make_size_tuning_golden.py INSPECTION data/size_tuning.golden.json

INSPECTION is what `mozopt inspect --format json` wrote of a simulation of the embedded model in the
full protocol. The fits are the best of three runs of differential evolution, see
bench/size-tuning-fit; the indices are read off the fitted curve as mozaik's SizeTuningAnalysisFit
does.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import differential_evolution, nnls

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench/size-tuning-fit"))
from compare import parts, scales_at

CELLS = 12


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tunings = [tuning for sheet in json.load(file)["sheets"] for tuning in sheet["size_tuning"]]
    radii = np.array(tunings[0]["radii_deg"])
    cells = [cell["rates_hz"] for tuning in tunings for cell in tuning["cells"] if cell["fit"]]
    rows = []
    for rates in cells[:: len(cells) // CELLS][:CELLS]:
        place = best_place(radii, np.array(rates))
        scales = scales_at(place, 0.5 * radii.min(), 4 * radii.max())
        amplitudes, distance = nnls(parts(radii, scales), rates)
        curve = parts(np.linspace(0, radii.max(), 100), scales) @ amplitudes
        suppression, counter_suppression = indices(curve)
        rows.append(
            {
                "rates_hz": rates,
                "relative_error": distance / np.linalg.norm(rates - np.mean(rates)),
                "suppression_index": suppression,
                "counter_suppression_index": counter_suppression,
            }
        )
    text = ",\n".join(json.dumps(row) for row in rows)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(f'{{"radii_deg": {json.dumps(radii.tolist())},\n"cells": [\n{text}\n]}}\n')


def best_place(radii, rates):
    """Where the scales with the least distance lie in the unit cube."""
    low, high = 0.5 * radii.min(), 4 * radii.max()
    found = [
        differential_evolution(
            lambda place: nnls(parts(radii, scales_at(place, low, high)), rates)[1],
            [(0, 1)] * 3,
            seed=seed,
            maxiter=1000,
            tol=1e-8,
        )
        for seed in range(3)
    ]
    return min(found, key=lambda result: result.fun).x


def indices(curve):
    """Suppression and counter-suppression index of a curve."""
    peak = int(curve.argmax())
    trough = min(peak + 1 + int(curve[peak + 1 :].argmin()), 99) if peak < 99 else 99
    rebound = trough + 1 + int(curve[trough + 1 :].argmax()) if trough < 99 else 99
    at_peak = curve[peak]
    return float((at_peak - curve[trough]) / at_peak), float(
        (curve[rebound] - curve[trough]) / at_peak
    )


if __name__ == "__main__":
    main()
