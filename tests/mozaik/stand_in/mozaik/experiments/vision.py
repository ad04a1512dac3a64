"""Experiments with gratings."""

import numpy as np
from parameters import ParameterSet

import mozaik
import mozaik.stimuli.vision.topographica_based as topo
from mozaik.experiments import Experiment


class VisualExperiment(Experiment):
    """Subclasses fill `stimuli` in generate_stimuli."""

    required_parameters = ParameterSet({"shuffle_stimuli": bool})

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        self.background_luminance = model.input_space.background_luminance
        self.density = 1 / model.input_layer.parameters.receptive_field.spatial_resolution
        self.frame_duration = model.input_space.parameters.update_interval
        self.generate_stimuli()
        if parameters.shuffle_stimuli:
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


GRATING = {
    "spatial_frequency": float,
    "temporal_frequency": float,
    "grating_duration": float,
    "contrasts": list,
    "num_trials": int,
}


class MeasureOrientationTuningFullfield(VisualExperiment):
    required_parameters = ParameterSet({**GRATING, "num_orientations": int})

    def generate_stimuli(self):
        count = self.parameters.num_orientations
        for contrast in self.parameters.contrasts:
            for orientation in (np.pi / count * at for at in range(count)):
                for trial in range(self.parameters.num_trials):
                    self.grating(
                        topo.FullfieldDriftingSinusoidalGrating,
                        contrast=contrast,
                        orientation=orientation,
                        trial=trial,
                    )


class MeasureSizeTuning(VisualExperiment):
    required_parameters = ParameterSet(
        {
            **GRATING,
            "num_sizes": int,
            "max_size": float,
            "log_spacing": bool,
            "orientations": list,
            "positions": list,
        }
    )

    def generate_stimuli(self):
        given = self.parameters
        if given.log_spacing:
            sizes = np.geomspace(given.max_size / 2**5, given.max_size, given.num_sizes)
        else:
            sizes = np.linspace(0, given.max_size, given.num_sizes)
        for contrast in given.contrasts:
            for radius in sizes:
                for orientation in given.orientations:
                    for x, y in given.positions:
                        for trial in range(given.num_trials):
                            self.grating(
                                topo.DriftingSinusoidalGratingDisk,
                                x,
                                y,
                                contrast=contrast,
                                radius=float(radius),
                                orientation=orientation,
                                trial=trial,
                            )
