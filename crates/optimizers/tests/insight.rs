//! What can be seen of the model that searches.

use optimizers::{
    Candidate, CmaEs, CmaEsSettings, Composite, CompositeSettings, Dimension, Earlier, Fidelity,
    Insight, Knowledge, Optimizer, Outcome, OutcomeKind, Scale, ScoreRule, Simulated, Space,
};

const CENTROID: [f64; 4] = [0.2, 5.0, 30.0, 0.3];

/// The second parameter is fixed.
fn space() -> Space {
    let ranges = [(0.0, 1.0), (5.0, 5.0), (0.0, 100.0), (0.0, 1.0)];
    let dimension = |(i, (low, high))| Dimension {
        name: format!("parameter {i}"),
        low,
        high,
        scale: Scale::Linear,
        integer: false,
    };
    Space::new(ranges.into_iter().enumerate().map(dimension).collect()).unwrap()
}

fn rules() -> Vec<ScoreRule> {
    [1.0, 2.0, 0.0].map(|wanted| ScoreRule::new(wanted, wanted, 0.1, 20.0).unwrap()).to_vec()
}

/// A number from -1 to 1 that a candidate has for itself.
fn noise(number: u64) -> f64 {
    ((number * 37) as f64 * 12.9898).sin()
}

/// The first target depends on the first parameter, the second mostly on the third, the third on
/// none.
fn values(candidate: &Candidate) -> [f64; 3] {
    let x = &candidate.parameters;
    let noise = noise(candidate.number);
    [2.0 * x[0] + 0.01 * noise, 0.03 * x[2] + x[0] + 0.01 * noise, noise]
}

fn outcome(candidate: &Candidate) -> Outcome {
    let values = values(candidate);
    let total = rules().iter().zip(values).map(|(rule, value)| rule.score(Some(value))).sum();
    Outcome::measured(&values, total)
}

fn told(optimizer: &mut impl Optimizer, generations: usize) -> Vec<Simulated> {
    let mut all = vec![];
    for _ in 0..generations {
        for candidate in optimizer.ask(12) {
            let outcome = outcome(&candidate);
            optimizer.tell(candidate.number, &outcome).unwrap();
            let (of, candidate) = ((&candidate).into(), candidate.number);
            all.push(Simulated { candidate, of, outcome });
        }
    }
    all
}

fn composite(fidelities: usize) -> Composite {
    let fidelities = vec![Fidelity::default(); fidelities];
    let settings = CompositeSettings { seed: 3, fidelities, ..CompositeSettings::default() };
    Composite::new(space(), &CENTROID, &rules(), settings).unwrap()
}

fn target(insight: &Insight, target: usize) -> &Knowledge {
    insight.targets[target].as_ref().unwrap()
}

/// Checks what does not depend on which points were simulated.
fn assert_knows(insight: &Insight) {
    let dimensions: Vec<usize> = insight.parameters.iter().map(|it| it.dimension).collect();
    assert_eq!(dimensions, [0, 2, 3]);
    assert!(
        insight.parameters.iter().all(|it| 0.0 <= it.low && it.low < it.high && it.high <= 1.0)
    );
    for t in [0, 1] {
        assert!(target(insight, t).is_explained(), "{:?}", target(insight, t).r_squared());
        assert!(target(insight, t).r_squared().unwrap() > 0.9);
    }
    assert!(!target(insight, 2).is_explained(), "{:?}", target(insight, 2).r_squared());
    let first = &target(insight, 0).effects;
    assert!(first[0].alone > 0.9 && first[1].overall < 0.1 && first[2].overall < 0.1, "{first:?}");
    // Of a sum every share is the square of slope times width.
    let widths = insight.parameters.iter().map(|it| it.high - it.low);
    let squares: Vec<f64> =
        [1.0, 3.0, 0.0].iter().zip(widths).map(|(s, w)| s * s * w * w).collect();
    let all = squares.iter().sum::<f64>();
    for (effect, square) in target(insight, 1).effects.iter().zip(squares) {
        assert!((effect.alone - square / all).abs() < 0.08, "{effect:?} is not {}", square / all);
        assert!(effect.alone <= effect.overall && effect.overall <= 1.0);
    }
    // The first target is 2 x.
    let known = target(insight, 0);
    for point in &known.effects[0].curve {
        let value = known.coordinate.value(point.mean);
        assert!((value - 2.0 * point.place).abs() < 0.1, "{value} at {}", point.place);
    }
}

#[test]
fn a_search_shows_what_it_knows_and_goes_on_as_if_it_had_not() {
    let (mut looked_at, mut other) = (composite(0), composite(0));
    assert_eq!(looked_at.insight(), None);
    told(&mut looked_at, 4);
    told(&mut other, 4);
    let insight = looked_at.insight().unwrap();
    assert_eq!((insight.simulations, insight.fidelity), (48, 0));
    assert_knows(&insight);
    assert_eq!(Some(insight), looked_at.insight());
    assert_eq!(looked_at.ask(12), other.ask(12));
}

#[test]
fn predictions_are_of_every_point_and_name_its_candidate() {
    let mut search = composite(0);
    let simulations = told(&mut search, 4);
    let insight = search.insight().unwrap();
    let known = target(&insight, 0);
    let [predictions] = &known.predictions[..] else { panic!("there is one fidelity") };
    assert_eq!(predictions.points.len(), insight.points);
    for point in &predictions.points {
        let candidate = point.candidate.unwrap();
        let replicates = simulations
            .iter()
            .filter(|it| it.of.parameters == simulations[candidate as usize].of.parameters);
        let values: Vec<f64> = replicates.filter_map(|it| it.outcome.values[0]).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let seen = known.coordinate.value(point.seen);
        assert!((seen - mean).abs() < 1e-9, "{seen} is not {mean}");
        assert!(point.deviation > 0.0 && point.weight > 0.0 && point.weight <= 1.0);
    }
    let total = &insight.total.predictions[0];
    assert!(total.points.iter().all(|point| point.seen >= 0.0 && point.deviation > 0.0));
}

#[test]
fn what_another_search_simulated_can_be_modelled_as_well() {
    let settings = CmaEsSettings { offspring_size: Some(12), seed: 5, ..CmaEsSettings::default() };
    let mut search = CmaEs::new(space(), &CENTROID, settings).unwrap();
    let mut simulations = told(&mut search, 4);
    assert_eq!(search.insight(), None);
    let insight = |simulations: &[Simulated]| {
        Insight::of_simulations(space(), &CENTROID, &rules(), simulations).unwrap()
    };
    assert_knows(&insight(&simulations).unwrap());
    assert_eq!(insight(&simulations[..4]), None);
    // What was lost says nothing, and neither does what failed, of values.
    let lost = Outcome::lost();
    simulations[7].outcome = lost.clone();
    simulations[9].outcome = Outcome { kind: OutcomeKind::Exploded, ..lost };
    let less = insight(&simulations).unwrap();
    assert_eq!((less.simulations, less.points), (47, 46));
}

#[test]
fn of_a_long_search_the_model_is_made_of_the_points_nearest_to_the_best() {
    let settings = CmaEsSettings { offspring_size: Some(12), seed: 5, ..CmaEsSettings::default() };
    let mut search = CmaEs::new(space(), &CENTROID, settings).unwrap();
    let mut simulations = told(&mut search, 3);
    // Far away, where the first target is something else.
    for number in 0..2000 {
        let x = 1.0 - 0.02 * (noise(number) + 1.0);
        let outcome = Outcome::measured(&[40.0, 40.0, 40.0], 60.0);
        let of = Earlier::from(vec![x, 5.0, 100.0 * x, 1.0 - x / 9.0]);
        simulations.push(Simulated { candidate: 36 + number, of, outcome });
    }
    let insight = Insight::of_simulations(space(), &CENTROID, &rules(), &simulations);
    let insight = insight.unwrap().unwrap();
    assert_eq!(insight.simulations, 2036);
    assert!(insight.points <= 350);
    let predictions = &target(&insight, 0).predictions[0];
    assert!(predictions.points.iter().filter(|it| it.candidate < Some(36)).count() > 25);
}

#[test]
fn fidelities_are_judged_apart() {
    let mut search = composite(1);
    let simulate = |candidate: &Candidate| {
        let mut outcome = outcome(candidate);
        if candidate.fidelity == 1 {
            // Twice as much, and the second target says nothing.
            outcome.values[0] = outcome.values[0].map(|value| 2.0 * value);
            outcome.values[1] = Some(noise(3 * candidate.number + 1));
        }
        Outcome { core_seconds: Some([100.0, 10.0][candidate.fidelity]), ..outcome }
    };
    let mut simulations = vec![];
    let mut fidelities = [0; 2];
    while fidelities[0] < 14 {
        for candidate in search.ask(12) {
            let outcome = simulate(&candidate);
            search.tell(candidate.number, &outcome).unwrap();
            fidelities[candidate.fidelity] += 1;
            let (of, candidate) = ((&candidate).into(), candidate.number);
            simulations.push(Simulated { candidate, of, outcome });
        }
    }
    assert!(fidelities[1] > 14, "{fidelities:?}");
    let again = Insight::of_simulations(space(), &CENTROID, &rules(), &simulations).unwrap();
    for insight in [search.insight().unwrap(), again.unwrap()] {
        assert_eq!(insight.simulations, fidelities[0] + fidelities[1]);
        let [full, cheap] = &target(&insight, 1).predictions[..] else {
            panic!("there are two fidelities")
        };
        assert_eq!((full.fidelity, cheap.fidelity), (0, 1));
        assert!(full.r_squared.unwrap() > 0.6 && cheap.r_squared.unwrap() < 0.25);
        let [full, cheap] = &target(&insight, 0).predictions[..] else {
            panic!("there are two fidelities")
        };
        assert!(full.r_squared.unwrap() > 0.8 && cheap.r_squared.unwrap() > 0.8);
        for point in &cheap.points {
            let seen = target(&insight, 0).coordinate.value(point.seen);
            let simulated = &simulations[point.candidate.unwrap() as usize];
            let value = simulated.outcome.values[0].unwrap();
            assert!(simulated.of.fidelity == 1 && (seen - value).abs() < 1e-6 * (1.0 + value));
        }
    }
}
