//! What a candidate is called.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A candidate's number: 0, 1, 2, … in the order in which candidates were proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CandidateNumber(pub u64);

impl CandidateNumber {
    /// The number of the one at this place of a list of all candidates.
    pub fn at(index: usize) -> Self {
        Self(index as u64)
    }

    /// Its place in a list of all candidates.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Numbers in ascending order, neighbours as a range.
///
/// # Examples
///
/// ```
/// # use simulation::{CandidateNumber, listed};
/// let numbers = [3, 54, 55, 56, 80, 81].map(CandidateNumber);
/// assert_eq!(listed(&numbers), "3, 54-56, 80, 81");
/// ```
pub fn listed(numbers: &[CandidateNumber]) -> String {
    let mut ranges: Vec<(u64, u64)> = vec![];
    for &CandidateNumber(number) in numbers {
        match ranges.last_mut() {
            Some((_, last)) if number == *last + 1 => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let in_words = |&(first, last): &(u64, u64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    };
    ranges.iter().map(in_words).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for CandidateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for CandidateNumber {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl FromStr for CandidateNumber {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
