"""A model: sheets, connections, and the presentation of stimuli."""

from collections import OrderedDict

import numpy as np
from parameters import ParameterSet

import mozaik
from mozaik import load_component
from mozaik.core import BaseComponent
from mozaik.stimuli import InternalStimulus

logger = mozaik.getMozaikLogger()


# The parameters of a model that only some versions of mozaik have.
OF_GENERATION = {
    "2021": {"mpi_seed": int, "pynn_seed": int},
    "2025": {
        **dict.fromkeys(["mpi_seed", "pynn_seed", "steps_get_data"], int),
        "explosion_monitoring": ParameterSet,
    },
    "2026": {
        **dict.fromkeys([*mozaik.SEEDS, "steps_get_data"], int),
        "explosion_monitoring": ParameterSet,
    },
}


class Model(BaseComponent):
    """Subclasses make their sheets and connections, and set `input_layer` and `visual_field`."""

    required_parameters = ParameterSet(
        {
            **dict.fromkeys(["name", "results_dir", "input_space_type"], str),
            **dict.fromkeys(["sheets", "input_space"], ParameterSet),
            **dict.fromkeys(["null_stimulus_period", "time_step", "min_delay", "max_delay"], float),
            **dict.fromkeys(["reset", "store_stimuli"], bool),
            **OF_GENERATION[mozaik.GENERATION],
        }
    )

    def __init__(self, sim, num_threads, parameters):
        super().__init__(self, parameters)
        self.sim = sim
        sim.setup(
            timestep=parameters.time_step,
            min_delay=parameters.min_delay,
            max_delay=parameters.max_delay,
            threads=int(num_threads),
        )
        self.sheets = OrderedDict()
        self.input_space = None
        if parameters.input_space is not None:
            space = load_component(parameters.input_space_type)
            self.input_space = space(parameters.input_space)
        self.simulator_time = 0.0

    def register_sheet(self, sheet):
        self.sheets[sheet.name] = sheet

    def present_and_store(self, stimulus, data_store):
        """A blank, then the stimulus; both are stored at once. Whether the model exploded."""
        if self.simulator_time == 0:
            for sheet in self.sheets.values():
                sheet.record()
        null_segments = self._run(self.parameters.null_stimulus_period, None)
        shown = None if isinstance(stimulus, InternalStimulus) else stimulus
        segments = self._run(stimulus.duration, shown)
        data_store.add_recording(segments, stimulus, null=False)
        data_store.add_recording(null_segments, stimulus, null=True)
        return self._has_exploded()

    def _run(self, duration, stimulus):
        start = self.simulator_time
        if self.input_space is not None:
            self.input_layer.process_input(stimulus, duration, start)
        logger.info("Simulating the network for %s ms", duration)
        self.sim.run(duration)
        self.simulator_time += duration
        recorded = [sheet for sheet in self.sheets.values() if sheet.to_record]
        return [sheet.get_data(start, duration) for sheet in recorded]

    def _has_exploded(self):
        rates_hz = {name: sheet.mean_rate for name, sheet in self.sheets.items()}
        for name, rate_hz in rates_hz.items():
            logger.info("Sheet %s average rate: %f", name, rate_hz)
        monitoring = self.parameters.get("explosion_monitoring")
        return bool(monitoring and rates_hz.get(monitoring.sheet_name, 0) > monitoring.threshold)

    def neuron_ids(self):
        return self._of_sheets(lambda sheet: np.array([int(id) for id in sheet.pop.all()]))

    def neuron_positions(self):
        return self._of_sheets(lambda sheet: sheet.pop.positions)

    def neuron_annotations(self):
        return self._of_sheets(lambda sheet: sheet.annotations)

    def sheet_parameters(self):
        return self._of_sheets(lambda sheet: sheet.parameters)

    def _of_sheets(self, what):
        return OrderedDict((name, what(sheet)) for name, sheet in self.sheets.items())
