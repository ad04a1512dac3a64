//! What the composite optimizer does with cheaper simulations beside the full one.

use optimizers::{
    Candidate, Composite, CompositeSettings, Dimension, Earlier, Fidelity, Optimizer, Outcome,
    OutcomeKind, Scale, ScoreRule, Space,
};

const PARAMETERS: usize = 6;
const TARGETS: usize = 7;
/// Core-seconds of a full simulation and of a cheap one.
const COSTS: [f64; 2] = [200.0, 10.0];

fn rules() -> Vec<ScoreRule> {
    (0..TARGETS).map(|_| ScoreRule::new(0.0, 0.0, 0.1, 20.0).unwrap()).collect()
}

fn space() -> Space {
    let dimension = |i| Dimension {
        name: format!("parameter {i}"),
        low: -1.0,
        high: 1.0,
        scale: Scale::Linear,
        integer: false,
    };
    Space::new((0..PARAMETERS).map(dimension).collect()).unwrap()
}

fn search(cheaper: usize, seed: u64) -> Composite {
    let fidelities = vec![Fidelity::default(); cheaper];
    let settings = CompositeSettings { offspring_size: 6, seed, fidelities, ..Default::default() };
    Composite::new(space(), &[-0.4; PARAMETERS], &rules(), settings).unwrap()
}

/// Seven values that mix six parameters, each a little curved; all are as wanted where every
/// parameter is `best`.
fn mixed(x: &[f64], best: f64) -> Vec<f64> {
    let value = |t: usize| {
        let angle = |i: usize| ((3 * t + 7 * i * (t + 1)) as f64).sin();
        let linear: f64 = (0..PARAMETERS).map(|i| angle(i) * (x[i] - best)).sum();
        linear + 0.3 * linear * linear
    };
    (0..TARGETS).map(value).collect()
}

/// Some noise that a candidate has for itself.
fn noise(candidate: &Candidate, target: usize) -> f64 {
    ((candidate.number * 37 + target as u64) as f64 * 12.9898).sin()
}

/// The full simulation is best at 0.3; the cheap one at 0.15, has 0.8 times the values, more noise,
/// and its last target is another function.
fn distorted(candidate: &Candidate) -> Vec<f64> {
    let x = &candidate.parameters;
    let is_full = candidate.fidelity == 0;
    let mut values = mixed(x, if is_full { 0.3 } else { 0.15 });
    for (t, value) in values.iter_mut().enumerate() {
        let scale = if is_full { 1.0 } else { 0.8 };
        *value = scale * *value + 0.01 / scale * noise(candidate, t);
    }
    if !is_full {
        values[TARGETS - 1] = (3.0 * (x[0] - x[1] + x[2])).sin();
    }
    values
}

fn outcome(candidate: &Candidate, kind: OutcomeKind, values: Vec<Option<f64>>) -> Outcome {
    let scores = rules().into_iter().zip(&values).map(|(rule, value)| rule.score(*value));
    let core_seconds = Some(COSTS[candidate.fidelity.min(1)]);
    Outcome { kind, total: scores.sum(), values, core_seconds }
}

fn measured(candidate: &Candidate, values: Vec<f64>) -> Outcome {
    outcome(candidate, OutcomeKind::Measured, values.into_iter().map(Some).collect())
}

/// Lets a search spend this many core-seconds; returns all candidates.
fn spend(
    search: &mut Composite,
    core_seconds: f64,
    simulate: impl Fn(&Candidate) -> Vec<f64>,
) -> Vec<Candidate> {
    let mut all = vec![];
    let mut spent = 0.0;
    while spent < core_seconds {
        for candidate in search.ask(6) {
            let told = measured(&candidate, simulate(&candidate));
            spent += told.core_seconds.unwrap();
            search.tell(candidate.number, &told).unwrap();
            all.push(candidate);
        }
    }
    all
}

/// The noiseless total of what a search recommends.
fn recommended(search: &Composite, all: &[Candidate]) -> f64 {
    let best = &all[search.recommend(1)[0].candidate as usize];
    assert_eq!(best.fidelity, 0);
    let values = mixed(&best.parameters, 0.3);
    rules().iter().zip(values).map(|(rule, value)| rule.score(Some(value))).sum()
}

#[test]
fn cheap_simulations_save_most_of_the_core_seconds() {
    let total = |cheaper, core_seconds, seed| {
        let mut search = search(cheaper, seed);
        let all = spend(&mut search, core_seconds, distorted);
        recommended(&search, &all)
    };
    // After 12 full simulations, or as much with cheap ones.
    let sum = |cheaper| -> f64 { (1..=5).map(|seed| total(cheaper, 2400.0, seed).ln()).sum() };
    let (without, with) = (sum(0) / 5.0, sum(1) / 5.0);
    assert!(with < without - 0.7, "half as much at most: {without} without, {with} with");
}

#[test]
fn the_first_candidate_is_full_and_cheap_ones_follow() {
    let mut search = search(1, 1);
    let first = search.ask(12);
    assert_eq!((first[0].fidelity, &first[0].parameters[..]), (0, &[-0.4; PARAMETERS][..]));
    assert!(first[1..].iter().all(|candidate| candidate.fidelity == 1));
    for candidate in &first[1..] {
        search.tell(candidate.number, &measured(candidate, distorted(candidate))).unwrap();
    }
    assert!(search.recommend(3).is_empty(), "none but full simulations is recommended");
    assert!(search.diagnostics().model.is_none());
    search.tell(0, &measured(&first[0], distorted(&first[0]))).unwrap();
    assert_eq!(search.recommend(3)[0].candidate, 0);
    assert_eq!(search.generation(), 2);
}

#[test]
fn what_targets_have_to_do_with_each_other_is_learnt_one_by_one() {
    let mut search = search(1, 2);
    spend(&mut search, 6000.0, distorted);
    let learnt = search.diagnostics().fidelities.remove(0);
    assert_eq!(learnt.cost, 0.05);
    assert!(learnt.skill.unwrap() > 0.5, "{learnt:?}");
    let relations: Vec<_> = learnt.relations.iter().map(|relation| relation.unwrap()).collect();
    let (last, others) = relations.split_last().unwrap();
    assert_eq!((last.scale, last.explained), (0.0, 0.0), "{relations:?}");
    for relation in others {
        assert!((0.9..1.6).contains(&relation.scale) && relation.explained > 0.4, "{relations:?}");
    }
}

#[test]
fn a_cheap_simulation_that_tells_nothing_is_hardly_simulated() {
    let nothing = |candidate: &Candidate| match candidate.fidelity {
        0 => distorted(candidate),
        _ => (0..TARGETS).map(|t| 2.0 * noise(candidate, 17 * t)).collect(),
    };
    let total = |cheaper, seed| {
        let mut search = search(cheaper, seed);
        let all = spend(&mut search, 60.0 * COSTS[0], nothing);
        let cheap = all.iter().filter(|candidate| candidate.fidelity == 1).count();
        assert!(cheap as f64 * COSTS[1] < 7.0 * COSTS[0], "{cheap} cheap ones");
        recommended(&search, &all)
    };
    let totals = |cheaper| (1..=4).map(|seed| total(cheaper, seed)).collect::<Vec<f64>>();
    let (without, with) = (totals(0), totals(1));
    let worst = |totals: &[f64]| totals.iter().copied().fold(0.0, f64::max);
    assert!(worst(&with) < 1.5 * worst(&without), "{without:?} without, {with:?} with");
}

/// Explosions, failures, lost simulations and missing values at all fidelities.
fn troublesome(candidate: &Candidate) -> Outcome {
    let x = &candidate.parameters;
    let kind = match candidate.number % 17 {
        3 => OutcomeKind::Failed,
        _ if x[0] > 0.5 => OutcomeKind::Exploded,
        11 => return Outcome::lost(),
        _ => OutcomeKind::Measured,
    };
    let mut values: Vec<Option<f64>> = distorted(candidate).into_iter().map(Some).collect();
    if x[1] > 0.4 {
        values[2] = None;
    }
    if kind != OutcomeKind::Measured {
        values.fill(None);
    }
    // Cheap ones cost so much that full ones come soon.
    let core_seconds = Some(if candidate.fidelity == 0 { 100.0 } else { 40.0 });
    Outcome { core_seconds, ..outcome(candidate, kind, values) }
}

#[derive(Clone)]
enum Call {
    Asked(Vec<Candidate>),
    Told(u64, Outcome),
}

fn repeated(calls: &[Call], kept: Option<&str>, cheaper: usize) -> Composite {
    let mut again = search(cheaper, 5);
    if let Some(kept) = kept {
        again.restore(serde_json::from_str(kept).unwrap());
    }
    for call in calls {
        match call {
            Call::Asked(candidates) => {
                let earlier: Vec<Earlier> = candidates.iter().map(Into::into).collect();
                assert_eq!(again.repeat(&earlier), *candidates);
            }
            Call::Told(number, outcome) => again.tell(*number, outcome).unwrap(),
        }
    }
    assert!(again.is_restored());
    again
}

#[test]
fn repeated_and_restored_searches_go_on_to_the_bit() {
    for (cheaper, asynchronous) in [(1, false), (1, true), (2, false)] {
        let mut search = search(cheaper, 5);
        let mut calls: Vec<Call> = vec![];
        let mut kept: Vec<String> = vec![];
        let mut under_way: Vec<Candidate> = vec![];
        for _ in 0..24 {
            let candidates = search.ask(6);
            under_way.extend(candidates.clone());
            calls.push(Call::Asked(candidates));
            kept.push(serde_json::to_string(&search.snapshot().unwrap()).unwrap());
            let left = if asynchronous { 3 } else { 0 };
            for candidate in under_way.drain(..under_way.len() - left).rev() {
                let told = troublesome(&candidate);
                search.tell(candidate.number, &told).unwrap();
                calls.push(Call::Told(candidate.number, told));
            }
        }
        let learnt = search.diagnostics();
        let is_related = learnt.fidelities[0].relations.iter().flatten().count() > 0;
        assert!(is_related, "otherwise this is not tested: {learnt:?}");
        let expected = search.ask(7);
        for snapshot in kept.iter().map(|kept| Some(kept.as_str())).step_by(3).chain([None]) {
            let mut again = repeated(&calls, snapshot, cheaper);
            assert_eq!(again.diagnostics(), learnt);
            assert_eq!(again.ask(7), expected);
        }
    }
}

#[test]
fn fidelities_that_do_not_exist_and_costs_that_are_none_are_refused() {
    let mut search = search(1, 1);
    let earlier = |fidelity| Earlier { parameters: vec![0.1; PARAMETERS], fidelity };
    let taken = search.take_over(&[earlier(1), earlier(2)]);
    assert_eq!((taken[0].fidelity, &taken[0].parameters[..]), (1, &[0.1; PARAMETERS][..]));
    assert!(taken[1].fidelity < 2 && taken[1].parameters != [0.1; PARAMETERS]);

    let settings = CompositeSettings {
        fidelities: vec![Fidelity { assumed_cost: 0.0 }],
        ..CompositeSettings::default()
    };
    let centroid = [0.0; PARAMETERS];
    let refused = Composite::new(space(), &centroid, &rules(), settings).err().unwrap().to_string();
    assert_eq!(refused, "fidelity 1 is assumed to cost 0 full simulations, which is no cost");
}
