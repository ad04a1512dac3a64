//! What a target's value should be, and how bad it is when it is not.

/// How a target's value becomes its score: the distance, in norms, to the nearest accepted value,
/// at most `max_score`.
///
/// A wanted number accepts this number only, a range all of its values, and a one-sided bound
/// everything on one side of it.
///
/// # Examples
///
/// ```
/// use optimizers::ScoreRule;
///
/// // 2 to 4 Hz are wanted, and half a hertz beyond is one norm away.
/// let rate = ScoreRule::new(2.0, 4.0, 0.5, 20.0)?;
/// assert_eq!(rate.score(Some(3.1)), 0.0);
/// assert_eq!(rate.score(Some(5.0)), 2.0);
/// assert_eq!(rate.score(None), 20.0);
///
/// let at_least = ScoreRule::new(0.8, f64::INFINITY, 0.1, 20.0)?;
/// assert_eq!(at_least.score(Some(1.3)), 0.0);
/// # Ok::<(), optimizers::ScoreRuleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRule {
    low: f64,
    high: f64,
    norm: f64,
    max_score: f64,
}

/// A rule that gives no scores.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ScoreRuleError {
    /// A bound is not a number, the bounds are reversed, or both are infinite.
    #[error("no value can be between {low} and {high}, or every value is")]
    Accepted {
        /// The least accepted value.
        low: f64,
        /// The greatest accepted value.
        high: f64,
    },
    /// The norm divides distances.
    #[error("the norm must be a positive number, not {0}")]
    Norm(f64),
    /// The worst score must be a number, and no better than the best.
    #[error("the greatest score must be a number that is not negative, not {0}")]
    MaxScore(f64),
}

impl ScoreRule {
    /// Accepts values from `low` to `high`: equal for a wanted number, and one of them infinite for
    /// a bound on one side. `norm` is the distance, in the value's unit, that scores 1.
    ///
    /// # Errors
    /// The bounds leave no value or every value, or the norm or the greatest score are out of
    /// range.
    pub fn new(
        low: f64,
        high: f64,
        norm: f64,
        max_score: f64,
    ) -> Result<ScoreRule, ScoreRuleError> {
        let is_bounded = low.is_finite() || high.is_finite();
        let is_ordered = low <= high && low < f64::INFINITY && high > f64::NEG_INFINITY;
        if !is_bounded || !is_ordered {
            return Err(ScoreRuleError::Accepted { low, high });
        }
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(ScoreRuleError::Norm(norm));
        }
        if !(max_score >= 0.0 && max_score.is_finite()) {
            return Err(ScoreRuleError::MaxScore(max_score));
        }
        Ok(ScoreRule { low, high, norm, max_score })
    }

    /// The score of a value: 0 where it is accepted. One that is missing or not finite has the
    /// greatest score.
    pub fn score(&self, value: Option<f64>) -> f64 {
        match value {
            Some(value) if value.is_finite() => {
                let distance = (self.low - value).max(value - self.high).max(0.0);
                (distance / self.norm).min(self.max_score)
            }
            _ => self.max_score,
        }
    }

    /// The least accepted value; may be minus infinity.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The greatest accepted value; may be infinity.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// The distance, in units of the value, that scores 1.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// The worst score.
    pub fn max_score(&self) -> f64 {
        self.max_score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_distances_in_norms() {
        let number = ScoreRule::new(4.0, 4.0, 2.0, 20.0).unwrap();
        assert_eq!([4.0, 3.0, 5.0, 1e9].map(|v| number.score(Some(v))), [0.0, 0.5, 0.5, 20.0]);
        let range = ScoreRule::new(1.0, 3.0, 0.5, 20.0).unwrap();
        assert_eq!([0.5, 1.0, 2.0, 4.0].map(|v| range.score(Some(v))), [1.0, 0.0, 0.0, 2.0]);
        let at_least = ScoreRule::new(1.0, f64::INFINITY, 0.5, 20.0).unwrap();
        assert_eq!([0.5, 1.0, 1e9].map(|v| at_least.score(Some(v))), [1.0, 0.0, 0.0]);
        assert_eq!(
            [None, Some(f64::NAN), Some(f64::INFINITY)].map(|v| at_least.score(v)),
            [20.0; 3]
        );
    }

    #[test]
    fn rules_without_a_meaning_are_refused() {
        let refused =
            |low, high, norm, max| ScoreRule::new(low, high, norm, max).unwrap_err().to_string();
        assert_eq!(
            refused(2.0, 1.0, 1.0, 20.0),
            "no value can be between 2 and 1, or every value is"
        );
        assert!(ScoreRule::new(f64::NEG_INFINITY, f64::INFINITY, 1.0, 20.0).is_err());
        assert!(ScoreRule::new(f64::NAN, 1.0, 1.0, 20.0).is_err());
        assert!(ScoreRule::new(f64::INFINITY, f64::INFINITY, 1.0, 20.0).is_err());
        assert_eq!(refused(1.0, 1.0, 0.0, 20.0), "the norm must be a positive number, not 0");
        assert_eq!(
            refused(1.0, 1.0, 1.0, f64::NAN),
            "the greatest score must be a number that is not negative, not NaN"
        );
    }
}
