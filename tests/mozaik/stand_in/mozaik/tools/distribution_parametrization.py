"""The language of parameter files, on top of the package `parameters`."""

from parameters import ParameterSet
from pyNN.random import NumpyRNG, RandomDistribution

import mozaik


class PyNNDistribution(RandomDistribution):
    """A distribution to draw from, written in a file as PyNNDistribution(name=..., low=...)."""

    def __init__(self, name, **parameters):
        super().__init__(name, rng=mozaik.pynn_rng, **parameters)

    def __repr__(self):
        parameters = "".join(f",{name}={value}" for name, value in self.parameters.items())
        return f"PyNNDistribution(name={self.name!r}{parameters})"

    __str__ = __repr__


class MozaikExtendedParameterSet(ParameterSet):
    """A tree of parameters from a dict, a file, or text that is no file's name.

    Files are found from the current directory, also those that a file names by url(...).
    """

    def __init__(self, initialiser, label=None, update_namespace=None):
        if isinstance(initialiser, str):
            try:
                with open(initialiser, encoding="utf-8") as file:
                    initialiser = file.read()
            except OSError:
                pass
            initialiser = ParameterSet.read_from_str(initialiser, NAMES | (update_namespace or {}))
        super().__init__(initialiser, label)


NAMES = {
    "url": MozaikExtendedParameterSet,
    "ParameterSet": MozaikExtendedParameterSet,
    "PyNNDistribution": PyNNDistribution,
    "RandomDistribution": RandomDistribution,
    "NumpyRNG": NumpyRNG,
}


def load_parameters(parameter_url, modified_parameters):
    """The tree of a file: overrides first, then references, then objects made of their results."""
    parameters = MozaikExtendedParameterSet(parameter_url)
    parameters.replace_values(**modified_parameters)
    parameters.replace_references()
    instanciate_objects(parameters)
    return parameters


def instanciate_objects(parameters):
    """Puts distributions in the place of sub-trees {'class_name': 'PyNNDistribution', ...}."""
    for key, value in parameters.items():
        if isinstance(value, ParameterSet):
            if value.get("class_name") == "PyNNDistribution":
                parameters[key] = PyNNDistribution(**value["params"])
            else:
                instanciate_objects(value)
