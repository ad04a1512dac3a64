"""Connections whose likelihood is an expression of functions of two cells."""

from parameters import ParameterSet

from mozaik.connectors import Connector
from mozaik.tools.distribution_parametrization import PyNNDistribution

REQUIRED = {
    "target_synapses": str,
    "short_term_plasticity": ParameterSet,
    "weight_functions": ParameterSet,
    "weight_expression": str,
    "delay_functions": ParameterSet,
    "delay_expression": str,
    "num_samples_functions": ParameterSet,
    "num_samples_expression": str,
    "num_samples": PyNNDistribution,
    "base_weight": PyNNDistribution,
    "self_connections": bool,
    "local_module": ParameterSet,
}


class ModularSamplingProbabilisticConnector(Connector):
    required_parameters = ParameterSet(REQUIRED)

    def connect(self):
        super().connect(self.parameters.target_synapses)

    def likelihood(self, target_cell):
        likely = self.evaluate("weight", target_cell)
        if self.source is self.target and not self.parameters.self_connections:
            likely[target_cell] = 0
        return likely


class ModularSamplingProbabilisticConnectorAnnotationSamplesCount(
    ModularSamplingProbabilisticConnector
):
    """In mozaik it lowers the number of samples by that of the afferents; here it does not."""

    required_parameters = ParameterSet({"annotation_reference_name": str})
