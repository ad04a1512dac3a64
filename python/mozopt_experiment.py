"""What mozopt presents to a mozaik model: to be read, and to be changed.

mozopt runs this file in the model's directory, once for every candidate:

    MOZOPT_SIMULATION=.../simulation.json [MPI LAUNCHER] python mozopt_experiment.py

The protocols are the functions that `PROTOCOLS` names; each gives a list of experiments, as
`create_experiments` of a run script does. A search presents `optimization`, the others look closer
at what it found. `mozopt_run.py`, which mozopt puts beside this file, runs the simulation.
"""

import itertools
import math

try:
    import mozaik.stimuli.vision.topographica_based as topo
    from mozaik.experiments.vision import VisualExperiment
    from parameters import ParameterSet
except Exception:  # `mozopt check` says why.
    topo, VisualExperiment, ParameterSet = None, object, dict

# Of all gratings.
SPATIAL_FREQUENCY = 0.8  # cycles/degree
TEMPORAL_FREQUENCY = 2  # Hz
GRATING_DURATION = 2000  # ms; whole periods, so that F1 can be read from the spectrum
CONTRASTS = [10, 100]  # %
ORIENTATION = math.pi / 2  # rad; of all disks: mozopt's targets look at cells that prefer it

# An explosion is found when a presentation ends, so the first one is short.
SETTLING_DURATION = 500  # ms without a stimulus
# Targets are measured on the period without a stimulus of exactly 5000 ms; if there is none, on the
# longest of at least 1000 ms.
SPONTANEOUS_DURATION = 5000  # ms
LONG_SPONTANEOUS_DURATION = 20000  # ms

DISK_RADIUS = 1.25  # degrees
# A third of an octave from one to the next, up to 5 degrees.
DISK_RADII = [round(5 * 2 ** (step / 3 - 5), 3) for step in range(16)]
TUNING_ORIENTATIONS = 10
TUNING_TRIALS = 10
FULL_TRIALS = 2


def optimization(model):
    """What all targets of mozopt need: 15.5 s of biological time; without visual input 5.5 s."""
    presented = spontaneous_activity(model, SETTLING_DURATION, SPONTANEOUS_DURATION)
    if sees(model):
        presented.append(orientation_tuning_of(model, orientations=2, trials=1))
        presented.append(disks(model, [DISK_RADIUS], [max(CONTRASTS)], trials=1))
    return presented


def spontaneous(model):
    """Long spontaneous activity: 20.5 s."""
    return spontaneous_activity(model, SETTLING_DURATION, LONG_SPONTANEOUS_DURATION)


def orientation_tuning(model):
    """Full tuning curves, with trials: 400.5 s."""
    return [
        *spontaneous_activity(model, SETTLING_DURATION),
        orientation_tuning_of(model, TUNING_ORIENTATIONS, TUNING_TRIALS),
    ]


def size_tuning(model):
    """Responses to disks of growing radius, with trials: 640.5 s."""
    return [
        *spontaneous_activity(model, SETTLING_DURATION),
        disks(model, DISK_RADII, CONTRASTS, TUNING_TRIALS),
    ]


def full(model):
    """All of it with few trials, for the best candidates of a search: 228.5 s."""
    presented = spontaneous_activity(model, SETTLING_DURATION, LONG_SPONTANEOUS_DURATION)
    if sees(model):
        presented.append(orientation_tuning_of(model, TUNING_ORIENTATIONS, FULL_TRIALS))
        presented.append(disks(model, DISK_RADII, CONTRASTS, FULL_TRIALS))
    return presented


PROTOCOLS = {
    "optimization": optimization,
    "full": full,
    "spontaneous": spontaneous,
    "orientation_tuning": orientation_tuning,
    "size_tuning": size_tuning,
}


def sees(model):
    """Whether the model has visual input: others can be measured by their own activity only."""
    return model.input_space is not None


def spontaneous_activity(model, *durations):
    """Periods without a stimulus, ms."""
    from mozaik.experiments import NoStimulation

    return [experiment(NoStimulation, model, duration=duration) for duration in durations]


def orientation_tuning_of(model, orientations, trials):
    """Full-field gratings; `orientations` directions are spread evenly over half a turn."""
    from mozaik.experiments.vision import MeasureOrientationTuningFullfield

    return experiment(
        MeasureOrientationTuningFullfield,
        model,
        num_orientations=orientations,
        spatial_frequency=SPATIAL_FREQUENCY,
        temporal_frequency=TEMPORAL_FREQUENCY,
        grating_duration=GRATING_DURATION,
        contrasts=CONTRASTS,
        num_trials=trials,
        shuffle_stimuli=True,
    )


def disks(model, radii, contrasts, trials):
    """Gratings in disks of these radii, degrees."""
    return experiment(
        ShowDisks,
        model,
        radii=radii,
        orientation=ORIENTATION,
        contrasts=contrasts,
        spatial_frequency=SPATIAL_FREQUENCY,
        temporal_frequency=TEMPORAL_FREQUENCY,
        grating_duration=GRATING_DURATION,
        num_trials=trials,
        shuffle_stimuli=True,
    )


class ShowDisks(VisualExperiment):
    """Shows drifting gratings in disks around the centre of the visual field.

    mozaik's own experiment takes its radii from NumPy, and mozaik cannot read the names that
    NumPy 2 gives such numbers. mozaik imports this class by its name when all has been presented.
    """

    required_parameters = ParameterSet(
        {
            "radii": list,
            "orientation": float,
            "contrasts": list,
            "spatial_frequency": float,
            "temporal_frequency": float,
            "grating_duration": float,
            "num_trials": int,
        }
    )

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        # mozaik's own constructor calls generate_stimuli; until about 2021 it did not.
        if not self.stimuli:
            self.generate_stimuli()

    def generate_stimuli(self):
        shown = self.parameters
        for contrast, radius, trial in itertools.product(
            shown.contrasts, shown.radii, range(shown.num_trials)
        ):
            self.stimuli.append(
                topo.DriftingSinusoidalGratingDisk(
                    frame_duration=self.frame_duration,
                    size_x=self.model.visual_field.size_x,
                    size_y=self.model.visual_field.size_y,
                    location_x=0.0,
                    location_y=0.0,
                    background_luminance=self.background_luminance,
                    contrast=contrast,
                    duration=shown.grating_duration,
                    density=self.density,
                    trial=trial,
                    orientation=shown.orientation,
                    radius=radius,
                    spatial_frequency=shown.spatial_frequency,
                    temporal_frequency=shown.temporal_frequency,
                )
            )


def experiment(experiment_class, model, **parameters):
    """An experiment, given those parameters that this version of mozaik has for its class.

    mozaik insists on exactly the parameters that it knows, and versions differ in which these are.
    """
    known = {
        name
        for each in experiment_class.__mro__
        for name in getattr(each, "required_parameters", {})
    }
    return experiment_class(
        model, ParameterSet({name: parameters[name] for name in parameters if name in known})
    )


if __name__ == "__main__":
    from mozopt_run import main

    main(PROTOCOLS)
