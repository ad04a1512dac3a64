"""A model of four sheets of cortex and the LGN, small enough for tests.

Its parameter files have the structure of the large models of primary visual cortex; of models with
more cells a sheet, only the limits below are made: with as many synapses a cell as in the large
model, so such a model runs, but fires more than the large one.
"""

from mozaik import load_component
from mozaik.connectors.meta_connectors import GaborConnector
from mozaik.connectors.modular import (
    ModularSamplingProbabilisticConnector,
    ModularSamplingProbabilisticConnectorAnnotationSamplesCount,
)
from mozaik.models import Model
from mozaik.space import VisualRegion
from parameters import ParameterSet

MAX_CELLS = 250
MAX_LGN_CELLS = 1000

CORTEX = ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"]

AFFERENTS = [("l4_cortex_exc", "V1AffConnection"), ("l4_cortex_inh", "V1AffInhConnection")]
# Sheet with the parameters, connection, source, target.
CONNECTIONS = [
    ("l4_cortex_exc", "L4ExcL4ExcConnection", "l4_cortex_exc", "l4_cortex_exc"),
    ("l4_cortex_exc", "L4ExcL4InhConnection", "l4_cortex_exc", "l4_cortex_inh"),
    ("l4_cortex_inh", "L4InhL4ExcConnection", "l4_cortex_inh", "l4_cortex_exc"),
    ("l4_cortex_inh", "L4InhL4InhConnection", "l4_cortex_inh", "l4_cortex_inh"),
    ("l23_cortex_exc", "L4ExcL23ExcConnection", "l4_cortex_exc", "l23_cortex_exc"),
    ("l23_cortex_inh", "L4ExcL23InhConnection", "l4_cortex_exc", "l23_cortex_inh"),
    ("l23_cortex_exc", "L23ExcL23ExcConnection", "l23_cortex_exc", "l23_cortex_exc"),
    ("l23_cortex_exc", "L23ExcL23InhConnection", "l23_cortex_exc", "l23_cortex_inh"),
    ("l23_cortex_inh", "L23InhL23ExcConnection", "l23_cortex_inh", "l23_cortex_exc"),
    ("l23_cortex_inh", "L23InhL23InhConnection", "l23_cortex_inh", "l23_cortex_inh"),
]
FEEDBACK = [
    ("l23_cortex_exc", "L23ExcL4ExcConnection", "l23_cortex_exc", "l4_cortex_exc"),
    ("l23_cortex_exc", "L23ExcL4InhConnection", "l23_cortex_exc", "l4_cortex_inh"),
]


class SelfSustainedPushPull(Model):
    required_parameters = ParameterSet(
        {
            "sheets": ParameterSet(dict.fromkeys([*CORTEX, "retina_lgn"], ParameterSet)),
            "visual_field": ParameterSet({"centre": tuple, "size": tuple}),
            "only_afferent": bool,
            "feedback": bool,
            "l23": bool,
            "trial": int,
        }
    )

    def __init__(self, sim, num_threads, parameters):
        super().__init__(sim, num_threads, parameters)
        field = parameters.visual_field
        self.visual_field = VisualRegion(*field.centre, *field.size)
        retina = parameters.sheets.retina_lgn
        width, height = retina.params.size
        limit_density(retina.params, MAX_LGN_CELLS / (width * height))
        self.input_layer = load_component(retina.component)(self, retina.params)
        layers = [sheet for sheet in CORTEX if parameters.l23 or "l4" in sheet]
        cortex = {sheet: self.cortical_sheet(parameters.sheets[sheet]) for sheet in layers}

        lgn = self.input_layer.sheets
        for sheet, name in AFFERENTS:
            afferents = parameters.sheets[sheet].AfferentConnection
            GaborConnector(self, lgn["X_ON"], lgn["X_OFF"], cortex[sheet], afferents, name)
        if parameters.only_afferent:
            return
        for place, name, source, target in CONNECTIONS + FEEDBACK * parameters.feedback:
            if source in cortex and target in cortex:
                given = parameters.sheets[place][name]
                kind = (
                    ModularSamplingProbabilisticConnectorAnnotationSamplesCount
                    if "annotation_reference_name" in given
                    else ModularSamplingProbabilisticConnector
                )
                kind(self, f"V1{name}", cortex[source], cortex[target], given).connect()

    def cortical_sheet(self, sheet):
        limit_density(sheet.params, MAX_CELLS / (sheet.params.sx * sheet.params.sy / 1e6))
        return load_component(sheet.component)(self, sheet.params)


def limit_density(parameters, limit):
    parameters.density = min(parameters.density, limit)
