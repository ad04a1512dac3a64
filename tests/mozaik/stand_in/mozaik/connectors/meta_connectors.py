"""Afferents from the LGN."""

import numpy as np
from parameters import ParameterSet

from mozaik.connectors import Connector
from mozaik.connectors.vision import orientations
from mozaik.tools.distribution_parametrization import PyNNDistribution


class GaborConnector:
    """Synapses from ON cells where a cell's Gabor is positive, from OFF cells where it is negative.

    The Gabor is as wide as `size` says and longer by 1/aspect_ratio; orientations come from the
    orientation map, phases from their distribution. The target's cells are annotated with both.
    """

    def __init__(self, model, lgn_on, lgn_off, target, parameters, name):
        phases = parameters.phase.next(target.pop.size)
        x, y, _ = target.pop.positions
        for cell, orientation in enumerate(orientations(target)):
            target.annotations[cell].update(
                LGNAfferentOrientation=np.array(orientation),
                LGNAfferentAspectRatio=np.float64(parameters.aspect_ratio),
                LGNAfferentFrequency=np.float64(parameters.frequency),
                LGNAfferentSize=np.float64(parameters.size),
                LGNAfferentPhase=phases[cell],
                aff_samples=np.float64(parameters.num_samples.next()),
                LGNAfferentX=x[cell],
                LGNAfferentY=y[cell],
            )
        for sign, lgn, suffix in ((1, lgn_on, "On"), (-1, lgn_off, "Off")):
            GaborArborization(model, name + suffix, lgn, target, parameters, sign).connect()


class GaborArborization(Connector):
    required_parameters = ParameterSet(
        {
            **dict.fromkeys(["aspect_ratio", "size", "frequency", "gauss_coefficient"], float),
            **dict.fromkeys(["or_map_stretch", "rf_jitter", "off_bias"], float),
            **dict.fromkeys(["or_map", "phase_map", "topological"], bool),
            **dict.fromkeys(["or_map_location", "phase_map_location"], str),
            **dict.fromkeys(["orientation_preference", "phase"], PyNNDistribution),
        }
    )

    def __init__(self, model, name, source, target, parameters, sign):
        super().__init__(model, name, source, target, parameters)
        self.sign = sign

    def likelihood(self, target_cell):
        x, y, _ = self.source.pop.positions - self.target.pop.positions[:, [target_cell]]
        cell, given = self.target.annotations[target_cell], self.parameters
        angle = float(cell["LGNAfferentOrientation"])
        across = y * np.cos(angle) - x * np.sin(angle)
        along = x * np.cos(angle) + y * np.sin(angle)
        spread = (across / given.size) ** 2 + (along * given.aspect_ratio / given.size) ** 2
        carrier = np.cos(2 * np.pi * given.frequency * across + cell["LGNAfferentPhase"])
        return np.maximum(self.sign * np.exp(-0.5 * spread) * carrier, 0)
