"""The screen."""

from parameters import ParameterSet

from mozaik.core import ParametrizedObject


class VisualSpace(ParametrizedObject):
    required_parameters = ParameterSet({"update_interval": float, "background_luminance": float})

    @property
    def background_luminance(self):
        return self.parameters.background_luminance


class VisualRegion:
    """A part of the visual field, in degrees."""

    def __init__(self, location_x, location_y, size_x, size_y):
        self.location_x, self.location_y = location_x, location_y
        self.size_x, self.size_y = size_x, size_y
