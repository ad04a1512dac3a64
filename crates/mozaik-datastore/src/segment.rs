//! `Segment<N>.pickle`: what one sheet did during one presentation.

use pickle::{Graph, Value};
use recording::{Segment, Signal, SpikeTrains, Stimulus};

use crate::error::{Problem, attribute};
use crate::neo::{self, AnalogSignal, SpikeTrain};
use crate::neuron_index::NeuronIndex;
use crate::stimulus_text;

/// What a segment says about itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Description {
    pub(crate) sheet: String,
    pub(crate) stimulus: Stimulus,
    /// The stimulus as mozaik wrote it.
    pub(crate) stimulus_text: String,
    /// In a form that sorts by time.
    pub(crate) recorded: Option<Vec<u8>>,
}

impl Description {
    /// The description of a segment, or of the wrapper that stands for it in the block.
    pub(crate) fn of(graph: &Graph<'_>, segment: Value) -> Result<Self, Problem> {
        let annotations = attribute(graph, segment, "annotations")?;
        let text = |name: &str| {
            let text = graph.get(annotations, name).and_then(|value| graph.text(value));
            text.ok_or_else(|| Problem::contents(format!("a segment has no {name}")))
        };
        Ok(Self {
            sheet: text("sheet_name")?.to_owned(),
            stimulus: stimulus_text::parse(text("stimulus")?)?,
            stimulus_text: text("stimulus")?.to_owned(),
            recorded: neo::recorded(graph, segment),
        })
    }
}

/// A segment in the list of all: what is known without opening its file.
pub(crate) struct ListedSegment {
    pub(crate) description: Description,
    /// Whether it is a blank before a stimulus.
    pub(crate) null: bool,
    /// The name of its file without the extension.
    pub(crate) identifier: String,
}

/// Which parts of a segment are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    SpikeTrains,
    All,
}

/// The data of a segment.
pub(crate) fn data(
    graph: &Graph<'_>,
    neurons: &NeuronIndex,
    parts: Parts,
) -> Result<Segment, Problem> {
    let segment = graph.root();
    let trains = neo::spike_trains(graph, segment)?;
    let mut ends = trains.first().map(|train| (train.t_start_ms, train.t_stop_ms));
    let mut signals = vec![];
    if parts == Parts::All || ends.is_none() {
        for signal in analog_signals(graph, segment)? {
            ends = ends.or(Some((signal.t_start_ms, signal.t_stop_ms())));
            signals.push(converted(signal, neurons)?);
        }
    }
    let (t_start_ms, t_stop_ms) = ends.map_or_else(|| duration(graph, segment), Ok)?;
    if parts == Parts::SpikeTrains {
        signals.clear();
    }
    let index = trains.iter().map(|train| neurons.index(train.neuron_id));
    let index = index.collect::<Result<_, _>>()?;
    let counts: Vec<_> = trains.iter().map(|train| train.len() as u32).collect();
    let mut times_ms = Vec::with_capacity(trains.iter().map(SpikeTrain::len).sum());
    for train in &trains {
        train.append_to(&mut times_ms);
    }
    let spike_trains = SpikeTrains::from_counts(index, &counts, times_ms)
        .map_err(|error| Problem::contents(error.to_string()))?;
    Ok(Segment { t_start_ms, t_stop_ms, spike_trains, signals })
}

/// The ids of all neurons that were recorded in a segment.
pub(crate) fn neuron_ids(graph: &Graph<'_>, segment: Value) -> Result<Vec<i64>, Problem> {
    let mut ids: Vec<_> =
        neo::spike_trains(graph, segment)?.iter().map(|train| train.neuron_id).collect();
    for signal in analog_signals(graph, segment)? {
        ids.extend(signal.neuron_ids);
    }
    Ok(ids)
}

/// How long a segment lasts, by its first spike train or signal.
pub(crate) fn duration_ms(graph: &Graph<'_>, segment: Value) -> Result<Option<f64>, Problem> {
    if let Some(train) = neo::spike_trains(graph, segment)?.first() {
        return Ok(Some(train.t_stop_ms - train.t_start_ms));
    }
    let signals = analog_signals(graph, segment)?;
    Ok(signals.first().map(|signal| signal.t_stop_ms() - signal.t_start_ms))
}

fn analog_signals<'g>(
    graph: &'g Graph<'_>,
    segment: Value,
) -> Result<Vec<AnalogSignal<'g>>, Problem> {
    let signals = neo::elements(graph, segment, "analogsignals")?;
    signals.iter().map(|&signal| AnalogSignal::of(graph, signal)).collect()
}

/// Where nothing was recorded only the stimulus says how long it lasted.
fn duration(graph: &Graph<'_>, segment: Value) -> Result<(f64, f64), Problem> {
    let stimulus = Description::of(graph, segment)?.stimulus;
    let duration_ms = stimulus.number("duration");
    duration_ms.map(|duration_ms| (0.0, duration_ms)).ok_or_else(|| {
        Problem::contents("it has neither spike trains nor signals nor a stimulus with a duration")
    })
}

fn converted(signal: AnalogSignal<'_>, neurons: &NeuronIndex) -> Result<Signal, Problem> {
    let damaged = |error: &dyn std::fmt::Display| {
        Problem::contents(format!("the signal \"{}\": {error}", signal.name))
    };
    let values = signal.samples.by_columns().map_err(|error| damaged(&error))?;
    let index = signal.neuron_ids.iter().map(|&id| neurons.index(id));
    Ok(Signal {
        neurons: index.collect::<Result<_, _>>()?,
        values,
        unit: signal.unit,
        sampling_interval_ms: signal.sampling_interval_ms,
        name: signal.name,
    })
}
