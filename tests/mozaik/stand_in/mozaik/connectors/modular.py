"""Connections whose likelihood is an expression of functions of two cells."""

from parameters import ParameterSet

from mozaik.connectors import Connector


class ModularSamplingProbabilisticConnector(Connector):
    required_parameters = ParameterSet(
        {
            "weight_functions": ParameterSet,
            **dict.fromkeys(["target_synapses", "weight_expression"], str),
            "self_connections": bool,
        }
    )

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
