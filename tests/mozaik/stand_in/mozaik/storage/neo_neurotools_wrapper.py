"""What a data store's index holds in the place of segments."""

from neo.core.segment import Segment


class PickledDataStoreNeoWrapper(Segment):
    """Stands for the segment in the file `<identifier>.pickle`."""

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

    # The stand-in only writes stores; neo's constructor assigns empty lists.
    spiketrains = property(lambda self: [], lambda self, _: None)
    analogsignals = property(lambda self: [], lambda self, _: None)
