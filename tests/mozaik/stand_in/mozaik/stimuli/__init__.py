"""Stimuli, and how they are written into the annotations of segments."""

DEFAULTS = {"direct_stimulation_name": None, "direct_stimulation_parameters": None}


class BaseStimulus:
    """A kind of stimulus with its parameters."""

    required = ("frame_duration", "duration", "trial")

    def __init__(self, **parameters):
        required = {name for each in type(self).__mro__ for name in getattr(each, "required", ())}
        wrong = required ^ (set(parameters) - set(DEFAULTS))
        if wrong:
            raise TypeError(f"{type(self).__name__}: missing or unknown {sorted(wrong)}")
        self._parameters = {**DEFAULTS, **parameters, "name": type(self).__name__}

    def __getattr__(self, name):
        try:
            return self.__dict__["_parameters"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __str__(self):
        module = f'"module_path" :"{type(self).__module__}"'
        values = [f'"{name}":{value!r}' for name, value in sorted(self._parameters.items())]
        return "{" + ", ".join([module, *values]) + "}"


class InternalStimulus(BaseStimulus):
    """Nothing is shown."""


class EndOfSimulationBlank(InternalStimulus):
    """The blank after the last stimulus."""
