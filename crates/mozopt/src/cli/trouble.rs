//! Arguments of `doctor`, `repair` and `forget`.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use simulation::{CandidateNumber, OutcomeClass};

pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  mozopt doctor                                   the latest optimization in this directory
  mozopt doctor 20260301-101500_Optimization
  mozopt doctor . --json | jq '.checks[] | select(.status == \"problem\")'

Nothing is changed, whoever runs the optimization meanwhile. docs/trouble.md says what to do.

Exit codes: 0 no problem was found, 1 there are problems, 2 bad input.";

pub(super) const REPAIR_EXAMPLES: &str = "\
Examples:
  mozopt repair 20260301-101500_Optimization           what would be cut off, and what that means
  mozopt repair 20260301-101500_Optimization --yes     cut it off

Everything up to the first line that cannot be trusted stays. The rest is kept beside the journal,
as journal.jsonl.damaged-TIME. A last line that was not written to its end needs no repair.

Exit codes: 0 the journal is whole, 1 it is damaged, 2 bad input.";

pub(super) const FORGET_EXAMPLES: &str = "\
Examples:
  mozopt forget 20260301-101500_Optimization 54-71,80
  mozopt forget . 12 --reason \"the file server was away\"
  mozopt resume . --again crashed --again no-data      all outcomes of a class, and go on

For outcomes that were the machine's fault. `mozopt resume` simulates the candidates again, with the
same parameters and seeds; the optimizer is as if it had never been told. Later candidates stay.";

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// The optimization, or the directory that holds it (then the latest in it)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// Print what was found as one JSON object to stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub struct RepairArguments {
    /// The optimization, or the directory that holds it (then the latest in it)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// Cut off what is damaged, without asking
    #[arg(long, short)]
    pub yes: bool,
}

/// Arguments of `forget`.
#[derive(Debug, Args)]
pub struct ForgetArguments {
    /// The optimization, or the directory that holds it (then the latest in it)
    pub optimization: PathBuf,
    /// The candidates' numbers: 54-71,80
    pub candidates: Numbers,
    /// Why, for whoever reads the journal
    #[arg(long, value_name = "TEXT", default_value = "taken back by the user")]
    pub reason: String,
}

/// Candidates by their numbers: `54-71,80`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(Vec<RangeInclusive<u64>>);

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<u64>().ok();
            match (number(first), number(last)) {
                (Some(first), Some(last)) if first <= last => Ok(first..=last),
                _ => Err(format!("`{part}` is no number and no range: write 54-71,80")),
            }
        };
        text.split(',').map(range).collect::<Result<_, _>>().map(Self)
    }
}

impl Numbers {
    /// The largest of them.
    pub fn largest(&self) -> CandidateNumber {
        CandidateNumber(self.0.iter().map(|range| *range.end()).max().unwrap_or(0))
    }

    /// Those below this number.
    pub fn below(&self, end: u64) -> BTreeSet<CandidateNumber> {
        let ranges = self.0.iter().map(|range| *range.start()..(range.end().saturating_add(1)));
        ranges.flat_map(|range| range.start..range.end.min(end)).map(CandidateNumber).collect()
    }
}

/// Classes of outcomes that can be the machine's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailureClass {
    /// The simulator ended with an error.
    Crashed,
    /// It ran longer than it may.
    TimedOut,
    /// There was not enough memory.
    OutOfMemory,
    /// The simulator left nothing to measure.
    NoData,
    /// The machine failed, or somebody killed it.
    NodeFailure,
    /// The activity ran away.
    Exploded,
}

impl FailureClass {
    /// The class of the outcomes.
    pub fn outcome(self) -> OutcomeClass {
        match self {
            Self::Crashed => OutcomeClass::Crashed,
            Self::TimedOut => OutcomeClass::TimedOut,
            Self::OutOfMemory => OutcomeClass::OutOfMemory,
            Self::NoData => OutcomeClass::NoData,
            Self::NodeFailure => OutcomeClass::NodeFailure,
            Self::Exploded => OutcomeClass::Exploded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_are_read() {
        let numbers: Numbers = "54-56, 80,3".parse().unwrap();
        let below = |end| numbers.below(end).iter().map(|number| number.0).collect::<Vec<_>>();
        assert_eq!(below(100), [3, 54, 55, 56, 80]);
        assert_eq!(below(56), [3, 54, 55]);
        assert_eq!(numbers.largest(), CandidateNumber(80));
        for wrong in ["", "a", "5-", "7-3", "-4", "1,,2"] {
            assert!(wrong.parse::<Numbers>().is_err(), "{wrong}");
        }
        // A range that nobody meant takes no time.
        let all: Numbers = format!("0-{}", u64::MAX).parse().unwrap();
        assert_eq!(all.below(3).len(), 3);
    }
}
