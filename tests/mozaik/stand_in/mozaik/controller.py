"""From the command line to the data store."""

import datetime
import inspect
import logging
import os
import pickle
import resource
import signal
import sys

import mozaik
from mozaik.cli import parse_workflow_args
from mozaik.stimuli import EndOfSimulationBlank
from mozaik.storage.datastore import PickledDataStore
from mozaik.tools.distribution_parametrization import load_parameters
from mozaik.tools.json_export import get_experimental_protocols, save_json

logger = mozaik.getMozaikLogger()


class Global:
    root_directory = "./"


def run_workflow(simulation_name, model_class, create_experiments):
    """Builds the model, runs the experiments on it and saves what was recorded."""
    sim, num_threads, parameters = prepare_workflow(simulation_name, model_class)
    model = model_class(sim, num_threads, parameters)
    # Older versions of mozaik call it with the model alone, the newest with parameters as well.
    arguments = [model, {}][: len(inspect.signature(create_experiments).parameters)]
    data_store = run_experiments(model, create_experiments(*arguments), parameters)
    fail_if_told("after-segments")
    data_store.save()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Final memory usage: {int(peak_mb)}MB")
    return data_store, model


def prepare_workflow(simulation_name, model_class):
    """Parameters, random numbers, the results directory and what is known before the run."""
    run_name, _, num_threads, url, modified_parameters = parse_workflow_args()
    # Loaded twice: the first time for the seeds, which distributions need when they are made.
    parameters = load_parameters(url, modified_parameters)
    seeds = {name: parameters[name] for name in mozaik.SEEDS if name in parameters}
    print("START MPI")
    mozaik.setup_mpi(**seeds)
    print("Loading parameters")
    parameters = load_parameters(url, modified_parameters)
    print("Finished loading parameters")
    import pyNN.nest as sim

    directory = result_directory_name(run_name, simulation_name, modified_parameters)
    Global.root_directory = parameters.results_dir + directory + "/"
    os.makedirs(Global.root_directory)
    for rank in range(1, int(os.environ.get("MOZAIK_STAND_IN_RANKS", 1))):
        # What the other processes of an MPI run leave.
        os.makedirs(f"{Global.root_directory}{rank}/")
        write(f"{rank}/log", "")
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s   0 %(name)-10s %(levelname)-6s %(message)s [%(pathname)s:%(lineno)d]",
        filename=Global.root_directory + "log",
        filemode="w",
    )
    write("parameters", parameters.pretty(expand_urls=True))
    with open(Global.root_directory + "modified_parameters", "wb") as file:
        pickle.dump(modified_parameters, file)
    info = {
        "model_class": str(model_class),
        "model_docstring": model_class.__doc__,
        "simulation_run_name": run_name,
        "model_name": simulation_name,
        "creation_data": datetime.datetime.now().strftime("%d/%m/%Y-%H:%M:%S"),
    }
    write("info", str(info))
    fail_if_told("before-segments")
    return sim, num_threads, parameters


def result_directory_name(simulation_run_name, simulation_name, modified_parameters):
    """Name with all overrides but the results directory; long ones by the last part of the path."""
    paths = sorted(path for path in modified_parameters if path != "results_dir")
    overrides = "_".join(f"{path}:{modified_parameters[path]}" for path in paths)
    if len(overrides) > 100:
        overrides = "_".join(f"{path.split('.')[-1]}:{modified_parameters[path]}" for path in paths)
    return f"{simulation_name}_{simulation_run_name}_____{overrides}"


def run_experiments(model, experiment_list, parameters):
    """Presents all stimuli, or those until an explosion, and a last blank.

    Then it describes the experiments in a file, and only its caller saves the data store.
    """
    data_store = PickledDataStore(Global.root_directory)
    data_store.annotate_block(model, parameters, experiment_list)
    exploded = False
    for number, experiment in enumerate(experiment_list, 1):
        logger.info("Starting experiment: %s", type(experiment).__name__)
        waiting = data_store.identify_unpresented_stimuli(experiment.return_stimuli())
        ended = experiment.run(data_store, waiting)
        # The time, since 2022 also whether the model exploded.
        exploded = isinstance(ended, tuple) and ended[1]
        if exploded:
            logger.info("ERROR: Model exploded, stopping simulation!")
            break
        logger.info("Experiment %d/%d finished", number, len(experiment_list))
    fail_if_told("after-presentations")
    if mozaik.GENERATION == "2021":
        return data_store
    period = parameters.null_stimulus_period
    blank = EndOfSimulationBlank(trial=0, duration=period, frame_duration=period)
    model.present_and_store(blank, data_store)
    data_store.block.annotations["simulation_log"] = {
        "rngs_state": [float(mozaik.rng.rand())],
        "explosion_detected": exploded,
    }
    protocols = get_experimental_protocols(data_store)
    save_json(protocols, Global.root_directory + "experimental_protocols.json")
    return data_store


def write(name, text):
    with open(Global.root_directory + name, "w", encoding="utf-8") as file:
        file.write(text)


def fail_if_told(moment):
    """For tests: MOZAIK_STAND_IN_FAIL=raise:MOMENT, kill:MOMENT or hang:MOMENT."""
    how, _, when = os.environ.get("MOZAIK_STAND_IN_FAIL", "").partition(":")
    if when != moment:
        return
    sys.stdout.flush()
    if how == "raise":
        raise RuntimeError(f"the stand-in was told to fail {moment}")
    os.kill(os.getpid(), signal.SIGKILL if how == "kill" else signal.SIGSTOP)
