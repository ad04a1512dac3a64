//! The objects of neo 0.8 to 0.14 in a pickled segment.

use pickle::numpy::Array;
use pickle::{Graph, Value};

use crate::error::{Problem, attribute};
use crate::quantity::Quantity;

/// PyNN wrote `source_id` up to version 0.11 and `channel_id` since 0.12.
const NEURON_ID: [&str; 2] = ["source_id", "channel_id"];
const NEURON_IDS: [&str; 2] = ["source_ids", "channel_ids"];

/// The elements of a container of a segment or block: a plain list up to neo 0.12, since then an
/// object with a list under another name.
///
/// A `SpikeTrainList` also has its trains as flat arrays, but those are stale once mozaik has shifted
/// and sorted the trains: only the list counts.
pub(crate) fn elements<'g>(
    graph: &'g Graph<'_>,
    owner: Value,
    name: &str,
) -> Result<&'g [Value], Problem> {
    let container = graph
        .attribute(owner, &format!("_{name}"))
        .map_or_else(|| attribute(graph, owner, name), Ok)?;
    if let Some(elements) = graph.sequence(container) {
        return Ok(elements);
    }
    match graph.attribute(container, "_items") {
        Some(Value::None) if has_flat_trains(graph, container) => Err(Problem::contents(format!(
            "the {name} are kept as flat arrays only, which mozaik never writes"
        ))),
        Some(Value::None) => Ok(&[]),
        Some(items) => graph
            .sequence(items)
            .ok_or_else(|| Problem::contents(format!("the {name} are not kept in a list"))),
        None => Err(Problem::contents(format!("the {name} are kept in an unknown container"))),
    }
}

fn has_flat_trains(graph: &Graph<'_>, container: Value) -> bool {
    let times = graph.attribute(container, "_spike_time_array");
    times.is_some_and(|times| times != Value::None)
}

/// A `SpikeTrain`.
pub(crate) struct SpikeTrain<'g> {
    /// The simulator's id of its neuron.
    pub(crate) neuron_id: i64,
    pub(crate) t_start_ms: f64,
    pub(crate) t_stop_ms: f64,
    times: Array<'g>,
    unit_in_ms: f64,
}

impl<'g> SpikeTrain<'g> {
    pub(crate) fn of(graph: &'g Graph<'_>, value: Value) -> Result<Self, Problem> {
        let arguments = arguments(graph, value, "neo.core.spiketrain", &["_new_spiketrain"])?;
        // class, times, t_stop, units, dtype, copy, sampling_rate, t_start, waveforms, left_sweep,
        // name, file_origin, description, array_annotations, annotations, …
        let &[_, times, t_stop, units, _, _, _, t_start, _, _, _, _, _, _, annotations, ..] =
            arguments
        else {
            return Err(Problem::contents("a spike train is not made of 17 parts"));
        };
        let damaged = |what: &str| Problem::contents(format!("a spike train: {what}"));
        let neuron_id = NEURON_ID.iter().find_map(|name| graph.get(annotations, name));
        let neuron_id = neuron_id
            .and_then(|id| graph.integer(id))
            .ok_or_else(|| damaged("it has no id of its neuron"))?;
        let unit_in_ms = Quantity::of(graph, units)?.unit_in_ms()?;
        let times = Array::of(graph, times)
            .or_else(|_| Quantity::of(graph, times).map(|quantity| quantity.array))
            .map_err(|_| damaged("its times are not an array of numbers"))?;
        Ok(Self {
            neuron_id,
            t_start_ms: Quantity::of(graph, t_start)?.in_ms()?,
            t_stop_ms: Quantity::of(graph, t_stop)?.in_ms()?,
            times,
            unit_in_ms,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// Appends its spike times in ms.
    pub(crate) fn append_to(&self, times_ms: &mut Vec<f64>) {
        let start = times_ms.len();
        self.times.append_to(times_ms);
        if self.unit_in_ms != 1.0 {
            for time in &mut times_ms[start..] {
                *time *= self.unit_in_ms;
            }
        }
    }
}

/// An `AnalogSignal`: one recorded variable of some neurons.
pub(crate) struct AnalogSignal<'g> {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) sampling_interval_ms: f64,
    pub(crate) t_start_ms: f64,
    pub(crate) neuron_ids: Vec<i64>,
    /// Shape (samples, neurons).
    pub(crate) samples: Array<'g>,
}

impl<'g> AnalogSignal<'g> {
    pub(crate) fn of(graph: &'g Graph<'_>, value: Value) -> Result<Self, Problem> {
        let makers = ["_new_AnalogSignalArray", "_new_AnalogSignal"];
        let arguments = arguments(graph, value, "neo.core.analogsignal", &makers)?;
        // class, samples, units, dtype, copy, t_start, sampling_rate, sampling_period, name,
        // file_origin, description, array_annotations, annotations, …
        let &[_, samples, units, _, _, t_start, rate, period, name, _, _, _, annotations, ..] =
            arguments
        else {
            return Err(Problem::contents("an analog signal is not made of 14 parts"));
        };
        let name = graph.text(name).unwrap_or("").to_owned();
        let damaged = |what: &str| Problem::contents(format!("the signal \"{name}\": {what}"));
        let ids = NEURON_IDS.iter().find_map(|ids| graph.get(annotations, ids));
        let ids = ids
            .and_then(|ids| graph.numbers(ids))
            .ok_or_else(|| damaged("it has no ids of its neurons"))?;
        let samples = Array::of(graph, samples)
            .or_else(|_| Quantity::of(graph, samples).map(|quantity| quantity.array))
            .map_err(|_| damaged("its samples are not an array of numbers"))?;
        if !matches!(samples.shape(), [_, neurons] if *neurons == ids.len()) {
            let why = format!("samples of shape {:?} for {} neurons", samples.shape(), ids.len());
            return Err(damaged(&why));
        }
        let sampling_interval_ms = match period {
            Value::None => Quantity::of(graph, rate)?.interval_ms()?,
            period => Quantity::of(graph, period)?.in_ms()?,
        };
        let unit = match graph.text(units) {
            Some(unit) => unit.to_owned(),
            None => Quantity::of(graph, units)?.unit(),
        };
        Ok(Self {
            unit,
            sampling_interval_ms,
            t_start_ms: Quantity::of(graph, t_start)?.in_ms()?,
            neuron_ids: ids.into_iter().map(|id| id as i64).collect(),
            samples,
            name,
        })
    }

    /// When the last sample's interval ends.
    pub(crate) fn t_stop_ms(&self) -> f64 {
        let samples = self.samples.shape().first().copied().unwrap_or(0);
        self.t_start_ms + samples as f64 * self.sampling_interval_ms
    }
}

/// What an object is made of, if it is made by one of these functions.
fn arguments<'g>(
    graph: &'g Graph<'_>,
    value: Value,
    module: &str,
    makers: &[&str],
) -> Result<&'g [Value], Problem> {
    let instance = graph.instance(value);
    let maker = instance.and_then(|instance| graph.global(instance.callable));
    let is_made_so = maker.is_some_and(|(m, name)| m == module && makers.contains(&name));
    instance
        .filter(|_| is_made_so)
        .and_then(|instance| graph.sequence(instance.arguments))
        .ok_or_else(|| Problem::contents(format!("something else stands where a {module} should")))
}

/// When something was recorded, in a form that sorts by time: the ten bytes of a pickled `datetime`.
pub(crate) fn recorded(graph: &Graph<'_>, segment: Value) -> Option<Vec<u8>> {
    let time = graph.attribute(segment, "rec_datetime")?;
    if graph.class(time) != Some(("datetime", "datetime")) {
        return None;
    }
    let &bytes = graph.sequence(graph.instance(time)?.arguments)?.first()?;
    match bytes {
        // Python 2 wrote the bytes as text in latin-1.
        Value::Text(_) => graph.text(bytes)?.chars().map(|c| u8::try_from(c as u32).ok()).collect(),
        bytes => graph.bytes(bytes).map(<[u8]>::to_vec),
    }
}
