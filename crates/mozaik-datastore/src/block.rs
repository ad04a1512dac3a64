//! `datastore.recordings.pickle`: everything about a run but its data.

use std::collections::BTreeMap;

use pickle::numpy::Array;
use pickle::{Graph, Value};
use recording::Sheet;

use crate::error::{Problem, attribute};
use crate::experiments::{self, Experiment};
use crate::explosion;
use crate::neo;
use crate::segment::{Description, ListedSegment};

/// The name of its file.
pub const BLOCK: &str = "datastore.recordings.pickle";

/// What was annotated to every neuron of a sheet: annotation → value by sheet index.
pub type NeuronAnnotations = BTreeMap<String, Vec<f64>>;

pub(crate) struct Block {
    /// Without their orientations.
    pub(crate) sheets: Vec<Sheet>,
    /// In the order of the sheets.
    pub(crate) annotations: Vec<NeuronAnnotations>,
    pub(crate) explosion_detected: bool,
    /// The periods without a stimulus that were to be presented.
    pub(crate) announced_rest_ms: Vec<f64>,
    pub(crate) segments: Vec<ListedSegment>,
}

impl Block {
    pub(crate) fn of(graph: &Graph<'_>) -> Result<Self, Problem> {
        let block = graph.root();
        let annotations = attribute(graph, block, "annotations")?;
        let mut sheets = vec![];
        let mut neuron_annotations = vec![];
        for (name, neuron_ids) in entries(graph, annotations, "neuron_ids")? {
            let sheet = sheet(graph, annotations, &name, neuron_ids)?;
            neuron_annotations.push(annotations_of(graph, annotations, &sheet));
            sheets.push(sheet);
        }
        let listed = neo::elements(graph, block, "segments")?;
        let mut segments: Vec<_> = listed
            .iter()
            .map(|&wrapper| listed_segment(graph, wrapper))
            .collect::<Result<_, _>>()?;
        // Stores of 2021 are in the order of writing.
        if segments.iter().all(|segment| segment.description.recorded.is_some()) {
            segments.sort_by(|a, b| a.description.recorded.cmp(&b.description.recorded));
        }
        let experiments = experiments::of(graph, annotations);
        Ok(Self {
            sheets,
            annotations: neuron_annotations,
            explosion_detected: explosion::detected(graph, annotations, &experiments, &segments),
            announced_rest_ms: experiments.iter().filter_map(Experiment::rest_ms).collect(),
            segments,
        })
    }
}

fn is_true(graph: &Graph<'_>, value: Value) -> bool {
    graph.integer(value).is_some_and(|integer| integer != 0)
}

fn entries(
    graph: &Graph<'_>,
    annotations: Value,
    name: &str,
) -> Result<Vec<(String, Value)>, Problem> {
    let damaged = || Problem::contents(format!("the block has no {name} by sheet"));
    let dict = graph.get(annotations, name).ok_or_else(damaged)?;
    let entries = graph.entries(dict).ok_or_else(damaged)?;
    let named = |&(key, value): &(Value, Value)| Some((graph.text(key)?.to_owned(), value));
    entries.iter().map(named).collect::<Option<_>>().ok_or_else(damaged)
}

fn sheet(
    graph: &Graph<'_>,
    annotations: Value,
    name: &str,
    neuron_ids: Value,
) -> Result<Sheet, Problem> {
    let damaged = |what: &str| Problem::contents(format!("the sheet {name}: {what}"));
    let neuron_ids = graph.numbers(neuron_ids).ok_or_else(|| damaged("its ids are no numbers"))?;
    let neuron_ids: Vec<_> = neuron_ids.into_iter().map(|id| id as i64).collect();
    let positions = graph.get(annotations, "neuron_positions");
    let positions_deg = match positions.and_then(|positions| graph.get(positions, name)) {
        None => None,
        Some(positions) => {
            let positions = Array::of(graph, positions)
                .map_err(|error| damaged(&format!("its positions are {error}")))?;
            match positions.shape() {
                &[2 | 3, neurons] if neurons == neuron_ids.len() => {
                    let rows = positions.by_rows().map_err(|error| damaged(&error.to_string()))?;
                    let (x, y) = (&rows[..neurons], &rows[neurons..]);
                    Some(x.iter().zip(y).map(|(&x, &y)| [x, y]).collect())
                }
                shape => {
                    let neurons = neuron_ids.len();
                    let why = format!("positions of shape {shape:?} for {neurons} neurons");
                    return Err(damaged(&why));
                }
            }
        }
    };
    Ok(Sheet { name: name.to_owned(), neuron_ids, positions_deg, orientations_rad: None })
}

/// The annotations that all neurons of the sheet have, and that are numbers.
fn annotations_of(graph: &Graph<'_>, annotations: Value, sheet: &Sheet) -> NeuronAnnotations {
    let by_neuron = graph
        .get(annotations, "neuron_annotations")
        .and_then(|sheets| graph.get(sheets, &sheet.name))
        .and_then(|neurons| graph.sequence(neurons))
        .filter(|neurons| neurons.len() == sheet.neuron_count());
    let first = by_neuron.and_then(|neurons| neurons.first());
    let names = first.and_then(|&neuron| graph.entries(neuron)).unwrap_or_default();
    let names = names.iter().filter_map(|&(name, _)| graph.text(name));
    names
        .filter_map(|name| {
            let value = |&neuron| graph.number(graph.get(neuron, name)?);
            let values = by_neuron?.iter().map(value).collect::<Option<_>>()?;
            Some((name.to_owned(), values))
        })
        .collect()
}

fn listed_segment(graph: &Graph<'_>, wrapper: Value) -> Result<ListedSegment, Problem> {
    let identifier = graph.text(attribute(graph, wrapper, "identifier")?);
    // It becomes part of a path.
    let is_plain = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    let identifier = identifier.filter(is_plain).ok_or_else(|| {
        Problem::contents("a segment has an identifier that is not the name of a file")
    })?;
    Ok(ListedSegment {
        description: Description::of(graph, wrapper)?,
        null: graph.attribute(wrapper, "null").is_some_and(|null| is_true(graph, null)),
        identifier: identifier.to_owned(),
    })
}
