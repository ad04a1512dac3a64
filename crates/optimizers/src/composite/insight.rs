//! What the model of a search knows, for people: see [`Insight`].

use std::collections::BTreeMap;

use super::belief::{Belief, Evidence, Part};
use super::coordinates::Coordinates;
use super::expected_score::WarpedRule;
use super::sites::Observation;
use super::{Composite, CompositeError};
use crate::insight::{Coordinate, Extent, Insight, Knowledge};
use crate::{Earlier, Outcome, OutcomeKind, ScoreRule, Space};

/// Simulations that a model which is made for people learns from, if there are more: those nearest
/// to the best.
const LEARNT: usize = 1000;

/// A simulation that was not chosen by the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// The candidate's number.
    pub candidate: u64,
    /// What was simulated.
    pub of: Earlier,
    /// What became of it.
    pub outcome: Outcome,
}

impl Insight {
    /// What the model of [`Composite`] knows after it has learnt from all of these simulations at
    /// once, for searches that have no such model; of many only from those nearest to the best.
    /// `None` where there are too few.
    ///
    /// # Errors
    /// As for [`Composite::new`].
    pub fn of_simulations(
        space: Space,
        centroid: &[f64],
        rules: &[ScoreRule],
        simulations: &[Simulated],
    ) -> Result<Option<Insight>, CompositeError> {
        if rules.is_empty() {
            return Err(CompositeError::NoTarget);
        }
        let coordinates = Coordinates::new(space, centroid)?;
        let rules: Vec<WarpedRule> = rules.iter().copied().map(WarpedRule::new).collect();
        let known = simulations.iter().filter(|it| it.outcome.kind != OutcomeKind::Lost);
        let observations: BTreeMap<u64, Observation> = known
            .map(|Simulated { candidate, of, outcome }| {
                let place = (coordinates.point_of(&of.parameters), of.fidelity);
                (*candidate, Observation::new(place, outcome, rules.len()))
            })
            .collect();
        let fidelities = 1 + observations.values().map(|o| o.fidelity).max().unwrap_or(0);
        let simulations = observations.len();
        let observations = nearest_to_best(observations, &rules);
        let observations = &observations;
        let evidence = Evidence { observations, repetitions: &[], rules: &rules, fidelities };
        if coordinates.dimension() == 0 {
            return Ok(None);
        }
        let mut belief = Belief::first(evidence);
        if fidelities > 1 {
            // The first one is of one fidelity, the next one of all.
            let next = belief.as_ref().and_then(|it| it.next(evidence, &vec![true; fidelities]));
            belief = next.or(belief);
        }
        let insight = belief.and_then(|belief| belief.insight(evidence, coordinates.free()));
        Ok(insight.map(|insight| Insight { simulations, ..insight }))
    }
}

/// No more than the model learns from.
fn nearest_to_best(
    observations: BTreeMap<u64, Observation>,
    rules: &[WarpedRule],
) -> BTreeMap<u64, Observation> {
    let full = observations.values().filter(|o| o.fidelity == 0 && o.is_complete());
    let best = full.min_by(|a, b| a.total(rules).total_cmp(&b.total(rules)));
    let Some(best) = best.filter(|_| observations.len() > LEARNT) else { return observations };
    let centre = best.point.clone();
    let distance = |observation: &Observation| -> f64 {
        observation.point.iter().zip(&centre).map(|(x, c)| (x - c) * (x - c)).sum()
    };
    let mut near: Vec<(u64, Observation)> = observations.into_iter().collect();
    near.sort_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    near.into_iter().take(LEARNT).collect()
}

impl Composite {
    /// What its model knows; none before it has one.
    pub(super) fn what_it_knows(&self) -> Option<Insight> {
        let mut learnt = self.observations.clone();
        learnt.retain(|number, _| !self.unlearnt.contains(number));
        let repeated = self.repetitions.len() - self.unlearnt_repetitions;
        let repetitions = &self.repetitions[..repeated];
        let evidence = Evidence { observations: &learnt, repetitions, ..self.evidence() };
        self.belief.as_ref()?.insight(evidence, self.coordinates.free())
    }
}

impl Belief {
    /// What it knows; `evidence` is what it was made from, and `free` are the dimensions of the
    /// space that are searched.
    fn insight(&self, evidence: Evidence<'_>, free: &[usize]) -> Option<Insight> {
        let cheaper = self.cheaper(evidence);
        // The model that stands for full simulations is one of these.
        let (fidelity, surrogate, sites, cheaper) = if self.is_of_full {
            (0, &self.surrogate, &self.sites, &cheaper[..])
        } else {
            let (Part { fidelity, surrogate, sites }, others) = cheaper.split_first()?;
            (*fidelity, surrogate, sites, others)
        };
        let extents = surrogate.extents(sites);
        let effects = surrogate.effects(&extents);
        let left_out = surrogate.left_out(sites, fidelity);
        let mut total = Knowledge {
            coordinate: Coordinate::Value,
            predictions: vec![left_out.total],
            effects: effects.total,
        };
        let mut targets = vec![None; evidence.rules.len()];
        let of_targets = left_out.targets.into_iter().zip(effects.targets);
        for (coordinate, (predictions, effects)) in surrogate.coordinates().zip(of_targets) {
            let (target, coordinate) = (coordinate.0, Coordinate::Warped(coordinate.1));
            let predictions = vec![predictions];
            targets[target] = Some(Knowledge { coordinate, predictions, effects });
        }
        for Part { fidelity, surrogate, sites } in cheaper {
            let left_out = surrogate.left_out(sites, *fidelity);
            total.predictions.push(left_out.total);
            for ((target, own), predictions) in surrogate.coordinates().zip(left_out.targets) {
                if let Some(known) = &mut targets[target] {
                    let own = Coordinate::Warped(own);
                    known.predictions.push(predictions.expressed_in(own, known.coordinate));
                }
            }
        }
        let place = |unit: f64| f64::midpoint(unit, 1.0);
        let extent = |(&dimension, [low, high]): (&usize, [f64; 2])| Extent {
            dimension,
            low: place(low),
            high: place(high),
        };
        Some(Insight {
            fidelity,
            points: surrogate.points(),
            simulations: evidence.observations.len(),
            parameters: free.iter().zip(extents.of).map(extent).collect(),
            total,
            targets,
        })
    }
}
