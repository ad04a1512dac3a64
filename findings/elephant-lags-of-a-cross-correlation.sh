#!/usr/bin/env bash
# A signal that follows another by 10 ms has its peak at -10 ms in elephant's cross-correlation, and
# at -80 ms with n_lags.
# Packages: elephant 1.2.1, neo 0.14.6, quantities 0.16.4, numpy 2.4.6, scipy 1.17.1.
# Expected: where the second signal follows the first by 10 ms the peak is at +10 ms, as the formula
#   in the manual says, x(t) y(t + tau), and as cross_correlation_histogram of elephant does with
#   spikes. n_lags=30 cuts the same curve to -30 ... 30 ms.
# Happens: the peak is at -10 ms. With n_lags=30 the 61 values are the right ones, but the times
#   begin at minus half the length of the signal all the same: for 200 samples they are -100 ...
#   -40 ms, and the peak stands at -80 ms.
# Why it matters: who leads whom comes out the wrong way round, and opposite to the histogram of the
#   same cells' spikes; with n_lags the latency depends on how long the recording was.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    elephant==1.2.1 neo==0.14.6 quantities==0.16.4 numpy==2.4.6 scipy==1.17.1
"$work/venv/bin/python" -W ignore - <<'END'
import neo, numpy as np, quantities as pq
from elephant.conversion import BinnedSpikeTrain
from elephant.signal_processing import cross_correlation_function
from elephant.spike_train_correlation import cross_correlation_histogram

def signals(samples):
    pulses = np.zeros((samples, 2))
    pulses[50, 0] = pulses[60, 1] = 1.0
    return neo.AnalogSignal(pulses, units="mV", sampling_rate=1.0 * pq.kHz)

def peak(samples, **how):
    curve = cross_correlation_function(signals(samples), [0, 1], **how)
    times = curve.times.rescale("ms").magnitude
    return round(float(times[curve.magnitude[:, 0].argmax()]), 6), [round(float(t), 6) for t in (times[0], times[-1])]

def train(time):
    spikes = neo.SpikeTrain([time] * pq.ms, t_stop=200.0 * pq.ms)
    return BinnedSpikeTrain(spikes, bin_size=1.0 * pq.ms)

histogram, lags = cross_correlation_histogram(train(50.0), train(60.0), window=[-20, 20])
of_spikes = int(lags[histogram.magnitude[:, 0].argmax()])
whole, cut, longer = peak(200), peak(200, n_lags=30), peak(1000, n_lags=30)
print(f"peak of spikes at {of_spikes} ms, of signals at {whole[0]} ms; n_lags=30: {cut[0]} ms in {cut[1]},",
      f"of a longer signal {longer[0]} ms in {longer[1]}")
assert of_spikes == 10, "the histogram has its peak elsewhere"
assert whole[0] == -10.0, "signals without n_lags have their peak elsewhere"
assert cut == (-80.0, [-100.0, -40.0]), "n_lags gives another time axis"
assert longer[0] == -480.0, "the axis no longer depends on the length of the signal"
END
