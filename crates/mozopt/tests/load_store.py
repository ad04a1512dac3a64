"""Loads a data store of mozaik with neo and prints what is in it as JSON.

mozaik is not on PyPI; what stands for a segment in the index is of a class of its own, which
bench/datastores/mozaik_storage.py has.
"""

import json
import pickle
import sys
from pathlib import Path

import neo

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench/datastores"))
from mozaik_storage import PickledDataStoreNeoWrapper


def load(path):
    with path.open("rb") as file:
        return pickle.load(file)


def main():
    directory = Path(sys.argv[1])
    block = load(directory / "datastore.recordings.pickle")
    assert isinstance(block, neo.Block)
    assert load(directory / "datastore.analysis.pickle") == []
    assert not load(directory / "datastore.sensory.stimulus.pickle")
    about = block.annotations
    # The order is that of recording.
    segments = sorted(block.segments, key=lambda segment: segment.rec_datetime)
    found = {
        "neo": neo.__version__,
        "ids": {sheet: ids.tolist() for sheet, ids in about["neuron_ids"].items()},
        "positions": {name: at[:2].T.tolist() for name, at in about["neuron_positions"].items()},
        "orientations": {
            sheet: [neuron.get("LGNAfferentOrientation") for neuron in neurons]
            for sheet, neurons in about["neuron_annotations"].items()
        },
        "experiments": [[name, eval(text)] for name, text in about["experiment_parameters"]],
        "parameters": eval(about["model_parameters"]),
        "exploded": about["simulation_log"]["explosion_detected"],
        "segments": [segment_of(wrapper, directory) for wrapper in segments],
    }
    json.dump(found, sys.stdout)


def segment_of(wrapper, directory):
    assert isinstance(wrapper, PickledDataStoreNeoWrapper)
    assert len(wrapper.events) == 0 and not wrapper.null
    segment = load(directory / f"{wrapper.identifier}.pickle")
    assert segment.annotations == wrapper.annotations
    assert segment.block.segments[0] is segment
    wrapper.datastore_path = directory
    assert len(wrapper.spiketrains) == len(segment.spiketrains)
    # neo writes it again as it was, so that it understood all of it.
    again = pickle.loads(pickle.dumps(segment))
    for train, other in zip(segment.spiketrains, again.spiketrains):
        assert train.segment is segment and train.array_annotations == {}
        assert (train == other).all() and train.t_stop == other.t_stop
        assert train.rescale("s").t_stop.item() * 1000 == train.t_stop.item()
    for signal, other in zip(segment.analogsignals, again.analogsignals):
        assert signal.segment is segment and (signal == other).all()
        assert str(signal.rescale("nS").units.dimensionality) == "nS"
    return {
        "stimulus": eval(segment.annotations["stimulus"]),
        "sheet": segment.annotations["sheet_name"],
        "trains": [
            {
                "id": train.annotations["source_id"],
                "index": train.annotations["source_index"],
                "times": train.rescale("ms").magnitude.tolist(),
                "t_start": train.t_start.rescale("ms").item(),
                "t_stop": train.t_stop.rescale("ms").item(),
            }
            for train in segment.spiketrains
        ],
        "signals": [
            {
                "name": signal.name,
                "unit": str(signal.units.dimensionality),
                "ids": signal.annotations["source_ids"].tolist(),
                "channels": signal.array_annotations["channel_index"].tolist(),
                "interval": signal.sampling_period.rescale("ms").item(),
                "values": signal.magnitude.T.tolist(),
            }
            for signal in segment.analogsignals
        ],
    }


main()
