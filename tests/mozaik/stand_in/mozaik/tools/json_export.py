"""What was presented, written down for people, before the data store is saved."""

import importlib
import json

import numpy as np  # noqa: F401, for parameters that are NumPy's
from parameters import ParameterSet  # noqa: F401, which the text of parameters names


def save_json(content, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=4, default=float)


def get_experimental_protocols(data_store):
    """Each experiment by its class, which is imported by the name that its text has."""
    protocols = []
    for class_text, parameters in data_store.block.annotations["experiment_parameters"]:
        path = class_text.removeprefix("<class '").removesuffix("'>")
        module, _, name = path.rpartition(".")
        experiment = getattr(importlib.import_module(module), name)
        protocols.append(
            {
                "class": path,
                "short_description": (experiment.__doc__ or "").partition("\n")[0],
                "parameters": dict(eval(parameters)),
            }
        )
    return protocols
