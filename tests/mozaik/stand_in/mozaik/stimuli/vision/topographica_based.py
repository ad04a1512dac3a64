"""Drifting gratings."""

from mozaik.stimuli import BaseStimulus


class FullfieldDriftingSinusoidalGrating(BaseStimulus):
    """Contrast in %, orientation in rad, frequencies in cycles/degree and Hz."""

    required = (
        *("density", "location_x", "location_y", "size_x", "size_y", "background_luminance"),
        *("contrast", "orientation", "spatial_frequency", "temporal_frequency"),
    )


class DriftingSinusoidalGratingDisk(FullfieldDriftingSinusoidalGrating):
    """A grating in a disk; radius in degrees."""

    required = ("radius",)
