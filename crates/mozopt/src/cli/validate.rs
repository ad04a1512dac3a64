//! Arguments of `validate`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{ArgAction, Args};

use configuration::{ExecutorKind, TimeLimit};
use simulation::{CandidateNumber, Protocol};

use crate::validation::Vary;

pub(super) const VALIDATE_EXAMPLES: &str = "\
Examples:
  mozopt validate examples/v1                             the recommended candidate, three seeds
  mozopt validate . --candidates 217,305 --seeds 5 --slots 4
  mozopt validate . --best 3 --executor slurm --keep false
  mozopt validate . --protocol size_tuning                another protocol of the experiment script
  mozopt validate . --vary model                          another network each time

The full protocol: 20 s without a stimulus, ten orientations at two contrasts, sixteen sizes of disks, two
trials. Run the command again to continue: it reuses what was simulated, and simulates again what crashed,
had no data, ran out of memory or timed out. docs/figures.md describes the output, and the input of your
own simulator.

Exit codes: 0 finished, 1 no simulation could be measured, 2 bad input, 3 stopped by the user.";

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct ValidateArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// The candidates [default: the recommended one]
    #[arg(long, value_name = "N,M", value_delimiter = ',', conflicts_with = "best")]
    pub candidates: Vec<CandidateNumber>,
    /// The K best candidates, the recommended one first
    #[arg(long, value_name = "K")]
    pub best: Option<NonZeroUsize>,
    /// How often to simulate each candidate, each time with another seed
    #[arg(long, value_name = "N", default_value = "3")]
    pub seeds: NonZeroU32,
    /// What differs between the simulations of a candidate
    #[arg(long, value_enum, default_value = "simulation")]
    pub vary: Vary,
    /// The protocol: one of the embedded model or of the experiment script
    #[arg(long, value_name = "NAME", default_value = "full")]
    pub protocol: Protocol,
    /// The run script that presents this protocol, relative to the model's directory; only for
    /// mozaik models with their own run script
    #[arg(long, value_name = "FILE")]
    pub script: Option<String>,
    /// Whether to keep the data stores
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set)]
    pub keep: bool,
    /// What runs the simulations [default: as in the search]
    #[arg(long, value_enum)]
    pub executor: Option<ExecutorKind>,
    /// How many simulations run at the same time [default: as in the search]
    #[arg(long, value_name = "N")]
    pub slots: Option<NonZeroUsize>,
    /// How long a simulation may run [default: as in the search]
    #[arg(long, value_name = "TIME")]
    pub time_limit: Option<TimeLimit>,
    /// Print the comparison as JSON to stdout
    #[arg(long)]
    pub json: bool,
}
