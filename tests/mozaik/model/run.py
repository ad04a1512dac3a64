"""Runs the model as its users do: python run.py nest 1 param/defaults test"""

from mozaik.controller import run_workflow
from mozaik.experiments import NoStimulation
from mozaik.experiments.vision import MeasureOrientationTuningFullfield
from parameters import ParameterSet

from model import SelfSustainedPushPull


def create_experiments(model):
    return [
        NoStimulation(model, ParameterSet({"duration": 500})),
        MeasureOrientationTuningFullfield(
            model,
            ParameterSet(
                {
                    "num_orientations": 2,
                    "spatial_frequency": 0.8,
                    "temporal_frequency": 2,
                    "grating_duration": 500,
                    "contrasts": [100],
                    "num_trials": 1,
                    "shuffle_stimuli": True,
                }
            ),
        ),
    ]


if __name__ == "__main__":
    run_workflow("SelfSustainedPushPull", SelfSustainedPushPull, create_experiments)
