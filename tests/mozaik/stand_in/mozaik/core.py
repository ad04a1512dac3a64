"""Objects that are made from parameters, and insist on exactly those they know."""

from parameters import ParameterSet

from mozaik.tools.distribution_parametrization import PyNNDistribution


class ParametrizedObject:
    """`required_parameters` of all base classes together say which parameters, of which types."""

    required_parameters = ParameterSet({})

    def __init__(self, parameters):
        required = {}
        for each in reversed(type(self).__mro__):
            required.update(getattr(each, "required_parameters", {}))
        self._check(required, parameters, type(self).__name__)
        self.parameters = parameters

    def _check(self, required, given, where):
        if set(required) != set(given):
            difference = sorted(set(required) ^ set(given))
            raise KeyError(
                f"Invalid parameters for {where}. Required: {sorted(required)}. "
                f"Supplied: {sorted(given)}. Difference: {difference}"
            )
        for name, kind in required.items():
            value = given[name]
            if isinstance(kind, ParameterSet):
                if value is not None:
                    self._check(kind, value, f"{where}.{name}")
            elif kind is PyNNDistribution and isinstance(value, (int, float)):
                given[name] = PyNNDistribution("uniform", low=value, high=value)
            elif not _fits(value, kind):
                raise Exception(
                    f"Type mismatch for parameter {name} of value {value} in {where}: "
                    f"{kind} != {type(value)}"
                )


def _fits(value, kind):
    if kind is ParameterSet and value is None:
        return True
    return isinstance(value, (int, float) if kind in (int, float) else kind)


class BaseComponent(ParametrizedObject):
    """A part of a model."""

    def __init__(self, model, parameters):
        super().__init__(parameters)
        self.model = model
