"""Makes data/inspection.golden.json: what `mozopt inspect` should say of the real data stores.

    pip install numpy==2.4.6 scipy==1.17.1 neo==0.14.6 elephant==1.2.1
    python make_inspection_golden.py STORES data/inspection.golden.json

STORES is where `crates/mozaik-datastore/tests/data/stores.tar.xz` was unpacked. The pickles are
read by the script beside that archive, statistics of spike trains come from Elephant, the rest from
NumPy and SciPy.
"""

import json
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "mozaik-datastore/tests"))

import elephant.conversion
import elephant.spike_train_correlation
import elephant.statistics
import neo
import numpy as np
import quantities as pq
from make_goldens import Store, items, load
from scipy.optimize import curve_fit

warnings.simplefilter("ignore")
STORES = ["healthy", "edge", "subset", "exploded", "vogels_neo14_np2"]
FULL_FIELD = "FullfieldDriftingSinusoidalGrating"
TOLERANCE = 0.1  # rad; orientations closer than this are the same


def summary(values):
    """What is said of a distribution."""
    values = np.asarray(values, float)
    if not len(values):
        return {"n": 0}
    quartiles = np.percentile(values, [25, 50, 75])
    return {
        "n": len(values),
        "mean": float(values.mean()),
        "standard_deviation": float(values.std(ddof=1)) if len(values) > 1 else None,
        "lower_quartile": float(quartiles[0]),
        "median": float(quartiles[1]),
        "upper_quartile": float(quartiles[2]),
    }


def spontaneous(segment):
    """Statistics of the trains of one segment, by Elephant."""
    t_stop = segment["t_stop_ms"]
    trains = [
        neo.SpikeTrain(times * pq.ms, t_stop=t_stop * pq.ms) for _, times in segment["trains"]
    ]
    rates = [
        elephant.statistics.mean_firing_rate(train).rescale(pq.Hz).item() if len(train) else 0.0
        for train in trains
    ]
    long = [train for train in trains if len(train) > 6]
    intervals = [elephant.statistics.isi(train).magnitude for train in trains if len(train) > 1]
    intervals = np.concatenate(intervals) if intervals else np.array([])
    found = {
        "rate_hz": summary(rates),
        "silent_cells": sum(len(train) == 0 for train in trains),
        "irregularity": summary(
            [elephant.statistics.cv(elephant.statistics.isi(train)) for train in long]
        ),
        "intervals": {
            "n": len(intervals),
            "mean_ms": float(intervals.mean()) if len(intervals) else None,
            "median_ms": float(np.median(intervals)) if len(intervals) else None,
        },
        "population_rate_hz": population_rate(trains, t_stop),
    }
    compared = [long[i * len(long) // min(len(long), 200)] for i in range(min(len(long), 200))]
    found["correlation"] = correlation(compared, t_stop)
    return found


def population_rate(trains, t_stop):
    """The rate in bins of 10 ms: by NumPy, as Elephant's histogram drops spikes at the very end."""
    bins = round(t_stop / 10)
    times = np.concatenate([train.magnitude for train in trains])
    counts = np.histogram(times, bins=bins, range=(0, t_stop))[0]
    rates = counts / len(trains) / (t_stop / bins / 1000)
    return {
        "n": bins,
        "mean": float(rates.mean()),
        "max": float(rates.max()),
        "last": float(rates[-1]),
    }


def correlation(trains, t_stop):
    """Of all pairs, by NumPy; compared with Elephant's where both count the same spikes in bins."""
    if len(trains) < 2:
        return None
    counts = [
        np.histogram(t.magnitude, bins=round(t_stop / 10), range=(0, t_stop))[0] for t in trains
    ]
    matrix = np.nan_to_num(np.corrcoef(counts))
    binned = elephant.conversion.BinnedSpikeTrain(trains, bin_size=10 * pq.ms, tolerance=None)
    by_elephant = np.nan_to_num(elephant.spike_train_correlation.correlation_coefficient(binned))
    same = (np.array(counts) == binned.to_array()).all(axis=1)
    assert np.allclose(matrix[np.ix_(same, same)], by_elephant[np.ix_(same, same)], atol=1e-10)
    for i in np.flatnonzero(~same):
        # Elephant puts a spike that lies on an edge to another side, or drops it at the very end.
        edges = trains[i].magnitude / 10
        assert (np.abs(edges - np.round(edges)) < 1e-6).any()
    print(f"    correlations of {same.sum()} of {len(trains)} cells are Elephant's")
    return summary(matrix[np.triu_indices(len(trains), 1)])


def signals(path):
    """Mean over time and cells of each recorded variable."""
    found = {}
    for signal in items(load(path), "analogsignals"):
        found[signal.args[8]] = float(np.asarray(signal.args[1]).mean())
    return found


def difference(a, b):
    """The difference of orientations, -90 to 90 degrees."""
    return np.degrees((a - b + np.pi / 2) % np.pi - np.pi / 2)


def is_same(a, b):
    """Whether two orientations are the same."""
    return np.abs(np.radians(difference(a, b))) < TOLERANCE


def rates_of(segments):
    """Mean rate of each cell over segments."""
    counts, duration = {}, {}
    for segment in segments:
        for cell, times in segment["trains"]:
            counts[cell] = counts.get(cell, 0) + len(times)
            duration[cell] = duration.get(cell, 0) + segment["t_stop_ms"] / 1000
    return {cell: counts[cell] / duration[cell] for cell in counts}


def tuning(gratings, preferred, resting):
    """Responses by orientation, for the gratings of one contrast."""
    shown = {}
    for segment in gratings:
        shown.setdefault(segment["stimulus"]["orientation"], []).append(segment)
    curves = {}
    for orientation, segments in shown.items():
        for cell, rate in rates_of(segments).items():
            curves.setdefault(cell, []).append((difference(orientation, preferred[cell]), rate))
    points = np.array([point for cell in sorted(curves) for point in curves[cell]])
    centres = np.round(points[:, 0] / 10) * 10
    centres[centres == -90] = 90
    bins = []
    for centre in np.unique(centres):
        rates = points[centres == centre, 1]
        error = rates.std(ddof=1) / np.sqrt(len(rates)) if len(rates) > 1 else None
        bins.append([float(centre), len(rates), float(rates.mean()), error and float(error)])
    selectivity = []
    for curve in curves.values():
        at = [[r for d, r in curve if is_same(np.radians(d), where)] for where in (0, np.pi / 2)]
        if at[0] and at[1] and np.mean(at[0]) + np.mean(at[1]) > 0:
            p, o = np.mean(at[0]), np.mean(at[1])
            selectivity.append((p - o) / (p + o))
    return {
        "contrast_percent": gratings[0]["stimulus"]["contrast"],
        "cells": len(curves),
        "spontaneous_hz": float(np.mean([resting[cell] for cell in curves])),
        "bins": bins,
        "selectivity": summary(selectivity),
        "fit": gaussian(points),
    }


def gaussian(points):
    """Half width at half height and R² of a Gaussian with its peak at 0, by SciPy."""
    d, rates = np.radians(points[:, 0]), points[:, 1]
    if len(np.unique(np.round(d % np.pi, 4))) < 5:
        return None  # A width cannot be told from so few orientations.

    def curve(d, baseline, amplitude, width):
        return baseline + amplitude * np.exp(-0.5 * (d / width) ** 2)

    best = None
    for width in (0.06, 0.1, 0.2, 0.35, 0.6, 1.0):
        start = [rates.min(), rates.max() - rates.min() + 0.1, width]
        bounds = ([0, 0, 0.05], [np.inf, np.inf, np.pi / 2])
        try:
            found = curve_fit(
                curve,
                d,
                rates,
                start,
                bounds=bounds,
                xtol=1e-14,
                ftol=1e-14,
                gtol=1e-14,
                max_nfev=10000,
            )[0]
        except RuntimeError:
            continue
        squares = ((rates - curve(d, *found)) ** 2).sum()
        if best is None or squares < best[0]:
            best = (squares, found)
    squares, (_, amplitude, width) = best
    if amplitude < 1e-6 or not 0.0501 < width < 1.57:
        return None
    spread = ((rates - rates.mean()) ** 2).sum()
    return [float(np.degrees(width * np.sqrt(2 * np.log(2)))), float(1 - squares / spread)]


def contrast_response(by_contrast, preferred, resting):
    """Mean response at the preferred orientation, by contrast, and of the same cells at rest."""
    points, examined = [], set()
    for contrast in sorted(by_contrast):
        rates = []
        for segment in by_contrast[contrast]:
            for cell, times in segment["trains"]:
                if is_same(segment["stimulus"]["orientation"], preferred[cell]):
                    rates.append(1000 * len(times) / segment["t_stop_ms"])
                    examined.add(cell)
        if rates:
            points.append([contrast, len(rates), float(np.mean(rates))])
    if len(points) < 2:
        return None
    return [[0, len(examined), float(np.mean([resting[cell] for cell in examined]))], *points]


def modulation(gratings, preferred):
    """F1/F0 of the cells that prefer a grating shown, by the Fourier transform of their counts."""
    sums = {}
    for segment in gratings:
        duration = segment["t_stop_ms"]
        bins = round(duration / 10)
        k = round(duration * segment["stimulus"]["temporal_frequency"] / 1000)
        for cell, times in segment["trains"]:
            if is_same(segment["stimulus"]["orientation"], preferred[cell]):
                counts = np.histogram(times, bins=bins, range=(0, duration))[0]
                amplitudes = np.abs(np.fft.fft(counts))
                first, mean = sums.get(cell, (0, 0))
                sums[cell] = (first + amplitudes[k], mean + amplitudes[0])
    return summary([2 * first / mean for first, mean in sums.values() if mean >= 6])


def sheet_golden(store, sheet, segments):
    """Everything about one sheet."""
    segments = [
        segment for segment in segments if segment["sheet"] == sheet and not segment["null"]
    ]
    resting = [s for s in segments if s["stimulus"]["name"] == "InternalStimulus"]
    longest = max(resting, key=lambda segment: segment["t_stop_ms"])
    found = {"spontaneous": spontaneous(longest), "signals": signals(longest["path"])}
    rates = rates_of([longest])
    preferred = store.orientations(sheet)
    by_contrast = {}
    for segment in segments:
        if segment["stimulus"]["name"] == FULL_FIELD:
            by_contrast.setdefault(segment["stimulus"]["contrast"], []).append(segment)
    if preferred is not None and by_contrast:
        contrasts = sorted(by_contrast, reverse=True)
        found["orientation_tuning"] = [tuning(by_contrast[c], preferred, rates) for c in contrasts]
        found["contrast_response"] = contrast_response(by_contrast, preferred, rates)
        found["f1_over_f0"] = modulation(by_contrast[contrasts[0]], preferred)
    return found


def main():
    stores, output = Path(sys.argv[1]), Path(sys.argv[2])
    goldens = {}
    for name in STORES:
        print(name)
        store = Store(stores / name)
        segments = []
        for wrapper, segment in zip(store.wrappers, store.segments()):
            segments.append({**segment, "path": store.directory / f"{wrapper.identifier}.pickle"})
        sheets = {segment["sheet"] for segment in segments}
        goldens[name] = {
            sheet: sheet_golden(store, sheet, segments) for sheet in store.sheets if sheet in sheets
        }
    lines = [
        f"{json.dumps(name)}: {{\n"
        + ",\n".join(f"{json.dumps(sheet)}: {json.dumps(found)}" for sheet, found in sheets.items())
        + "\n}"
        for name, sheets in goldens.items()
    ]
    output.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
