//! `result.json`: what became of a simulation.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use configuration::ConfiguredTarget;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use targets::{Missing, Score, Value};

use crate::attempt::Attempt;
use crate::candidate_number::CandidateNumber;
use crate::directory::{Finished, SimulationDirectory, Started};
use crate::outcome::OutcomeClass;
use crate::simulation::Keep;
use crate::versions::Versions;

/// Which simulation a result is of: one that was copied here from elsewhere is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The candidate.
    pub candidate: CandidateNumber,
    /// The attempt that it is the result of.
    pub attempt: Attempt,
    /// The seed of the simulation.
    pub seed: u64,
    /// Identifies the configuration.
    pub configuration: String,
}

/// What kept a simulation from an outcome, where that is not the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The simulator could not be started here, or lacks what it needs: no parameter changes that.
    Environment,
    /// Somebody ended it, or its machine failed.
    Machine,
}

/// What became of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulationResult {
    /// What kind of end it came to.
    pub outcome: OutcomeClass,
    /// Why, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The sum of the scores.
    pub total: f64,
    /// Which version of the simulation it is of, in a search with cheaper ones.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fidelity: Option<String>,
    /// Every target, in the order of the configuration.
    pub targets: Vec<TargetResult>,
    /// How long the simulator ran.
    pub simulation_seconds: f64,
    /// How long the evaluation took.
    pub evaluation_seconds: f64,
    /// The machine it ran on; unknown of one that never began, and to versions that did not note
    /// it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// When its job began, by the clock of its machine.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started: Option<Timestamp>,
    /// When its job had this result, or, in the journal, had also removed what is not kept; or when
    /// it was seen to have ended without a result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub finished: Option<Timestamp>,
    /// The cores that Slurm allocated to its job, where these are not those that it asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cores: Option<u32>,
    /// How many cores the simulator's processes were allowed to use on this machine, where that was
    /// fewer than it should have.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cores_allowed: Option<u32>,
    /// How long the simulator's processes computed on this machine, all together, seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_seconds: Option<f64>,
    /// The most memory that one process of the simulator had, bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peak_memory: Option<u64>,
    /// The size of the data store, bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data_store_size: Option<u64>,
    /// What was to blame, if not the model; only with the outcome `node_failure`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub blame: Option<Blame>,
    /// Which simulation it is of. The journal has no need of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of: Option<Origin>,
    /// The versions that the simulator said it has; the same for nearly all results of a search:
    /// they are in memory once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub versions: Option<Arc<Versions>>,
}

/// Which target it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetId {
    /// The target's name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// The sheet it is measured on.
    pub sheet_name: Option<String>,
}

/// A target's value and score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetResult {
    /// Which target, the same for all results of a search: it is in memory once.
    #[serde(flatten)]
    pub target: Arc<TargetId>,
    /// The measured value.
    pub value: Option<f64>,
    /// The distance to what is wanted.
    pub score: f64,
    /// Why there is no value.
    pub reason: Option<Box<str>>,
    /// The simulation was run before, and the target was not looked at then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// A [`TargetResult`] as it is read: serde is slow at reading what is flattened.
#[derive(Deserialize)]
struct WrittenTargetResult<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    class: Cow<'a, str>,
    #[serde(borrow)]
    sheet_name: Option<Cow<'a, str>>,
    value: Option<f64>,
    score: f64,
    reason: Option<Box<str>>,
    #[serde(default)]
    unknown: bool,
}

impl<'de> Deserialize<'de> for TargetResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenTargetResult { name, class, sheet_name, value, score, reason, unknown } =
            WrittenTargetResult::deserialize(deserializer)?;
        let target = known_target(&name, &class, sheet_name.as_deref());
        Ok(Self { target, value, score, reason, unknown })
    }
}

/// More targets than any search has.
const MOST_KNOWN: usize = 256;

/// This target. One result after the other has the same ones in the same order: they are made once
/// for each thread, which otherwise takes most of the time of reading a journal.
fn known_target(name: &str, class: &str, sheet_name: Option<&str>) -> Arc<TargetId> {
    thread_local! {
        static KNOWN: RefCell<(Vec<Arc<TargetId>>, usize)> = const { RefCell::new((vec![], 0)) };
    }
    KNOWN.with_borrow_mut(|(known, next)| {
        let is_it = |it: &Arc<TargetId>| {
            it.name == name && it.class == class && it.sheet_name.as_deref() == sheet_name
        };
        if !known.get(*next).is_some_and(is_it) {
            *next = known.iter().position(is_it).unwrap_or_else(|| {
                if known.len() == MOST_KNOWN {
                    known.clear();
                }
                let [name, class] = [name, class].map(str::to_owned);
                let sheet_name = sheet_name.map(str::to_owned);
                known.push(Arc::new(TargetId { name, class, sheet_name }));
                known.len() - 1
            });
        }
        let target = Arc::clone(&known[*next]);
        *next = (*next + 1) % known.len();
        target
    })
}

impl TargetResult {
    /// A target with its value and score.
    pub fn new(configured: &ConfiguredTarget, value: &Value, score: Score) -> Self {
        let target = &configured.target;
        Self {
            target: Arc::new(TargetId {
                name: target.name.clone(),
                class: target.class.name().to_owned(),
                sheet_name: target.sheet_name.clone(),
            }),
            value: value.as_ref().ok().copied(),
            score: score.get(),
            reason: value.as_ref().err().map(|missing| missing.to_string().into()),
            unknown: false,
        }
    }
}

impl SimulationResult {
    /// Whether its data store is kept.
    pub fn is_kept(&self, keep: &Keep) -> bool {
        let failed = self.outcome.is_failure();
        keep.all
            || (failed && keep.failures)
            || (!failed && keep.below.is_some_and(|below| self.total < below))
    }

    /// Scores what was measured.
    pub fn measured(
        outcome: OutcomeClass,
        reason: Option<String>,
        targets: &[ConfiguredTarget],
        values: &[Value],
    ) -> Self {
        let score = |(configured, value): (&ConfiguredTarget, &Value)| {
            TargetResult::new(configured, value, configured.target.score(value))
        };
        let targets: Vec<_> = targets.iter().zip(values).map(score).collect();
        let total = targets.iter().map(|target| target.score).sum();
        Self {
            outcome,
            reason,
            total,
            fidelity: None,
            targets,
            simulation_seconds: 0.0,
            evaluation_seconds: 0.0,
            host: None,
            started: None,
            finished: None,
            cores: None,
            cores_allowed: None,
            cpu_seconds: None,
            peak_memory: None,
            data_store_size: None,
            blame: None,
            of: None,
            versions: None,
        }
    }

    /// Cores that its job had, times seconds; it asked for this many.
    pub fn core_seconds(&self, asked: f64) -> f64 {
        self.cores.map_or(asked, f64::from) * self.job_seconds()
    }

    /// How long its job had its cores, seconds: from its beginning to its end, or, where that was
    /// not noted, as long as simulator and evaluation ran.
    pub fn job_seconds(&self) -> f64 {
        match (self.started, self.finished) {
            // Clocks of machines differ a little: no time is negative.
            (Some(from), Some(to)) => to.duration_since(from).as_secs_f64().max(0.0),
            _ => self.simulation_seconds + self.evaluation_seconds,
        }
    }

    /// Of a job that was ended: it ran from when it said so until now.
    #[must_use]
    pub fn ended_now(self, directory: &SimulationDirectory, attempt: Attempt) -> Self {
        let started = durable::read_json::<Started>(&directory.started()).ok();
        match started.filter(|started| started.attempt == attempt) {
            Some(started) => self.of_job(&started),
            None => self,
        }
    }

    /// Of a job that has ended, and said so.
    #[must_use]
    pub fn of_ended_job(self, directory: &SimulationDirectory) -> Self {
        let finished =
            durable::read_json::<Finished>(&directory.finished()).ok().map(|job| job.time);
        Self { finished: finished.or(self.finished), ..self }
    }

    /// Of a job that began so and ends now.
    #[must_use]
    pub fn of_job(self, started: &Started) -> Self {
        let host = Some(started.host.clone());
        Self { host, started: Some(started.time), finished: Some(Timestamp::now()), ..self }
    }

    /// Refers to these targets instead of own copies, where they are the same.
    pub fn share_targets(&mut self, targets: &[Arc<TargetId>]) {
        for (result, target) in self.targets.iter_mut().zip(targets) {
            if result.target == *target {
                result.target = Arc::clone(target);
            }
        }
    }

    /// Refers to these versions instead of own copies, if they are the same.
    pub fn share_versions(&mut self, versions: &Arc<Versions>) {
        if self.versions.as_ref() == Some(versions) {
            self.versions = Some(Arc::clone(versions));
        }
    }

    /// Nothing was measured, and not for a reason of the model's.
    pub fn fault(blame: Blame, reason: String, targets: &[ConfiguredTarget]) -> Self {
        let result = Self::without_values(OutcomeClass::NodeFailure, reason, targets);
        Self { blame: Some(blame), ..result }
    }

    /// Nothing was measured.
    pub fn without_values(
        outcome: OutcomeClass,
        reason: String,
        targets: &[ConfiguredTarget],
    ) -> Self {
        let missing = Missing::new(format!("the simulation has no data: {}", outcome.words()));
        let values = vec![Err(missing); targets.len()];
        Self::measured(outcome, Some(reason), targets, &values)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::TargetResult;

    #[test]
    fn targets_that_come_again_are_in_memory_once_and_others_are_not_mixed_up() {
        let line = |names: [&str; 2], sheet: &str| {
            let one = |name| {
                format!(
                    r#"{{"name":"{name}","class":"A","sheet_name":{sheet},"value":1.5,"score":0.5,"reason":null}}"#
                )
            };
            format!("[{}]", names.map(one).join(","))
        };
        let read = |text: &str| serde_json::from_str::<Vec<TargetResult>>(text).unwrap();
        let (first, again) =
            (read(&line(["rate", "cv"], "null")), read(&line(["rate", "cv"], "null")));
        assert_eq!(first, again);
        assert!(Arc::ptr_eq(&first[1].target, &again[1].target));
        let other = read(&line(["cv", r"\u03c3 rate"], r#""L4""#));
        let names: Vec<_> = other.iter().map(|it| it.target.name.as_str()).collect();
        assert_eq!(names, ["cv", "σ rate"]);
        assert_eq!(other[0].target.sheet_name.as_deref(), Some("L4"));
        // More than are remembered.
        for i in 0..600 {
            let name = format!("target {i}");
            assert_eq!(read(&line([&name, "cv"], "null"))[0].target.name, name);
        }
    }
}
