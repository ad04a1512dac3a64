"""Prints the synchrony of a sheet: the correlation of spike counts in 10 ms, mean of all pairs.

mozopt starts this program after the simulation as `python synchrony.py DATASTORE SHEET` and takes
the number that it prints as the target's value.
"""

import sys
from pathlib import Path

import numpy as np

BIN_MS = 10.0


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: python synchrony.py DATASTORE SHEET")
    with np.load(Path(sys.argv[1]) / f"{sys.argv[2]}.npz") as file:
        raster, step_ms = file["raster"], file["step_ms"]
    steps = round(BIN_MS / float(step_ms))
    bins = len(raster) // steps
    counts = raster[: bins * steps].reshape(bins, steps, -1).sum(axis=1)
    firing = counts[:, counts.std(axis=0) > 0]
    if firing.shape[1] < 2:
        sys.exit("fewer than two cells fire: there is nothing to correlate")
    correlations = np.corrcoef(firing, rowvar=False)
    print(correlations[np.triu_indices(len(correlations), 1)].mean())


if __name__ == "__main__":
    main()
