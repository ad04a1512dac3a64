"""Says what a simulation of a mozaik model would find, without simulating anything.

As JSON: versions, NEST's modules and cell models, the parameters that the model asks for, and every
stimulus that a protocol presents.
"""

import contextlib
import importlib
import inspect
import json
import os
import runpy
import sys

from mozopt_model import install, load_model_class, versions
from mozopt_ranks import is_root, launched_copies, nest_has_mpi_alone, nest_processes, world


def print_check(arguments, protocols):
    """Prints what would be found as one JSON object, whatever the imports themselves print."""
    stdout = os.dup(1)
    os.dup2(2, 1)  # NEST greets from C++.
    found = check(arguments, protocols)
    sys.stdout.flush()
    os.dup2(stdout, 1)
    if found["nest"]["num_processes"] in (None, 1) or is_root():
        print(json.dumps(found, indent=2), flush=True)


def check(arguments, protocols):
    """What a simulation would find, and under `errors` why what is missing cannot be had."""
    found = {
        "mozaik": {"version": None, "path": None},
        "nest": {"version": None, "num_processes": None, "has_mpi": None},
        "nest_modules": {},
        "nest_models": {},
        "required_parameters": None,
        "affinities": None,
        "presented": None,
        "warnings": [],
        "errors": {},
    }
    if launched_copies(os.environ) > 1 and nest_has_mpi_alone() is False:
        # To import it in one of several copies would end the process.
        found["nest"].update(num_processes=1, has_mpi=False)
    else:
        import_all(found)
        list_protocol(arguments, protocols, found)
        ask_nest(arguments, found)
    known = versions()
    found["nest"]["version"] = known.get("nest")
    found.update({name: known.get(name) for name in ("python", "pyNN", "neo", "numpy", "mpi")})
    if "mozaik" in known:
        version, _, path = known["mozaik"].partition(" at ")
        found["mozaik"] = {"version": version, "path": path}
    if hasattr(os, "sched_getaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        found["affinities"] = world().allgather(cores) if world() else [cores]
    return found


@contextlib.contextmanager
def noting_errors_of(name, found):
    """Errors within it are noted under this name."""
    try:
        yield
    except (Exception, SystemExit) as error:
        found["errors"][name] = f"{type(error).__name__}: {error}"


def import_all(found):
    """Imports what a simulation needs."""
    with noting_errors_of("nest", found):
        found["nest"]["num_processes"] = nest_processes()
        found["nest"]["has_mpi"] = has_mpi(importlib.import_module("nest"))
    for name in ["pyNN", "neo", "numpy"]:
        with noting_errors_of(name, found):
            importlib.import_module(name)
    with noting_errors_of("mozaik", found):
        importlib.import_module("mozaik.controller")


def list_protocol(arguments, protocols, found):
    """Notes what would be presented, and the parameters that the model's class asks for."""
    model_class = None
    if arguments.model_class:
        with noting_errors_of(arguments.model_class, found):
            model_class = load_model_class(arguments.model_class)
    if "mozaik" not in found["errors"] and (arguments.protocol or arguments.script):
        with noting_errors_of("protocol", found):
            model_class, experiments = listed(arguments, protocols, model_class)
            stimuli = [each for one in experiments for each in one.return_stimuli()]
            found["presented"] = [described(stimulus) for stimulus in stimuli]
            found["warnings"] = unimportable(experiments) + unreadable(stimuli)
    if model_class is not None:
        found["required_parameters"] = sorted(required_by(model_class))


def ask_nest(arguments, found):
    """Notes which modules NEST can load, and which cell models it has then.

    After the run script was asked, which may load modules itself.
    """
    if "nest" in found["errors"]:
        return
    for module in arguments.nest_modules:
        found["nest_modules"][module] = None
        try:
            install(module)
        except Exception as error:
            found["nest_modules"][module] = f"{type(error).__name__}: {error}"
    nest = importlib.import_module("nest")
    known = set(nest.node_models if hasattr(nest, "node_models") else nest.Models())
    found["nest_models"] = {model: model in known for model in arguments.nest_models}


def required_by(mozaik_class):
    """The names of the parameters that an object of this class must be given."""
    return {
        name for each in mozaik_class.__mro__ for name in getattr(each, "required_parameters", {})
    }


def listed(arguments, protocols, model_class):
    """The model's class, and the experiments that it would be shown; it is not built for that."""
    importlib.import_module("mozaik").setup_mpi()  # Some draw the order of their stimuli.
    if arguments.protocol:
        if arguments.protocol not in protocols:
            raise KeyError(f"there is no protocol {arguments.protocol}")
        return model_class, protocols[arguments.protocol](some_model(arguments.parameters_file))
    workflows = []

    def noting_workflow(_name, model_class, create_experiments):
        parameters = inspect.signature(create_experiments).parameters
        given = [some_model(arguments.parameters_file), {}][: len(parameters)]
        workflows.append((model_class, create_experiments(*given)))
        sys.exit()

    importlib.import_module("mozaik.controller").run_workflow = noting_workflow
    script = arguments.script
    sys.argv = [script, "nest", "1", arguments.parameters_file, "check"]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    with contextlib.suppress(SystemExit):
        runpy.run_path(script, run_name="__main__")
    if not workflows:
        raise LookupError(f"{script} does not call run_workflow")
    return workflows[0]


def some_model(parameters_file):
    """Stands for the model of these parameters, which is not built."""
    from mozaik.tools.distribution_parametrization import load_parameters

    model = Something()
    if load_parameters(parameters_file, {}).get("input_space") is None:
        model.input_space = None
    return model


class Something(float):
    """Stands for a model that is not built, and for all its parts and numbers."""

    def __new__(cls):
        return super().__new__(cls, 1.0)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Something()

    def __getitem__(self, _key):
        return Something()

    def __call__(self, *_arguments, **_options):
        return Something()

    # As a sheet it has no cells: stimulators choose theirs from it when an experiment is made.
    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __index__(self):
        return 1


def described(stimulus):
    """A stimulus by its class and those of its parameters that are numbers or text."""
    told = dict.fromkeys(
        [
            "duration",
            "contrast",
            "orientation",
            "radius",
            "spatial_frequency",
            "temporal_frequency",
            "trial",
            "direct_stimulation_name",
        ]
    )
    for name in told:
        value = getattr(stimulus, name, None)
        told[name] = value if isinstance(value, str) or value is None else float(value)
    return {"name": type(stimulus).__name__, **{k: v for k, v in told.items() if v is not None}}


def unimportable(experiments):
    """Warns of experiments whose class mozaik cannot import, which it does before it saves."""
    wrong = {type(each).__name__ for each in experiments if "<locals>" in str(type(each))}
    return [
        f"{name} is a class inside a function. mozaik of today imports it by its name when all has "
        "been presented, and cannot: put it at the top level of its file"
        for name in sorted(wrong)
    ]


def unreadable(stimuli):
    """Warns of stimuli that mozaik cannot read again from their text, a Python expression."""
    wrong = {type(stimulus).__name__ for stimulus in stimuli if "np." in str(stimulus)}
    return [
        f"{name} has parameters that are NumPy's own numbers. NumPy 2 writes them as "
        "np.float64(...), which mozaik cannot read again: after the first presentation comes "
        "NameError: name 'np' is not defined. Make plain numbers of them, or take NumPy 1"
        for name in sorted(wrong)
    ]


def has_mpi(nest):
    """Whether NEST was built with MPI; until NEST 3.8 its language SLI knows."""
    if hasattr(nest, "build_info"):
        return nest.build_info["have_mpi"]
    return bool(nest.ll_api.sli_func("statusdict/have_mpi ::"))
