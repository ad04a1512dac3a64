#!/usr/bin/env bash
# elephant bins a train of 1005 ms in 10 ms as 100 bins and still says that it ends at 1005 ms.
# Packages: elephant 1.2.1, neo 0.14.6, quantities 0.16.4, numpy 2.4.6, scipy 1.17.1.
# Expected: a duration that is no multiple of the bin gives a short last bin, an exception, or a
#   t_stop of 1000.
# Happens: 100 bins; the spikes of the last 5 ms are left out, with a warning that does not say why.
#   t_stop stays 1005 ms, so 100 x 10 ms is not t_stop - t_start. 1009 ms gives 100 bins,
#   1009.9999999 gives 101. And n_bins=100 instead of the bin size makes bins of 10.05 ms.
# Why it matters: counts divided by (t_stop - t_start) are too low, and time axes made from t_stop
#   and the number of bins are stretched.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    elephant==1.2.1 neo==0.14.6 quantities==0.16.4 numpy==2.4.6 scipy==1.17.1
"$work/venv/bin/python" -W ignore - <<'END'
import neo, quantities as pq
from elephant.conversion import BinnedSpikeTrain

def binned(duration, **how):
    train = neo.SpikeTrain([5.0, 1002.0] * pq.ms, t_stop=duration * pq.ms)
    return BinnedSpikeTrain(train, **how)

ten = {"bin_size": 10.0 * pq.ms}
odd = binned(1005.0, **ten)
print(f"{odd.n_bins} bins of {odd.bin_size}, t_stop {odd.t_stop}, {odd.to_array().sum()} of 2 spikes")
others = [binned(1009.0, **ten).n_bins, binned(1009.9999999, **ten).n_bins, float(binned(1005.0, n_bins=100).bin_size)]
print("1009 ms:", others[0], "bins; 1009.9999999 ms:", others[1], "bins; n_bins=100:", others[2], "ms")
assert odd.n_bins == 100 and float(odd.t_stop) == 1005.0, "there is another number of bins, or another t_stop"
assert odd.to_array().sum() == 1, "the spike in the last 5 ms is counted"
assert others == [100, 101, 10.05], "the number or the size of bins is another"
END
