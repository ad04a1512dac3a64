#!/usr/bin/env bash
# A spike at 0.5 s is at 0.5 ms in a neo train of milliseconds, if the times came as a list.
# Packages: neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: times with units are converted to units="ms", or refused, as neo refuses an array in
#   seconds ("cannot rescale and return view").
# Happens: of a list of quantities, [0.5 s, 700 ms], only the bare numbers are taken: spikes at 0.5
#   and 700 ms. The same with Event, Epoch, AnalogSignal (1 V becomes 1 mV) and with
#   pq.Quantity(list, "ms") or list * pq.ms. np.concatenate of arrays in s and ms is dimensionless
#   with the bare numbers. There is no warning, although a sum of 1 s and 1 ms is converted.
# Why it matters: times collected one by one, from a reader or by a loop over trains, lie in lists,
#   and a thousandth of a time is still a valid time.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.14.6 quantities==0.16.4 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'END'
import neo, numpy as np, quantities as pq

times = [0.5 * pq.s, 700.0 * pq.ms]
train = neo.SpikeTrain(times, units="ms", t_stop=1000.0)
events = neo.Event(times, labels=["on", "off"], units="ms").times
signal = neo.AnalogSignal([1.0 * pq.V, 1.0 * pq.mV], units="mV", sampling_rate=1.0 * pq.kHz)
try:
    neo.SpikeTrain([0.5, 0.7] * pq.s, units="ms", t_stop=1000.0)
    refused = ""
except ValueError as error:
    refused = str(error)
joined = np.concatenate([[1.0, 2.0] * pq.s, [3.0] * pq.ms])
print(f"list of 0.5 s and 700 ms: train {train.times}, events {events}, quantity {pq.Quantity(times, 'ms')};",
      f"1 V, 1 mV: {signal.magnitude[:, 0]} mV; array in s: {refused}; joined {joined}; sum {times[0] + times[1]}")
for found in (train.times, events, pq.Quantity(times, "ms"), times * pq.ms):
    assert found.magnitude.tolist() == [0.5, 700.0], "the units in a list are looked at"
assert signal.magnitude[:, 0].tolist() == [1.0, 1.0], "the units of samples in a list are looked at"
assert "cannot rescale" in refused, "an array in seconds is no longer refused"
assert joined.dimensionality == pq.dimensionless.dimensionality and joined.magnitude.tolist() == [1.0, 2.0, 3.0], "joining keeps units"
END
