"""Simulates an exported network with NEST and says what that takes, as JSON.

    simulate_nest.py DIR [--threads N] [--resolution MS] [--until MS] [--record]

With --record spikes and conductances are left in DIR.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import nest
import numpy as np


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resolution", type=float, default=0.1)
    parser.add_argument("--until", type=float, default=float("inf"))
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    directory = arguments.directory
    network = json.loads((directory / "network.json").read_text())
    until_ms = min(arguments.until, network["simulated_ms"])

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR if hasattr(nest, "VerbosityLevel") else 30
    nest.resolution = arguments.resolution
    nest.local_num_threads = arguments.threads
    times, cells = load(directory, "lgn_times", "f8"), load(directory, "lgn_cells", "u4")
    times, cells = times[times < until_ms], cells[times < until_ms]
    began = time.process_time()
    sheets = [created(directory, i, sheet) for i, sheet in enumerate(network["sheets"])]
    lgn(sheets[4:], times, cells, arguments.resolution)
    out_degrees = connect(directory, network, sheets, arguments.resolution)
    recorder = nest.Create("spike_recorder")
    for sheet in sheets[:4]:
        nest.Connect(sheet, recorder)
    meters = metered(network, sheets[:4]) if arguments.record else []
    nest.Prepare()
    built = time.process_time()
    wall = time.monotonic()
    nest.Run(until_ms)
    simulated = time.process_time()
    wall = time.monotonic() - wall
    nest.Cleanup()

    events = recorder.events
    senders = events["senders"].astype(np.int64) - sheets[0][0].global_id
    if arguments.record:
        order = np.argsort(events["times"], kind="stable")
        events["times"][order].astype("f8").tofile(directory / "nest_times.bin")
        senders[order].astype("u4").tofile(directory / "nest_cells.bin")
        save_conductances(directory, network, meters)
    lgn_events = np.bincount(cells, minlength=len(out_degrees[1])) @ out_degrees[1]
    cortical_events = np.bincount(senders, minlength=len(out_degrees[0])) @ out_degrees[0]
    print(
        json.dumps(
            dict(
                cells=len(out_degrees[0]),
                simulated_ms=until_ms,
                events=int(lgn_events + cortical_events),
                build_cpu_s=built - began,
                simulate_cpu_s=simulated - built,
                simulate_wall_s=wall,
                peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            )
        )
    )


def load(directory, name, kind):
    return np.fromfile(directory / f"{name}.bin", dtype=f"<{kind}")


def created(directory, number, sheet):
    own = sheet["parameters"]
    if not own:
        return nest.Create("parrot_neuron", sheet["cells"])
    names = dict(E_exc="E_ex", E_inh="E_in", tau_syn_exc="tau_syn_ex", tau_syn_inh="tau_syn_in")
    names |= dict(refr_T="t_ref")
    parameters = {names.get(name, name): value for name, value in own.items()}
    cells = nest.Create("aeif_cond_exp", sheet["cells"], params=parameters)
    thresholds, potentials = load(directory, f"cells_{number}", "f4").reshape(2, -1).astype(float)
    cells.V_th, cells.V_m = thresholds, potentials
    return cells


def lgn(sheets, times_ms, cells, resolution_ms):
    """A generator of spikes for each cell. A spike belongs to the end of its step; the parrot
    repeats it one step later, so it is given to the generator one step earlier."""
    steps = np.maximum(np.ceil(times_ms / resolution_ms - 1e-9) - 1, 1)
    parrots = sheets[0] + sheets[1]
    generators = nest.Create("spike_generator", len(parrots))
    order = np.argsort(cells, kind="stable")
    ends = np.cumsum(np.bincount(cells, minlength=len(parrots)))[:-1]
    trains = np.split(np.round(steps[order] * resolution_ms, 4), ends)
    generators.set([dict(spike_times=np.sort(train)) for train in trains])
    nest.Connect(generators, parrots, "one_to_one", syn_spec=dict(delay=resolution_ms))


def connect(directory, network, sheets, resolution_ms):
    """Connects all; returns how many synapses each cortical cell and each cell of the LGN has."""
    names = [sheet["name"] for sheet in network["sheets"]]
    first = [sheet[0].global_id for sheet in sheets]
    degrees = np.zeros(sum(len(sheet) for sheet in sheets), dtype=np.int64)
    for number, projection in enumerate(network["projections"]):
        count = projection["connections"]
        if projection["weight_ns"] == 0 or count == 0:
            continue
        flat = np.fromfile(directory / f"projection_{number}.bin", dtype="<u4")
        delays = flat[2 * count :].view("<f4").astype(float)
        source, target = names.index(projection["source"]), names.index(projection["target"])
        sources = flat[:count].astype(np.int64) + first[source]
        sign = -1.0 if "Inh" in projection["source"] else 1.0
        synapses = dict(
            synapse_model="tsodyks_synapse",
            weight=np.full(count, sign * projection["weight_ns"]),
            delay=np.round(np.round(delays / resolution_ms) * resolution_ms, 4),
            U=np.full(count, projection["U"]),
            u=np.full(count, projection["U"]),
            x=np.ones(count),
            tau_rec=np.full(count, projection["tau_rec"]),
            tau_psc=np.full(count, projection["tau_psc"]),
            tau_fac=np.zeros(count),
        )
        targets = flat[count : 2 * count].astype(np.int64) + first[target]
        nest.Connect(sources, targets, "one_to_one", syn_spec=synapses)
        degrees += np.bincount(sources - first[0], minlength=len(degrees))
    cortical = sum(len(sheet) for sheet in sheets[:4])
    return degrees[:cortical], degrees[cortical:]


def metered(network, sheets):
    meters = []
    for sheet, described in zip(sheets, network["sheets"]):
        parameters = dict(record_from=["g_ex", "g_in"], interval=float(network["sample_ms"]))
        meter = nest.Create("multimeter", params=parameters)
        nest.Connect(meter, sheet[network["probed"][described["name"]]])
        meters.append(meter)
    return meters


def save_conductances(directory, network, meters):
    for number, meter in enumerate(meters):
        probed = network["probed"][network["sheets"][number]["name"]]
        events = meter.events
        order = np.lexsort((events["senders"], events["times"]))
        both = [events[name][order].reshape(-1, len(probed)) for name in ("g_ex", "g_in")]
        np.stack(both, axis=1).astype("<f4").tofile(directory / f"nest_g_{number}.bin")


if __name__ == "__main__":
    main()
