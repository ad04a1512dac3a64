"""A model of the size of LSV1M as far as a data store shows it: cells, and spikes to stimuli.

LSV1M (Antolík et al. 2024): cortical sheets of 5 mm x 5 mm, 1500 excitatory and 375 inhibitory
cells per mm2 in layers 4 and 2/3, 1 degree per mm; two LGN sheets of 6 x 6 degrees with 200 cells
per square degree. That is 108 150 cells; other sizes scale the densities.

Spikes are Poisson. Their rates have what the targets look for, so that no value is trivial: they
differ between cells, rise for gratings of the preferred orientation, follow the drift of the
grating, and share slow fluctuations.
"""

import dataclasses

import numpy as np

CORTEX_SIDE_DEG = 5.0
LGN_SIDE_DEG = 6.0

FLUCTUATION = 0.8
FLUCTUATION_STEPS = 200  # 20 ms on the simulator's grid.
STEPS_PER_MS = 10

TUNING_WIDTH_RAD = 0.5
GAIN_BY_CONTRAST = {10: 0.5, 100: 2.0}
SUPPRESSION_BY_FULL_FIELD = 0.6
TEMPORAL_FREQUENCY_HZ = 2


@dataclasses.dataclass(frozen=True)
class SheetKind:
    """A sheet of LSV1M. Rates are those of a real run of a small relative of LSV1M."""

    name: str
    cells_in_full_size: int
    rate_hz: float
    modulation: float = 0.0
    is_cortical: bool = True


SHEETS = [
    SheetKind("X_ON", 7200, 12.4, is_cortical=False),
    SheetKind("X_OFF", 7200, 12.9, is_cortical=False),
    SheetKind("V1_Exc_L4", 37500, 4.7, modulation=0.9),
    SheetKind("V1_Inh_L4", 9375, 7.8, modulation=0.7),
    SheetKind("V1_Exc_L2/3", 37500, 4.6, modulation=0.3),
    SheetKind("V1_Inh_L2/3", 9375, 4.0, modulation=0.2),
]
FULL_SIZE = sum(kind.cells_in_full_size for kind in SHEETS)


class Sheet:
    """The cells of a sheet: where they are, what they prefer and how much they fire."""

    def __init__(self, kind, neurons, first_id, rng):
        count = max(20, round(neurons * kind.cells_in_full_size / FULL_SIZE))
        side_deg = CORTEX_SIDE_DEG if kind.is_cortical else LGN_SIDE_DEG
        self.kind = kind
        self.ids = np.arange(first_id, first_id + count)
        xyz = rng.uniform(-side_deg / 2, side_deg / 2, (count, 3))
        xyz[:, 2] = 0
        self.positions_deg = xyz.T
        self.orientations_rad = rng.uniform(0, np.pi, count)
        self.phases_rad = rng.uniform(0, 2 * np.pi, count)
        self.rates_hz = kind.rate_hz * rng.gamma(2, 1 / 2, count)

    def rates_to(self, stimulus):
        """Mean rates, in Hz, and how deeply they follow the drift of the stimulus."""
        if "contrast" not in stimulus or not self.kind.is_cortical:
            return self.rates_hz, 0.0
        distance = np.abs(self.orientations_rad - stimulus["orientation"]) % np.pi
        distance = np.minimum(distance, np.pi - distance)
        gain = GAIN_BY_CONTRAST[stimulus["contrast"]]
        if stimulus["name"].startswith("Fullfield"):
            gain *= SUPPRESSION_BY_FULL_FIELD
        tuning = np.exp(-0.5 * (distance / TUNING_WIDTH_RAD) ** 2)
        return self.rates_hz * (1 + gain * tuning), self.kind.modulation

    def spike_steps(self, cells, stimulus, duration_ms, rng):
        """Spikes of some cells: per cell an ascending array of steps of 0.1 ms, from 1 on."""
        rates_hz, modulation = self.rates_to(stimulus)
        steps = int(duration_ms * STEPS_PER_MS)
        peak = (1 + FLUCTUATION) * (1 + modulation)
        candidates = rng.poisson(rates_hz[cells] * peak * duration_ms / 1000)
        cell = np.repeat(np.arange(len(cells)), candidates)
        step = rng.integers(1, steps, len(cell))
        shared = rng.uniform(1 - FLUCTUATION, 1 + FLUCTUATION, steps // FLUCTUATION_STEPS + 1)
        drift_rad = 2 * np.pi * TEMPORAL_FREQUENCY_HZ * step / (1000 * STEPS_PER_MS)
        relative = shared[step // FLUCTUATION_STEPS] * (
            1 + modulation * np.cos(drift_rad - self.phases_rad[cells][cell])
        )
        is_kept = rng.random(len(cell)) * peak < relative
        # Sorted by cell and time; a cell fires at most once in a step.
        cell, step = np.divmod(np.unique(cell[is_kept] * steps + step[is_kept]), steps)
        return np.split(step, np.searchsorted(cell, np.arange(1, len(cells))))
