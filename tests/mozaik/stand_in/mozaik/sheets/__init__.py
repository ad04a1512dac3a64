"""A sheet: a population of cells with positions, and the recording of it."""

import datetime
from collections import OrderedDict

import neo
import numpy as np
import quantities as pq

from mozaik import load_component
from mozaik.core import BaseComponent


class Sheet(BaseComponent):
    """Subclasses make `pop`, whose positions are in degrees of visual field."""

    variables = ("spikes", "v", "gsyn_exc", "gsyn_inh")  # that the cells can record
    micrometers_per_degree = 1000.0

    def __init__(self, model, name, pop, parameters):
        super().__init__(model, parameters)
        self.name = name
        self.pop = pop
        self.annotations = [OrderedDict() for _ in range(pop.size)]
        self.to_record = {}
        self.mean_rate = float("nan")
        model.register_sheet(self)

    def record(self):
        """Lets all recorders choose cells, and records each variable from all that were chosen."""
        for recorder in self.parameters.recorders.values():
            cells = load_component(recorder["component"])(self, recorder["params"]).cells()
            variables = recorder["variables"]
            for variable in [variables] if isinstance(variables, str) else variables:
                if variable in self.variables:
                    self.to_record.setdefault(variable, set()).update(cells)
        for variable, cells in self.to_record.items():
            interval = None if variable == "spikes" else self.parameters.recording_interval
            self.pop[sorted(cells)].record(variable, sampling_interval=interval)

    def get_data(self, start, duration):
        """What was recorded since the last call, with times from the beginning of the segment."""
        segment = self.pop.get_data("all", clear=True).segments[-1]
        segment.rec_datetime = datetime.datetime.now()
        segment.annotations["sheet_name"] = self.name
        trains = [
            neo.SpikeTrain(
                # Rounding must not put a spike behind the end.
                np.minimum(train.rescale(pq.ms).magnitude - start, duration),
                t_start=0 * pq.ms,
                t_stop=duration * pq.ms,
                units="ms",
                source_population=self.name,
                channel_id=int(cell),
                source_index=self.pop.id_to_index(int(cell)),
            )
            for train in segment.spiketrains
            for cell in [train.annotations["channel_id"]]
        ]
        segment.spiketrains = sorted(trains, key=lambda train: train.annotations["channel_id"])
        for signal in segment.analogsignals:
            signal.t_start = 0 * pq.ms
        self.mean_rate = float(np.mean([len(train) / duration * 1000 for train in trains]))
        return segment
