"""Experiments: lists of stimuli, presented one after the other."""

from parameters import ParameterSet

from mozaik.core import ParametrizedObject
from mozaik.stimuli import InternalStimulus


class Experiment(ParametrizedObject):
    def __init__(self, model, parameters):
        super().__init__(parameters)
        self.model = model
        self.stimuli = []

    def return_stimuli(self):
        return self.stimuli

    def run(self, data_store):
        """Presents all stimuli, until the model explodes; whether it did."""
        return any(self.model.present_and_store(each, data_store) for each in self.stimuli)


class NoStimulation(Experiment):
    required_parameters = ParameterSet({"duration": float})

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        duration = parameters.duration
        self.stimuli.append(InternalStimulus(frame_duration=duration, duration=duration, trial=0))
