#!/usr/bin/env bash
# elephant's functions disagree on a spike exactly at the end of a train, and binning moves spikes
# over an edge.
# Packages: elephant 1.2.1, neo 0.14.6, quantities 0.16.4, numpy 2.4.6, scipy 1.17.1.
# Expected: the rate times the duration is the number of spikes in the bins, and bins agree with
#   numpy.histogram.
# Happens: mean_firing_rate and binarize count the spike at t_stop, BinnedSpikeTrain leaves it out
#   (a warning says so); numpy puts it in the last bin. A spike at 39.99999999 ms is counted in the
#   bin from 40 ms (logged as a rounding error); numpy leaves it in the bin before.
# Why it matters: NEST's spikes lie on a grid, so one at t_stop is common; a rate, a PSTH and a
#   correlation of the same train then rest on different numbers of spikes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    elephant==1.2.1 neo==0.14.6 quantities==0.16.4 numpy==2.4.6 scipy==1.17.1
"$work/venv/bin/python" -W ignore - <<'END'
import neo, numpy as np, quantities as pq
from elephant.conversion import BinnedSpikeTrain, binarize
from elephant.statistics import mean_firing_rate

train = neo.SpikeTrain([39.99999999, 500.0, 1000.0] * pq.ms, t_stop=1000.0 * pq.ms)
bins = BinnedSpikeTrain(train, bin_size=10.0 * pq.ms).to_array()[0]
by_numpy = np.histogram(train.magnitude, np.arange(0.0, 1001.0, 10.0))[0]
by_rate = round(float(mean_firing_rate(train) * train.t_stop))
flags = int(binarize(train, sampling_rate=0.1 / pq.ms).sum())
print(f"rate x duration {by_rate}, binarize {flags}, numpy {by_numpy.sum()}, BinnedSpikeTrain {bins.sum()} spikes;",
      "bins", bins.nonzero()[0].tolist(), "numpy's", by_numpy.nonzero()[0].tolist())
assert (by_rate, flags, bins.sum()) == (3, 3, 2), "the functions count otherwise"
assert bins.nonzero()[0].tolist() == [4, 50], "the spike below 40 ms stays in its bin"
assert by_numpy.nonzero()[0].tolist() == [3, 50, 99], "numpy counts otherwise"
END
