"""The one class of mozaik that its data stores need, under the name they know it by.

`datastore.recordings.pickle` holds a neo Block whose segments are of the class
`mozaik.storage.neo_neurotools_wrapper.PickledDataStoreNeoWrapper`: light stand-ins, each of which
loads its `Segment<N>.pickle` when its spikes or signals are asked for, and keeps it. mozaik is not
on PyPI. Importing this module makes the class known to pickle.
"""

import pickle
import sys
import types
from pathlib import Path

from neo.core.segment import Segment

MODULE = "mozaik.storage.neo_neurotools_wrapper"


class PickledDataStoreNeoWrapper(Segment):
    """Stands for the segment that is stored in the file `<identifier>.pickle`."""

    def __init__(self, segment, identifier, datastore_path, null):
        self.init_sp = 0
        self.init_as = False
        super().__init__(name=segment.name, description=segment.description)
        self.annotations = dict(segment.annotations)
        self.rec_datetime = segment.rec_datetime
        self.identifier = identifier
        self.null = null
        self.full = False
        self.datastore_path = datastore_path

    def _stored(self):
        if "_segment" not in self.__dict__:
            path = Path(self.datastore_path) / f"{self.identifier}.pickle"
            with path.open("rb") as file:
                self._segment = pickle.load(file)
        return self._segment

    @property
    def is_loaded(self):
        return "_segment" in self.__dict__

    # neo's constructor assigns empty lists to both.
    spiketrains = property(lambda self: self._stored().spiketrains, lambda self, _: None)
    analogsignals = property(lambda self: self._stored().analogsignals, lambda self, _: None)


PickledDataStoreNeoWrapper.__module__ = MODULE
for name in ("mozaik", "mozaik.storage", MODULE):
    sys.modules[name] = types.ModuleType(name)
sys.modules[MODULE].PickledDataStoreNeoWrapper = PickledDataStoreNeoWrapper
