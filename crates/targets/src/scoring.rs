/// How far a value is from what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The distance from a number.
    TargetValue,
    /// How much is lacking to a number.
    OneBoundUpper,
    /// How much is beyond a number.
    OneBoundLower,
    /// The distance from a range.
    Range,
}

/// What a value should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wanted {
    /// For every rule but [`Rule::Range`].
    Number(f64),
    /// The lower and the upper bound for [`Rule::Range`].
    Range(f64, f64),
}

/// How bad a value is: 0 is as wanted, 1 is one norm away from it. In `0..=max_score`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Score(f64);

impl Score {
    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// How a value becomes a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scoring {
    rule: Rule,
    wanted: Wanted,
    norm: f64,
    max_score: f64,
}

/// A scoring that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ScoringError {
    /// A range was given to a rule that compares with a number.
    #[error("a number is wanted, not the range {lo} to {hi}")]
    NumberNeeded {
        /// The lower bound.
        lo: f64,
        /// The upper bound.
        hi: f64,
    },
    /// A number was given to [`Rule::Range`].
    #[error("a range of two numbers is wanted, not the number {0}")]
    RangeNeeded(f64),
    /// The bounds are in the wrong order.
    #[error("the lower bound {lo} of the range is above the upper bound {hi}")]
    ReversedRange {
        /// The lower bound.
        lo: f64,
        /// The upper bound.
        hi: f64,
    },
    /// The number or a bound is infinite or not a number.
    #[error("what is wanted must be finite, not {0}")]
    WantedNotFinite(f64),
    /// A norm divides the distance, so it can neither be 0 nor negative.
    #[error("the norm must be a positive number, not {0}")]
    Norm(f64),
    /// The worst score must be a number, and no better than the best.
    #[error("the greatest score must be a number that is not negative, not {0}")]
    MaxScore(f64),
}

impl Scoring {
    /// Scores by this rule; the distance from what is wanted is divided by the norm (without one it
    /// is left as it is), and cut at `max_score`.
    ///
    /// # Errors
    /// When what is wanted does not fit the rule, is infinite or is a reversed range; when the norm is not
    /// positive, or the greatest score is negative.
    pub fn new(
        rule: Rule,
        wanted: Wanted,
        norm: Option<f64>,
        max_score: f64,
    ) -> Result<Self, ScoringError> {
        let norm = norm.unwrap_or(1.0);
        let bounds = match (rule, wanted) {
            (Rule::Range, Wanted::Range(lo, hi)) => [lo, hi],
            (Rule::Range, Wanted::Number(number)) => return Err(ScoringError::RangeNeeded(number)),
            (_, Wanted::Number(number)) => [number, number],
            (_, Wanted::Range(lo, hi)) => return Err(ScoringError::NumberNeeded { lo, hi }),
        };
        if let Some(&number) = bounds.iter().find(|number| !number.is_finite()) {
            return Err(ScoringError::WantedNotFinite(number));
        }
        let [lo, hi] = bounds;
        if lo > hi {
            return Err(ScoringError::ReversedRange { lo, hi });
        }
        if !(norm > 0.0 && norm.is_finite()) {
            return Err(ScoringError::Norm(norm));
        }
        if !(max_score >= 0.0 && max_score.is_finite()) {
            return Err(ScoringError::MaxScore(max_score));
        }
        Ok(Self { rule, wanted, norm, max_score })
    }

    /// The score of a value. One that is missing, infinite or not a number has the greatest score:
    /// it is a ratio whose denominator vanished, not a good value.
    pub fn score(&self, value: Option<f64>) -> Score {
        match value.filter(|value| value.is_finite()) {
            Some(value) => Score((self.distance(value) / self.norm).min(self.max_score)),
            None => Score(self.max_score),
        }
    }

    fn distance(&self, value: f64) -> f64 {
        match (self.rule, self.wanted) {
            (_, Wanted::Range(lo, hi)) if lo < value && value < hi => 0.0,
            (_, Wanted::Range(lo, hi)) => (lo - value).abs().min((hi - value).abs()),
            (Rule::OneBoundUpper, Wanted::Number(bound)) if value >= bound => 0.0,
            (Rule::OneBoundLower, Wanted::Number(bound)) if value <= bound => 0.0,
            (_, Wanted::Number(number)) => (number - value).abs(),
        }
    }

    /// How the distance is taken.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// What the value should be.
    pub fn wanted(&self) -> Wanted {
        self.wanted
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
