//! Why simulations cannot be run as configured, known before the first of them.

/// Why there is no such executor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecutorError {
    /// The controller runs in no job of Slurm.
    #[error(
        "executor = \"srun\" runs simulations within an allocation of Slurm, and there is none here"
    )]
    NoAllocation,
    /// What Slurm says about it cannot be understood.
    #[error("the allocation's {what} cannot be read: `{text}`")]
    Unreadable {
        /// Nodes, cores or memory.
        what: &'static str,
        /// What was found.
        text: String,
    },
    /// No simulation fits on any of its nodes.
    #[error("a simulation needs {need}, and no node of the allocation has that: {nodes}")]
    TooSmall {
        /// What a simulation needs.
        need: String,
        /// What the nodes have.
        nodes: String,
    },
    /// The user's environment names several clusters.
    #[error(
        "{variable}={value} names several clusters, on which different jobs have equal numbers"
    )]
    SeveralClusters {
        /// The variable.
        variable: &'static str,
        /// What it says.
        value: String,
    },
}

impl ExecutorError {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoAllocation => {
                "submit the controller with `mozopt submit DIRECTORY --nodes N --time T`, or run it \
                 within salloc"
            }
            Self::Unreadable { .. } => "is this the environment of a job of Slurm?",
            Self::TooSmall { .. } => "ask for less per simulation, or for other nodes",
            Self::SeveralClusters { .. } => "name one of them",
        }
    }
}
