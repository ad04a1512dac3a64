"""Runs one simulation of a mozaik model for mozopt.

simulation.json, beside which everything is written, holds the candidate's parameters, its seed and
the name of the protocol. Here they become mozaik's own command line, and what is recorded goes to
the directory `datastore`. `mozopt check` comes through here, too: `mozopt_check.py` answers it.
"""

import argparse
import contextlib
import functools
import importlib
import json
import os
import runpy
import sys
import traceback

from mozopt_model import install, load_model_class, versions
from mozopt_ranks import (
    all_ranks_ending,
    is_root,
    refuse,
    refuse_copies,
    refuse_other_positions,
)

# mozaik would name the directory by all parameters, which soon is longer than file systems allow.
STORE_NAME = "run"

# Files beside simulation.json that tell mozopt more.
VERSIONS_FILE = "versions.json"
LATE_ERROR_FILE = "late_error.txt"


def main(protocols):
    """Does what the command line asks for; `protocols` are functions by their names."""
    parser = argparse.ArgumentParser(
        prog="mozopt_experiment.py", description="Runs one simulation of a mozaik model."
    )
    parser.add_argument("--check", action="store_true", help="say what would be found, as JSON")
    parser.add_argument("--model-class", help="a class to try in the check: model.MyModel")
    parser.add_argument("--parameters-file", default="param/defaults", help="of the model")
    parser.add_argument("--nest-modules", type=names, default=[], help="to try: a,b")
    parser.add_argument("--nest-models", type=names, default=[], help="to ask NEST for: a,b")
    presenting = parser.add_mutually_exclusive_group()
    presenting.add_argument("--protocol", help="say what it presents")
    presenting.add_argument("--script", help="say what this run script presents")
    arguments = parser.parse_args()
    if arguments.check:
        from mozopt_check import print_check

        print_check(arguments, protocols)
    elif "MOZOPT_SIMULATION" not in os.environ:
        refuse("MOZOPT_SIMULATION is not set: mozopt sets it to the path of simulation.json")
    else:
        with open(os.environ["MOZOPT_SIMULATION"], encoding="utf-8") as file:
            simulation = json.load(file)
        ranks = simulation["mozaik"]["ranks"]
        refuse_copies(ranks)
        directory = os.path.dirname(os.environ["MOZOPT_SIMULATION"])
        sys.argv = command_line(simulation, directory)
        with all_ranks_ending(ranks):
            run(simulation, directory, protocols)


def names(text):
    """The words of a list with commas."""
    return [name for name in text.split(",") if name]


def run(simulation, directory, protocols):
    """Runs one simulation; sys.argv already is mozaik's command line."""
    mozaik, protocol = simulation["mozaik"], simulation["protocol"]
    script, modules = mozaik["script"], mozaik.get("nest_modules", [])
    if script is None and protocol not in protocols:
        refuse(f"there is no protocol {protocol!r}; known here: {', '.join(protocols)}")
    if is_root():
        write_beside(directory, VERSIONS_FILE, json.dumps(versions(), indent=2))
    # A run script may do without mozaik: the command line is all that it relies on.
    with contextlib.suppress(ImportError):
        name_store_shortly()
    presented = Presented(mozaik["ranks"])
    try:
        if script is None:
            for module in modules:
                install(module)
        with contextlib.suppress(ImportError):
            install_after_setup(modules)
        with presented.watched():
            if script is None:
                present(load_model_class(mozaik["model_class"]), protocols[protocol])
            else:
                sys.path[0] = os.path.dirname(os.path.abspath(script))
                runpy.run_path(script, run_name="__main__")
    except BaseException:
        if presented.save():
            write_beside(directory, LATE_ERROR_FILE, traceback.format_exc())
        raise


def present(model_class, protocol):
    """Lets mozaik build the model and present the protocol to it."""
    from mozaik.controller import run_workflow

    # The newest versions of mozaik also hand over parameters for the experiments.
    def create_experiments(model, _experiment_parameters=None):
        return protocol(model)

    run_workflow(model_class.__name__, model_class, create_experiments)


class Presented:
    """What has been presented, so that a mistake after the last stimulus costs nothing.

    When all is recorded, mozaik still writes descriptions of it, and only then saves the index
    without which nothing can be read.
    """

    def __init__(self, ranks):
        self.ranks = ranks
        self.data_store = None
        self.waiting = None  # experiments that have not been run to their end

    @contextlib.contextmanager
    def watched(self):
        """Within it, run_workflow says what it does."""
        try:
            controller = importlib.import_module("mozaik.controller")
        except ImportError:
            yield
            return
        run_workflow = controller.run_workflow

        def watched_workflow(name, model_class, create_experiments):
            @functools.wraps(create_experiments)
            def created(model, *parameters):
                refuse_other_positions(model, self.ranks)
                experiments = list(create_experiments(model, *parameters))
                self.waiting = len(experiments)
                for each in experiments:
                    each.run = self.noting(each.run)
                return experiments

            return run_workflow(name, model_class, created)

        controller.run_workflow = watched_workflow
        try:
            yield
        finally:
            controller.run_workflow = run_workflow

    def noting(self, run):
        """The same method of an experiment; what it recorded, and that it ended, is noted."""

        def noted(data_store, *arguments):
            self.data_store = data_store
            ended = run(data_store, *arguments)
            # mozaik tells the time that it took and, since 2022, whether the model exploded.
            exploded = ended[-1] if isinstance(ended, tuple) else ended is True
            self.waiting = 0 if exploded else self.waiting - 1
            return ended

        return noted

    def save(self):
        """Saves what was recorded if it is all there is; whether it did."""
        if self.waiting != 0 or not is_root():
            return False
        try:
            self.data_store.save()
        except Exception:
            traceback.print_exc()
            return False
        return True


def install_after_setup(modules):
    """Loads extension modules when PyNN has reset NEST, which since NEST 3.8 unloads them.

    These, and those that the run script or the model installs itself.
    """
    sim, nest = importlib.import_module("pyNN.nest"), importlib.import_module("nest")
    setup, nest_install = sim.setup, nest.Install
    wanted = list(modules)

    @functools.wraps(setup)
    def setup_and_install(*arguments, **options):
        rank = setup(*arguments, **options)
        for module in wanted:
            install(module, nest_install)
        return rank

    # What was loaded here may be installed by the model as well: NEST refuses to do it twice.
    @functools.wraps(nest_install)
    def install_and_note(module_name):
        install(module_name, nest_install)
        if module_name not in wanted:
            wanted.append(module_name)

    sim.setup = setup_and_install
    vars(nest)["Install"] = install_and_note  # NEST 3 lets nobody set its attributes.


def write_beside(directory, name, text):
    """Writes a file beside simulation.json; no reader sees half of it."""
    path = os.path.join(directory, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text.rstrip() + "\n")
    os.replace(path + ".new", path)


def command_line(simulation, directory):
    """mozaik's command line: script, simulator, threads, file, pairs of path and value, run name.

    mozaik evaluates the values as Python expressions, and takes the results directory as a prefix.
    """
    mozaik = simulation["mozaik"]
    values = {
        **simulation["parameters"],
        "results_dir": os.path.join(os.path.abspath(directory), "datastore", ""),
        **dict.fromkeys(mozaik["seed_parameters"], simulation["seed"]),
    }
    return [
        mozaik["script"] or "mozopt_experiment.py",
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
