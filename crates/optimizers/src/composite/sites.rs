//! What has been simulated, gathered by place.

use std::collections::{BTreeMap, HashMap};

use super::expected_score::WarpedRule;
use super::kernel::Point;
use crate::OutcomeKind;

/// One simulation that came back.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    pub point: Point,
    pub kind: OutcomeKind,
    pub values: Vec<Option<f64>>,
}

impl Observation {
    /// Whether it exploded or failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.kind, OutcomeKind::Exploded | OutcomeKind::Failed)
    }

    /// The sum of the scores of its values.
    pub fn total(&self, rules: &[WarpedRule]) -> f64 {
        let value = |t: usize| self.values.get(t).copied().flatten();
        rules.iter().enumerate().map(|(t, rule)| rule.rule().score(value(t))).sum()
    }
}

/// A point and all simulations of it that were evaluated for all targets or failed; those that were evaluated for fewer
/// only add to its values.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub point: Point,
    /// The candidates that were simulated here, in order.
    pub candidates: Vec<u64>,
    /// How many of them were measured.
    pub measured: usize,
    /// How many were evaluated, but not for all targets.
    pub incomplete: usize,
    /// For every target its mean over the simulations in which it could be measured, if there is one.
    pub values: Vec<Option<f64>>,
    /// The sum of the scores of these means. Without a complete simulation, targets that have none count like the
    /// average of the others.
    pub total: f64,
}

impl Site {
    /// How many simulations gave nothing to measure.
    pub fn failed(&self) -> usize {
        self.candidates.len() - self.measured
    }

    /// Whether it has values to learn from.
    pub fn is_modelled(&self) -> bool {
        self.measured > 0 || self.values.iter().any(Option::is_some)
    }

    /// Whether a target could not be measured here; `None` where it was not looked at.
    pub fn is_missing(&self, target: usize) -> Option<bool> {
        let is_missing = self.values[target].is_none();
        (!is_missing || self.measured > 0).then_some(is_missing)
    }
}

/// The sites of all observations, in the order of their first candidates.
pub(super) fn sites(observations: &BTreeMap<u64, Observation>, rules: &[WarpedRule]) -> Vec<Site> {
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
    let of_kind = |kind| {
        let observations = members.iter().map(|(_, observation)| *observation);
        observations.filter(move |observation| observation.kind == kind)
    };
    let measured = of_kind(OutcomeKind::Measured).count();
    let incomplete = of_kind(OutcomeKind::Incomplete).count();
    let evaluated: Vec<&Observation> =
        of_kind(OutcomeKind::Measured).chain(of_kind(OutcomeKind::Incomplete)).collect();
    let mean = |(t, rule): (usize, &WarpedRule)| {
        let usable = |observation: &&Observation| {
            let value = observation.values.get(t).copied().flatten();
            value.filter(|value| rule.is_usable(*value))
        };
        let values: Vec<f64> = evaluated.iter().filter_map(usable).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let values: Vec<Option<f64>> = rules.iter().enumerate().map(mean).collect();
    let mut total = rules.iter().zip(&values).map(|(rule, value)| rule.rule().score(*value)).sum();
    if measured == 0 && incomplete > 0 {
        let known = || rules.iter().zip(&values).filter(|(_, value)| value.is_some());
        let scores: f64 = known().map(|(rule, value)| rule.rule().score(*value)).sum();
        total = scores / known().count().max(1) as f64 * rules.len() as f64;
    }
    let is_whole =
        |(_, observation): &&(u64, &Observation)| observation.kind != OutcomeKind::Incomplete;
    let candidates = members.iter().filter(is_whole).map(|(number, _)| *number).collect();
    let point = members[0].1.point.clone();
    Site { point, candidates, measured, incomplete, values, total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoreRule;

    #[test]
    fn simulations_of_one_point_are_one_site() {
        let rule = WarpedRule::new(ScoreRule::new(1.0, 1.0, 0.5, 20.0).unwrap());
        let rules = [rule.clone(), rule];
        let told = |number, x, kind, values: [Option<f64>; 2]| {
            (number, Observation { point: vec![x], kind, values: values.to_vec() })
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
        assert_eq!((sites[1].measured, sites[1].total), (0, 40.0));
        assert_eq!(observations[&4].total(&rules), 2.0 + 20.0);
    }

    #[test]
    fn what_was_evaluated_for_fewer_targets_adds_values_and_neither_totals_nor_failures() {
        let rule = WarpedRule::new(ScoreRule::new(1.0, 1.0, 0.5, 20.0).unwrap());
        let rules = [rule.clone(), rule.clone(), rule];
        let told = |number, x, kind, values: [Option<f64>; 3]| {
            (number, Observation { point: vec![x], kind, values: values.to_vec() })
        };
        let observations = BTreeMap::from([
            told(0, 0.1, OutcomeKind::Incomplete, [Some(2.0), None, None]),
            told(1, 0.2, OutcomeKind::Incomplete, [Some(2.0), Some(1.5), None]),
            told(2, 0.1, OutcomeKind::Measured, [Some(4.0), Some(1.0), None]),
        ]);
        let sites = sites(&observations, &rules);
        assert_eq!(sites[0].candidates, [2]);
        assert_eq!(sites[0].values, [Some(3.0), Some(1.0), None]);
        assert_eq!((sites[0].failed(), sites[0].total), (0, 4.0 + 20.0));
        assert_eq!(
            (0..3).map(|t| sites[0].is_missing(t)).collect::<Vec<_>>(),
            [Some(false), Some(false), Some(true)]
        );
        assert!(sites[1].candidates.is_empty() && sites[1].is_modelled());
        assert_eq!((sites[1].is_missing(2), sites[1].total), (None, 2.0 + 1.0 + 1.5));
    }
}
