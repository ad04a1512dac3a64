#!/usr/bin/env bash
# NEST's spike times on a grid of 0.1 ms are not the floating-point numbers 0.1, 0.2, 0.3 ...
# Packages: nest-simulator 3.10.0, numpy 2.4.6.
# Expected: a spike at step 7 has the time 0.7, the number that 7 / 10 or a file with "0.7" gives.
# Happens: NEST says (100 k) * 0.001 of step k: 0.7000000000000001 for step 7, 1.4000000000000001
#   for step 14. About one step in five is neither k / 10 nor k * 0.1. Whole milliseconds are exact.
# Why it matters: comparing with ==, looking times up in a dictionary, numpy.unique over times of
#   two sources and a limit `t <= 0.7` go wrong for a fifth of the spikes, and rightly for the whole
#   milliseconds of a test.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nest-simulator==3.10.0 numpy==2.4.6
PYNEST_QUIET=1 "$work/venv/bin/python" -W ignore - <<'END'
import nest, numpy as np

step = np.arange(1, 20001)
nest.resolution = 0.1
source = nest.Create("spike_generator", params={"spike_times": step / 10})
recorder = nest.Create("spike_recorder")
nest.Connect(source, recorder, syn_spec={"delay": 0.1})
nest.Simulate(2001.0)
times = recorder.events["times"]
tenths, products = (times == step / 10).mean(), (times == step * 0.1).mean()
print(f"step 7 is {float(times[6])}; equal to k / 10: {tenths:.1%}, to k * 0.1: {products:.1%} of {len(times)}")
assert times[6] == 0.7000000000000001, "step 7 has another time"
assert np.array_equal(times, 100 * step * 0.001), "times are no longer (100 k) * 0.001"
assert 0.75 < tenths < 0.9 and 0.75 < products < 0.9, "another part of the times is exact"
END
