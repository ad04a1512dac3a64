//! Whether mozaik ended a run early since the network's activity ran away.

use pickle::{Graph, Value};

use crate::block::ListedSegment;

/// What an experiment presents, by a part of its class's name.
const PRESENTED: [(&str, &str); 3] = [
    ("NoStimulation", "InternalStimulus"),
    ("OrientationTuningFullfield", "FullfieldDriftingSinusoidalGrating"),
    ("SizeTuning", "DriftingSinusoidalGratingDisk"),
];

/// What mozaik says in its log. Versions that watched for explosions and kept no log left the
/// remaining experiments out, and wrote the store as after any other run.
pub(crate) fn detected(graph: &Graph<'_>, annotations: Value, segments: &[ListedSegment]) -> bool {
    let log = graph.get(annotations, "simulation_log");
    let flag = log.and_then(|log| graph.get(log, "explosion_detected"));
    match flag {
        Some(flag) => graph.integer(flag).is_some_and(|flag| flag != 0),
        None => experiments_are_missing(&experiments(graph, annotations), segments),
    }
}

/// The classes of all experiments that were to be run.
fn experiments(graph: &Graph<'_>, annotations: Value) -> Vec<String> {
    let listed = graph.get(annotations, "experiment_parameters");
    let listed = listed.and_then(|listed| graph.sequence(listed)).unwrap_or_default();
    let class =
        |&experiment: &Value| graph.text(*graph.sequence(experiment)?.first()?).map(str::to_owned);
    listed.iter().filter_map(class).collect()
}

/// Whether less was presented than there are experiments. Of experiments that are not known nothing
/// is expected.
fn experiments_are_missing(experiments: &[String], segments: &[ListedSegment]) -> bool {
    let Some(sheet) = segments.first().map(|segment| &segment.description.sheet) else {
        return false;
    };
    PRESENTED.iter().any(|(class, stimulus)| {
        let wanted = experiments.iter().filter(|experiment| experiment.contains(class)).count();
        let presented = segments.iter().filter(|segment| {
            !segment.null
                && segment.description.sheet == *sheet
                && segment.description.stimulus.name == *stimulus
        });
        presented.count() < wanted
    })
}
