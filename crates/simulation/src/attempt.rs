//! Which try at running a simulation it is.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An attempt's number: 1, 2, …; how many there have been so far. Repeated submissions of one
/// simulation are told apart by it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Attempt(pub u32);

impl Attempt {
    /// Before the first one.
    pub const NONE: Self = Self(0);
    /// The first one.
    pub const FIRST: Self = Self(1);

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// How often attempts at a simulation ended because something ran out. The next attempt gets more
/// of it, where that is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shortages {
    /// Memory.
    pub memory: u32,
    /// Time.
    pub time: u32,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Attempt {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
