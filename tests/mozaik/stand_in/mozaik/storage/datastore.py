"""The data store: one file for each sheet and presentation, and an index at the end."""

import pickle
from collections import OrderedDict

import neo

from mozaik.storage.neo_neurotools_wrapper import PickledDataStoreNeoWrapper


class PickledDataStore:
    def __init__(self, root_directory):
        self.root_directory = root_directory
        self.block = neo.Block()
        self.wrappers = []
        self.stimuli = OrderedDict()

    def annotate_block(self, model, parameters, experiments):
        """What is known before anything is recorded."""
        self.block.annotations = {
            "neuron_ids": model.neuron_ids(),
            "neuron_positions": model.neuron_positions(),
            "neuron_annotations": model.neuron_annotations(),
            "model_parameters": parameters.pretty(expand_urls=True),
            "sheet_parameters": str(model.sheet_parameters()),
            "experiment_parameters": [(str(type(e)), str(e.parameters)) for e in experiments],
        }

    def identify_unpresented_stimuli(self, stimuli):
        """The indexes of stimuli that are not stored; the texts of the others must be Python."""
        stored = [eval(text, {}) for text in self.stimuli]
        return [i for i, each in enumerate(stimuli) if eval(str(each), {}) not in stored]

    def add_recording(self, segments, stimulus, null):
        """Writes the segments of one presentation, or of the blank before it."""
        self.stimuli[str(stimulus)] = None
        for segment in segments:
            segment.annotations["stimulus"] = str(stimulus)
            identifier = f"Segment{len(self.wrappers)}"
            self._dump(f"{identifier}.pickle", segment)
            self.wrappers.append(
                PickledDataStoreNeoWrapper(segment, identifier, self.root_directory, null)
            )

    def save(self):
        self.block.segments = sorted(self.wrappers, key=lambda each: each.rec_datetime)
        self._dump("datastore.recordings.pickle", self.block)
        self._dump("datastore.analysis.pickle", [])
        self._dump("datastore.sensory.stimulus.pickle", self.stimuli)

    def _dump(self, name, content):
        with open(self.root_directory + name, "wb") as file:
            pickle.dump(content, file)
