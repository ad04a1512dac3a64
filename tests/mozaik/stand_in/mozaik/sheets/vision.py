"""Sheets of cortex."""

import numpy as np
from parameters import ParameterSet

import mozaik
from mozaik.sheets import Sheet


class VisualCorticalUniformSheet(Sheet):
    """Cells at random positions. Sizes in micrometers, density in cells/mm2."""

    required_parameters = ParameterSet(
        {
            "name": str,
            "sx": float,
            "sy": float,
            "density": float,
            "mpi_safe": bool,
            "magnification_factor": float,
            "cell": ParameterSet(
                {
                    "model": str,
                    "native_nest": bool,
                    "params": ParameterSet,
                    "initial_values": ParameterSet,
                }
            ),
            "artificial_stimulators": ParameterSet,
            "recorders": ParameterSet,
            "recording_interval": float,
        }
    )

    def __init__(self, model, parameters):
        cell = parameters.cell
        count = int(parameters.sx * parameters.sy / 1e6 * parameters.density)
        make = model.sim.native_cell_type if cell.native_nest else model.sim.__dict__.__getitem__
        pop = model.sim.Population(count, make(cell.model)(**cell.params), label=parameters.name)
        pop.initialize(**cell.initial_values)
        self.micrometers_per_degree = parameters.magnification_factor
        sides = np.array([parameters.sx, parameters.sy]) / parameters.magnification_factor
        positions = np.zeros((3, count))
        positions[:2] = mozaik.pynn_rng.rng.uniform(-0.5, 0.5, (count, 2)).T * sides[:, None]
        pop.positions = positions
        super().__init__(model, parameters.name, pop, parameters)
