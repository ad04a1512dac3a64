//! What every optimizer promises, checked on every optimizer. A new one is added to `OPTIMIZERS`.

use std::num::NonZeroUsize;

use optimizers::{
    Candidate, CmaEs, CmaEsSettings, CmaEsVariant, Composite, CompositeSettings, Dimension,
    MultiObjective, MultiObjectiveSettings, Optimizer, Outcome, OutcomeKind, Reading, Sampling,
    Scale, ScoreRule, Space, TellError,
};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

type Start = fn(Space, &[f64], u64) -> Box<dyn Optimizer>;

const OFFSPRING_SIZE: usize = 6;

const OPTIMIZERS: [(&str, Start); 6] = [
    ("active CMA-ES", |space, centroid, seed| cma_es(CmaEsVariant::Active, space, centroid, seed)),
    ("BluePyOpt's CMA-ES", |space, centroid, seed| {
        cma_es(CmaEsVariant::BluePyOpt, space, centroid, seed)
    }),
    ("random search", |space, centroid, seed| {
        let offspring_size = NonZeroUsize::new(OFFSPRING_SIZE).unwrap();
        Box::new(Sampling::uniform(space, centroid, offspring_size, seed).unwrap())
    }),
    ("Sobol sequence", |space, centroid, seed| {
        let offspring_size = NonZeroUsize::new(OFFSPRING_SIZE).unwrap();
        Box::new(Sampling::sobol(space, centroid, offspring_size, seed).unwrap())
    }),
    ("multi-objective", |space, centroid, seed| {
        let settings = MultiObjectiveSettings { offspring_size: OFFSPRING_SIZE, sigma: 0.3, seed };
        Box::new(MultiObjective::new(space, centroid, &rules(), &[0, 1], settings).unwrap())
    }),
    ("composite", |space, centroid, seed| {
        let rules = rules();
        let settings =
            CompositeSettings { offspring_size: OFFSPRING_SIZE, seed, ..Default::default() };
        Box::new(Composite::new(space, centroid, &rules, settings).unwrap())
    }),
];

/// The rules of what `outcome` says was measured: the smaller the better, and one that never is.
fn rules() -> [ScoreRule; 2] {
    [
        ScoreRule::new(f64::NEG_INFINITY, 0.0, 1.0, 20.0).unwrap(),
        ScoreRule::new(5.0, 5.0, 1.0, 20.0).unwrap(),
    ]
}

/// How much of a long test an optimizer is put through: one that fits a model to everything takes
/// milliseconds for each candidate.
fn share_of(name: &str, long: usize) -> usize {
    if name == "composite" { long / 32 } else { long }
}

fn cma_es(variant: CmaEsVariant, space: Space, centroid: &[f64], seed: u64) -> Box<dyn Optimizer> {
    let settings = CmaEsSettings {
        variant,
        offspring_size: Some(OFFSPRING_SIZE),
        seed,
        ..CmaEsSettings::default()
    };
    Box::new(CmaEs::new(space, centroid, settings).unwrap())
}

/// A space with something of everything: linear, logarithmic, integer and fixed parameters.
fn mixed_space(parameters: usize) -> (Space, Vec<f64>) {
    let kinds = [
        (0.1, 0.7, Scale::Linear, false, 0.2),
        (1e-4, 10.0, Scale::Log, false, 0.01),
        (0.0, 8.0, Scale::Linear, true, 3.0),
        (5.0, 5.0, Scale::Linear, false, 5.0),
        (1.0, 1000.0, Scale::Log, true, 30.0),
        (-2.5, 3.4, Scale::Linear, true, -2.0),
        (-1e6, 2e6, Scale::Linear, false, 2e6),
    ];
    let kinds = || kinds.iter().cycle().take(parameters).enumerate();
    let dimensions = kinds().map(|(i, &(low, high, scale, integer, _))| Dimension {
        name: format!("parameter {i}"),
        low,
        high,
        scale,
        integer,
    });
    (Space::new(dimensions.collect()).unwrap(), kinds().map(|(_, kind)| kind.4).collect())
}

/// Distance to a point of the space that is neither its middle nor the centroid.
fn total(space: &Space, parameters: &[f64]) -> f64 {
    space.to_unit(parameters).iter().map(|u| (u - 0.4).powi(2)).sum()
}

fn outcome(kind: OutcomeKind, total: f64) -> Outcome {
    Outcome { kind, values: vec![Some(total), None], total, core_seconds: None }
}

fn assert_valid(space: &Space, candidate: &Candidate) {
    assert_eq!(candidate.parameters.len(), space.len());
    for (dimension, &value) in space.dimensions().iter().zip(&candidate.parameters) {
        let Dimension { name, low, high, integer, .. } = dimension;
        assert!((*low..=*high).contains(&value), "{name} is {value}, outside {low} to {high}");
        assert!(!integer || value.fract() == 0.0, "{name} is {value}, not an integer");
    }
}

/// Runs whole generations, each told in the order that `arrange` makes, and returns everything that
/// was proposed.
fn run(
    start: Start,
    parameters: usize,
    generations: u64,
    arrange: impl Fn(&mut Vec<Candidate>),
    judge: impl Fn(&Candidate, f64) -> Outcome,
) -> Vec<Candidate> {
    let (space, centroid) = mixed_space(parameters);
    let mut optimizer = start(space.clone(), &centroid, 7);
    let mut proposed = Vec::new();
    for generation in 1..=generations {
        let mut candidates = optimizer.ask(optimizer.offspring_size());
        for candidate in &candidates {
            assert_valid(&space, candidate);
            assert_eq!(candidate.generation, generation);
        }
        proposed.extend(candidates.iter().cloned());
        arrange(&mut candidates);
        for candidate in &candidates {
            let outcome = judge(candidate, total(&space, &candidate.parameters));
            optimizer.tell(candidate.number, &outcome).unwrap();
        }
        assert_eq!(optimizer.generation(), generation);
    }
    proposed
}

fn measured(_: &Candidate, total: f64) -> Outcome {
    outcome(OutcomeKind::Measured, total)
}

fn as_asked(_: &mut Vec<Candidate>) {}

#[test]
fn numbers_run_from_zero_and_divide_into_generations() {
    for (name, start) in OPTIMIZERS {
        let proposed = run(start, 7, 4, as_asked, measured);
        for (number, candidate) in (0..).zip(&proposed) {
            assert_eq!(candidate.number, number, "{name}");
            assert_eq!(candidate.generation, number / OFFSPRING_SIZE as u64 + 1, "{name}");
        }
    }
}

#[test]
fn the_order_of_tells_in_a_generation_leaves_no_trace() {
    for (name, start) in OPTIMIZERS {
        // Rounded, so that there are ties.
        let judge = |_: &Candidate, total: f64| outcome(OutcomeKind::Measured, total.round());
        let forwards = run(start, 7, 12, as_asked, judge);
        let backwards = run(start, 7, 12, |generation| generation.reverse(), judge);
        assert_eq!(forwards, backwards, "{name}");
    }
}

#[test]
fn asking_one_by_one_is_asking_for_all() {
    for (name, start) in OPTIMIZERS {
        let together = run(start, 7, 12, as_asked, measured);
        let (space, centroid) = mixed_space(7);
        let mut optimizer = start(space.clone(), &centroid, 7);
        let mut one_by_one = Vec::new();
        while one_by_one.len() < together.len() {
            let generation: Vec<_> = (0..OFFSPRING_SIZE).flat_map(|_| optimizer.ask(1)).collect();
            for candidate in &generation {
                let outcome = measured(candidate, total(&space, &candidate.parameters));
                optimizer.tell(candidate.number, &outcome).unwrap();
            }
            one_by_one.extend(generation);
        }
        assert_eq!(together, one_by_one, "{name}");
    }
}

#[test]
fn seeds_differ_and_repeat() {
    let (space, centroid) = mixed_space(7);
    for (name, start) in OPTIMIZERS {
        let propose = |seed| start(space.clone(), &centroid, seed).ask(5);
        assert_eq!(propose(1), propose(1), "{name}");
        assert_ne!(propose(1), propose(2), "{name}");
    }
}

/// What a caller does who was interrupted: it has the parameters that were proposed.
#[test]
fn a_repeated_search_goes_on_as_the_first() {
    for (name, start) in OPTIMIZERS {
        let (space, centroid) = mixed_space(7);
        let mut first = start(space.clone(), &centroid, 7);
        let mut second = start(space.clone(), &centroid, 7);
        for call in 0..60 {
            let asked = first.ask(call % 3);
            let earlier: Vec<_> = asked.iter().map(Into::into).collect();
            assert_eq!(second.repeat(&earlier), asked, "{name}");
            for candidate in asked.iter().skip(call % 2) {
                let told = measured(candidate, total(&space, &candidate.parameters));
                first.tell(candidate.number, &told).unwrap();
                second.tell(candidate.number, &told).unwrap();
            }
        }
        assert_eq!(first.ask(9), second.ask(9), "{name}");
        assert_eq!(first.diagnostics(), second.diagnostics(), "{name}");
    }
}

/// What a caller does who takes an outcome back: later proposals are those of the earlier run.
#[test]
fn proposals_of_a_search_that_knew_more_are_taken_over_and_learnt_from() {
    for (name, start) in OPTIMIZERS {
        let (space, centroid) = mixed_space(7);
        let mut first = start(space.clone(), &centroid, 7);
        let proposed: Vec<Vec<Candidate>> = (0..6)
            .map(|_| {
                let asked = first.ask(OFFSPRING_SIZE);
                for candidate in &asked {
                    let told = measured(candidate, total(&space, &candidate.parameters));
                    first.tell(candidate.number, &told).unwrap();
                }
                asked
            })
            .collect();
        let again = || {
            let mut second = start(space.clone(), &centroid, 7);
            for asked in &proposed {
                let earlier: Vec<_> = asked.iter().map(Into::into).collect();
                assert_eq!(second.take_over(&earlier), *asked, "{name}");
                for candidate in asked.iter().filter(|candidate| candidate.number != 3) {
                    let told = measured(candidate, total(&space, &candidate.parameters));
                    second.tell(candidate.number, &told).unwrap();
                }
            }
            second
        };
        let mut second = again();
        assert_eq!(second.recommend(1).len(), 1, "{name}");
        assert_ne!(second.recommend(1)[0].candidate, 3, "{name}");
        let told = outcome(OutcomeKind::Measured, 0.5);
        second.tell(3, &told).unwrap();
        let mut third = again();
        third.tell(3, &told).unwrap();
        let next = second.ask(OFFSPRING_SIZE);
        assert_eq!(next, third.ask(OFFSPRING_SIZE), "{name}");
        for candidate in &next {
            assert_valid(&space, candidate);
        }
        // What does not fit is replaced.
        assert_valid(&space, &second.take_over(&[vec![1.0].into()])[0]);
    }
}

#[test]
fn recommended_are_measured_candidates_that_are_good() {
    for (name, start) in OPTIMIZERS {
        let (space, centroid) = mixed_space(7);
        let mut optimizer = start(space.clone(), &centroid, 7);
        assert_eq!(optimizer.recommend(3), [], "{name}");
        let mut totals = Vec::new();
        while totals.len() < 60 {
            for candidate in optimizer.ask(OFFSPRING_SIZE) {
                let total = total(&space, &candidate.parameters);
                let kind = if candidate.number % 5 == 1 {
                    OutcomeKind::Exploded
                } else {
                    OutcomeKind::Measured
                };
                totals.push(total);
                optimizer.tell(candidate.number, &outcome(kind, total)).unwrap();
            }
        }
        let recommended = optimizer.recommend(5);
        assert_eq!(recommended.len(), 5, "{name}");
        let mut sorted = totals.clone();
        sorted.sort_by(f64::total_cmp);
        for recommendation in recommended {
            assert_ne!(recommendation.candidate % 5, 1, "{name}: exploded candidates are no good");
            let total = totals[recommendation.candidate as usize];
            assert!(total <= sorted[20], "{name}: {recommendation:?} has {total}");
        }
    }
}

#[test]
fn unknown_and_repeated_tells_are_errors() {
    let (space, centroid) = mixed_space(2);
    for (name, start) in OPTIMIZERS {
        let mut optimizer = start(space.clone(), &centroid, 0);
        let good = outcome(OutcomeKind::Measured, 1.0);
        assert_eq!(
            optimizer.tell(0, &good),
            Err(TellError::UnknownCandidate { number: 0 }),
            "{name}"
        );
        optimizer.ask(3);
        optimizer.tell(1, &good).unwrap();
        assert_eq!(optimizer.tell(1, &good), Err(TellError::AlreadyTold { number: 1 }), "{name}");
        assert_eq!(
            optimizer.tell(3, &good),
            Err(TellError::UnknownCandidate { number: 3 }),
            "{name}"
        );
    }
}

#[test]
fn lost_candidates_count_and_teach_nothing() {
    for (name, start) in OPTIMIZERS {
        let every_third_lost = |ignored: f64| {
            run(start, 7, 12, as_asked, move |candidate, total| {
                if candidate.number % 3 == 0 {
                    outcome(OutcomeKind::Lost, ignored)
                } else {
                    outcome(OutcomeKind::Measured, total)
                }
            })
        };
        assert_eq!(every_third_lost(-1e9), every_third_lost(f64::NAN), "{name}");
    }
}

/// What a search with a model of failures makes of them, `composite.rs` tests.
#[test]
fn candidates_without_data_are_lost_to_searches_that_rank_and_repetitions_are_no_candidates() {
    let ranking = OPTIMIZERS.iter().filter(|(name, _)| !name.starts_with("composite"));
    for &(name, start) in ranking {
        let every_third = |kind| {
            run(start, 7, 12, as_asked, move |candidate, total| {
                let lacks_data = candidate.number % 3 == 0;
                outcome(if lacks_data { kind } else { OutcomeKind::Measured }, total)
            })
        };
        assert_eq!(every_third(OutcomeKind::NoData), every_third(OutcomeKind::Lost), "{name}");
        let (space, centroid) = mixed_space(3);
        let [mut told, mut other] = [0; 2].map(|seed| start(space.clone(), &centroid, seed));
        for _ in 0..3 {
            let candidates = told.ask(OFFSPRING_SIZE);
            assert_eq!(other.ask(OFFSPRING_SIZE), candidates, "{name}");
            for candidate in candidates {
                let measured = outcome(OutcomeKind::Measured, total(&space, &candidate.parameters));
                told.tell(candidate.number, &measured).unwrap();
                told.tell_again(candidate.number, &outcome(OutcomeKind::Exploded, 9.0)).unwrap();
                other.tell(candidate.number, &measured).unwrap();
            }
        }
    }
}

#[test]
fn generations_lost_but_for_one_change_nothing() {
    for (name, start) in OPTIMIZERS {
        let (space, centroid) = mixed_space(7);
        let mut optimizer = start(space.clone(), &centroid, 7);
        let before = optimizer.diagnostics();
        for candidate in optimizer.ask(OFFSPRING_SIZE) {
            let kind =
                if candidate.number == 2 { OutcomeKind::Measured } else { OutcomeKind::Lost };
            optimizer.tell(candidate.number, &outcome(kind, 1.0)).unwrap();
        }
        assert_eq!(optimizer.generation(), 1, "{name}");
        assert_eq!(optimizer.diagnostics(), before, "{name}");
    }
}

#[test]
fn nothing_but_equal_failed_or_undefined_totals_is_survived() {
    let uninformative = [
        outcome(OutcomeKind::Measured, 3.0),
        outcome(OutcomeKind::Exploded, 620.0),
        outcome(OutcomeKind::Failed, f64::INFINITY),
        outcome(OutcomeKind::Measured, f64::NAN),
        outcome(OutcomeKind::Measured, f64::NEG_INFINITY),
        outcome(OutcomeKind::NoData, 620.0),
        outcome(OutcomeKind::Lost, 0.0),
    ];
    for (name, start) in OPTIMIZERS {
        for told in &uninformative {
            run(start, 7, share_of(name, 200) as u64, as_asked, |_, _| told.clone());
        }
    }
}

#[test]
fn some_values_without_a_total_are_taken() {
    for (name, start) in OPTIMIZERS {
        let (space, centroid) = mixed_space(7);
        let mut optimizer = start(space.clone(), &centroid, 7);
        let readings = [Reading::Value(1.0), Reading::Unknown];
        for candidate in optimizer.ask(OFFSPRING_SIZE) {
            optimizer.tell_some(candidate.number, &readings).unwrap();
            assert!(optimizer.tell_some(candidate.number, &readings).is_err(), "{name}");
        }
        assert!(optimizer.tell_some(1000, &readings).is_err(), "{name}");
        assert_eq!(optimizer.generation(), 1, "{name}");
        assert!(optimizer.recommend(32).is_empty(), "{name}");
        assert_valid(&space, &optimizer.ask(1)[0]);
    }
}

#[test]
fn an_undefined_total_is_the_worst() {
    for (name, start) in OPTIMIZERS {
        let with = |worst: f64| {
            run(start, 7, 12, as_asked, move |candidate, total| {
                let total = if candidate.number % 4 == 1 { worst } else { total };
                outcome(OutcomeKind::Measured, total)
            })
        };
        assert_eq!(with(f64::NAN), with(f64::INFINITY), "{name}");
        assert_eq!(with(f64::NAN), with(f64::NEG_INFINITY), "{name}");
        assert_eq!(with(f64::NAN), with(1e300), "{name}");
    }
}

/// Fifty candidates in flight, of which one in fifty is left lying for long, and totals that reward
/// nothing but distance from where the search has been.
#[test]
fn a_long_and_disorderly_search_stays_valid() {
    let (space, centroid) = mixed_space(14);
    for (name, start) in OPTIMIZERS {
        let mut optimizer = start(space.clone(), &centroid, 3);
        let mut pending = optimizer.ask(50);
        for call in 0..share_of(name, 10_000) {
            let candidate = pending.swap_remove(call * 7919 % 49);
            assert_valid(&space, &candidate);
            let total = -1e6 * total(&space, &candidate.parameters) - call as f64;
            let told = outcome(OutcomeKind::Measured, total);
            optimizer.tell(candidate.number, &told).unwrap();
            pending.extend(optimizer.ask(1));
        }
        let diagnostics = optimizer.diagnostics();
        assert!(diagnostics.sigma.is_finite(), "{name}: {diagnostics:?}");
        assert!(diagnostics.axis_ratio.is_finite(), "{name}: {diagnostics:?}");
    }
}

#[test]
fn one_to_sixty_parameters() {
    for (_, start) in OPTIMIZERS {
        for parameters in 1..=60 {
            run(start, parameters, 3, as_asked, measured);
        }
    }
}

#[test]
fn a_space_without_width_has_one_candidate() {
    let fixed = Dimension {
        name: "fixed".to_owned(),
        low: 0.3,
        high: 0.3,
        scale: Scale::Linear,
        integer: false,
    };
    let space = Space::new(vec![fixed]).unwrap();
    for (name, start) in OPTIMIZERS {
        let mut optimizer = start(space.clone(), &[0.3], 0);
        for candidate in optimizer.ask(20) {
            assert_eq!(candidate.parameters, [0.3], "{name}");
            optimizer.tell(candidate.number, &outcome(OutcomeKind::Measured, 1.0)).unwrap();
        }
    }
}

/// One call on an optimizer, as a caller without any order would make it.
#[derive(Debug, Clone)]
enum Call {
    Ask(usize),
    /// Tells the pending candidate at this place (modulo their number).
    Tell(usize, Outcome),
    /// Tells any number, pending or not.
    TellAny(u64, Outcome),
    /// Of the one of all proposed that this index selects.
    TellAgain(usize, Outcome),
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let kind = prop_oneof![
        6 => Just(OutcomeKind::Measured),
        2 => Just(OutcomeKind::Exploded),
        1 => Just(OutcomeKind::Failed),
        1 => Just(OutcomeKind::NoData),
        1 => Just(OutcomeKind::Lost),
    ];
    let total = prop_oneof![
        6 => 0.0..10.0f64,
        2 => Just(620.0),
        1 => prop::num::f64::ANY,
    ];
    (kind, total).prop_map(|(kind, total)| outcome(kind, total))
}

fn any_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => (0..9usize).prop_map(Call::Ask),
        12 => (any::<usize>(), any_outcome()).prop_map(|(at, told)| Call::Tell(at, told)),
        1 => (0..50u64, any_outcome()).prop_map(|(number, told)| Call::TellAny(number, told)),
        1 => (any::<usize>(), any_outcome()).prop_map(|(at, told)| Call::TellAgain(at, told)),
    ]
}

/// Makes the calls; returns all candidates, and the calls with the numbers that were told, for a
/// replay.
fn make_calls(
    optimizer: &mut dyn Optimizer,
    space: &Space,
    calls: &[Call],
) -> (Vec<Candidate>, Vec<Call>) {
    let (mut proposed, mut pending, mut record) = (Vec::new(), Vec::new(), Vec::new());
    for call in calls {
        match call {
            Call::Ask(count) => {
                let candidates = optimizer.ask(*count);
                assert_eq!(candidates.len(), *count);
                pending.extend(candidates.iter().map(|candidate| candidate.number));
                proposed.extend(candidates);
                record.push(call.clone());
            }
            Call::Tell(_, _) if pending.is_empty() => {}
            Call::Tell(at, told) => {
                let number = pending.swap_remove(at % pending.len());
                optimizer.tell(number, told).unwrap();
                record.push(Call::TellAny(number, told.clone()));
            }
            Call::TellAgain(_, _) if proposed.is_empty() => {}
            Call::TellAgain(at, told) => {
                let candidate: &Candidate = &proposed[at % proposed.len()];
                optimizer.tell_again(candidate.number, told).unwrap();
                record.push(call.clone());
            }
            Call::TellAny(number, told) => {
                let was_pending = pending.contains(number);
                pending.retain(|pending| pending != number);
                assert_eq!(optimizer.tell(*number, told).is_ok(), was_pending);
                record.push(call.clone());
            }
        }
        let diagnostics = optimizer.diagnostics();
        assert!(diagnostics.sigma.is_finite() && diagnostics.axis_ratio >= 1.0);
        assert!(diagnostics.axis_ratio.is_finite());
    }
    for candidate in &proposed {
        assert_valid(space, candidate);
    }
    (proposed, record)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_calls_give_valid_candidates_and_can_be_replayed(
        parameters in 1..15usize,
        seed in any::<u64>(),
        calls in prop::collection::vec(any_call(), 0..400),
    ) {
        for (name, start) in OPTIMIZERS {
            let (space, centroid) = mixed_space(parameters);
            let mut optimizer = start(space.clone(), &centroid, seed);
            let calls = &calls[..share_of(name, 4 * calls.len()).min(calls.len())];
            let (proposed, record) = make_calls(optimizer.as_mut(), &space, calls);

            let mut rebuilt = start(space.clone(), &centroid, seed);
            let (again, _) = make_calls(rebuilt.as_mut(), &space, &record);
            prop_assert_eq!(&again, &proposed);
            prop_assert_eq!(rebuilt.diagnostics(), optimizer.diagnostics());
            prop_assert_eq!(rebuilt.stop_reason(), optimizer.stop_reason());
            prop_assert_eq!(rebuilt.ask(3), optimizer.ask(3));
        }
    }
}
