"""What simulates: versions, NEST's extension modules, and the model's class."""

import contextlib
import importlib
import importlib.metadata
import os
import platform
import sys


def load_model_class(path):
    """The class at a dotted path, from a module in the model's directory."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def install(module, nest_install=None):
    """Loads an extension module into NEST, unless it is there."""
    nest = importlib.import_module("nest")
    try:
        (nest_install or nest.Install)(module)
    except nest.NESTError as error:
        if "already" not in str(error):
            raise


def versions():
    """The versions of what simulates, by name; of what is not there nothing."""
    found = {"python": platform.python_version()}
    mozaik = sys.modules.get("mozaik")
    if mozaik:
        version = getattr(mozaik, "__version__", "unknown")
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            version = importlib.metadata.version("mozaik")
        found["mozaik"] = f"{version} at {os.path.dirname(mozaik.__file__)}"
    for package, module in [
        ("pyNN", "pyNN"),
        ("nest-simulator", "nest"),
        ("neo", "neo"),
        ("numpy", "numpy"),
    ]:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[module] = importlib.metadata.version(package)
        version = getattr(sys.modules.get(module), "__version__", None)
        if version:
            found[module] = version
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi:
        found["mpi"] = mpi.Get_library_version().split(",")[0].split("\n")[0].strip("\x00 ")
    return found
