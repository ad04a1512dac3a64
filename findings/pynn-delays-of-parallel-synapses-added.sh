#!/usr/bin/env bash
# PyNN gives two synapses of 1.5 ms between the same two cells as one delay of 3 ms.
# Packages: nest-simulator 3.10.0, PyNN 0.13.0, neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: projection.get("delay", format="array") holds delays that occur in the projection.
# Happens: where several synapses join the same cells, the array holds the sum of their delays. For
#   weights the sum is the effect of the synapses together; the same rule is the default for every
#   attribute. multiple_synapses="max" or format="list" shows 1.5 ms. There is no message.
# Why it matters: connectors that draw with replacement make such pairs by chance, so the mean and
#   the longest delay of a random network come out too long, and a network rebuilt from the arrays
#   is another one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 PyNN==0.13.0 neo==0.14.6 quantities==0.16.4 numpy==2.4.6
PYNEST_QUIET=1 "$work/venv/bin/python" -W ignore - <<'END'
import numpy as np
import pyNN.nest as sim
from pyNN.random import NumpyRNG

sim.setup(timestep=0.1, min_delay=0.1)
senders = sim.Population(2, sim.SpikeSourceArray())
cells = sim.Population(2, sim.IF_cond_exp())
pairs = [(0, 0, 0.1, 1.5), (0, 0, 0.2, 1.5), (1, 1, 0.3, 2.0)]
few = sim.Projection(senders, cells, sim.FromListConnector(pairs), sim.StaticSynapse())
both = few.get("delay", format="array")[0, 0]
longest = few.get("delay", format="array", multiple_synapses="max")[0, 0]
listed = [delay for _, _, delay in few.get("delay", format="list")]
print(f"delays {listed} ms; in the array {both} ms, with multiple_synapses=\"max\" {longest} ms")

crowd = sim.Population(100, sim.IF_cond_exp())
connector = sim.FixedNumberPreConnector(20, with_replacement=True, rng=NumpyRNG(1))
drawn = sim.Projection(crowd, crowd, connector, sim.StaticSynapse(weight=0.01, delay=1.5))
array = drawn.get("delay", format="array")
print(f"all delays are 1.5 ms; the array has a mean of {np.nanmean(array):.2f} and a maximum of {np.nanmax(array):.1f} ms")
assert listed == [1.5, 1.5, 2.0], "the list holds other delays"
assert (both, longest) == (3.0, 1.5), "the array no longer adds delays"
assert np.nanmean(array) > 1.55 and np.nanmax(array) >= 3.0, "the delays of random synapses are no longer added"
END
