"""The retina and LGN: Poisson cells whose rate follows the stimulus in a closed form."""

import numpy as np
from parameters import ParameterSet

import mozaik
from mozaik.core import BaseComponent
from mozaik.sheets import Sheet

REST_HZ = 10.0
AMPLITUDE_HZ = 60.0
HALF_CONTRAST = 20.0  # %
SUPPRESSION_DEG = 1.5  # sigma of the field that lowers the response to large stimuli
BIN_MS = 1.0


class SpatioTemporalFilterRetinaLGN(BaseComponent):
    """An ON and an OFF sheet. Of its parameters only density, size, recorders and cell have an
    effect.

    Rates are those of a linear cell with saturating contrast and a divisive suppressive field
    (after Bonin, Mante and Carandini, 2005); ON and OFF are in opposite phase, and negative rates
    are none. Spikes are new for each presentation.
    """

    required_parameters = ParameterSet(
        {
            **dict.fromkeys(["density", "linear_scaler", "recording_interval"], float),
            **dict.fromkeys(["mpi_reproducible_noise", "cached"], bool),
            **dict.fromkeys(["recorders", "receptive_field", "gain_control"], ParameterSet),
            **dict.fromkeys(["cell", "noise"], ParameterSet),
            "size": tuple,
            "cache_path": str,
        }
    )

    def __init__(self, model, parameters):
        super().__init__(model, parameters)
        self.sheets = {name: LgnSheet(model, name, parameters) for name in ("X_ON", "X_OFF")}

    def process_input(self, stimulus, duration, start):
        """Gives all cells their spikes for a stimulus (None: a blank)."""
        for name, sheet in self.sheets.items():
            sign = 1 if name == "X_ON" else -1
            sheet.show(stimulus, sign, duration, start)


class LgnSheet(Sheet):
    """Cells at random positions within a field of `size` degrees."""

    required_parameters = SpatioTemporalFilterRetinaLGN.required_parameters
    variables = ("spikes",)

    def __init__(self, model, name, parameters):
        width, height = parameters.size
        count = int(parameters.density * width * height)
        self.sources = pop = model.sim.Population(count, model.sim.SpikeSourceArray(), label=name)
        if parameters.cell.get("native_nest"):
            pop = self._relays(model.sim, parameters.cell, name)
        positions = np.zeros((3, count))
        positions[:2] = mozaik.pynn_rng.rng.uniform(-0.5, 0.5, (count, 2)).T * [[width], [height]]
        pop.positions = positions
        super().__init__(model, name, pop, parameters)

    def _relays(self, sim, cell, name):
        """Cells of a model of NEST or of an extension module that fire when their source does."""
        pop = sim.Population(
            self.sources.size, sim.native_cell_type(cell.model)(**cell.params), label=name
        )
        synapse = sim.StaticSynapse(weight=1.0, delay=sim.get_min_delay())
        sim.Projection(self.sources, pop, sim.OneToOneConnector(), synapse)
        return pop

    def show(self, stimulus, sign, duration, start):
        time_step = self.model.parameters.time_step
        rng = mozaik.noise_rng
        # PyNN needs some steps between now and the first spike.
        begin_ms = np.arange(BIN_MS, duration, BIN_MS)
        rates_hz = self._rates_hz(stimulus, sign, begin_ms)
        fires = rng.uniform(size=rates_hz.shape) < rates_hz * BIN_MS / 1000
        times = start + begin_ms + rng.uniform(0, BIN_MS, fires.shape)
        times = np.round(times / time_step) * time_step
        self.sources.set(
            spike_times=[
                self.model.sim.Sequence(cell_times[cell_fires])
                for cell_times, cell_fires in zip(times, fires)
            ]
        )

    def _rates_hz(self, stimulus, sign, times_ms):
        x, y, _ = self.pop.positions
        rates_hz = np.full((self.pop.size, len(times_ms)), REST_HZ)
        if stimulus is None:
            return rates_hz
        radius = getattr(stimulus, "radius", np.inf)
        from_centre = np.hypot(x - stimulus.location_x, y - stimulus.location_y)
        filled = 1 - np.exp(-(radius**2) / (2 * SUPPRESSION_DEG**2))
        contrast = stimulus.contrast * (from_centre < radius)
        gain_hz = AMPLITUDE_HZ * contrast / (stimulus.contrast + HALF_CONTRAST * (1 + filled))
        across = y * np.cos(stimulus.orientation) - x * np.sin(stimulus.orientation)
        cycles = (
            stimulus.spatial_frequency * across[:, None]
            - stimulus.temporal_frequency * times_ms / 1000
        )
        return np.maximum(rates_hz + sign * gain_hz[:, None] * np.cos(2 * np.pi * cycles), 0)
