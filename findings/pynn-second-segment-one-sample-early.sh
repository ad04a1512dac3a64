#!/usr/bin/env bash
# Signals that PyNN reads from NEST in two pieces are one sample early in the second piece.
# Packages: nest-simulator 3.10.0, PyNN 0.13.0, neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: run 100 ms, get_data(clear=True), run 100 ms, get_data(): the two signals laid end to
#   end are the signal of one run of 200 ms.
# Happens: the first piece has 101 samples, t = 0 to 100 ms. The second says t_start = 100 ms and
#   has 100; its first is right, but from the second on each is the value of one interval later than
#   its time says, and the sample of 101 ms is in neither. The peak of one synaptic event moves from
#   116 to 115 ms.
# Why it matters: stores written segment by segment, stimulus after stimulus, have latencies that
#   are wrong by a sampling interval in all segments but the first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 PyNN==0.13.0 neo==0.14.6 quantities==0.16.4 numpy==2.4.6
PYNEST_QUIET=1 "$work/venv/bin/python" -W ignore - <<'END'
import numpy as np, pyNN.nest as sim

def conductance(pieces):
    sim.setup(timestep=0.1, min_delay=0.5, max_delay=10.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[115.0]))
    cell = sim.Population(1, sim.IF_cond_exp())
    sim.Projection(source, cell, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.05, delay=1.0))
    cell.record("gsyn_exc", sampling_interval=1.0)
    signals = []
    for duration in pieces:
        sim.run(duration)
        signals.append(cell.get_data(clear=True).segments[-1].analogsignals[0])
    sim.end()
    return signals

whole, = conductance([200.0])
first, second = conductance([100.0, 100.0])
peaks = [float(s.times.rescale("ms")[s.magnitude[:, 0].argmax()]) for s in (whole, second)]
values, late = whole.magnitude[:, 0], second.magnitude[:, 0]
print(f"samples {len(whole)}, {len(first)} + {len(second)}; second starts at {second.t_start}; peaks {peaks} ms")
assert (len(first), len(second)) == (101, 100), "the pieces have another number of samples"
assert np.array_equal(late[1:], values[102:]), "the second piece is no longer one sample early"
assert peaks == [116.0, 115.0], "the peak is elsewhere"
END
