#!/usr/bin/env bash
# The sampling period of a signal made with sampling_rate=1 kHz has the unit 1/kHz, and its times
# are in s.
# Packages: neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: a period is in a unit of time, whichever of the two (rate or period) made the signal.
# Happens: sampling_period is "1.0 1/kHz". It equals 1 ms and can be rescaled, but a unit's name is
#   all that a file keeps. With sampling_period=1 ms given, sampling_rate is "1.0 1/ms", not Hz.
#   Times are in seconds in both cases, unless t_start is given in another unit.
# Why it matters: readers that look the unit's name up among s, ms, us fail on every signal that was
#   made with a rate, and bare numbers of two such signals differ by 1000 from what the code around
#   them suggests.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.14.6 quantities==0.16.4 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'END'
import neo, quantities as pq

by_rate = neo.AnalogSignal([[0.0]] * 5, units="mV", sampling_rate=1.0 * pq.kHz)
by_period = neo.AnalogSignal([[0.0]] * 5, units="mV", sampling_period=1.0 * pq.ms)
print("by rate: period", by_rate.sampling_period, "times", by_rate.times[:3])
print("by period: rate", by_period.sampling_rate, "times", by_period.times[:3])
assert by_rate.sampling_period.dimensionality.string == "1/kHz", "the period has another unit"
assert by_period.sampling_rate.dimensionality.string == "1/ms", "the rate has another unit"
assert by_rate.sampling_period == 1.0 * pq.ms, "the period no longer equals 1 ms"
assert str(by_period.times.dimensionality) == str(by_rate.times.dimensionality) == "s", "times are in another unit"
END
