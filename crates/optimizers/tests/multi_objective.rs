//! What the multi-objective search finds where objectives are at odds.

use optimizers::{
    Dimension, MultiObjective, MultiObjectiveSettings, Optimizer, Outcome, OutcomeKind, Scale,
    ScoreRule, Space,
};

/// Two targets want x at -0.5 and at 0.5, both want y at 0.3: every x between is a trade-off.
#[test]
fn the_population_spreads_over_the_trade_offs() {
    let dimension = |name: &str| Dimension {
        name: name.to_owned(),
        low: -1.0,
        high: 1.0,
        scale: Scale::Linear,
        integer: false,
    };
    let space = Space::new(vec![dimension("x"), dimension("y")]).unwrap();
    let rule = |wanted| ScoreRule::new(wanted, wanted, 0.1, 1000.0).unwrap();
    let rules = [rule(-0.5), rule(0.3), rule(0.5), rule(0.3)];
    let settings = MultiObjectiveSettings { offspring_size: 16, sigma: 0.3, seed: 4 };
    let groups = [0, 0, 1, 1];
    let mut search = MultiObjective::new(space, &[-0.9, -0.9], &rules, &groups, settings).unwrap();
    let mut last = vec![];
    for _ in 0..60 {
        last = search.ask(16);
        for candidate in &last {
            let [x, y] = candidate.parameters[..] else { panic!() };
            let values = vec![Some(x), Some(y), Some(x), Some(y)];
            let total = rules.iter().zip(&values).map(|(rule, value)| rule.score(*value)).sum();
            let kind = OutcomeKind::Measured;
            search
                .tell(candidate.number, &Outcome { kind, values, total, core_seconds: None })
                .unwrap();
        }
    }
    let coordinate = |i: usize| last.iter().map(move |candidate| candidate.parameters[i]);
    let near = coordinate(1).filter(|y| (y - 0.3).abs() < 0.05).count();
    assert!(near >= 12, "{near} of 16 are where both want y");
    let between = coordinate(0).filter(|x| x.abs() < 0.6).count();
    assert!(between >= 14, "{between} of 16 are trade-offs");
    let (low, high) = coordinate(0).fold((1.0, -1.0), |(l, h), x| (f64::min(l, x), f64::max(h, x)));
    assert!(high - low > 0.6, "they spread from {low} to {high}");
}
