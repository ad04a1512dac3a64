"""Writes data/nest_single_neuron.json: single neurons of the model in NEST, with which the tests
compare.

Made with NEST 3.10.0 (`pip install nest-simulator`). Each neuron gets one excitatory and one
inhibitory depressing synapse, driven by fixed spike trains on the model's grid of 0.25 ms.
Potentials and conductances are sampled every ms.
"""

import json
import pathlib
import random

import nest

DURATION_MS = 600.0
GRID_MS = 0.25
RESOLUTION_MS = 0.05
EXCITATORY = dict(
    C_m=32.0, g_L=4.0, E_L=-80.0, V_th=-57.0, V_reset=-58.0, t_ref=2.0, a=0.0, b=2.0, tau_w=100.0
)
INHIBITORY = dict(
    C_m=30.0, g_L=3.33333, E_L=-78.0, V_th=-58.0, V_reset=-60.0, t_ref=0.5, a=0.0, b=0.0, tau_w=1.0
)
SHARED = dict(Delta_T=0.8, V_peak=-40.0, E_ex=0.0, E_in=-80.0, tau_syn_ex=1.5, tau_syn_in=4.2)
CASES = {
    "excitatory": EXCITATORY,
    "inhibitory": INHIBITORY,
    "subthreshold adaptation": EXCITATORY | dict(a=0.5, b=10.0, tau_w=40.0),
}
SYNAPSES = {
    "excitatory": dict(weight=21.0, delay=1.5, U=0.7, tau_rec=16.0, tau_psc=1.5, rate=250.0),
    "inhibitory": dict(weight=10.0, delay=1.0, U=0.75, tau_rec=25.0, tau_psc=4.2, rate=60.0),
}


def train(rate_hz, seed):
    """A random train on the grid, without two spikes in one step."""
    rng = random.Random(seed)
    first, last = round(5 / GRID_MS), round((DURATION_MS - 10) / GRID_MS)
    steps = {step for step in range(first, last) if rng.random() < rate_hz * GRID_MS * 1e-3}
    return sorted(step * GRID_MS for step in steps)


def simulate(cell, trains):
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR if hasattr(nest, "VerbosityLevel") else 30
    nest.resolution = RESOLUTION_MS
    neuron = nest.Create(
        "aeif_cond_exp", params=SHARED | cell | dict(V_m=-70.0, gsl_error_tol=1e-9)
    )
    for name, synapse in SYNAPSES.items():
        # The parrot repeats a spike one step after the generator.
        before = [round(t - RESOLUTION_MS, 2) for t in trains[name]]
        generator = nest.Create("spike_generator", params=dict(spike_times=before))
        parrot = nest.Create("parrot_neuron")
        nest.Connect(generator, parrot, syn_spec=dict(delay=RESOLUTION_MS))
        sign = 1.0 if name == "excitatory" else -1.0
        depression = {key: synapse[key] for key in ("delay", "U", "tau_rec", "tau_psc")}
        depression |= dict(
            synapse_model="tsodyks_synapse", weight=sign * synapse["weight"], tau_fac=0.0
        )
        nest.Connect(parrot, neuron, syn_spec=depression | dict(u=synapse["U"], x=1.0))
    meter = nest.Create(
        "multimeter", params=dict(record_from=["V_m", "g_ex", "g_in"], interval=1.0)
    )
    recorder = nest.Create("spike_recorder")
    nest.Connect(meter, neuron)
    nest.Connect(neuron, recorder)
    nest.Simulate(DURATION_MS)
    return meter.events, recorder.events["times"]


def main():
    trains = {
        name: train(synapse["rate"], seed)
        for seed, (name, synapse) in enumerate(SYNAPSES.items(), 1)
    }
    cases = []
    for name, cell in CASES.items():
        samples, spikes = simulate(cell, trains)
        cases.append(
            dict(
                name=name,
                cell=cell,
                times_ms=[round(float(t), 1) for t in samples["times"]],
                V_m=[round(float(v), 4) for v in samples["V_m"]],
                g_ex=[round(float(g), 4) for g in samples["g_ex"]],
                g_in=[round(float(g), 4) for g in samples["g_in"]],
                spikes_ms=[round(float(t), 2) for t in spikes],
            )
        )
        print(name, len(spikes), "spikes")
    synapses = {name: {**synapse, "spikes_ms": trains[name]} for name, synapse in SYNAPSES.items()}
    path = pathlib.Path(__file__).parent / "data" / "nest_single_neuron.json"
    reference = dict(
        origin="NEST " + nest.__version__ + ", tests/make_nest_reference.py",
        synapses=synapses,
        cases=cases,
    )
    path.write_text(json.dumps(reference, indent=None).replace('{"name"', '\n{"name"') + "\n")


main()
