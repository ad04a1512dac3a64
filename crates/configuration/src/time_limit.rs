//! Lengths of time as people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A time such as `90s`, `45m`, `20h`, in seconds.
///
/// ```
/// # use configuration::TimeLimit;
/// let limit: TimeLimit = "20h".parse()?;
/// assert_eq!((limit.seconds(), limit.to_string()), (72_000, "20h".to_owned()));
/// assert!("20 hours".parse::<TimeLimit>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "settings", schemars(with = "String", extend("pattern" = "^[0-9]+[smhd]$")))]
pub struct TimeLimit(u64);

impl TimeLimit {
    /// 20 hours: a simulation of a full model takes one to two.
    pub const DEFAULT: Self = Self(20 * 3600);

    /// 5 seconds before something is tried again.
    pub const fn pause() -> Self {
        Self(5)
    }

    /// This many times as long, at most a hundred years.
    #[must_use]
    pub(crate) fn times(self, factor: f64) -> Self {
        const LONGEST: f64 = 100.0 * 365.0 * 86400.0;
        Self((self.0 as f64 * factor).min(LONGEST).round() as u64).max(self)
    }

    /// The time in seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a time: write for example 90s, 45m, 20h or 2d");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => return Err(wrong()),
        };
        let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        let total = count.checked_mul(seconds).filter(|&total| total > 0).ok_or_else(wrong)?;
        Ok(Self(total))
    }
}

impl TryFrom<String> for TimeLimit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeLimit> for String {
    fn from(limit: TimeLimit) -> Self {
        limit.to_string()
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s % 3600 == 0 => write!(f, "{}h", s / 3600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit_and_printed_shortest() {
        for (text, seconds) in [("90s", 90), ("45m", 2700), ("20h", 72000), ("2d", 172_800)] {
            assert_eq!(text.parse::<TimeLimit>().map(TimeLimit::seconds), Ok(seconds));
        }
        assert_eq!("120m".parse::<TimeLimit>().unwrap().to_string(), "2h");
        for text in ["", "10", "h", "0s", "-1h", "1.5h", "10 m", "99999999999999999999h", "5é"] {
            assert!(text.parse::<TimeLimit>().is_err(), "{text}");
        }
    }
}
