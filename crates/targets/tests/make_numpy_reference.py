"""Makes data/numpy.reference.json: statistics of some generated spike trains by NumPy and Elephant.

    pip install numpy==2.4.6 neo==0.14.6 elephant==1.2.1
    python make_numpy_reference.py data/numpy.reference.json

The spikes lie on a grid of 0.1 ms that starts at 0, with the rounding errors of a simulator's
clock, so that many are on or beside the edge of a bin.
"""

import json
import sys
import warnings

import elephant.conversion
import elephant.spike_train_correlation
import elephant.statistics
import neo
import numpy as np
import quantities as pq

warnings.simplefilter("ignore")
rng = np.random.default_rng(20250101)


def trains(count, rate_hz, t_stop_ms, offset_ms):
    common = rng.random(int(t_stop_ms * 10)) < 2e-4
    steps = [
        np.flatnonzero(common | (rng.random(int(t_stop_ms * 10)) < rate_hz * rng.random() / 1e4))
        for _ in range(count)
    ]
    return [(offset_ms + step / 10) - offset_ms for step in steps]


def modulation(counts, k):
    amplitudes = np.abs(np.fft.fft(counts, axis=1)).mean(axis=0)
    return 2 * amplitudes[k] / amplitudes[0]


CASES = [(12, 40, 1000, 0), (8, 20, 2000, 783.3), (10, 60, 777.7, 5150)]
cases = []
for count, rate_hz, t_stop_ms, offset_ms in CASES:
    spikes = trains(count, rate_hz, t_stop_ms, offset_ms)
    spikes[0] = np.concatenate([spikes[0], [t_stop_ms]])  # On the closed edge of the last bin.
    spikes[1] = np.array([])  # Constant.
    bins = round(t_stop_ms / 10)
    counts = np.array([np.histogram(times, bins=bins, range=(0, t_stop_ms))[0] for times in spikes])
    correlations = np.nan_to_num(np.corrcoef(counts))
    neo_trains = [neo.SpikeTrain(times * pq.ms, t_stop=t_stop_ms * pq.ms) for times in spikes]
    cv = [
        elephant.statistics.cv(elephant.statistics.isi(train)) if len(train) > 6 else None
        for train in neo_trains
    ]
    cases.append(
        {
            "t_stop_ms": t_stop_ms,
            "spikes_ms": [times.tolist() for times in spikes],
            "counts": counts.tolist(),
            "elephant_cv": [None if value is None else float(value) for value in cv],
            "mean_correlation": correlations[np.triu_indices(count, 1)].mean(),
            "modulation_k": 4,
            "modulation": modulation(counts, 4),
        }
    )
    if t_stop_ms % 10 == 0:  # Elephant only knows bins of an exact width.
        varying = [train for train in neo_trains if len(train)]
        binned = elephant.conversion.BinnedSpikeTrain(varying, bin_size=10 * pq.ms)
        matrix = elephant.spike_train_correlation.correlation_coefficient(binned)
        ours = correlations[np.ix_([0, *range(2, count)], [0, *range(2, count)])]
        # Elephant drops the spike at the very end, so the first train is not compared.
        assert np.allclose(matrix[1:, 1:], ours[1:, 1:], rtol=1e-10), np.abs(matrix - ours).max()

with open(sys.argv[1], "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
