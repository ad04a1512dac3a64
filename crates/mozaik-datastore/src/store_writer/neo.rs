//! The objects of neo in a segment's pickle.

use pickle::{Kept, Writer};
use recording::{Segment, Signal};

use super::Layout;
use super::quantities::{Numbers, Quantities, Shape};

/// What a segment says about itself, in its own file and in the index.
pub(super) struct Description<'a> {
    pub(super) sheet: &'a str,
    /// The simulator's ids of all neurons of the sheet.
    pub(super) neuron_ids: &'a [i64],
    /// As mozaik writes it.
    pub(super) stimulus: &'a str,
    /// When it was recorded, as `datetime` is pickled.
    pub(super) recorded: [u8; 10],
}

/// A container of a segment of neo 0.14 and the class that it may hold.
const CONTAINERS: [(&str, &str, &str); 6] = [
    ("_analogsignals", "neo.core.analogsignal", "AnalogSignal"),
    ("_irregularlysampledsignals", "neo.core.irregularlysampledsignal", "IrregularlySampledSignal"),
    ("_events", "neo.core.event", "Event"),
    ("_epochs", "neo.core.epoch", "Epoch"),
    ("_channelviews", "neo.core.view", "ChannelView"),
    ("_imagesequences", "neo.core.imagesequence", "ImageSequence"),
];

/// The pickle of a segment.
pub(super) fn segment(layout: Layout, about: &Description<'_>, segment: &Segment) -> Vec<u8> {
    let mut to = Writer::new();
    to.new_object("neo.core.segment", "Segment");
    let this = to.keep();
    let mut parts = Parts { layout, about, this, quantities: Quantities::new(layout) };
    to.state(|state| {
        about.write_to(state);
        state.text("block");
        parts.population(state);
        match layout {
            Layout::Neo12 => {
                state.text("analogsignals").list(|list| parts.signals(list, segment));
                for name in ["epochs", "events", "irregularlysampledsignals"] {
                    state.text(name).list(|_| {});
                }
                state.text("spiketrains").list(|list| parts.trains(list, segment));
                state.text("imagesequences").list(|_| {});
            }
            Layout::Neo14 => {
                for (name, module, class) in CONTAINERS {
                    object_list(state.text(name), (module, class), this, |list| {
                        if class == "AnalogSignal" {
                            parts.signals(list, segment);
                        }
                    });
                }
                train_list(state, this, |items| {
                    items.list(|list| parts.trains(list, segment));
                });
            }
        }
        about.write_end_to(state);
    });
    to.finish()
}

impl Description<'_> {
    /// What every segment begins with.
    pub(super) fn write_to(&self, state: &mut Writer) {
        state.text("annotations").dict(|annotations| {
            annotations.text("sheet_name").text(self.sheet);
            annotations.text("stimulus").text(self.stimulus);
        });
        state.text("name").text("segment000");
        state.text("description").text(&format!("Population \"{}\"", self.sheet));
        state.text("file_origin").none();
    }

    /// What every segment ends with.
    pub(super) fn write_end_to(&self, state: &mut Writer) {
        state.text("file_datetime").none();
        state.text("rec_datetime").call("datetime", "datetime", |arguments| {
            arguments.bytes(&self.recorded);
        });
        state.text("index").none();
    }
}

/// The empty containers of a segment of neo 0.14, which stands for another one.
pub(super) fn empty_containers(state: &mut Writer, this: Kept) {
    for (name, module, class) in CONTAINERS {
        object_list(state.text(name), (module, class), this, |_| {});
    }
    train_list(state, this, |items| {
        items.none();
    });
}

/// A list of neo 0.14, which knows whose it is.
pub(super) fn object_list(
    to: &mut Writer,
    (module, class): (&str, &str),
    parent: Kept,
    items: impl FnOnce(&mut Writer),
) {
    to.new_object("neo.core.objectlist", "ObjectList");
    to.state(|state| {
        state.text("allowed_contents").tuple(|classes| {
            classes.global(module, class);
        });
        state.text("_items").list(items);
        state.text("parent").again(parent);
    });
}

fn train_list(to: &mut Writer, segment: Kept, items: impl FnOnce(&mut Writer)) {
    to.text("_spiketrains").new_object("neo.core.spiketrainlist", "SpikeTrainList");
    to.state(|state| {
        items(state.text("_items"));
        for name in ["_spike_time_array", "_channel_id_array", "_all_channel_ids"] {
            state.text(name).none();
        }
        state.text("_spiketrain_metadata").dict(|_| {});
        state.text("segment").again(segment);
    });
}

/// What is written into one segment.
struct Parts<'a> {
    layout: Layout,
    about: &'a Description<'a>,
    this: Kept,
    quantities: Quantities,
}

impl Parts<'_> {
    /// The block that PyNN hands a segment over in.
    fn population(&self, to: &mut Writer) {
        to.new_object("neo.core.block", "Block");
        let block = to.keep();
        to.state(|state| {
            state.text("annotations").dict(|annotations| {
                let ids = self.about.neuron_ids;
                annotations.text("size").integer(ids.len() as i64);
                annotations.text("first_index").integer(0);
                annotations.text("last_index").integer(ids.len() as i64);
                annotations.text("first_id").integer(ids.first().copied().unwrap_or(0));
                annotations.text("last_id").integer(ids.last().copied().unwrap_or(0));
                annotations.text("label").text(self.about.sheet);
                annotations.text("simulator").text("mozopt");
                annotations.text("mpi_processes").integer(1);
            });
            state.text("name").text(self.about.sheet);
            state.text("description").text(&format!("Population \"{}\"", self.about.sheet));
            state.text("file_origin").none();
            let this = self.this;
            block_end(state, self.layout, block, |segments| {
                segments.again(this);
            });
        });
    }

    fn trains(&mut self, list: &mut Writer, segment: &Segment) {
        for (neuron, times_ms) in segment.spike_trains.iter() {
            list.call("neo.core.spiketrain", "_new_spiketrain", |arguments| {
                arguments.global("neo.core.spiketrain", "SpikeTrain");
                self.quantities.vector(arguments, Numbers::Float(times_ms));
                self.quantities.quantity(arguments, segment.t_stop_ms, "ms", 1);
                self.quantities.quantity(arguments, 1.0, "ms", 1);
                self.quantities.dtype(arguments, "f8");
                self.copy(arguments);
                self.quantities.quantity(arguments, 1.0, "Hz", 1);
                self.quantities.quantity(arguments, segment.t_start_ms, "ms", 1);
                // No waveforms, left sweep, name, file or description.
                arguments.none().none().none().none().none();
                array_annotations(arguments, times_ms.len(), |_| {});
                arguments.dict(|annotations| {
                    let id = self.about.neuron_ids.get(neuron).copied().unwrap_or(-1);
                    annotations.text("source_population").text(self.about.sheet);
                    annotations.text("source_id").integer(id);
                    annotations.text("source_index").integer(neuron as i64);
                    annotations.text("channel_id").integer(id);
                });
                arguments.again(self.this).none();
            });
        }
    }

    fn signals(&mut self, list: &mut Writer, segment: &Segment) {
        for signal in &segment.signals {
            list.call("neo.core.analogsignal", "_new_AnalogSignalArray", |arguments| {
                self.signal(arguments, signal, segment.t_start_ms);
            });
        }
    }

    fn signal(&mut self, to: &mut Writer, signal: &Signal, t_start_ms: f64) {
        let quantities = &mut self.quantities;
        to.global("neo.core.analogsignal", "AnalogSignal");
        // Channel after channel: of an array of samples and channels that is Fortran's order.
        let lengths = &[signal.sample_count(), signal.neurons.len()][..];
        let samples = Numbers::Float(&signal.values);
        quantities.array(to, Shape { lengths, is_fortran: true }, samples);
        if let Some(unit) = Quantities::known_unit(&signal.unit) {
            quantities.quantity(to, 1.0, unit, 1);
        }
        quantities.dtype(to, "f8");
        self.copy(to);
        let quantities = &mut self.quantities;
        quantities.quantity(to, t_start_ms, "ms", 1);
        let rate_per_ms = 1.0 / signal.sampling_interval_ms;
        // neo wants both to be the same to the last bit.
        if 1.0 / rate_per_ms == signal.sampling_interval_ms {
            quantities.quantity(to, rate_per_ms, "ms", -1);
        } else {
            to.none();
        }
        quantities.quantity(to, signal.sampling_interval_ms, "ms", 1);
        to.text(&signal.name).none().none();
        let indexes: Vec<_> = signal.neurons.iter().map(|&neuron| i64::from(neuron)).collect();
        array_annotations(to, indexes.len(), |annotations| {
            quantities.vector(annotations.text("channel_index"), Numbers::Integer(&indexes));
        });
        let id = |&neuron: &u32| self.about.neuron_ids.get(neuron as usize).copied().unwrap_or(-1);
        let ids: Vec<_> = signal.neurons.iter().map(id).collect();
        to.dict(|annotations| {
            quantities.vector(annotations.text("source_ids"), Numbers::Integer(&ids));
            annotations.text("source_population").text(self.about.sheet);
        });
        to.again(self.this);
    }

    /// Whether data are to be copied, of which neo from 0.13 on wants to hear nothing.
    fn copy(&self, to: &mut Writer) {
        match self.layout {
            Layout::Neo12 => to.boolean(true),
            Layout::Neo14 => to.none(),
        };
    }
}

/// What a block has beside its annotations, name, description and file.
pub(super) fn block_end(
    state: &mut Writer,
    layout: Layout,
    block: Kept,
    segments: impl FnOnce(&mut Writer),
) {
    if layout == Layout::Neo12 {
        state.text("segments").list(segments);
        state.text("groups").list(|_| {});
        for name in ["file_datetime", "rec_datetime", "index"] {
            state.text(name).none();
        }
        state.text("regionsofinterest").list(|_| {});
        return;
    }
    for name in ["file_datetime", "rec_datetime", "index"] {
        state.text(name).none();
    }
    let segment_class = ("neo.core.segment", "Segment");
    object_list(state.text("_segments"), segment_class, block, segments);
    object_list(state.text("_groups"), ("neo.core.group", "Group"), block, |_| {});
}

/// A dict that knows how long its arrays have to be.
fn array_annotations(to: &mut Writer, length: usize, arrays: impl FnOnce(&mut Writer)) {
    to.call("copyreg", "_reconstructor", |arguments| {
        arguments.global("neo.core.dataobject", "ArrayDict").global("builtins", "dict");
        arguments.dict(arrays);
    });
    to.state(|state| {
        let module = "neo.core.dataobject";
        state.text("check_function").global(module, "_normalize_array_annotations");
        state.text("length").integer(length as i64);
    });
}
