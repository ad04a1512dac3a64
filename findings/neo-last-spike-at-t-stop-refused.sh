#!/usr/bin/env bash
# Twelve of 2000 spike trains that end with their last spike are refused as ending before it.
# Packages: neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: a spike at n ms in a train with t_stop = n / 1000 s is accepted, for all n.
# Happens: t_stop is converted to the unit of the spikes in floating point and compared without a
#   tolerance. For 12 of n = 1 ... 2000 (1001, 1003 ... 1023) it comes out a hair too low:
#   ValueError "The last spike ([1023.]) is after t_stop (1022.9999999999999)".
# Why it matters: programs that give durations in seconds and spikes in milliseconds fail for a few
#   durations, so tests with round numbers pass.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.14.6 quantities==0.16.4 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'END'
import neo, quantities as pq

refused = []
for n in range(1, 2001):
    try:
        neo.SpikeTrain([float(n)] * pq.ms, t_stop=n / 1000 * pq.s)
    except ValueError as error:
        refused.append(n)
        said = str(error)
print(f"{len(refused)} of 2000 refused: {refused}; the last one: {said}")
assert len(refused) == 12, "another number of trains is refused"
END
