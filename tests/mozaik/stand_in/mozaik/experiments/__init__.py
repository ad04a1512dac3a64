"""Experiments: lists of stimuli, presented one after the other."""

import time

from parameters import ParameterSet

import mozaik
from mozaik.core import ParametrizedObject
from mozaik.stimuli import InternalStimulus


class Experiment(ParametrizedObject):
    def __init__(self, model, parameters):
        super().__init__(parameters)
        self.model = model
        self.stimuli = []

    def return_stimuli(self):
        return self.stimuli

    def run(self, data_store, stimulus_indexes):
        """Presents these stimuli until the model explodes; the time it took, and whether it did."""
        began, exploded = time.time(), False
        for index in stimulus_indexes:
            exploded = self.model.present_and_store(self.stimuli[index], data_store)
            if exploded:
                break
        seconds = time.time() - began
        return seconds if mozaik.GENERATION == "2021" else (seconds, exploded)


class NoStimulation(Experiment):
    required_parameters = ParameterSet({"duration": float})

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        duration = parameters.duration
        self.stimuli.append(InternalStimulus(frame_duration=duration, duration=duration, trial=0))
