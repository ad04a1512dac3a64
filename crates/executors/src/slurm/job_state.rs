//! The states that Slurm knows, and what each means for a simulation.

use std::str::FromStr;

use crate::executor::JobEnd;

/// What Slurm calls out of memory, in the place of a signal.
const OUT_OF_MEMORY_SIGNAL: u32 = 125;
/// What it calls a script that could not be started, or whose output has no place.
const NOT_STARTED_SIGNAL: u32 = 53;

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExitCodes {
    /// Exit code of the batch script.
    pub code: u32,
    /// The signal that ended it, or Slurm's own 125: out of memory.
    pub signal: u32,
    /// The same signal of its worst step.
    pub worst_signal: u32,
}

/// A job's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It waits in the queue.
    Pending,
    /// It runs on its nodes.
    Running,
    /// It neither waits nor runs, and it has not ended: COMPLETING, CONFIGURING, SUSPENDED, ….
    Between,
    /// The batch script ended with 0.
    Completed,
    /// The batch script ended otherwise, or could not be started.
    Failed,
    /// It ran longer than Slurm's limit.
    Timeout,
    /// It needed more memory than it had asked for.
    OutOfMemory,
    /// Somebody cancelled it.
    Cancelled,
    /// Its node failed.
    NodeFail,
    /// Its node could not be started.
    BootFail,
    /// A job of higher priority took its place.
    Preempted,
    /// It could not have ended before its deadline.
    Deadline,
    /// Another cluster has it.
    Revoked,
}

impl FromStr for JobState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT"
            | "RESV_DEL_HOLD" => Self::Pending,
            "RUNNING" => Self::Running,
            "COMPLETED" => Self::Completed,
            "FAILED" => Self::Failed,
            "TIMEOUT" => Self::Timeout,
            "OUT_OF_MEMORY" => Self::OutOfMemory,
            "CANCELLED" => Self::Cancelled,
            "NODE_FAIL" => Self::NodeFail,
            "BOOT_FAIL" => Self::BootFail,
            "PREEMPTED" => Self::Preempted,
            "DEADLINE" => Self::Deadline,
            "REVOKED" => Self::Revoked,
            // A state that we do not know is none that we may call the end.
            _ => Self::Between,
        })
    }
}

impl JobState {
    /// Whether the job will not run any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Between)
    }

    /// Whether a job that never ran may end in this state.
    pub fn may_end_unbegun(self) -> bool {
        matches!(self, Self::Cancelled | Self::Deadline | Self::Revoked)
    }

    /// Whether its node is to blame.
    pub fn blames_node(self) -> bool {
        matches!(self, Self::NodeFail | Self::BootFail)
    }

    /// What a job's end in this state means, where the job itself left no word.
    pub fn end(self, codes: &ExitCodes, nodes: &str) -> JobEnd {
        let fault = |words: String| JobEnd::Fault(words);
        if codes.signal == OUT_OF_MEMORY_SIGNAL || codes.worst_signal == OUT_OF_MEMORY_SIGNAL {
            return JobEnd::OutOfMemory;
        }
        match self {
            Self::Timeout => JobEnd::OutOfTime,
            Self::OutOfMemory => JobEnd::OutOfMemory,
            Self::Cancelled => fault("somebody cancelled its job".to_owned()),
            Self::NodeFail => fault(format!("its node {nodes} failed")),
            Self::BootFail => fault(format!("its node {nodes} could not be started")),
            Self::Preempted => fault("it was preempted by a job of higher priority".to_owned()),
            Self::Deadline => fault("Slurm gave it up: DEADLINE".to_owned()),
            Self::Revoked => fault("Slurm gave it up: REVOKED".to_owned()),
            Self::Failed => JobEnd::Failed(match (codes.code, codes.signal) {
                (0, 0 | NOT_STARTED_SIGNAL) => format!("its job could not be started on {nodes}"),
                (code, 0) => format!("its job failed on {nodes} with exit code {code}"),
                (_, signal) => format!("its job was killed on {nodes} by signal {signal}"),
            }),
            Self::Completed | Self::Pending | Self::Running | Self::Between => JobEnd::Ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(state: &str, code: u32, signal: u32) -> JobEnd {
        let codes = ExitCodes { code, signal, worst_signal: 0 };
        state.parse::<JobState>().unwrap().end(&codes, "n2")
    }

    /// States and exit codes as Slurm 22.05.8 reports them.
    #[test]
    fn every_way_to_end_has_its_class() {
        assert_eq!(end("COMPLETED", 0, 0), JobEnd::Ended);
        assert_eq!(end("TIMEOUT", 0, 15), JobEnd::OutOfTime);
        assert_eq!(end("OUT_OF_MEMORY", 0, 125), JobEnd::OutOfMemory);
        for (code, signal, words) in [
            (7, 0, "its job failed on n2 with exit code 7"),
            (0, 11, "its job was killed on n2 by signal 11"),
            (0, 0, "its job could not be started on n2"),
            (0, 53, "its job could not be started on n2"),
        ] {
            assert_eq!(end("FAILED", code, signal), JobEnd::Failed(words.to_owned()));
        }
        for (state, code, signal, words) in [
            ("NODE_FAIL", 0, 0, "its node n2 failed"),
            ("CANCELLED", 0, 15, "somebody cancelled its job"),
        ] {
            assert_eq!(end(state, code, signal), JobEnd::Fault(words.to_owned()));
        }
        // A step was killed when memory ran out, and the script went on.
        let codes = ExitCodes { worst_signal: 125, ..ExitCodes::default() };
        assert_eq!(JobState::Completed.end(&codes, "n2"), JobEnd::OutOfMemory);
    }

    #[test]
    fn a_state_that_is_not_known_is_not_final() {
        for state in ["COMPLETING", "SUSPENDED", "CONFIGURING", "SOMETHING_NEW"] {
            assert!(!state.parse::<JobState>().unwrap().is_final(), "{state}");
        }
    }
}
