"""A target of its own: prints the mean pairwise correlation of spike counts of a sheet.

mozopt starts it after the simulation, with the data store and the target's sheet as arguments, and
takes the number that it prints as the target's value. Without a number, as for a silent network,
the value is missing, which costs the target's greatest score.
"""

import sys
from pathlib import Path

import spikes


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: python synchrony.py DATASTORE SHEET")
    store, sheet = Path(sys.argv[1]), sys.argv[2]
    if not (store / f"{sheet}.npz").exists():
        sys.exit(f'{store} holds no spikes of a sheet "{sheet}"')
    correlation = spikes.mean_correlation(spikes.load(store, sheet))
    if correlation is None:
        sys.exit("the synchrony of fewer than two cells that fire is not defined")
    print(correlation)


if __name__ == "__main__":
    main()
