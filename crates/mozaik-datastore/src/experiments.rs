//! What was to be presented: the experiments of a run, which mozaik writes down before the first.

use pickle::{Graph, Value};
use recording::StimulusValue;

use crate::stimulus_text;

/// The experiment that presents nothing.
pub(crate) const NO_STIMULATION: &str = "NoStimulation";

/// One experiment.
pub(crate) struct Experiment {
    /// As Python prints it: `<class 'mozaik.experiments.NoStimulation'>`.
    pub(crate) class: String,
    /// A dict display: `{'duration': 5000}`.
    parameters: String,
}

/// All experiments; none where the store does not say.
pub(crate) fn of(graph: &Graph<'_>, annotations: Value) -> Vec<Experiment> {
    let listed = graph.get(annotations, "experiment_parameters");
    let listed = listed.and_then(|listed| graph.sequence(listed)).unwrap_or_default();
    let experiment = |&experiment: &Value| {
        let parts = graph.sequence(experiment)?;
        let parameters = parts.get(1).and_then(|&parameters| graph.text(parameters));
        Some(Experiment {
            class: graph.text(*parts.first()?)?.to_owned(),
            parameters: parameters.unwrap_or_default().to_owned(),
        })
    };
    listed.iter().filter_map(experiment).collect()
}

impl Experiment {
    /// How long it presents nothing, if that is what it does.
    pub(crate) fn rest_ms(&self) -> Option<f64> {
        if !self.class.contains(NO_STIMULATION) {
            return None;
        }
        match stimulus_text::parse_parameters(&self.parameters).ok()?.get("duration")? {
            StimulusValue::Number(duration_ms) => Some(*duration_ms),
            _ => None,
        }
    }
}
