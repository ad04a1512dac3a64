"""Measures a data store's excitatory cells with spikes.py and with Elephant, side by side.

pip install elephant==1.2.1
python compare_with_elephant.py DATASTORE
"""

import sys
from pathlib import Path

import elephant
import numpy as np
import quantities as pq
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from elephant.statistics import cv, isi, mean_firing_rate
from neo import SpikeTrain

import spikes


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python compare_with_elephant.py DATASTORE")
    recording = spikes.load(Path(sys.argv[1]), "excitatory")
    begin, end = recording["begin_ms"] * pq.ms, recording["end_ms"] * pq.ms
    trains = [SpikeTrain(t, units="ms", t_start=begin, t_stop=end) for t in recording["trains_ms"]]

    rate_hz = np.mean([mean_firing_rate(train).rescale("Hz").item() for train in trains])
    long = [train for train in trains if len(train) > spikes.MIN_INTERVALS]
    irregularity = np.mean([cv(isi(train)) for train in long])
    firing = [train for train in trains if len(train)]
    matrix = correlation_coefficient(BinnedSpikeTrain(firing, bin_size=spikes.BIN_MS * pq.ms))
    synchrony = matrix[np.triu_indices(len(firing), 1)].mean()

    print(f"{'':14}{'here':>22}{'Elephant ' + elephant.__version__:>22}")
    for name, here, there in (
        ("rate", spikes.mean_rate_hz(recording), rate_hz),
        ("irregularity", spikes.mean_cv(recording), irregularity),
        ("synchrony", spikes.mean_correlation(recording), synchrony),
    ):
        print(f"{name:14}{here:22.17g}{there:22.17g}")


if __name__ == "__main__":
    main()
