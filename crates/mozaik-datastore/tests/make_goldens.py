"""Makes the reference data of the tests from mozaik data stores and the values that mozaik-tools
(the predecessor of this program) computed from them.

    python make_goldens.py STORES OUTPUT

STORES holds, for each store, its directory NAME (unpacked) and NAME.golden.json (the predecessor's
values) and NAME.dump.json.xz (what neo and mozaik read from it), score_semantics.golden.json (the
predecessor's scores of many values), and segments/, one segment as eight combinations of neo and
NumPy write it. The stores are our own runs of mozaik on NEST. Written are

    stores.tar.xz                the pickles of the stores, as they are
    NAME.golden.json             the predecessor's values and scores, and values by sheet index
    contents.golden.json         what neo and mozaik themselves read from the stores
    scores.golden.json           the predecessor's scores, grouped by scoring (for targets)

Needs numpy only: the pickles are read with stand-ins for the classes of neo, quantities and mozaik.
"""

import ast
import json
import lzma
import pickle
import sys
import tarfile
from pathlib import Path

import numpy as np

STORES = ["healthy", "edge", "subset", "exploded", "vogels_neo14_np2"]
DUMPED = ["subset", "exploded"]
UNSCORED = ["exploded_analysis", "segments"]


class Object:
    """Stands for an object of any class."""

    def __init__(self, *args):
        self.args = args

    def __setstate__(self, state):
        if isinstance(state, dict):
            self.__dict__.update(state)


class Dictionary(dict):
    def __setstate__(self, state):
        pass


class Quantity(np.ndarray):
    def __setstate__(self, state):
        super().__setstate__(state[:5])


def quantity(*args):
    return Quantity(0)


def stand_in(name, module):
    return type(name, (Object,), {"__module__": module})


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if module.split(".")[0] == "numpy":
            if module.startswith("numpy._core") and np.lib.NumpyVersion(np.__version__) < "2.0.0":
                module = module.replace("numpy._core", "numpy.core")
            return super().find_class(module, name)
        if module.split(".")[0] in ("builtins", "collections", "datetime", "copyreg"):
            return super().find_class(module, name)
        if name == "_reconstruct_quantity":
            return quantity
        if name in ("Dimensionality", "ArrayDict"):
            return Dictionary
        return stand_in(name, module)


def load(path):
    with open(path, "rb") as file:
        return Unpickler(file).load()


def items(segment, kind):
    """The objects of a neo Segment or Block, whose containers have changed with neo's versions."""
    container = getattr(segment, kind, None)
    if container is None:
        container = getattr(segment, "_" + kind)
    return container if isinstance(container, list) else container._items or []


def parameters(text):
    """The parameters of a stimulus from mozaik's description of it."""
    tree = ast.parse(text.strip(), mode="eval").body
    found = {}
    for key, value in zip(tree.keys, tree.values):
        try:
            found[ast.literal_eval(key)] = ast.literal_eval(value)
        except ValueError:
            found[ast.literal_eval(key)] = ast.unparse(value)
    return found


def orientations(annotations):
    """What all neurons of a sheet have, or nothing."""
    key = "LGNAfferentOrientation"
    if not annotations or not all(key in neuron for neuron in annotations):
        return None
    return np.array([float(np.asarray(neuron[key]).reshape(())) for neuron in annotations])


class Store:
    """A mozaik data store, converted."""

    def __init__(self, directory):
        self.directory = directory
        block = load(directory / "datastore.recordings.pickle")
        self.annotations = block.annotations
        self.sheets = list(block.annotations["neuron_positions"])
        self.wrappers = sorted(items(block, "segments"), key=lambda segment: segment.rec_datetime)

    def positions(self, sheet):
        return np.ascontiguousarray(np.asarray(self.annotations["neuron_positions"][sheet])[:2].T)

    def orientations(self, sheet):
        return orientations(self.annotations["neuron_annotations"].get(sheet))

    def segments(self):
        for wrapper in self.wrappers:
            segment = load(self.directory / f"{wrapper.identifier}.pickle")
            sheet = segment.annotations["sheet_name"]
            ids = np.asarray(self.annotations["neuron_ids"][sheet])
            index = {id: i for i, id in enumerate(ids.tolist())}
            trains = []
            for train in items(segment, "spiketrains"):
                annotations = train.args[14]
                neuron = index[int(annotations["source_id"])]
                trains.append((neuron, np.asarray(train.args[1], "f8")))
                t_stop = float(train.args[2])
            yield {
                "sheet": sheet,
                "stimulus": parameters(segment.annotations["stimulus"]),
                "null": bool(wrapper.null),
                "t_stop_ms": t_stop,
                "trains": trains,
            }


def is_spontaneous(segment):
    stimulus = segment["stimulus"]
    return (
        not segment["null"]
        and stimulus["name"] == "InternalStimulus"
        and stimulus["duration"] == 5000
    )


def by_sheet_index(store):
    """Synchrony and size tuning with positions by sheet index, straight from the definitions: the
    predecessor takes positions by train number, so its values are not those of partly recorded
    sheets."""
    values = {}
    shown = {}
    for segment in store.segments():
        stimulus = segment["stimulus"]
        positions = store.positions(segment["sheet"])
        if is_spontaneous(segment):
            duration = segment["t_stop_ms"]
            counts = [
                np.histogram(times, bins=round(duration / 10), range=(0, duration))[0]
                for neuron, times in segment["trains"]
                if np.abs(positions[neuron]).max() <= 1.5 and len(times) > 6
            ]
            if len(counts) > 1:
                with np.errstate(invalid="ignore"):
                    correlations = np.nan_to_num(np.corrcoef(counts))
                value = correlations[np.triu_indices(len(counts), 1)].mean()
                values["SynchronyTarget", segment["sheet"]] = value
        optimal = abs(stimulus.get("orientation", 0) - np.pi / 2) < 0.1
        if not segment["null"] and stimulus.get("contrast") == 100 and optimal:
            counts = {neuron: len(times) for neuron, times in segment["trains"]}
            shown.setdefault((segment["sheet"], stimulus["name"]), counts)
    for sheet in store.sheets:
        disk = shown.get((sheet, "DriftingSinusoidalGratingDisk"))
        full = shown.get((sheet, "FullfieldDriftingSinusoidalGrating"))
        preferred = store.orientations(sheet)
        if disk and full and preferred is not None:
            near = (store.positions(sheet) ** 2).sum(axis=1) < 1
            oriented = np.abs(preferred % np.pi - np.pi / 2) < 0.1
            pairs = [(disk[i], full[i]) for i in disk if near[i] and oriented[i]]
            if pairs:
                suppressed = [d > 2 and f > 0 and d / f > 1.1 for d, f in pairs]
                values["SizeTuning", sheet] = np.mean(suppressed)
    return [[kind, sheet, float(value)] for (kind, sheet), value in values.items()]


def write_json(path, rows):
    """One row a line."""
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def write_golden(golden, store, path):
    kept = ["class", "sheet_name", "target_value", "norm", "max_score", "value", "score"]
    rows = []
    for entry in golden["config"] + golden["all"]:
        row = {key: entry.get(key) for key in kept}
        row["error"] = entry.get("value_error")
        rows.append(row)
    for kind, sheet, value in by_sheet_index(store):
        rows.append({"class": kind, "sheet_name": sheet, "by_sheet_index": repr(value)})
    write_json(path, rows)


def contents(dump):
    """One row for each segment, and one for each sheet."""
    rows = []
    for segment in dump["segments"]:
        signals = [
            [
                signal["name"],
                signal["units"],
                *signal["shape"],
                signal["source_ids"],
                [float(mean) for mean in signal["column_means"]],
            ]
            for signal in segment["analog"]
        ]
        rows.append(
            {
                "store": Path(dump["store"]).name,
                "file": segment["identifier"],
                "null": segment["null"],
                "sheet": segment["sheet_name"],
                "stimulus": parameters(segment["stimulus"])["name"],
                "t_stop_ms": float(segment["t_stop"]),
                "neuron_ids": segment["source_id"],
                "spikes": segment["spikes_per_train"],
                "sum_of_times_ms": float(segment["sum_of_spike_times"]),
                "signals": signals,
            }
        )
    return rows


def write_scores(golden, path):
    scorings = {}
    for case in golden:
        # The predecessor's result without a data store: its greatest score, as without a value.
        if "data_store" in case:
            continue
        scoring = [case[key] for key in ("class", "target_value", "norm", "max_score")]
        scorings.setdefault(json.dumps(scoring), []).append([case["value"], case["score"]])
    rows = []
    for scoring, scores in scorings.items():
        kind, wanted, norm, max_score = json.loads(scoring)
        scoring = {"class": kind, "wanted": wanted, "norm": norm, "max_score": max_score}
        rows.append({**scoring, "scores": scores})
    write_json(path, rows)


def anonymous(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def main(stores, output):
    with tarfile.open(output / "stores.tar.xz", "w:xz", preset=9) as archive:
        for name in STORES + UNSCORED:
            for path in sorted((stores / name).glob("*.pickle")):
                archive.add(path, f"{name}/{path.name}", filter=anonymous)
    for name in STORES:
        golden = json.loads((stores / f"{name}.golden.json").read_text())
        write_golden(golden, Store(stores / name), output / f"{name}.golden.json")
    rows = []
    for name in DUMPED:
        with lzma.open(stores / f"{name}.dump.json.xz", "rt") as dump:
            rows += contents(json.load(dump))
    write_json(output / "contents.golden.json", rows)
    golden = json.loads((stores / "score_semantics.golden.json").read_text())
    write_scores(golden, output / "scores.golden.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
