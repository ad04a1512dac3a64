"""Writes a data store as mozaik does, of a model of any size, with made-up activity.

    python make_store.py --neurons 108150 --output STORE

What mozaik's optimization protocol leaves behind, object for object: a neo Segment per sheet and
presentation in a pickle of its own, each preceded in time by a null segment (a blank), a Block of
light wrappers with everything that is known about the cells, and the small files beside them.
Spikes of all cortical cells are recorded, and the conductances of those near the centre. One
segment at a time is in memory. Any version of neo from 0.12 on will do, and any of NumPy.
"""

import argparse
import collections
import datetime
import pickle
import shutil
from pathlib import Path

import neo
import numpy as np
import quantities as pq

import activity
from mozaik_storage import PickledDataStoreNeoWrapper

BLANK_MS = 150
LGN_CELLS_RECORDED = 12
RECORDING_GRID_DEG = np.arange(-0.095, 0.1, 0.01)


def internal(name, duration):
    return {
        "module_path": "mozaik.stimuli",
        "direct_stimulation_name": None,
        "direct_stimulation_parameters": None,
        "duration": duration,
        "frame_duration": duration,
        "name": name,
        "trial": 0,
    }


def grating(name, orientation, contrast, **more):
    parameters = {
        "background_luminance": 50.0,
        "contrast": contrast,
        "density": 10.0,
        "direct_stimulation_name": None,
        "direct_stimulation_parameters": None,
        "duration": 2000,
        "frame_duration": 7.0,
        "location_x": 0.0,
        "location_y": 0.0,
        "name": name,
        "orientation": orientation,
        "size_x": 8.0,
        "size_y": 8.0,
        "spatial_frequency": 0.8,
        "temporal_frequency": activity.TEMPORAL_FREQUENCY_HZ,
        "trial": 0,
        **more,
    }
    module = {"module_path": "mozaik.stimuli.vision.topographica_based"}
    return module | dict(sorted(parameters.items()))


FULL_FIELD = "FullfieldDriftingSinusoidalGrating"
PROTOCOL = [
    internal("InternalStimulus", 500),
    internal("InternalStimulus", 5000),
    *(grating(FULL_FIELD, at, contrast) for contrast in (10, 100) for at in (0.0, np.pi / 2)),
    grating("DriftingSinusoidalGratingDisk", np.pi / 2, 100, radius=1.25),
    internal("EndOfSimulationBlank", float(BLANK_MS)),
]
EXPERIMENTS = [
    ("NoStimulation", {"duration": 500}),
    ("NoStimulation", {"duration": 5000}),
    ("MeasureOrientationTuningFullfield", {"num_orientations": 2, "contrasts": [10, 100]}),
    ("MeasureSizeTuningOneSize", {"size": 1.25, "orientations": [np.pi / 2], "contrasts": [100]}),
]


def stimulus_text(stimulus):
    """A stimulus as mozaik writes it into the annotations of a segment."""
    (module_key, module), *rest = stimulus.items()
    return f'{{"{module_key}" :"{module}",' + ", ".join(f'"{k}":{v!r}' for k, v in rest) + "}"


class Recorder:
    """Which cells of a sheet are recorded, and the neo objects made of them."""

    def __init__(self, sheet, signals, rng):
        count = len(sheet.ids)
        self.sheet = sheet
        self.name = sheet.kind.name
        self.description = (
            f'Population "{self.name}"\n    Structure   : RandomStructure\n'
            f"    Local cells : {count}\n    ID range    : {sheet.ids[0]}-{sheet.ids[-1]}"
        )
        if sheet.kind.is_cortical:
            self.cells = np.arange(count)
            self.signal_cells = np.sort(self._cells_near_centre()[:signals])
        else:
            self.cells = np.sort(rng.choice(count, LGN_CELLS_RECORDED, replace=False))
            self.signal_cells = []

    def _cells_near_centre(self):
        """Those nearest to an electrode of a square grid of 200 um with a spacing of 10 um."""
        x, y, _ = self.sheet.positions_deg
        grid = ((at_x, at_y) for at_x in RECORDING_GRID_DEG for at_y in RECORDING_GRID_DEG)
        cells = np.unique([np.argmin((x - at_x) ** 2 + (y - at_y) ** 2) for at_x, at_y in grid])
        return cells[np.argsort(np.hypot(x[cells], y[cells]))]

    def segment(self, stimulus, duration_ms, start_ms, recorded_at, rng):
        segment = neo.Segment(name="segment000", description=self.description)
        segment.rec_datetime = recorded_at
        segment.annotations = {"sheet_name": self.name, "stimulus": stimulus_text(stimulus)}
        block = neo.Block(name=self.name, description=self.description)
        block.rec_datetime = recorded_at
        block.annotations = self._population()
        block.segments.append(segment)
        segment.block = block
        # The blank before a stimulus shows nothing.
        shown = stimulus if duration_ms == stimulus["duration"] else {}
        steps = self.sheet.spike_steps(self.cells, shown, duration_ms, rng)
        trains = [
            self._spike_train(segment, cell, cell_steps, start_ms, duration_ms)
            for cell, cell_steps in zip(self.cells, steps)
        ]
        segment.spiketrains = trains
        if len(self.signal_cells):
            samples = duration_ms + (start_ms == 0)  # A run begins with one sample more.
            signals = [("gsyn_inh", 0.015), ("gsyn_exc", 0.003)]
            segment.analogsignals = [
                self._signal(segment, name, mean_us, samples, rng) for name, mean_us in signals
            ]
        return segment

    def _population(self):
        return {
            "size": len(self.sheet.ids),
            "first_index": 0,
            "last_index": len(self.sheet.ids),
            "first_id": int(self.sheet.ids[0]),
            "last_id": int(self.sheet.ids[-1]),
            "label": self.name,
            "simulator": "NEST",
            "dt": 0.1,
            "mpi_processes": 1,
        }

    def _spike_train(self, segment, cell, steps, start_ms, duration_ms):
        # Times since the beginning of the segment, with the rounding errors of a difference.
        times_ms = (start_ms + steps / activity.STEPS_PER_MS) - start_ms
        train = neo.SpikeTrain(
            times_ms,
            t_start=0.0 * pq.ms,
            t_stop=float(duration_ms) * pq.ms,
            units="ms",
            source_population=self.name,
            source_id=self.sheet.ids[cell],
            source_index=int(cell),
            channel_id=self.sheet.ids[cell],
        )
        train.segment = segment
        return train

    def _signal(self, segment, name, mean_us, samples, rng):
        values_us = rng.gamma(2, mean_us / 2, (len(self.signal_cells), samples)).T
        signal = neo.AnalogSignal(
            values_us,
            units="uS",
            t_start=0.0 * pq.ms,
            sampling_rate=1.0 / pq.ms,
            name=name,
            source_population=self.name,
            source_ids=self.sheet.ids[self.signal_cells],
            array_annotations={"channel_index": self.signal_cells},
        )
        signal.segment = segment
        return signal


def cell_annotations(sheet):
    """What mozaik's connectors note about each cell: numbers of NumPy, in layer 4 also an array."""
    if not sheet.kind.is_cortical:
        return [collections.OrderedDict() for _ in sheet.ids]
    if not sheet.kind.name.endswith("L4"):
        return [collections.OrderedDict(LGNAfferentOrientation=at) for at in sheet.orientations_rad]
    x, y, _ = sheet.positions_deg
    return [
        collections.OrderedDict(
            LGNAfferentOrientation=np.array(sheet.orientations_rad[cell]),
            LGNAfferentAspectRatio=np.float64(0.4),
            LGNAfferentFrequency=np.float64(0.8),
            LGNAfferentSize=np.float64(0.17),
            LGNAfferentPhase=sheet.phases_rad[cell],
            aff_samples=np.float64(18.0),
            LGNAfferentX=x[cell],
            LGNAfferentY=y[cell],
        )
        for cell in range(len(sheet.ids))
    ]


def write_store(directory, neurons, signals, seed):
    directory.mkdir(parents=True)
    # One stream for the cells, one for each segment.
    segments = 2 * len(PROTOCOL) * len(activity.SHEETS)
    streams = iter(np.random.SeedSequence(seed).spawn(1 + segments))
    rng = np.random.default_rng(next(streams))
    sheets, first_id = [], 3
    for kind in activity.SHEETS:
        sheets.append(activity.Sheet(kind, neurons, first_id, rng))
        first_id = sheets[-1].ids[-1] + 3
    recorders = [Recorder(sheet, signals, rng) for sheet in sheets]
    wrappers, start_ms = [], 0.0
    clock = datetime.datetime(2025, 1, 1)
    for stimulus in PROTOCOL:
        # mozaik writes a presentation before the blank that it began with.
        blank = (True, BLANK_MS, start_ms, clock)
        shown = (False, int(stimulus["duration"]), start_ms + BLANK_MS, clock.replace(minute=30))
        for null, duration_ms, begin_ms, recorded_at in (shown, blank):
            for recorder in recorders:
                recorded_at += datetime.timedelta(seconds=1)
                rng = np.random.default_rng(next(streams))
                segment = recorder.segment(stimulus, duration_ms, begin_ms, recorded_at, rng)
                identifier = f"Segment{len(wrappers)}"
                dump(segment, directory / f"{identifier}.pickle")
                wrappers.append(
                    PickledDataStoreNeoWrapper(segment, identifier, f"{directory}/", null)
                )
        clock += datetime.timedelta(hours=1)
        start_ms += BLANK_MS + stimulus["duration"]
    write_block(directory, sheets, wrappers)


def write_block(directory, sheets, wrappers):
    def by_sheet(of):
        return collections.OrderedDict((sheet.kind.name, of(sheet)) for sheet in sheets)

    parameters = repr({"sheets": {sheet.kind.name: vars(sheet.kind) for sheet in sheets}})
    block = neo.Block()
    block.annotations = {
        "neuron_ids": by_sheet(lambda sheet: sheet.ids),
        "neuron_positions": by_sheet(lambda sheet: sheet.positions_deg),
        "neuron_annotations": by_sheet(cell_annotations),
        "model_parameters": parameters,
        "sheet_parameters": parameters,
        "experiment_parameters": [
            (f"<class 'mozaik.experiments.{name}'>", repr(given)) for name, given in EXPERIMENTS
        ],
        "simulation_log": {"rngs_state": [0.5], "explosion_detected": False},
    }
    block.segments = sorted(wrappers, key=lambda wrapper: wrapper.rec_datetime)
    dump(block, directory / "datastore.recordings.pickle")
    dump([], directory / "datastore.analysis.pickle")
    dump(collections.OrderedDict(), directory / "datastore.sensory.stimulus.pickle")
    dump({}, directory / "modified_parameters")
    (directory / "parameters").write_text(parameters)
    (directory / "info").write_text(repr({"model_name": "made-up"}))


def dump(value, path):
    with path.open("wb") as file:
        pickle.dump(value, file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--neurons", type=int, default=activity.FULL_SIZE, help="in all sheets")
    parser.add_argument("--output", type=Path, required=True, help="directory to make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--signals-per-sheet",
        type=int,
        help="at most so many cells with conductances (default: those at the electrodes)",
    )
    arguments = parser.parse_args()
    # Under its name a store is complete.
    partial = arguments.output.with_name(arguments.output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    write_store(partial, arguments.neurons, arguments.signals_per_sheet, arguments.seed)
    partial.rename(arguments.output)
