//! A made-up search that narrows towards a point: large, with long names, failures and gaps.

use figures::{Candidate, Model, ModelOf, Outcome, Parameter, Search, Target};
use optimizers::{
    Dimension, Insight, Outcome as Told, OutcomeKind, Scale, ScoreRule, Simulated, Space,
};
use simulation::OutcomeClass;

/// Numbers of 0 to 1 from a linear congruential generator (Knuth's MMIX), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, of variance 1.
    fn deviate(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// A search in generations of 16.
pub fn search(parameters: usize, targets: usize, candidates: u64) -> Search {
    let mut numbers = Numbers(7);
    let sheets = ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"];
    let ends = [
        "L4ExcL4ExcConnection.base_weight",
        "L4ExcL4ExcConnection.short_term_plasticity.tau_rec",
        "AfferentConnection.weight_functions.f1.params.arborization_constant",
        "K",
    ];
    let parameters: Vec<Parameter> = (0..parameters)
        .map(|i| Parameter {
            path: format!("sheets.{}.group_{}.{}", sheets[i % 4], i / 16, ends[i / 4 % 4]),
            low: if i % 3 == 0 { 0.0 } else { 2e-5 * (1.0 + i as f64) },
            high: if i % 3 == 0 { 1200.0 } else { 8e-4 * (1.0 + i as f64) },
            log_scale: i % 3 != 0,
        })
        .collect();
    let classes = ["SpontActivityTarget", "OrientationTuningOrthoHighTarget", "SizeTuning"];
    let targets: Vec<Target> = (0..targets)
        .map(|i| {
            let (lowest_wanted, highest_wanted, wanted) = match i % 3 {
                0 => (Some(1.0), Some(2.0), "1 – 2"),
                1 => (Some(0.4), None, "≥ 0.4"),
                _ => (Some(0.25), Some(0.25), "0.25"),
            };
            Target {
                name: format!("{}_V1_{}_{i}", classes[i % 3], ["Exc_L4", "Inh_L2/3"][i % 2]),
                unit: (i % 3 == 0).then(|| "Hz".to_owned()),
                lowest_wanted,
                highest_wanted,
                wanted: wanted.to_owned(),
                norm: 0.1,
            }
        })
        .collect();
    let goal: Vec<f64> =
        parameters.iter().map(|_| (1.2 * numbers.next() - 0.1).clamp(0.0, 1.0)).collect();
    let candidates: Vec<Candidate> = (0..candidates)
        .map(|number| {
            let generation = number / 16 + 1;
            let width = 0.3 * (-(number as f64) / 350.0).exp() + 0.02;
            let places: Vec<f64> = goal
                .iter()
                .map(|goal| (goal + width * numbers.deviate()).clamp(0.0, 1.0))
                .collect();
            let class = match (numbers.next() * 60.0) as u32 {
                0 => OutcomeClass::TimedOut,
                1 => OutcomeClass::Crashed,
                _ if places[0] > 0.6 && places[1] < 0.5 => OutcomeClass::Exploded,
                _ => OutcomeClass::Completed,
            };
            let missing = matches!(class, OutcomeClass::TimedOut | OutcomeClass::Crashed);
            let values: Vec<Option<f64>> = (0..targets.len())
                .map(|i| {
                    let off = places[i % places.len()] - goal[i % places.len()];
                    let value = targets[i].lowest_wanted? + 3.0 * off + 0.05 * numbers.deviate();
                    (!missing && (i != 7 || number % 9 != 0)).then_some(value)
                })
                .collect();
            let scores: Vec<f64> =
                values.iter().zip(&targets).map(|(value, target)| score(*value, target)).collect();
            let began = (number / 16) as f64 * 1.3;
            Candidate {
                number,
                generation,
                parameters: parameters.iter().zip(&places).map(|(p, &place)| p.at(place)).collect(),
                began_h: Some(began),
                finished_h: Some(began + 0.7 + 0.5 * numbers.next()),
                outcome: Some(Outcome {
                    class,
                    machine: Some(format!("node{:02}", number % 5)),
                    total: scores.iter().sum(),
                    values,
                    scores,
                }),
            }
        })
        .collect();
    let mut search = Search { parameters, targets, candidates, best: None, model: None };
    let best = search.completed().min_by(|(_, a), (_, b)| a.total.total_cmp(&b.total));
    search.best = best.map(|(candidate, _)| candidate.number);
    search
}

/// The same search with a model of what was simulated.
#[allow(dead_code, reason = "not every test needs one")]
pub fn modelled(search: Search) -> Search {
    let dimension = |parameter: &Parameter| Dimension {
        name: parameter.path.clone(),
        low: parameter.low,
        high: parameter.high,
        scale: if parameter.log_scale { Scale::Log } else { Scale::Linear },
        integer: false,
    };
    let space = Space::new(search.parameters.iter().map(dimension).collect()).unwrap();
    let rule = |target: &Target| {
        let low = target.lowest_wanted.unwrap_or(f64::NEG_INFINITY);
        let high = target.highest_wanted.unwrap_or(f64::INFINITY);
        ScoreRule::new(low, high, target.norm, 20.0).unwrap()
    };
    let rules: Vec<ScoreRule> = search.targets.iter().map(rule).collect();
    let simulated = |(candidate, outcome): (&Candidate, &Outcome)| {
        let kind = match outcome.class {
            OutcomeClass::Completed => OutcomeKind::Measured,
            OutcomeClass::Exploded => OutcomeKind::Exploded,
            _ => OutcomeKind::Failed,
        };
        let told = Told { kind, values: outcome.values.clone(), ..Told::measured(&[], 0.0) };
        let of = candidate.parameters.clone().into();
        Simulated { candidate: candidate.number, of, outcome: told }
    };
    let simulations: Vec<Simulated> = search.finished().map(simulated).collect();
    let centroid: Vec<f64> = search.parameters.iter().map(|parameter| parameter.at(0.5)).collect();
    let insight = Insight::of_simulations(space, &centroid, &rules, &simulations).unwrap();
    let model = insight.map(|insight| Model { insight, of: ModelOf::Search, cheaper: vec![] });
    Search { model, ..search }
}

fn score(value: Option<f64>, target: &Target) -> f64 {
    let Some(value) = value else { return 20.0 };
    let below = target.lowest_wanted.map_or(0.0, |low| low - value);
    let above = target.highest_wanted.map_or(0.0, |high| value - high);
    (below.max(above).max(0.0) / target.norm).min(20.0)
}
