"""Simulates a sparse network of excitatory and inhibitory neurons, with PyNN on NEST.

The network is model A of N. Brunel, "Dynamics of sparsely connected networks of excitatory and
inhibitory spiking neurons", J. Comput. Neurosci. 8, 183-208 (2000), made small: 1000 excitatory and
250 inhibitory leaky integrate-and-fire neurons, each of which is connected from 100 and 25 of them
and driven by Poisson spikes of its own from outside. Four parameters decide what it does:

    g      strength of inhibitory synapses relative to excitatory ones
    eta    rate of the spikes from outside, relative to the one that just reaches threshold
    J      strength of an excitatory synapse, mV: its charge, divided by the membrane's capacitance
    delay  of the transmission within the network, ms

mozopt starts this program with the path of simulation.json in MOZOPT_SIMULATION. It leaves beside
that file datastore/, with the spikes of each sheet, and values.json, with what it measured on them.
The same parameters, seed and number of threads give the same spikes.
"""

import json
import os
import sys
from pathlib import Path

try:
    import pyNN.nest as sim
    from pyNN.random import NumpyRNG, RandomDistribution

    import spikes
except ImportError as error:
    sys.exit(
        f"PyNN or NEST is missing ({error}).\n"
        "Install them with: pip install -r requirements.txt\n"
        "If they are in a virtual environment, activate it before you start mozopt, or in\n"
        "mozopt.toml: see `prelude` there."
    )

CELLS = {"excitatory": 1000, "inhibitory": 250}
INPUTS = {"excitatory": 100, "inhibitory": 25}  # of every cell, from cells drawn at random
NEURON = {  # in PyNN's units: mV, ms, nF
    "v_rest": 0.0,
    "v_reset": 10.0,
    "v_thresh": 20.0,
    "tau_m": 20.0,
    "tau_refrac": 2.0,
    "cm": 1.0,
    "tau_syn_E": 0.5,  # Brunel's synapses act at once; these are nearly as fast
    "tau_syn_I": 0.5,
}
TIME_STEP_MS = 0.2
WARM_UP_MS = 200.0  # not measured, for the network to forget how it began
MEASURED_MS = 1500.0
EXPLOSION_HZ = 200.0  # a network that fires more during the warm-up is not simulated further


def main():
    if "MOZOPT_SIMULATION" not in os.environ:
        sys.exit("MOZOPT_SIMULATION is not set: this program is started by mozopt, see README.md")
    path = Path(os.environ["MOZOPT_SIMULATION"])
    simulation = json.loads(path.read_text())

    sheets = build(simulation["parameters"], simulation["seed"], simulation["threads"])
    sim.run(WARM_UP_MS)
    rate_hz = 1000 * sheets["excitatory"].mean_spike_count() / WARM_UP_MS
    exploded = bool(rate_hz > EXPLOSION_HZ)
    if exploded:
        begin_ms, end_ms = 0.0, WARM_UP_MS
    else:
        begin_ms, end_ms = WARM_UP_MS, WARM_UP_MS + MEASURED_MS
        sim.run(MEASURED_MS)

    store = path.parent / "datastore"
    store.mkdir(exist_ok=True)
    for name, sheet in sheets.items():
        spikes.save(store, name, spike_trains_ms(sheet), begin_ms, end_ms)
    excitatory = spikes.load(store, "excitatory")
    irregularity = spikes.mean_cv(excitatory)
    if irregularity is None:
        irregularity = {"value": None, "reason": "the cells fire too few spikes"}
    values = {"rate": spikes.mean_rate_hz(excitatory), "irregularity": irregularity}
    written = json.dumps({"values": values, "exploded": exploded})
    (path.parent / "values.json").write_text(written)


def build(parameters, seed, threads):
    """The network, as one population for each sheet, ready to run."""
    sim.setup(
        timestep=TIME_STEP_MS,
        min_delay=TIME_STEP_MS,
        spike_precision="on_grid",
        rng_seed=1 + seed % (2**31 - 1),  # NEST takes no 0
        threads=threads,
    )
    rng = NumpyRNG(seed)
    neuron = sim.IF_curr_exp(**NEURON)
    start = {"v": RandomDistribution("uniform", (0.0, NEURON["v_thresh"]), rng=rng)}
    sheets = {
        name: sim.Population(cells, neuron, initial_values=start, label=name)
        for name, cells in CELLS.items()
    }
    network = sheets["excitatory"] + sheets["inhibitory"]
    network.record("spikes")

    J = parameters["J"]
    weight_na = J * NEURON["cm"] / NEURON["tau_syn_E"]
    weights_na = {"excitatory": weight_na, "inhibitory": -parameters["g"] * weight_na}
    for name, sheet in sheets.items():
        connector = sim.FixedNumberPreConnector(INPUTS[name], allow_self_connections=False, rng=rng)
        synapse = sim.StaticSynapse(weight=weights_na[name], delay=parameters["delay"])
        for target in sheets.values():
            sim.Projection(sheet, target, connector, synapse, receptor_type=name)

    threshold_rate_hz = 1000 * NEURON["v_thresh"] / (J * NEURON["tau_m"])
    source = sim.SpikeSourcePoisson(rate=parameters["eta"] * threshold_rate_hz)
    outside = sim.Population(network.size, source)
    synapse = sim.StaticSynapse(weight=weight_na, delay=TIME_STEP_MS)
    one_each = sim.OneToOneConnector()
    sim.Projection(outside, network, one_each, synapse, receptor_type="excitatory")
    return sheets


def spike_trains_ms(sheet):
    trains = sheet.get_data("spikes").segments[-1].spiketrains
    return [train.rescale("ms").magnitude for train in trains]


if __name__ == "__main__":
    main()
