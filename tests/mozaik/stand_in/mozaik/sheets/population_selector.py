"""Which cells of a sheet a recorder takes."""

import numpy as np
from parameters import ParameterSet

import mozaik
from mozaik.core import ParametrizedObject


class PopulationSelector(ParametrizedObject):
    def __init__(self, sheet, parameters):
        super().__init__(parameters)
        self.sheet = sheet


class RCAll(PopulationSelector):
    def cells(self):
        return range(self.sheet.pop.size)


class RCRandomN(PopulationSelector):
    required_parameters = ParameterSet({"num_of_cells": int})

    def cells(self):
        count = min(self.parameters.num_of_cells, self.sheet.pop.size)
        return mozaik.pynn_rng.rng.permutation(self.sheet.pop.size)[:count]


class RCGrid(PopulationSelector):
    """The cells nearest to the electrodes of a square grid; lengths in micrometers."""

    required_parameters = ParameterSet(
        {"size": float, "spacing": float, "offset_x": float, "offset_y": float}
    )

    def cells(self):
        x, y, _ = self.sheet.pop.positions * self.sheet.micrometers_per_degree
        given = self.parameters
        at = np.arange(-given.size / 2 + given.spacing / 2, given.size / 2, given.spacing)
        return {
            int(np.argmin((x - given.offset_x - at_x) ** 2 + (y - given.offset_y - at_y) ** 2))
            for at_x in at
            for at_y in at
        }
