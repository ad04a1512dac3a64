"""A model of four sheets of cortex and the LGN, small enough for tests.

Its parameter files have the structure of the large models of primary visual cortex; of models with
more cells than `MAX_CELLS` a sheet, only so many are made.
"""

from parameters import ParameterSet

from mozaik import load_component
from mozaik.connectors.meta_connectors import GaborConnector
from mozaik.connectors.modular import (
    ModularSamplingProbabilisticConnector,
    ModularSamplingProbabilisticConnectorAnnotationSamplesCount,
)
from mozaik.models import Model
from mozaik.space import VisualRegion

MAX_CELLS = 250

CORTEX = {
    "l4_cortex_exc": "V1_Exc_L4",
    "l4_cortex_inh": "V1_Inh_L4",
    "l23_cortex_exc": "V1_Exc_L2/3",
    "l23_cortex_inh": "V1_Inh_L2/3",
}

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
            "sheets": ParameterSet(
                {sheet: ParameterSet for sheet in [*CORTEX, "retina_lgn"]},
            ),
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
        limit_density(retina.params, width * height)
        self.input_layer = load_component(retina.component)(self, retina.params)
        layers = [sheet for sheet in CORTEX if parameters.l23 or "l4" in sheet]
        cortex = {sheet: self.cortical_sheet(parameters.sheets[sheet]) for sheet in layers}

        for sheet, name in (("l4_cortex_exc", "V1AffConnection"),
                            ("l4_cortex_inh", "V1AffInhConnection")):
            GaborConnector(
                self,
                self.input_layer.sheets["X_ON"],
                self.input_layer.sheets["X_OFF"],
                cortex[sheet],
                parameters.sheets[sheet].AfferentConnection,
                name,
            )
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
        limit_density(sheet.params, sheet.params.sx * sheet.params.sy / 1e6)
        return load_component(sheet.component)(self, sheet.params)


def limit_density(parameters, area):
    """Lowers a density to what makes `MAX_CELLS`."""
    parameters.density = min(parameters.density, MAX_CELLS / area)
