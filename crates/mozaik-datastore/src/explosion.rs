//! Whether mozaik ended a run early since the network's activity ran away.

use pickle::{Graph, Value};

use crate::experiments::{Experiment, NO_STIMULATION};
use crate::segment::ListedSegment;

/// What an experiment presents, by a part of its class's name.
const PRESENTED: [(&str, &str); 3] = [
    (NO_STIMULATION, "InternalStimulus"),
    ("OrientationTuningFullfield", "FullfieldDriftingSinusoidalGrating"),
    ("SizeTuning", "DriftingSinusoidalGratingDisk"),
];

/// What mozaik says in its log. Versions that watched for explosions and kept no log left the
/// remaining experiments out, and wrote the store as after any other run.
pub(crate) fn detected(
    graph: &Graph<'_>,
    annotations: Value,
    experiments: &[Experiment],
    segments: &[ListedSegment],
) -> bool {
    let log = graph.get(annotations, "simulation_log");
    let flag = log.and_then(|log| graph.get(log, "explosion_detected"));
    match flag {
        Some(flag) => graph.integer(flag).is_some_and(|flag| flag != 0),
        None => experiments_are_missing(experiments, segments),
    }
}

/// Whether less was presented than there are experiments. Of experiments that are not known nothing
/// is expected.
fn experiments_are_missing(experiments: &[Experiment], segments: &[ListedSegment]) -> bool {
    let Some(sheet) = segments.first().map(|segment| &segment.description.sheet) else {
        return false;
    };
    PRESENTED.iter().any(|(class, stimulus)| {
        let wanted =
            experiments.iter().filter(|experiment| experiment.class.contains(class)).count();
        let presented = segments.iter().filter(|segment| {
            !segment.null
                && segment.description.sheet == *sheet
                && segment.description.stimulus.name == *stimulus
        });
        presented.count() < wanted
    })
}
