"""Runs one simulation of a mozaik model for mozopt.

mozopt starts this file in the model's directory, once for every candidate:

    MOZOPT_SIMULATION=.../simulation.json [MPI LAUNCHER] python mozopt_experiment.py

simulation.json holds the candidate's parameters, its seed and the name of the protocol. Here they
become mozaik's own command line, and what is recorded goes to the directory `datastore` beside
simulation.json. The protocols are the functions that `PROTOCOLS` names; each gives a list of
experiments, as `create_experiments` of a run script does. A search presents `optimization`, the
others look closer at what it found. All are there to be edited.

    python mozopt_experiment.py --check [--model-class model.SelfSustainedPushPull]

says as JSON what of mozaik, PyNN, NEST and neo can be imported, and in which version.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import math
import os
import platform
import runpy
import sys
import traceback

# Of all gratings.
SPATIAL_FREQUENCY = 0.8  # cycles/degree
TEMPORAL_FREQUENCY = 2  # Hz
GRATING_DURATION = 2000  # ms; whole periods, so that F1 can be read from the spectrum
CONTRASTS = [10, 100]  # %
ORIENTATION = math.pi / 2  # rad; of all disks: mozopt's targets look at cells that prefer it

# An explosion is found when a presentation ends, so the first one is short.
SETTLING_DURATION = 500  # ms without a stimulus
SPONTANEOUS_DURATION = 5000  # ms; mozopt's targets know spontaneous activity by this duration
LONG_SPONTANEOUS_DURATION = 20000  # ms

DISK_RADIUS = 1.25  # degrees
DISK_SIZES = 16  # radii on a logarithmic scale ...
LARGEST_DISK = 5.0  # ... up to this one, degrees
TUNING_ORIENTATIONS = 10
TUNING_TRIALS = 10
FULL_TRIALS = 2

# mozaik would name the directory by all parameters, which soon is longer than file systems allow.
STORE_NAME = "run"

EXIT_REFUSED = 78  # EX_CONFIG of sysexits.h: it would fail again in the same way


def optimization(model):
    """What all targets of mozopt need: 15.5 s of biological time."""
    return [
        *spontaneous_activity(model, SETTLING_DURATION, SPONTANEOUS_DURATION),
        orientation_tuning_of(model, orientations=2, trials=1),
        disk(model),
    ]


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
        size_tuning_of(model, TUNING_TRIALS),
    ]


def full(model):
    """All of it with few trials, for the best candidates of a search: 228.5 s."""
    return [
        *spontaneous_activity(model, SETTLING_DURATION, LONG_SPONTANEOUS_DURATION),
        orientation_tuning_of(model, TUNING_ORIENTATIONS, FULL_TRIALS),
        size_tuning_of(model, FULL_TRIALS),
    ]


PROTOCOLS = {
    "optimization": optimization,
    "full": full,
    "spontaneous": spontaneous,
    "orientation_tuning": orientation_tuning,
    "size_tuning": size_tuning,
}


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


def size_tuning_of(model, trials):
    """Gratings in disks of growing radius."""
    from mozaik.experiments.vision import MeasureSizeTuning

    return experiment(
        MeasureSizeTuning,
        model,
        num_sizes=DISK_SIZES,
        max_size=LARGEST_DISK,
        log_spacing=True,
        orientation=ORIENTATION,  # Some versions of mozaik have one of them, some the other.
        orientations=[ORIENTATION],
        positions=[(0, 0)],
        spatial_frequency=SPATIAL_FREQUENCY,
        temporal_frequency=TEMPORAL_FREQUENCY,
        grating_duration=GRATING_DURATION,
        contrasts=CONTRASTS,
        num_trials=trials,
        shuffle_stimuli=True,
        with_flat=False,
    )


def disk(model):
    """One grating in a disk, at the highest contrast."""
    import mozaik.stimuli.vision.topographica_based as topo
    from mozaik.experiments.vision import VisualExperiment
    from parameters import ParameterSet

    class ShowDisk(VisualExperiment):
        """Shows a drifting grating in a disk, once."""

        required_parameters = ParameterSet(
            {
                "radius": float,
                "orientation": float,
                "contrast": float,
                "spatial_frequency": float,
                "temporal_frequency": float,
                "grating_duration": float,
            }
        )

        def __init__(self, model, parameters):
            super().__init__(model, parameters)
            # mozaik's own constructor calls generate_stimuli; until about 2021 it did not.
            if not self.stimuli:
                self.generate_stimuli()

        def generate_stimuli(self):
            self.stimuli.append(
                topo.DriftingSinusoidalGratingDisk(
                    frame_duration=self.frame_duration,
                    size_x=self.model.visual_field.size_x,
                    size_y=self.model.visual_field.size_y,
                    location_x=0.0,
                    location_y=0.0,
                    background_luminance=self.background_luminance,
                    contrast=self.parameters.contrast,
                    duration=self.parameters.grating_duration,
                    density=self.density,
                    trial=0,
                    orientation=self.parameters.orientation,
                    radius=self.parameters.radius,
                    spatial_frequency=self.parameters.spatial_frequency,
                    temporal_frequency=self.parameters.temporal_frequency,
                )
            )

    return experiment(
        ShowDisk,
        model,
        radius=DISK_RADIUS,
        orientation=ORIENTATION,
        contrast=max(CONTRASTS),
        spatial_frequency=SPATIAL_FREQUENCY,
        temporal_frequency=TEMPORAL_FREQUENCY,
        grating_duration=GRATING_DURATION,
        shuffle_stimuli=False,
    )


def experiment(experiment_class, model, **parameters):
    """An experiment, given those parameters that this version of mozaik has for its class.

    mozaik insists on exactly the parameters that it knows, and versions differ in which these are.
    """
    from parameters import ParameterSet

    known = {
        name
        for each in experiment_class.__mro__
        for name in getattr(each, "required_parameters", {})
    }
    return experiment_class(
        model, ParameterSet({name: parameters[name] for name in parameters if name in known})
    )


def main():
    """Reads what this program was asked to do, and does it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="say what can be imported, as JSON")
    parser.add_argument("--model-class", help="a class to try in the check: model.MyModel")
    arguments = parser.parse_args()
    if arguments.check:
        print_check(arguments.model_class)
    elif "MOZOPT_SIMULATION" not in os.environ:
        refuse("MOZOPT_SIMULATION is not set: mozopt sets it to the path of simulation.json")
    else:
        with open(os.environ["MOZOPT_SIMULATION"], encoding="utf-8") as file:
            simulation = json.load(file)
        refuse_copies(simulation["mozaik"]["ranks"])
        sys.argv = command_line(simulation, os.path.dirname(os.environ["MOZOPT_SIMULATION"]))
        with all_ranks_ending(simulation["mozaik"]["ranks"]):
            run(simulation)


def run(simulation):
    """Runs one simulation; sys.argv already is mozaik's command line."""
    script, protocol = simulation["mozaik"]["script"], simulation["protocol"]
    if script:
        # It may do without mozaik: the command line is all that a run script relies on.
        with contextlib.suppress(ImportError):
            name_store_shortly()
        sys.path[0] = os.path.dirname(os.path.abspath(script))
        runpy.run_path(script, run_name="__main__")
        return
    if protocol not in PROTOCOLS:
        refuse(f"there is no protocol {protocol!r}; known here: {', '.join(PROTOCOLS)}")
    name_store_shortly()
    from mozaik.controller import run_workflow

    model_class = load_model_class(simulation["mozaik"]["model_class"])

    # The newest versions of mozaik also hand over parameters for the experiments.
    def create_experiments(model, _experiment_parameters=None):
        return PROTOCOLS[protocol](model)

    run_workflow(model_class.__name__, model_class, create_experiments)


def command_line(simulation, directory):
    """mozaik's command line: script, simulator, threads, file, pairs of path and value, run name.

    mozaik evaluates the values as Python expressions, and takes the results directory as a prefix.
    """
    mozaik = simulation["mozaik"]
    values = {
        **simulation["parameters"],
        "results_dir": os.path.join(os.path.abspath(directory), "datastore", ""),
        **{path: simulation["seed"] for path in mozaik["seed_parameters"]},
    }
    return [
        mozaik["script"] or __file__,
        "nest",
        str(simulation["threads"]),
        mozaik["parameters_file"],
        *(word for path, value in values.items() for word in (path, repr(value))),
        f"candidate_{simulation['candidate']}",
    ]


def name_store_shortly():
    """Makes mozaik name its directory `STORE_NAME`, whatever the parameters are."""
    import mozaik.controller

    mozaik.controller.result_directory_name = lambda *_: STORE_NAME


def load_model_class(path):
    """The class at a dotted path, from a module in the model's directory."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def refuse(reason):
    """Ends the program before anything is written."""
    print(f"mozopt_experiment.py: {reason}", file=sys.stderr)
    sys.exit(EXIT_REFUSED)


def refuse_copies(ranks):
    """Refuses to run unless NEST is one network over exactly `ranks` processes.

    A NEST without MPI does not notice an MPI launcher: every process simulates the whole network,
    and all of them write to the same files.
    """
    processes, copies = nest_processes(), launched_copies(os.environ)
    if processes == 1 and copies > 1:
        refuse(
            f"this is one of {copies} copies, but NEST does not see the others: each would "
            "simulate the whole network. Take a NEST built with the launcher's MPI, or start one "
            "process (ranks = 1; threads need no MPI)"
        )
    if processes != ranks:
        refuse(
            f"ranks = {ranks}, but NEST runs with {processes}. Does the launcher start as many, "
            "and does NEST have MPI?"
        )


def launched_copies(environment):
    """How many copies of this program there are at least, as the launcher's variables tell.

    SLURM_NTASKS does not tell: a batch script has it too, and that runs once.
    """
    sizes = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"]
    ranks = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]

    def numbers(names):
        return [int(environment[name]) for name in names if environment.get(name, "").isdigit()]

    return max([1, *numbers(sizes), *(rank + 1 for rank in numbers(ranks))])


def nest_processes():
    """How many MPI processes NEST runs as; 1 if it has no MPI or is not installed."""
    # mozaik's run scripts import MPI before NEST. Without an MPI library it is a RuntimeError.
    with contextlib.suppress(ImportError, RuntimeError):
        importlib.import_module("mpi4py.MPI")
    try:
        nest = importlib.import_module("nest")
    except ImportError:
        return 1
    # NEST 2 has a function.
    return nest.num_processes if hasattr(nest, "num_processes") else nest.NumProcesses()


@contextlib.contextmanager
def all_ranks_ending(ranks):
    """Ends all MPI processes when one fails: the others would wait for it until the time limit."""
    try:
        yield
    except Exception:
        if ranks == 1:
            raise
        traceback.print_exc()
        sys.stderr.flush()
        importlib.import_module("mpi4py.MPI").COMM_WORLD.Abort(1)


def print_check(model_class):
    """Prints what can be imported as one JSON object, whatever the imports themselves print."""
    stdout = os.dup(1)
    os.dup2(2, 1)  # NEST greets from C++.
    found = check(model_class)
    sys.stdout.flush()
    os.dup2(stdout, 1)
    print(json.dumps(found, indent=2))


def check(model_class=None):
    """Versions of what a simulation needs, and why what is missing cannot be imported."""
    errors = {}

    @contextlib.contextmanager
    def noting_errors_of(name):
        try:
            yield
        except (Exception, SystemExit) as error:
            errors[name] = f"{type(error).__name__}: {error}"

    def version(module):
        with noting_errors_of(module):
            imported = importlib.import_module(module)
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                return importlib.metadata.version(module)
            return getattr(imported, "__version__", None)

    found = {
        "python": platform.python_version(),
        "mozaik": {"version": version("mozaik"), "path": None},
        "pyNN": version("pyNN"),
        "nest": {"version": None, "num_processes": None, "has_mpi": None},
        "neo": version("neo"),
        "numpy": version("numpy"),
        "errors": errors,
    }
    if "mozaik" not in errors:
        found["mozaik"]["path"] = os.path.dirname(sys.modules["mozaik"].__file__)
    with noting_errors_of("nest"):
        found["nest"]["num_processes"] = nest_processes()
        nest = importlib.import_module("nest")
        found["nest"]["version"] = getattr(nest, "__version__", None) or nest.version()
        found["nest"]["has_mpi"] = has_mpi(nest)
    if model_class:
        with noting_errors_of(model_class):
            load_model_class(model_class)
    return found


def has_mpi(nest):
    """Whether NEST was built with MPI; until NEST 3.8 its language SLI knows."""
    if hasattr(nest, "build_info"):
        return nest.build_info["have_mpi"]
    return bool(nest.ll_api.sli_func("statusdict/have_mpi ::"))


if __name__ == "__main__":
    main()
