"""Simulates a network of 400 excitatory and 100 inhibitory integrate-and-fire neurons in NumPy.

mozopt starts this program with the path of simulation.json in MOZOPT_SIMULATION. It writes
values.json next to that file, and the spikes into datastore/, where synchrony.py finds them.
The same parameters and seed give the same spikes.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

CELLS = {"exc": 400, "inh": 100}
STEP_MS = 0.5
DELAY_MS = 1.5
TAU_M_MS = 20.0
THRESHOLD_MV, RESET_MV = 20.0, 10.0  # above the resting potential
REFRACTORY_MS = 2.0
INPUT_MV = 1.0  # what a spike from outside adds to the potential
WARM_UP_MS, MEASURED_MS = 200.0, 1000.0
EXPLOSION_HZ = 200.0  # a network that fires more while it warms up is not simulated further
MIN_INTERVALS = 5  # fewer do not show whether a cell is irregular


def main():
    if "MOZOPT_SIMULATION" not in os.environ:
        sys.exit("MOZOPT_SIMULATION is not set: this program is started by mozopt")
    path = Path(os.environ["MOZOPT_SIMULATION"])
    simulation = json.loads(path.read_text())

    parameters = json.loads(Path(__file__).with_name("defaults.json").read_text())
    for path_in_tree, value in simulation["parameters"].items():
        replace(parameters, path_in_tree, value)
    raster, exploded = simulate(parameters, simulation["seed"])
    sheets = {"exc": raster[:, : CELLS["exc"]], "inh": raster[:, CELLS["exc"] :]}
    values = {
        "rate_exc": rate_hz(sheets["exc"]),
        "rate_inh": rate_hz(sheets["inh"]),
        "irregularity": irregularity(sheets["exc"]),
    }

    store = path.parent / "datastore"
    store.mkdir(exist_ok=True)
    for name, sheet in sheets.items():
        np.savez_compressed(store / f"{name}.npz", raster=sheet, step_ms=STEP_MS)
    written = json.dumps({"values": values, "exploded": exploded})
    (path.parent / "values.json").write_text(written)


def replace(parameters, path, value):
    """Replaces the value at a dotted path such as "synapses.exc.weight" in nested dictionaries."""
    *parents, name = path.split(".")
    for parent in parents:
        parameters = parameters[parent]
    parameters[name] = value


def simulate(parameters, seed):
    """Which cell fires in which step (steps by cells), and whether the activity ran away."""
    rng = np.random.default_rng(seed)
    exc, cells = CELLS["exc"], sum(CELLS.values())
    is_inh = np.arange(cells) >= exc

    # weights[i, j]: what a spike of cell i adds to the potential of cell j, in mV.
    from_exc, from_inh = parameters["synapses"]["exc"], parameters["synapses"]["inh"]
    weights = np.zeros((cells, cells))
    for cell in range(cells):
        sources = rng.choice(exc, from_exc["number"], replace=False)
        weights[sources, cell] = from_exc["weight"]
        sources = exc + rng.choice(CELLS["inh"], from_inh["number"], replace=False)
        weights[sources, cell] = -from_inh["weight"]

    to_exc, to_inh = parameters["input"]["exc"], parameters["input"]["inh"]
    input_hz = np.where(is_inh, to_inh["rate"], to_exc["rate"])
    warm_up, steps = round(WARM_UP_MS / STEP_MS), round((WARM_UP_MS + MEASURED_MS) / STEP_MS)
    raster = np.zeros((steps, cells), dtype=bool)
    potential = rng.uniform(0, THRESHOLD_MV, cells)
    waiting = np.zeros(cells)  # steps until the cell can fire again
    arriving = np.zeros((round(DELAY_MS / STEP_MS), cells))  # a ring of the next steps
    for step in range(steps):
        if step == warm_up and raster[:step].mean() > EXPLOSION_HZ * STEP_MS / 1000:
            return raster[:step], True
        slot = step % len(arriving)
        potential *= np.exp(-STEP_MS / TAU_M_MS)
        potential += arriving[slot] + INPUT_MV * rng.poisson(input_hz * STEP_MS / 1000)
        potential[waiting > 0] = RESET_MV
        waiting -= 1
        fired = raster[step] = potential >= THRESHOLD_MV
        potential[fired] = RESET_MV
        waiting[fired] = round(REFRACTORY_MS / STEP_MS)
        arriving[slot] = weights[fired].sum(axis=0)
    return raster[warm_up:], False


def rate_hz(raster):
    return float(raster.mean() / STEP_MS * 1000)


def irregularity(raster):
    """The coefficient of variation of inter-spike intervals, mean of the cells with enough."""
    intervals = [np.diff(np.flatnonzero(cell)) for cell in raster.T]
    enough = [i for i in intervals if len(i) >= MIN_INTERVALS]
    if not enough:
        return {"value": None, "reason": f"no cell has {MIN_INTERVALS} inter-spike intervals"}
    return float(np.mean([np.std(i) / np.mean(i) for i in enough]))


if __name__ == "__main__":
    main()
