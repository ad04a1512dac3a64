"""How likely synapses are by what two cells prefer."""

import numpy as np
from parameters import ParameterSet

from mozaik.connectors.modular_connector_functions import ModularConnectorFunction

MAP_PERIOD_DEG = 0.5


def orientation_map(x_deg, y_deg):
    """Preferred orientation in [0, pi): a sum of plane waves of one period, always the same."""
    rng = np.random.RandomState(1)
    angles = np.pi * (np.arange(12) + rng.uniform(size=12)) / 12
    phases = rng.uniform(0, 2 * np.pi, 12)
    signs = rng.choice([-1, 1], 12)
    along = np.multiply.outer(x_deg, np.cos(angles)) + np.multiply.outer(y_deg, np.sin(angles))
    waves = np.exp(1j * (signs * 2 * np.pi / MAP_PERIOD_DEG * along + phases))
    return np.angle(waves.sum(axis=-1)) / 2 % np.pi


def orientations(sheet):
    """The preferred orientations of a sheet's cells, annotated at first use."""
    x, y, _ = sheet.pop.positions
    for annotations, orientation in zip(sheet.annotations, orientation_map(x, y)):
        annotations.setdefault("LGNAfferentOrientation", orientation)
    return np.array([float(each["LGNAfferentOrientation"]) for each in sheet.annotations])


class MapDependentModularConnectorFunction(ModularConnectorFunction):
    """Gaussian in the difference of preferred orientations; sigma in rad."""

    required_parameters = ParameterSet(
        {"sigma": float, "map_location": str, "map_stretch": float, "periodic": bool}
    )

    def __call__(self, target_cell):
        target = orientations(self.target)[target_cell]
        difference = np.abs(orientations(self.source) - target) % np.pi
        difference = np.minimum(difference, np.pi - difference)
        return np.exp(-0.5 * (difference / self.parameters.sigma) ** 2)


class V1CorrelationBasedConnectivity(ModularConnectorFunction):
    """Push-pull: excitation between cells of the same phase, inhibition between opposite ones.

    In mozaik it comes from the correlation of the afferents; here from orientation and phase.
    """

    required_parameters = ParameterSet({"sigma": float, "target_synapses": str})

    def __call__(self, target_cell):
        target, source = orientations(self.target)[target_cell], orientations(self.source)
        phases = [
            np.array([each["LGNAfferentPhase"] for each in sheet.annotations])
            for sheet in (self.source, self.target)
        ]
        sign = 1 if self.parameters.target_synapses == "excitatory" else -1
        alike = np.cos(2 * (source - target)) + sign * np.cos(phases[0] - phases[1][target_cell])
        return np.exp(alike / self.parameters.sigma)
