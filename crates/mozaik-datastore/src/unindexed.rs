//! What can be known of a run that died before it wrote its block: its segments describe
//! themselves, but not where their neurons lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pickle::{Graph, Value};
use recording::Sheet;

use crate::block::Block;
use crate::error::{Error, Problem};
use crate::file::with_graph;
use crate::segment::{self, Description, ListedSegment};

/// A signal may have a sample more than its duration says; they are rarely further apart.
const SAMPLE_MS: f64 = 1.5;

struct Found {
    description: Description,
    duration_ms: Option<f64>,
    neuron_ids: Vec<i64>,
    identifier: String,
}

/// Puts a block together from the segments, and names those that cannot be read (a run that is
/// killed leaves a torn last one).
pub(crate) fn block(directory: &Path, files: &[PathBuf]) -> (Block, Vec<Error>) {
    let mut found = vec![];
    let mut unreadable = vec![];
    for path in files {
        let identifier = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match with_graph(path, |graph| describe(graph, identifier)) {
            Ok(segment) => found.push(segment),
            Err(error) => unreadable.push(error),
        }
    }
    if found.is_empty() && unreadable.is_empty() {
        unreadable.push(Problem::NoStore.at(directory));
    }
    found.sort_by(|a, b| a.description.recorded.cmp(&b.description.recorded));
    let mut sheets: Vec<Sheet> = vec![];
    for segment in &found {
        let name = &segment.description.sheet;
        match sheets.iter_mut().find(|sheet| sheet.name == *name) {
            Some(sheet) => sheet.neuron_ids.extend(&segment.neuron_ids),
            None => sheets.push(Sheet {
                name: name.clone(),
                neuron_ids: segment.neuron_ids.clone(),
                positions_deg: None,
                orientations_rad: None,
            }),
        }
    }
    for sheet in &mut sheets {
        sheet.neuron_ids.sort_unstable();
        sheet.neuron_ids.dedup();
    }
    let null = are_null(&found);
    let segments = found.into_iter().zip(null).map(|(segment, null)| ListedSegment {
        description: segment.description,
        null,
        identifier: segment.identifier,
    });
    let annotations = vec![BTreeMap::new(); sheets.len()];
    let segments = segments.collect();
    let block = Block {
        sheets,
        annotations,
        explosion_detected: false,
        announced_rest_ms: vec![],
        segments,
    };
    (block, unreadable)
}

fn describe(graph: &Graph<'_>, identifier: String) -> Result<Found, Problem> {
    let segment = graph.root();
    let mut neuron_ids = segment::neuron_ids(graph, segment)?;
    neuron_ids.extend(population(graph, segment).into_iter().flatten());
    Ok(Found {
        description: Description::of(graph, segment)?,
        duration_ms: segment::duration_ms(graph, segment)?,
        neuron_ids,
        identifier,
    })
}

/// All neurons of the sheet, as PyNN describes the population that was recorded.
fn population(graph: &Graph<'_>, segment: Value) -> Option<std::ops::RangeInclusive<i64>> {
    let annotations = graph.attribute(graph.attribute(segment, "block")?, "annotations")?;
    let integer = |name| graph.integer(graph.get(annotations, name)?);
    let (first, last) = (integer("first_id")?, integer("last_id")?);
    let size = integer("size")?;
    // Ids that belong to one population without a gap, and not a number that fills the memory.
    (last.checked_sub(first)?.checked_add(1)? == size && size <= 10_000_000).then_some(first..=last)
}

/// Which segments are the blanks before a presentation. A blank carries the description of the
/// presentation that follows; it is told by its duration, or, if both last equally long, by its
/// being the first of two.
fn are_null(found: &[Found]) -> Vec<bool> {
    let mut null = vec![false; found.len()];
    let mut presentations: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (i, segment) in found.iter().enumerate() {
        let Description { sheet, stimulus_text, stimulus, .. } = &segment.description;
        match (segment.duration_ms, stimulus.number("duration")) {
            (Some(lasted_ms), Some(shown_ms)) if (lasted_ms - shown_ms).abs() > SAMPLE_MS => {
                null[i] = true;
            }
            _ => presentations.entry((sheet, stimulus_text)).or_default().push(i),
        }
    }
    for presentation in presentations.values() {
        if let &[blank, _] = &presentation[..] {
            null[blank] = true;
        }
    }
    null
}
