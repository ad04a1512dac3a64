"""Cuts a data store down to a few neurons of one sheet, small enough to be a seed for fuzzing.

Needs nothing but the standard library: stand-ins take the place of the classes of neo, quantities,
NumPy and mozaik, and are pickled again as what they stand for.
"""

import io
import pickle
import struct
import sys
import types

NEURONS = 3
SAMPLES = 8


class StandIn:
    """Whatever a class or function of the pickle would have made."""

    def __new__(cls, *arguments):
        self = object.__new__(cls)
        self.arguments, self.state, self.items, self.entries = list(arguments), None, [], []
        return self

    def __init__(self, *arguments):
        pass

    def __setstate__(self, state):
        self.state = list(state) if isinstance(state, tuple) else state

    def append(self, item):
        self.items.append(item)

    def __setitem__(self, key, value):
        self.entries.append((key, value))

    def __reduce__(self):
        state = tuple(self.state) if isinstance(self.state, list) else self.state
        items, entries = iter(self.items) if self.items else None, iter(self.entries)
        return type(self), tuple(self.arguments), state, items, entries if self.entries else None

    def __hash__(self):
        return id(self)


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if module.split(".")[0] in ("builtins", "collections", "datetime"):
            return super().find_class(module, name)
        if name == "_reconstructor":
            return lambda made, base, value: made()
        for i, _ in enumerate(module.split("."), 1):
            parent = ".".join(module.split(".")[:i])
            sys.modules.setdefault(parent, types.ModuleType(parent))
        made = type(name, (StandIn,), {"__module__": module})
        if not hasattr(sys.modules[module], name):
            setattr(sys.modules[module], name, made)
        return getattr(sys.modules[module], name)


def read(path):
    return Reader(io.BytesIO(path.read_bytes())).load()


def container(owner, name):
    found = owner.state.get("_" + name, owner.state.get(name))
    return found.state["_items"] if isinstance(found, StandIn) else found


def trim(array, *shape):
    """Keeps the first elements of the array's memory: which they are does not matter here."""
    _, _, dtype, _, data, *_ = array.state
    size = int(dtype.arguments[0][1:])
    for length in shape:
        size *= length
    array.state[1], array.state[4] = shape, data[:size]
    return array


def ids_of(array):
    return list(struct.unpack(f"<{len(array.state[4]) // 8}q", array.state[4]))


def trimmed_segment(segment, ids):
    trains = container(segment, "spiketrains")
    if trains:
        trains[:] = [t for t in trains if t.arguments[14].get("source_id") in ids]
    for signal in container(segment, "analogsignals") or []:
        samples = signal.arguments[1]
        trim(samples, min(SAMPLES, samples.state[1][0]), len(ids))
        trim(signal.arguments[12]["source_ids"], len(ids))
    return segment


def trimmed(directory, kept):
    """The block, the analysis results and at most 3 segments of one sheet, each as a pickle."""
    block = read(directory / "datastore.recordings.pickle")
    annotations = block.state["annotations"]
    wrappers = container(block, "segments")
    sheet = kept(wrappers).state["annotations"]["sheet_name"]
    for name in ("neuron_ids", "neuron_positions", "neuron_annotations"):
        annotations[name] = {sheet: annotations[name][sheet]}
    ids = ids_of(trim(annotations["neuron_ids"][sheet], NEURONS))
    trim(annotations["neuron_positions"][sheet], 3, NEURONS)
    del annotations["neuron_annotations"][sheet][NEURONS:]
    for long in ("model_parameters", "sheet_parameters", "experiment_parameters"):
        annotations.pop(long, None)
    wrappers[:] = [w for w in wrappers if w.state["annotations"]["sheet_name"] == sheet][:3]
    segments = []
    for number, wrapper in enumerate(wrappers):
        path = directory / (wrapper.state["identifier"] + ".pickle")
        wrapper.state["identifier"] = f"Segment{number}"
        segments.append(trimmed_segment(read(path), ids))
    return [pickle.dumps(part, 4) for part in (block, [], *segments)]
