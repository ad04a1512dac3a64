"""Loads the Block and some segments of a data store with pickle and keeps them, no more.

    python unpickle.py STORE IDENTIFIER...

What the predecessor's way costs before anything is computed.
"""

import pickle
import sys
from pathlib import Path

import mozaik_storage  # noqa: F401  (makes the class of the wrappers known to pickle)


def load(path):
    with path.open("rb") as file:
        return pickle.load(file)


directory, *identifiers = sys.argv[1:]
names = ["datastore.recordings", *identifiers]
kept = [load(Path(directory) / f"{name}.pickle") for name in names]
