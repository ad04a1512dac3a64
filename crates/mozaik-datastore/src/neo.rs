//! The objects of neo 0.8 to 0.14 in a pickled segment.

use std::collections::BTreeMap;

use pickle::numpy::Array;
use pickle::{Graph, Value};

use crate::error::{Problem, attribute};
use crate::quantity::Quantity;

/// PyNN wrote `source_id` up to version 0.11 and `channel_id` since 0.12.
const NEURON_ID: [&str; 2] = ["source_id", "channel_id"];
const NEURON_IDS: [&str; 2] = ["source_ids", "channel_ids"];

/// The elements of a container of a segment or block: a plain list up to neo 0.12, since then an
/// object with a list under another name.
pub(crate) fn elements<'g>(
    graph: &'g Graph<'_>,
    owner: Value,
    name: &str,
) -> Result<&'g [Value], Problem> {
    let container = container(graph, owner, name)?;
    if let Some(elements) = graph.sequence(container) {
        return Ok(elements);
    }
    match graph.attribute(container, "_items") {
        Some(Value::None) => Ok(&[]),
        Some(items) => graph
            .sequence(items)
            .ok_or_else(|| Problem::contents(format!("the {name} are not kept in a list"))),
        None => Err(Problem::contents(format!("the {name} are kept in an unknown container"))),
    }
}

fn container(graph: &Graph<'_>, owner: Value, name: &str) -> Result<Value, Problem> {
    let container = graph.attribute(owner, &format!("_{name}"));
    container.map_or_else(|| attribute(graph, owner, name), Ok)
}

/// The spike trains of a segment.
///
/// As PyNN 0.13 hands them over, a `SpikeTrainList` has no trains, but the times of all in one flat
/// array and as many ids beside it. Those stay in it and are stale once mozaik has shifted and
/// sorted the trains: where there is a list of trains, it alone counts.
pub(crate) fn spike_trains<'g>(
    graph: &'g Graph<'_>,
    segment: Value,
) -> Result<Vec<SpikeTrain<'g>>, Problem> {
    let list = container(graph, segment, "spiketrains")?;
    let times = graph.attribute(list, "_spike_time_array").filter(|&times| times != Value::None);
    if let (Some(Value::None), Some(times)) = (graph.attribute(list, "_items"), times) {
        return flat_trains(graph, list, times);
    }
    let trains = elements(graph, segment, "spiketrains")?;
    trains.iter().map(|&train| SpikeTrain::of(graph, train)).collect()
}

fn flat_trains<'g>(
    graph: &'g Graph<'_>,
    list: Value,
    times: Value,
) -> Result<Vec<SpikeTrain<'g>>, Problem> {
    let damaged = |what: &str| Problem::contents(format!("the flat spike trains: {what}"));
    let times = Quantity::of(graph, times)?;
    let mut times_ms = vec![];
    times.array.append_to(&mut times_ms);
    let unit_in_ms = times.unit_in_ms()?;
    let ids = |name: &str| {
        let ids = graph.attribute(list, name).and_then(|ids| graph.numbers(ids));
        ids.ok_or_else(|| damaged(&format!("{name} is not made of numbers")))
    };
    let (spike_ids, all_ids) = (ids("_channel_id_array")?, ids("_all_channel_ids")?);
    if spike_ids.len() != times_ms.len() {
        return Err(damaged(&format!("{} times of {} ids", times_ms.len(), spike_ids.len())));
    }
    let metadata = graph.attribute(list, "_spiketrain_metadata");
    let end_ms = |name: &str| {
        let end = metadata.and_then(|metadata| graph.get(metadata, name));
        Quantity::of(graph, end.ok_or_else(|| damaged(&format!("they have no {name}")))?)?.in_ms()
    };
    let (t_start_ms, t_stop_ms) = (end_ms("t_start")?, end_ms("t_stop")?);
    let mut by_id: BTreeMap<i64, Vec<f64>> =
        all_ids.iter().map(|&id| (id as i64, vec![])).collect();
    for (time, id) in times_ms.into_iter().zip(spike_ids) {
        let train = by_id.get_mut(&(id as i64));
        train.ok_or_else(|| damaged(&format!("{id} is not among the ids")))?.push(time);
    }
    let train = |(neuron_id, times)| SpikeTrain {
        neuron_id,
        t_start_ms,
        t_stop_ms,
        times: Times::Collected(times),
        unit_in_ms,
    };
    Ok(by_id.into_iter().map(train).collect())
}

/// A `SpikeTrain`.
pub(crate) struct SpikeTrain<'g> {
    /// The simulator's id of its neuron.
    pub(crate) neuron_id: i64,
    pub(crate) t_start_ms: f64,
    pub(crate) t_stop_ms: f64,
    times: Times<'g>,
    unit_in_ms: f64,
}

enum Times<'g> {
    /// As they lie in the pickle.
    Array(Array<'g>),
    /// Out of those of all trains.
    Collected(Vec<f64>),
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
            times: Times::Array(times),
            unit_in_ms,
        })
    }

    pub(crate) fn len(&self) -> usize {
        match &self.times {
            Times::Array(times) => times.len(),
            Times::Collected(times) => times.len(),
        }
    }

    /// Appends its spike times in ms.
    pub(crate) fn append_to(&self, times_ms: &mut Vec<f64>) {
        let start = times_ms.len();
        match &self.times {
            Times::Array(times) => times.append_to(times_ms),
            Times::Collected(times) => times_ms.extend(times),
        }
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

/// When something was recorded, in a form that sorts by time: the ten bytes of a pickled
/// `datetime`.
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
