"""A small stand-in for mozaik, to run what stands around mozaik where mozaik itself is not.

It has the interface that run scripts, model files and experiments use, mozaik's command line and
parameter language, and it leaves a data store in mozaik's layout: a real network of PyNN and NEST,
real objects of neo. Connections, stimuli and the LGN are much simpler than mozaik's, one process
runs alone, and parameters without a simple meaning are checked but have no effect.
"""

import importlib
import logging

import numpy as np

__version__ = "0.1.stand-in"

MPI_ROOT = 0
rng = None  # for the order of stimuli; seeded by mozaik_seed
pynn_rng = None  # for cells, connections and noise; seeded by pynn_seed


class mpi_comm:
    """The communicator of the only process."""

    rank = 0
    size = 1


def setup_mpi(mozaik_seed=513, pynn_seed=1023):
    global rng, pynn_rng
    from pyNN.random import NumpyRNG

    rng = np.random.RandomState(mozaik_seed)
    pynn_rng = NumpyRNG(seed=pynn_seed)


def getMozaikLogger():
    return logging.getLogger("Mozaik")


def load_component(path):
    """The class at a dotted path."""
    module, _, name = path.rpartition(".")
    component = getattr(importlib.import_module(module), name)
    getMozaikLogger().info("Loaded component %s from module %s", name, module)
    return component
