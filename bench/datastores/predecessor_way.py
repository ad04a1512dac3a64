"""Evaluates a mozaik data store the predecessor's way, and prints the values as JSON.

    python predecessor_way.py STORE CONFIG

The predecessor loads a store with pickle into neo objects, each segment when a target asks for it,
keeps it, and computes every target on its own with NumPy. This does the same, written from the
definitions of the targets (documentation of the crate `targets`), and is kinder to the predecessor
than fact: without mozaik's import, its queries and its parsing of stimuli for each target, and
without the garbage collections that the predecessor forces around every target.
"""

import ast
import json
import pickle
import sys
from pathlib import Path

import numpy as np

import mozaik_storage  # noqa: F401  (makes the class of the wrappers known to pickle)

OPTIMAL_RAD, ORTHOGONAL_RAD = np.pi / 2, 0.0
TOLERANCE_RAD = 0.1
MIN_INTERVALS = 6
BIN_MS = 10.0
FULL_FIELD, DISK = "FullfieldDriftingSinusoidalGrating", "DriftingSinusoidalGratingDisk"
ORIENTATION_KEYS = ("LGNAfferentOrientation", "ORMapOrientation")


class Missing(Exception):
    """A target has no value on this store."""


class Store:
    def __init__(self, directory):
        with (directory / "datastore.recordings.pickle").open("rb") as file:
            self.block = pickle.load(file)
        self.segments = sorted(self.block.segments, key=lambda segment: segment.rec_datetime)
        for segment in self.segments:
            segment.datastore_path = directory
            segment.stimulus = ast.literal_eval(segment.annotations["stimulus"])

    def shown(self, sheet, **parameters):
        """The segments of a sheet in which a stimulus with these parameters was shown."""
        found = [
            segment
            for segment in self.segments
            if segment.annotations["sheet_name"] == sheet
            and not segment.null
            and all(segment.stimulus.get(key) == value for key, value in parameters.items())
        ]
        if not found:
            raise Missing(f"{sheet} was not shown {parameters}")
        return found

    def spontaneous(self, sheet):
        [segment] = self.shown(sheet, name="InternalStimulus", duration=5000)
        return segment

    def gratings_at(self, orientation, sheet, **parameters):
        shown = self.shown(sheet, **parameters)
        found = [segment for segment in shown if same(segment.stimulus["orientation"], orientation)]
        if not found:
            raise Missing(f"{sheet} was not shown {parameters} at {orientation}")
        return found

    def positions_deg(self, sheet):
        return self.block.annotations["neuron_positions"][sheet][:2]

    def preferring(self, orientation, sheet):
        """Numbers of the recorded cells that prefer an orientation, among the spike trains."""
        annotations = self.block.annotations["neuron_annotations"][sheet]
        for key in ORIENTATION_KEYS:
            if annotations and all(key in of_cell for of_cell in annotations):
                break
        else:
            raise Missing(f"{sheet} has no orientation preferences")
        neurons = self.block.annotations["neuron_ids"][sheet]
        preferences = dict(zip(neurons, (float(of_cell[key]) for of_cell in annotations)))
        trains = self.spontaneous(sheet).spiketrains
        ids = [train.annotations["source_id"] for train in trains]
        return [number for number, id in enumerate(ids) if same(preferences[id], orientation)]

    def oriented(self, sheet):
        found = self.preferring(OPTIMAL_RAD, sheet)
        if not found:
            raise Missing(f"no recorded cell of {sheet} prefers {OPTIMAL_RAD}")
        return found


def same(a, b):
    distance = abs(a % np.pi - b % np.pi)
    return min(distance, np.pi - distance) < TOLERANCE_RAD


def mean_rate_hz(segment, cells):
    first = segment.spiketrains[0]
    duration_ms = float(first.t_stop - first.t_start)
    return 1000 * np.mean([len(segment.spiketrains[cell]) for cell in cells]) / duration_ms


def histograms(trains):
    first = trains[0]
    start, stop = round(float(first.t_start), 5), round(float(first.t_stop), 5)
    bins = round((stop - start) / BIN_MS)
    return [np.histogram(train.magnitude, bins=bins, range=(start, stop))[0] for train in trains]


def spontaneous_activity(store, sheet):
    trains = store.spontaneous(sheet).spiketrains
    return 1000 * np.mean([float(len(train) / (train.t_stop - train.t_start)) for train in trains])


def irregularity(store, sheet):
    intervals = [np.diff(train.magnitude) for train in store.spontaneous(sheet).spiketrains]
    of_cells = [np.std(of) / np.mean(of) for of in intervals if len(of) >= MIN_INTERVALS]
    return np.mean(of_cells) if of_cells else None


def synchrony(store, sheet):
    x, y = store.positions_deg(sheet)
    in_square = np.maximum(np.abs(x), np.abs(y)) <= 1.5
    # As the predecessor has it: by number of the train, right if all cells were recorded.
    trains = store.spontaneous(sheet).spiketrains
    trains = [train for train, is_near in zip(trains, in_square) if is_near]
    has_enough = np.array([len(train) > MIN_INTERVALS for train in trains])
    if has_enough.sum() < 2:
        return None
    with np.errstate(invalid="ignore"):
        correlations = np.nan_to_num(np.corrcoef(histograms(trains)))
    correlations = correlations[has_enough, :][:, has_enough]
    return np.mean(correlations[np.triu_indices(len(correlations), 1)])


def orientation_tuning_preference(store, sheet):
    cells = store.oriented(sheet)
    optimal, orthogonal = (
        mean_rate_hz(store.gratings_at(at, sheet, name=FULL_FIELD, contrast=100)[-1], cells)
        for at in (OPTIMAL_RAD, ORTHOGONAL_RAD)
    )
    return optimal / orthogonal


def orthogonal_response(contrast):
    def relative_change(store, sheet):
        cells = store.oriented(sheet)
        resting = mean_rate_hz(store.spontaneous(sheet), cells)
        shown = store.gratings_at(ORTHOGONAL_RAD, sheet, name=FULL_FIELD, contrast=contrast)
        return abs(resting - mean_rate_hz(shown[0], cells)) / resting

    return relative_change


def size_tuning(store, sheet):
    x, y = store.positions_deg(sheet)
    cells = [n for n in store.oriented(sheet) if x[n] ** 2 + y[n] ** 2 < 1]
    if not cells:
        return None
    disk, full_field = (
        store.gratings_at(OPTIMAL_RAD, sheet, name=name, contrast=100)[0].spiketrains
        for name in (DISK, FULL_FIELD)
    )
    pairs = [(len(disk[cell]), len(full_field[cell])) for cell in cells]
    return sum(d > 2 and f > 0 and d / f > 1.1 for d, f in pairs) / len(cells)


def conductance_ratio(store, sheet):
    def mean(names):
        for signal in store.spontaneous(sheet).analogsignals:
            if signal.name in names:
                return np.mean([np.mean(trace.magnitude) for trace in signal.T])
        raise Missing(f"no {names} was recorded from {sheet}")

    return mean(("gsyn_inh", "g_in")) / mean(("gsyn_exc", "g_ex"))


def modulation_ratio(store, sheet):
    counts = []
    for grating in store.shown(sheet, name=FULL_FIELD, contrast=100):
        cells = store.preferring(grating.stimulus["orientation"], sheet)
        if cells:
            counts += histograms([grating.spiketrains[cell] for cell in cells])
    if not counts:
        return None
    amplitudes = np.mean([np.abs(np.fft.fft(of_cell)) for of_cell in counts], axis=0)
    period_ms = 1000 / grating.stimulus["temporal_frequency"]
    first = grating.spiketrains[0]
    harmonic = round(float(first.t_stop - first.t_start) / period_ms)
    return 2 * amplitudes[harmonic] / amplitudes[0]


TARGETS = {
    "SpontActivityTarget": spontaneous_activity,
    "IrregularityTarget": irregularity,
    "SynchronyTarget": synchrony,
    "OrientationTuningPreferenceTarget": orientation_tuning_preference,
    "OrientationTuningOrthoHighTarget": orthogonal_response(100),
    "OrientationTuningOrthoLowTarget": orthogonal_response(10),
    "SizeTuning": size_tuning,
    "ConductanceRatio": conductance_ratio,
    "ModulationRatio": modulation_ratio,
}


def measured(target, store):
    try:
        value = TARGETS[target["class"]](store, target["sheet_name"])
    except Missing:
        value = None
    value = float(value) if value is not None and np.isfinite(value) else None
    return {"class": target["class"], "sheet_name": target["sheet_name"], "value": value}


def main():
    directory, config = map(Path, sys.argv[1:])
    store = Store(directory)
    targets = [measured(target, store) for target in json.loads(config.read_text())["targets"]]
    loaded = [segment.identifier for segment in store.segments if segment.is_loaded]
    json.dump({"store": str(directory), "targets": targets, "loaded": loaded}, sys.stdout)


if __name__ == "__main__":
    main()
