/// How far a value is from what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
///
/// # Examples
///
/// ```
/// use targets::{Rule, Scoring, Wanted};
///
/// // At least 0.75 is wanted, and a quarter less scores 1.
/// let irregular = Scoring::new(Rule::OneBoundUpper, Wanted::Number(0.75), Some(0.25), 20.0)?;
/// assert_eq!(irregular.score(Some(1.2)).get(), 0.0);
/// assert_eq!(irregular.score(Some(0.5)).get(), 1.0);
/// assert_eq!(irregular.score(None).get(), 20.0);
///
/// let wrong = Scoring::new(Rule::Range, Wanted::Number(0.75), None, 20.0).unwrap_err();
/// assert_eq!(wrong.to_string(), "a range of two numbers is wanted, not the number 0.75");
/// # Ok::<(), targets::ScoringError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scoring {
    rule: Rule,
    wanted: Wanted,
    norm: Option<f64>,
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
    /// When what is wanted does not fit the rule, is infinite or is a reversed range; when the norm
    /// is not positive, or the greatest score is negative.
    pub fn new(
        rule: Rule,
        wanted: Wanted,
        norm: Option<f64>,
        max_score: f64,
    ) -> Result<Self, ScoringError> {
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
        if let Some(norm) = norm.filter(|norm| !(*norm > 0.0 && norm.is_finite())) {
            return Err(ScoringError::Norm(norm));
        }
        if !(max_score >= 0.0 && max_score.is_finite()) {
            return Err(ScoringError::MaxScore(max_score));
        }
        Ok(Self { rule, wanted, norm, max_score })
    }

    /// The values that have the score 0: an interval, which may have one point or no end.
    ///
    /// ```
    /// use targets::{Rule, Scoring, Wanted};
    ///
    /// let at_least = Scoring::new(Rule::OneBoundUpper, Wanted::Number(0.8), None, 20.0)?;
    /// assert_eq!(at_least.accepted(), (0.8, f64::INFINITY));
    /// # Ok::<(), targets::ScoringError>(())
    /// ```
    pub fn accepted(&self) -> (f64, f64) {
        match (self.rule, self.wanted) {
            (Rule::OneBoundUpper, Wanted::Number(wanted)) => (wanted, f64::INFINITY),
            (Rule::OneBoundLower, Wanted::Number(wanted)) => (f64::NEG_INFINITY, wanted),
            (_, Wanted::Number(wanted)) => (wanted, wanted),
            (_, Wanted::Range(low, high)) => (low, high),
        }
    }

    /// The score of a value. One that is missing, infinite or not a number has the greatest score:
    /// a ratio whose denominator vanished is no good value.
    pub fn score(&self, value: Option<f64>) -> Score {
        let score = value.filter(|value| value.is_finite()).map(|value| self.norms_away(value));
        Score(score.map_or(self.max_score, |score| score.min(self.max_score)))
    }

    /// The score that the predecessor of this program gives. It differs in two cases: infinity is
    /// as good as can be on the side that is wanted, and a range without a norm is not entered, so
    /// that a value inside scores its distance from the nearer bound.
    pub fn score_as_predecessor(&self, value: Option<f64>) -> Score {
        match (self.rule, self.wanted, value) {
            (Rule::OneBoundUpper, _, Some(f64::INFINITY))
            | (Rule::OneBoundLower, _, Some(f64::NEG_INFINITY)) => Score(0.0),
            (Rule::Range, Wanted::Range(lo, hi), Some(value))
                if self.norm.is_none() && value.is_finite() =>
            {
                Score((lo - value).abs().min((hi - value).abs()).min(self.max_score))
            }
            _ => self.score(value),
        }
    }

    fn norms_away(&self, value: f64) -> f64 {
        let from = |bound: f64| (bound - value).abs() / self.norm();
        match (self.rule, self.wanted) {
            (_, Wanted::Range(lo, hi)) if lo < value && value < hi => 0.0,
            (_, Wanted::Range(lo, hi)) => from(lo).min(from(hi)),
            (Rule::OneBoundUpper, Wanted::Number(bound)) if value >= bound => 0.0,
            (Rule::OneBoundLower, Wanted::Number(bound)) if value <= bound => 0.0,
            (_, Wanted::Number(number)) => from(number),
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
        self.norm.unwrap_or(1.0)
    }

    /// The worst score.
    pub fn max_score(&self) -> f64 {
        self.max_score
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::TargetClass;

    /// The predecessor's scores of some values: made by `make_goldens.py` of the crate
    /// `mozaik-datastore`.
    #[derive(Deserialize)]
    struct Golden {
        class: String,
        #[serde(with = "WantedInConfiguration")]
        wanted: Wanted,
        norm: Option<f64>,
        max_score: f64,
        scores: Vec<(Option<String>, String)>,
    }

    #[derive(Deserialize)]
    #[serde(remote = "Wanted", untagged)]
    enum WantedInConfiguration {
        Number(f64),
        Range(f64, f64),
    }

    #[test]
    fn scores_are_those_of_the_predecessor() {
        let goldens: Vec<Golden> =
            serde_json::from_str(include_str!("../tests/data/scores.golden.json")).unwrap();
        let mut same = 0;
        let mut deviating = BTreeMap::new();
        for Golden { class, wanted, norm, max_score, scores } in goldens {
            let rule = class.parse::<TargetClass>().unwrap().rule();
            // The predecessor also takes what `new` refuses.
            let is_refused = Scoring::new(rule, wanted, norm, max_score).is_err();
            let is_reversed = matches!(wanted, Wanted::Range(lo, hi) if lo > hi);
            assert_eq!(is_refused, is_reversed || norm.is_some_and(|norm| norm < 0.0));
            let scoring = Scoring { rule, wanted, norm, max_score };
            for (value, golden) in scores {
                let parsed = value.as_ref().map(|value| value.parse().unwrap());
                let ours = scoring.score(parsed).get();
                let expected: f64 = golden.parse().unwrap();
                let is_expected = |score: f64| (score - expected).abs() <= 1e-12 * expected.abs();
                if !is_refused {
                    let predecessors = scoring.score_as_predecessor(parsed).get();
                    assert!(is_expected(predecessors), "{class} {value:?}: {predecessors}");
                }
                if expected.is_finite() && is_expected(ours) {
                    same += 1;
                    continue;
                }
                let ours = if ours == max_score { "max" } else { &ours.to_string() };
                let refused = if is_refused { ", refused" } else { "" };
                let case = format!("{class} {}: {golden}, {ours}{refused}", value.unwrap());
                *deviating.entry(case).or_insert(0) += 1;
            }
        }
        let ours_differ = [
            // An infinite value counts as missing, even where infinity is on the side that is
            // wanted.
            ("OneBoundLowerTarget -inf: 0.0, max", 24),
            ("OneBoundLowerTarget -inf: 0.0, max, refused", 8),
            ("OneBoundLowerTarget inf: -inf, max, refused", 8),
            ("OneBoundUpperTarget -inf: -inf, max, refused", 12),
            ("OneBoundUpperTarget inf: 0.0, max", 36),
            ("OneBoundUpperTarget inf: 0.0, max, refused", 12),
            ("RangeTarget -inf: -inf, max, refused", 12),
            // Without a norm, the predecessor measures the distance to the nearer bound also
            // inside.
            ("RangeTarget 1.0000001: 1.0000000005838672e-07, 0", 4),
            ("RangeTarget 1.5: 0.5, 0", 4),
            ("RangeTarget 7.0: 2.0, 0", 4),
            ("RangeTarget inf: -inf, max, refused", 12),
            ("TargetValue -inf: -inf, max, refused", 12),
            ("TargetValue inf: -inf, max, refused", 12),
        ];
        let ours_differ = ours_differ.map(|(case, count)| (case.to_owned(), count));
        assert_eq!(deviating, BTreeMap::from(ours_differ));
        assert_eq!(same, 2568);
    }

    #[test]
    fn a_scoring_that_makes_no_sense_is_refused() {
        let (one, range) = (Wanted::Number(1.0), Wanted::Range(1.0, 2.0));
        let error = |rule, wanted, norm, max_score| {
            Scoring::new(rule, wanted, norm, max_score).unwrap_err().to_string()
        };
        let number_needed = error(Rule::TargetValue, range, None, 20.0);
        assert_eq!(number_needed, "a number is wanted, not the range 1 to 2");
        let range_needed = error(Rule::Range, one, None, 20.0);
        assert_eq!(range_needed, "a range of two numbers is wanted, not the number 1");
        let norm = error(Rule::TargetValue, one, Some(0.0), 20.0);
        assert_eq!(norm, "the norm must be a positive number, not 0");
        let max_score = error(Rule::TargetValue, one, None, f64::NAN);
        assert_eq!(max_score, "the greatest score must be a number that is not negative, not NaN");
        let wanted = error(Rule::Range, Wanted::Range(0.0, f64::INFINITY), None, 20.0);
        assert_eq!(wanted, "what is wanted must be finite, not inf");
    }
}
