"""Experiments with gratings."""

from itertools import product

import numpy as np
from parameters import ParameterSet

import mozaik
import mozaik.stimuli.vision.topographica_based as topo
from mozaik.experiments import Experiment


class VisualExperiment(Experiment):
    """Subclasses fill `stimuli` in generate_stimuli."""

    required_parameters = ParameterSet(
        {} if mozaik.GENERATION == "2021" else {"shuffle_stimuli": bool}
    )

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        self.background_luminance = model.input_space.background_luminance
        self.density = 1 / model.input_layer.parameters.receptive_field.spatial_resolution
        self.frame_duration = model.input_space.parameters.update_interval
        if mozaik.GENERATION != "2021":
            self.generate_stimuli()
        if parameters.get("shuffle_stimuli"):
            mozaik.rng.shuffle(self.stimuli)

    def generate_stimuli(self):
        raise NotImplementedError

    def grating(self, kind, x=0.0, y=0.0, **parameters):
        self.stimuli.append(
            kind(
                frame_duration=self.frame_duration,
                duration=self.parameters.grating_duration,
                density=self.density,
                background_luminance=self.background_luminance,
                size_x=self.model.visual_field.size_x,
                size_y=self.model.visual_field.size_y,
                location_x=x,
                location_y=y,
                spatial_frequency=self.parameters.spatial_frequency,
                temporal_frequency=self.parameters.temporal_frequency,
                **parameters,
            )
        )


class Measurement(VisualExperiment):
    """mozaik's own experiments: in every version they have their stimuli when they are made."""

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        if not self.stimuli:
            self.generate_stimuli()


GRATINGS = {
    **dict.fromkeys(["spatial_frequency", "temporal_frequency", "grating_duration"], float),
    "contrasts": list,
    "num_trials": int,
}


class MeasureOrientationTuningFullfield(Measurement):
    required_parameters = ParameterSet({**GRATINGS, "num_orientations": int})

    def generate_stimuli(self):
        given, count = self.parameters, self.parameters.num_orientations
        orientations = [np.pi / count * at for at in range(count)]
        for contrast, orientation, trial in product(
            given.contrasts, orientations, range(given.num_trials)
        ):
            self.grating(
                topo.FullfieldDriftingSinusoidalGrating,
                contrast=contrast,
                orientation=orientation,
                trial=trial,
            )


class MeasureSizeTuning(Measurement):
    required_parameters = ParameterSet(
        {
            **GRATINGS,
            "num_sizes": int,
            "max_size": float,
            "log_spacing": bool,
            **dict.fromkeys(["orientations", "positions"], list),
        }
    )

    def generate_stimuli(self):
        given = self.parameters
        if given.log_spacing:
            sizes = np.geomspace(given.max_size / 2**5, given.max_size, given.num_sizes)
        else:
            sizes = np.linspace(0, given.max_size, given.num_sizes)
        for contrast, radius, orientation, (x, y), trial in product(
            given.contrasts, sizes, given.orientations, given.positions, range(given.num_trials)
        ):
            self.grating(
                topo.DriftingSinusoidalGratingDisk,
                x,
                y,
                contrast=contrast,
                radius=radius,  # NumPy's own number, as in mozaik
                orientation=orientation,
                trial=trial,
            )
