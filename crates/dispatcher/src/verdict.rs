//! What the end of an attempt means: an outcome of the model, or a fault that says nothing about
//! it.

use std::io::ErrorKind;

use configuration::{ConfiguredTarget, TimeLimit};
use executors::JobEnd;
use simulation::{OutcomeClass, SimulationDirectory, SimulationResult, peak_in_words};

/// What the end of an attempt means.
#[derive(Debug)]
pub enum Verdict {
    /// The simulation has an outcome.
    Outcome(Box<SimulationResult>),
    /// Something failed that may not fail again. The result is the outcome if it does as often as
    /// the simulation may be run.
    Fault(Box<SimulationResult>),
    /// We ended it.
    Cancelled,
}

/// By what an end is judged.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// The targets that a result must have.
    pub targets: &'a [ConfiguredTarget],
    /// How long a simulation may run.
    pub time_limit: TimeLimit,
}

impl Judge<'_> {
    /// The verdict on an attempt that left these files.
    pub fn verdict(self, end: &JobEnd, directory: &SimulationDirectory) -> Verdict {
        let result = match end {
            JobEnd::Cancelled => return Verdict::Cancelled,
            JobEnd::Ended => match self.result(directory) {
                Ok(result) => result,
                Err(reason) => self.fault(reason),
            },
            JobEnd::TimedOut => {
                let limit = self.time_limit;
                let reason = format!("it ran longer than {limit}");
                let result = self.without_values(OutcomeClass::TimedOut, reason);
                SimulationResult { simulation_seconds: limit.seconds() as f64, ..result }
            }
            // What was complete before its job was ended is complete.
            JobEnd::OutOfMemory => match self.result(directory) {
                Ok(result) if !result.outcome.is_failure() => result,
                Ok(result) => self.out_of_memory(result.peak_memory),
                Err(_) => self.out_of_memory(None),
            },
            JobEnd::Fault(reason) => self.fault(reason.clone()),
        };
        if result.outcome.is_fault() {
            Verdict::Fault(Box::new(result))
        } else {
            Verdict::Outcome(Box::new(result))
        }
    }

    /// What the job itself found, or why that cannot be taken.
    fn result(self, directory: &SimulationDirectory) -> Result<SimulationResult, String> {
        match durable::read_json::<SimulationResult>(&directory.result()) {
            Ok(result) if result.targets.len() == self.targets.len() => {
                Ok(result.of_ended_job(directory))
            }
            Ok(_) => Err("its result.json has other targets".to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let log = directory.last_words();
                let log = log.map(|line| format!(" (its log ends: {line})")).unwrap_or_default();
                Err(format!("the job left no result{log}"))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// A fault of the machine, as an outcome.
    pub fn fault(self, reason: String) -> SimulationResult {
        self.without_values(OutcomeClass::NodeFailure, reason)
    }

    /// Of a job that was ended from outside; how much its simulator had, its result may say.
    fn out_of_memory(self, peak_memory: Option<u64>) -> SimulationResult {
        let peak = peak_in_words(peak_memory);
        let reason = format!("it needed more memory than its job has{peak}");
        let result = self.without_values(OutcomeClass::OutOfMemory, reason);
        SimulationResult { peak_memory, ..result }
    }

    fn without_values(self, class: OutcomeClass, reason: String) -> SimulationResult {
        SimulationResult::without_values(class, reason, self.targets)
    }
}
