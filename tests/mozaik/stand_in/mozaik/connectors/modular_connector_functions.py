"""How likely, or how delayed, synapses are at a distance; in micrometers of cortex."""

import numpy as np
from parameters import ParameterSet

from mozaik.core import ParametrizedObject
from mozaik.tools.distribution_parametrization import PyNNDistribution


class ModularConnectorFunction(ParametrizedObject):
    """Called with a target cell it gives one value for each source cell."""

    def __init__(self, source, target, parameters):
        super().__init__(parameters)
        self.source, self.target = source, target

    def distance_um(self, target_cell):
        x, y, _ = self.source.pop.positions - self.target.pop.positions[:, [target_cell]]
        return np.hypot(x, y) * self.target.micrometers_per_degree


class GaussianDecayModularConnectorFunction(ModularConnectorFunction):
    required_parameters = ParameterSet(
        {"arborization_constant": float, "arborization_scaler": float}
    )

    def __call__(self, target_cell):
        relative = self.distance_um(target_cell) / self.parameters.arborization_constant
        return self.parameters.arborization_scaler * np.exp(-0.5 * relative**2)


class HyperbolicModularConnectorFunction(ModularConnectorFunction):
    required_parameters = ParameterSet({"theta": float, "alpha": float})

    def __call__(self, target_cell):
        alpha, theta = self.parameters.alpha, self.parameters.theta
        return np.exp(-alpha * (np.hypot(theta, self.distance_um(target_cell)) - theta))


class LinearModularConnectorFunction(ModularConnectorFunction):
    required_parameters = ParameterSet({"constant_scaler": float, "linear_scaler": float})

    def __call__(self, target_cell):
        distance_um = self.distance_um(target_cell)
        return self.parameters.constant_scaler + self.parameters.linear_scaler * distance_um


class PyNNDistributionConnectorFunction(ModularConnectorFunction):
    required_parameters = ParameterSet({"pynn_distribution": PyNNDistribution})

    def __call__(self, target_cell):
        return np.asarray(self.parameters.pynn_distribution.next(self.source.pop.size))
