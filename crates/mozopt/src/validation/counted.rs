//! Which targets the totals of a comparison count.

use configuration::ConfiguredTarget;
use serde::Serialize;
use simulation::{OutcomeClass, SimulationResult};

/// The targets of a search, and which of them a protocol shows: one that no simulation of it has a
/// value of says nothing about the candidates, but would cost each its greatest score.
#[derive(Debug, Serialize)]
pub struct Counted {
    #[serde(skip)]
    targets: Vec<ConfiguredTarget>,
    #[serde(skip)]
    counts: Vec<bool>,
    #[serde(rename = "targets_counted")]
    count: usize,
    #[serde(rename = "targets_left_out")]
    left_out: Vec<LeftOut>,
}

/// A target that does not count.
#[derive(Debug, Serialize)]
struct LeftOut {
    name: String,
    /// Why the first simulation has no value of it.
    reason: Option<Box<str>>,
}

impl Counted {
    /// Looks at the simulations of all candidates in the protocol. Those that did not run through
    /// show nothing; as long as none did, all targets count.
    pub fn of<'r>(
        targets: Vec<ConfiguredTarget>,
        results: impl Iterator<Item = &'r SimulationResult>,
    ) -> Self {
        let completed: Vec<_> =
            results.filter(|result| result.outcome == OutcomeClass::Completed).collect();
        let has_value = |result: &&SimulationResult, i: usize| {
            result.targets.get(i).is_some_and(|target| target.value.is_some())
        };
        let counts: Vec<bool> = (0..targets.len())
            .map(|i| completed.is_empty() || completed.iter().any(|result| has_value(result, i)))
            .collect();
        let reason = |i: usize| completed.first()?.targets.get(i)?.reason.clone();
        let without_value = |(i, configured): (usize, &ConfiguredTarget)| LeftOut {
            name: configured.target.name.clone(),
            reason: reason(i),
        };
        let left_out =
            targets.iter().enumerate().filter(|(i, _)| !counts[*i]).map(without_value).collect();
        let count = counts.iter().filter(|&&counts| counts).count();
        Self { targets, counts, count, left_out }
    }

    /// All targets.
    pub fn targets(&self) -> &[ConfiguredTarget] {
        &self.targets
    }

    /// The sum of the scores that count; `None` if none does.
    pub fn total(&self, result: &SimulationResult) -> Option<f64> {
        let scores = result.targets.iter().zip(&self.counts).filter(|(_, counts)| **counts);
        (self.count > 0).then(|| scores.map(|(target, _)| target.score).sum())
    }

    /// What the totals are called: `total score`, where not all targets count with how many do.
    pub fn heading(&self) -> String {
        if self.left_out.is_empty() {
            return "total score".to_owned();
        }
        format!("total score of {} of {} targets", self.count, self.targets.len())
    }

    /// Which targets do not count, and why, a line for each reason.
    pub fn left_out(&self) -> Vec<String> {
        let mut lines: Vec<(Option<&str>, Vec<&str>)> = vec![];
        for LeftOut { name, reason } in &self.left_out {
            match lines.iter_mut().find(|(known, _)| *known == reason.as_deref()) {
                Some((_, names)) => names.push(name),
                None => lines.push((reason.as_deref(), vec![name])),
            }
        }
        let line = |(reason, names): (Option<&str>, Vec<&str>)| {
            let since = reason.map(|reason| format!(", since {reason}")).unwrap_or_default();
            let names = names.join(", ");
            format!("not in the totals: {names}: no value in any simulation of the protocol{since}")
        };
        lines.into_iter().map(line).collect()
    }
}
