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
            **dict.fromkeys(["sx", "sy", "density", "magnification_factor"], float),
            "mpi_safe": bool,
            "cell": ParameterSet(
                {
                    "model": str,
                    "native_nest": bool,
                    **dict.fromkeys(["params", "initial_values"], ParameterSet),
                }
            ),
            **dict.fromkeys(["artificial_stimulators", "recorders"], ParameterSet),
            "recording_interval": float,
        }
    )

    def __init__(self, model, parameters):
        sim, cell = model.sim, parameters.cell
        count = int(parameters.sx * parameters.sy / 1e6 * parameters.density)
        kind = sim.native_cell_type(cell.model) if cell.native_nest else getattr(sim, cell.model)
        pop = sim.Population(count, kind(**cell.params), label=parameters.name)
        pop.initialize(**cell.initial_values)
        self.micrometers_per_degree = parameters.magnification_factor
        sides = np.array([parameters.sx, parameters.sy]) / parameters.magnification_factor
        positions = np.zeros((3, count))
        positions[:2] = mozaik.pynn_rng.rng.uniform(-0.5, 0.5, (count, 2)).T * sides[:, None]
        pop.positions = positions
        super().__init__(model, parameters.name, pop, parameters)
