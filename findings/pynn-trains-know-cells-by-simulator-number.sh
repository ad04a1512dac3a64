#!/usr/bin/env bash
# A spike train of PyNN names its cell by a number that depends on what was built before.
# Packages: nest-simulator 3.10.0, PyNN 0.13.0, neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: as in older PyNN, train.annotations["source_id"] says which cell; scripts that read
#   stores use it.
# Happens: there is no source_id. channel_id is the number that NEST gave the cell, counted over all
#   that was built in the process: one more population in front changes it. source_index is the
#   index in the population. Signals have channel_ids (an array) and no source_index at all. And
#   each train has a sampling_rate of 1 Hz, which nothing was sampled with.
# Why it matters: readers fail on a KeyError, or match cells of two runs by channel_id and mix them
#   up.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 PyNN==0.13.0 neo==0.14.6 quantities==0.16.4 numpy==2.4.6
PYNEST_QUIET=1 "$work/venv/bin/python" -W ignore - <<'END'
import pyNN.nest as sim

def recorded(cells_before):
    sim.setup(timestep=0.1)
    sim.Population(cells_before, sim.IF_cond_exp())
    cells = sim.Population(2, sim.IF_cond_exp(i_offset=1.0), label="layer4")
    cells.record(["spikes", "v"])
    sim.run(50.0)
    return cells.get_data().segments[0]

numbers = []
for before in (1, 100):
    segment = recorded(before)
    train, signal = segment.spiketrains[0], segment.analogsignals[0]
    marks = {key: str(value) for key, value in train.annotations.items()}
    print(f"{before} cells before: {marks}, {train.sampling_rate}; signal: {sorted(signal.annotations)}")
    assert "source_id" not in marks, "trains have a source_id again"
    assert marks["source_index"] == "0", "source_index is no longer the index in the population"
    numbers.append(int(marks["channel_id"]))
    assert "source_index" not in signal.annotations and float(train.sampling_rate) == 1.0, "signals or rates changed"
assert numbers[1] - numbers[0] == 99, "channel_id no longer depends on what was built before"
END
