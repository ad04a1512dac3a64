//! What has been simulated, gathered by place.

use std::collections::HashMap;

use super::expected_score::WarpedRule;
use super::kernel::Point;
use crate::{Outcome, OutcomeKind, Reading};

/// One simulation that came back.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    pub point: Point,
    pub fidelity: usize,
    pub kind: OutcomeKind,
    /// One for every target, where the simulation was measured.
    pub readings: Vec<Reading>,
}

impl Observation {
    /// With the values of a simulation that was measured for all `targets`.
    pub fn new(
        (point, fidelity): (Point, usize),
        outcome: &Outcome,
        targets: usize,
    ) -> Observation {
        let reading = |t: usize| match outcome.values.get(t) {
            Some(Some(value)) => Reading::Value(*value),
            _ => Reading::Missing,
        };
        let readings = (0..targets).map(reading).collect();
        Observation { point, fidelity, kind: outcome.kind, readings }
    }

    /// Whether it exploded or failed.
    pub fn has_failed(&self) -> bool {
        self.kind != OutcomeKind::Measured
    }

    /// Whether it was measured for all targets, and so has a total.
    pub fn is_complete(&self) -> bool {
        self.kind == OutcomeKind::Measured && !self.readings.contains(&Reading::Unknown)
    }

    /// The sum of the scores of its values.
    pub fn total(&self, rules: &[WarpedRule]) -> f64 {
        let value = |reading: &Reading| match reading {
            Reading::Value(value) => Some(*value),
            Reading::Missing | Reading::Unknown => None,
        };
        rules.iter().zip(&self.readings).map(|(rule, r)| rule.rule().score(value(r))).sum()
    }
}

/// A point and all simulations of it.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub point: Point,
    /// The candidates that were simulated here, in order, without those that were measured for some
    /// targets only.
    pub candidates: Vec<u64>,
    /// How many of them were measured.
    pub measured: usize,
    /// For every target in how many simulations it was looked at, those for some targets included.
    pub looked_at: Vec<usize>,
    /// For every target its mean over the simulations in which it could be measured, if there is
    /// one.
    pub values: Vec<Option<f64>>,
    /// The sum of the scores of these means. Targets that were not looked at count as much as the
    /// others on average.
    pub total: f64,
}

impl Site {
    /// How many simulations gave nothing to measure.
    pub fn failed(&self) -> usize {
        self.candidates.len() - self.measured
    }

    /// Whether a target could not be measured here; `None` where it was not looked at.
    pub fn is_missing(&self, target: usize) -> Option<bool> {
        (self.looked_at[target] > 0).then(|| self.values[target].is_none())
    }

    /// Whether there is anything to learn values from.
    pub fn has_values(&self) -> bool {
        self.looked_at.iter().any(|simulations| *simulations > 0)
    }
}

/// The sites of observations, which are ordered by candidate, in the order of their first
/// candidates.
pub(super) fn sites<'a>(
    observations: impl IntoIterator<Item = (&'a u64, &'a Observation)>,
    rules: &[WarpedRule],
) -> Vec<Site> {
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut members: Vec<Vec<(u64, &Observation)>> = Vec::new();
    for (&number, observation) in observations {
        let key = observation.point.iter().map(|coordinate| coordinate.to_bits()).collect();
        let place = *places.entry(key).or_insert(members.len());
        if place == members.len() {
            members.push(Vec::new());
        }
        members[place].push((number, observation));
    }
    members.iter().map(|members| site(members, rules)).collect()
}

fn site(members: &[(u64, &Observation)], rules: &[WarpedRule]) -> Site {
    let measured: Vec<&Observation> = members
        .iter()
        .map(|(_, observation)| *observation)
        .filter(|observation| observation.kind == OutcomeKind::Measured)
        .collect();
    let readings = |t: usize| measured.iter().map(move |observation| observation.readings[t]);
    let looked_at = |t: usize| readings(t).filter(|reading| *reading != Reading::Unknown).count();
    let looked_at: Vec<usize> = (0..rules.len()).map(looked_at).collect();
    let mean = |(t, rule): (usize, &WarpedRule)| {
        let usable = |reading| match reading {
            Reading::Value(value) if rule.is_usable(value) => Some(value),
            _ => None,
        };
        let values: Vec<f64> = readings(t).filter_map(usable).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let values: Vec<Option<f64>> = rules.iter().enumerate().map(mean).collect();
    let scored = rules.iter().zip(&values).zip(&looked_at).filter(|(_, count)| **count > 0);
    let total = scored.map(|((rule, value), _)| rule.rule().score(*value)).sum::<f64>();
    let unknown = looked_at.iter().filter(|count| **count == 0).count();
    let is_whole = |(_, observation): &&(u64, &Observation)| {
        observation.has_failed() || observation.is_complete()
    };
    Site {
        point: members[0].1.point.clone(),
        candidates: members.iter().filter(is_whole).map(|(number, _)| *number).collect(),
        measured: measured.iter().filter(|observation| observation.is_complete()).count(),
        total: match unknown {
            0 => total,
            _ => total * rules.len() as f64 / (rules.len() - unknown).max(1) as f64,
        },
        looked_at,
        values,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ScoreRule;

    #[test]
    fn simulations_of_one_point_are_one_site() {
        let rule = WarpedRule::new(ScoreRule::new(1.0, 1.0, 0.5, 20.0).unwrap());
        let rules = [rule.clone(), rule];
        let told = |number, x, kind, values: [Option<f64>; 2]| {
            let outcome = Outcome { kind, ..Outcome::measured(&[], 0.0) };
            let outcome = Outcome { values: values.to_vec(), ..outcome };
            (number, Observation::new((vec![x], 0), &outcome, 2))
        };
        let observations = BTreeMap::from([
            told(0, 0.1, OutcomeKind::Measured, [Some(1.0), None]),
            told(1, 0.2, OutcomeKind::Failed, [Some(7.0), Some(7.0)]),
            told(4, 0.1, OutcomeKind::Measured, [Some(2.0), Some(1e300)]),
            told(5, 0.1, OutcomeKind::Exploded, [Some(9.0), None]),
        ]);
        let sites = sites(&observations, &rules);
        assert_eq!(sites[0].candidates, [0, 4, 5]);
        assert_eq!((sites[0].measured, sites[0].failed()), (2, 1));
        assert_eq!(
            sites[0].values,
            [Some(1.5), None],
            "means of what was measured, without artefacts"
        );
        assert_eq!(sites[0].total, 1.0 + 20.0);
        assert_eq!((sites[1].measured, sites[1].has_values()), (0, false));
        assert_eq!(observations[&4].total(&rules), 2.0 + 20.0);
    }

    #[test]
    fn what_was_measured_for_some_targets_adds_values_and_is_no_candidate() {
        let rule = WarpedRule::new(ScoreRule::new(1.0, 1.0, 0.5, 20.0).unwrap());
        let rules = [rule.clone(), rule.clone(), rule];
        let told = |number, x, readings: [Reading; 3]| {
            let kind = OutcomeKind::Measured;
            (number, Observation { point: vec![x], fidelity: 0, kind, readings: readings.to_vec() })
        };
        let [missing, unknown] = [Reading::Missing, Reading::Unknown];
        let observations = BTreeMap::from([
            told(0, 0.1, [Reading::Value(2.0), missing, unknown]),
            told(1, 0.2, [Reading::Value(2.0), missing, unknown]),
            told(2, 0.1, [Reading::Value(4.0), Reading::Value(1.0), missing]),
        ]);
        let sites = sites(&observations, &rules);
        assert_eq!((&sites[0].candidates[..], sites[0].failed()), (&[2][..], 0));
        assert_eq!(sites[0].values, [Some(3.0), Some(1.0), None]);
        assert_eq!((&sites[0].looked_at[..], sites[0].total), (&[2, 2, 1][..], 4.0 + 20.0));
        assert!(sites[1].candidates.is_empty() && sites[1].has_values());
        assert_eq!((sites[1].measured, &sites[1].looked_at[..]), (0, &[1, 1, 0][..]));
        assert_eq!(sites[1].total, (2.0 + 20.0) * 3.0 / 2.0, "the third is like the others");
    }
}
