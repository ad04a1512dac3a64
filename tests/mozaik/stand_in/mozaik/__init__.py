"""A small stand-in for mozaik, to run what stands around mozaik where mozaik itself is not.

It has the interface that run scripts, model files and experiments use, mozaik's command line and
parameter language, and it leaves a data store in mozaik's layout: a real network of PyNN and NEST,
real objects of neo. Connections, stimuli and the LGN are much simpler than mozaik's, one process
runs alone, and parameters without a simple meaning are checked but have no effect.
"""

import importlib
import logging
import os

import numpy as np

__version__ = "0.1.stand-in"

# Which mozaik this is like: "2021", "2025", or "2026", the one with three seeds.
GENERATION = os.environ.get("MOZAIK_STAND_IN", "2025")
SEEDS = {"2026": ("model_seed", "simulation_seed", "experiment_seed")}.get(
    GENERATION, ("mozaik_seed", "pynn_seed")
)

MPI_ROOT = 0
rng = None  # for the order of stimuli
pynn_rng = None  # for cells and connections
noise_rng = None  # for the spikes of the LGN


class mpi_comm:
    """The communicator of the only process."""

    rank = 0
    size = 1


def setup_mpi(**seeds):
    """Seeds the generators of random numbers."""
    global rng, pynn_rng, noise_rng
    from pyNN.random import NumpyRNG

    if GENERATION == "2026":
        if seeds.get("simulation_seed") == 0:
            raise ValueError("simulation_seed must be above 0")
        rng = np.random.RandomState(seeds.get("experiment_seed", 513))
        pynn_rng = NumpyRNG(seed=seeds.get("model_seed", 1023))
        noise_rng = np.random.RandomState(seeds.get("simulation_seed", 5))
    else:
        rng = np.random.RandomState(seeds.get("mozaik_seed", 513))
        pynn_rng = NumpyRNG(seed=seeds.get("pynn_seed", 1023))
        noise_rng = pynn_rng.rng


def getMozaikLogger():
    return logging.getLogger("Mozaik")


def load_component(path):
    """The class at a dotted path."""
    module, _, name = path.rpartition(".")
    component = getattr(importlib.import_module(module), name)
    getMozaikLogger().info("Loaded component %s from module %s", name, module)
    return component
