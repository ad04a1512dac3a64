"""Spikes of a sheet: how they are stored, and what is measured on them.

A recording is what `load` returns: a dictionary with the ascending spike times of every cell
(`trains_ms`, also of the silent ones) and the interval in which they were recorded (`begin_ms`,
`end_ms`).
"""

import numpy as np

MIN_INTERVALS = 6  # fewer say nothing of a cell's irregularity
BIN_MS = 2.0  # resolves the fast oscillation, whose period is about four delays


def save(store, sheet, trains_ms, begin_ms, end_ms):
    """Writes the spikes of begin_ms <= t < end_ms to STORE/SHEET.npz, which NumPy reads."""
    kept = [train[(train >= begin_ms) & (train < end_ms)] for train in trains_ms]
    np.savez_compressed(
        store / f"{sheet}.npz",
        times_ms=np.concatenate(kept),
        counts=[len(train) for train in kept],
        interval_ms=[begin_ms, end_ms],
    )


def load(store, sheet):
    with np.load(store / f"{sheet}.npz") as file:
        begin_ms, end_ms = file["interval_ms"]
        trains_ms = np.split(file["times_ms"], np.cumsum(file["counts"])[:-1])
    return {"trains_ms": trains_ms, "begin_ms": begin_ms, "end_ms": end_ms}


def mean_rate_hz(recording):
    """Spikes of all cells, per cell and second."""
    spikes = sum(len(train) for train in recording["trains_ms"])
    duration_s = (recording["end_ms"] - recording["begin_ms"]) / 1000
    return float(spikes / len(recording["trains_ms"]) / duration_s)


def mean_cv(recording):
    """The coefficient of variation of inter-spike intervals, averaged over the cells that have
    MIN_INTERVALS of them; None if there is no such cell. 0 is a clock, 1 a Poisson process."""
    intervals = [np.diff(train) for train in recording["trains_ms"] if len(train) > MIN_INTERVALS]
    return float(np.mean([np.std(i) / np.mean(i) for i in intervals])) if intervals else None


def mean_correlation(recording):
    """Pearson's correlation of the spike counts in bins of BIN_MS, averaged over all pairs of cells
    that fire; None if fewer than two do. 0 is an asynchronous network, 1 cells that fire as one."""
    begin_ms, end_ms = recording["begin_ms"], recording["end_ms"]
    bins = round((end_ms - begin_ms) / BIN_MS)
    counts = np.array(
        [np.histogram(t, bins, (begin_ms, end_ms))[0] for t in recording["trains_ms"] if len(t)]
    )
    if len(counts) < 2:
        return None
    pairs = np.triu_indices(len(counts), 1)
    return float(np.corrcoef(counts)[pairs].mean())
