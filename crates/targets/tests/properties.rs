//! What holds for the statistics and scores of any data.

use std::f64::consts::PI;

use proptest::collection::vec;
use proptest::prelude::*;
use recording::{Segment, SpikeTrains};
use targets::histogram::Bins;
use targets::isi::coefficient_of_variation;
use targets::orientation::circular_distance;
use targets::rate::mean_rate_hz;
use targets::synchrony::mean_correlation;
use targets::{Rule, Scoring, Wanted};

/// Ascending times in `0..=1000` ms, many of them on edges of 10 ms bins.
fn train() -> impl Strategy<Value = Vec<f64>> {
    let time = prop_oneof![(0_u32..=100).prop_map(|edge| f64::from(edge) * 10.0), 0.0..=1000.0];
    vec(time, 0..40).prop_map(|mut times| {
        times.sort_by(f64::total_cmp);
        times
    })
}

/// Pearson correlations pair by pair, as in a textbook.
fn mean_correlation_by_pairs(histograms: &[Vec<f64>]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let covariance = |x: &[f64], y: &[f64]| {
        let (mx, my) = (mean(x), mean(y));
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
    };
    let mut sum = 0.0;
    for (i, x) in histograms.iter().enumerate() {
        for y in &histograms[..i] {
            let product = covariance(x, x) * covariance(y, y);
            sum += if product > 0.0 { covariance(x, y) / product.sqrt() } else { 0.0 };
        }
    }
    let n = histograms.len() as f64;
    sum / (n * (n - 1.0) / 2.0)
}

fn scoring() -> impl Strategy<Value = Scoring> {
    let number = -100.0..100.0;
    let wanted = prop_oneof![
        (0..3_usize, number.clone()).prop_map(|(rule, number)| {
            let rules = [Rule::TargetValue, Rule::OneBoundUpper, Rule::OneBoundLower];
            (rules[rule], Wanted::Number(number))
        }),
        (number, 0.0..50.0).prop_map(|(lo, width)| (Rule::Range, Wanted::Range(lo, lo + width))),
    ];
    (wanted, proptest::option::of(0.01..10.0), 0.0..30.0)
        .prop_map(|((rule, wanted), norm, max)| Scoring::new(rule, wanted, norm, max).unwrap())
}

/// How far a value is on the wrong side of what is wanted.
fn lack(scoring: &Scoring, value: f64) -> f64 {
    match (scoring.rule(), scoring.wanted()) {
        (_, Wanted::Range(lo, hi)) => (lo - value).max(value - hi).max(0.0),
        (Rule::OneBoundUpper, Wanted::Number(number)) => (number - value).max(0.0),
        (Rule::OneBoundLower, Wanted::Number(number)) => (value - number).max(0.0),
        (_, Wanted::Number(number)) => (value - number).abs(),
    }
}

proptest! {
    #[test]
    fn the_mean_correlation_is_that_of_all_pairs_in_any_order(
        (trains, shuffled) in vec(train(), 2..20)
            .prop_flat_map(|trains| (Just(trains.clone()), Just(trains).prop_shuffle()))
    ) {
        let bins = Bins::new(0.0, 1000.0, 10.0).unwrap();
        let histograms: Vec<Vec<f64>> = trains.iter().map(|times| {
            let mut counts = vec![0.0; bins.count()];
            for &t_ms in times {
                counts[bins.index(t_ms).unwrap()] += 1.0;
            }
            counts
        }).collect();
        let ours = mean_correlation(trains.iter().map(Vec::as_slice), &bins).unwrap();
        prop_assert!((ours - mean_correlation_by_pairs(&histograms)).abs() < 1e-14);
        let ours_shuffled = mean_correlation(shuffled.iter().map(Vec::as_slice), &bins).unwrap();
        prop_assert!((ours - ours_shuffled).abs() < 1e-14);
    }

    #[test]
    fn a_time_lies_in_the_bin_between_its_edges(
        times in vec(-10.0..1200.0, 1..50),
        (start, duration) in (-50.0..50.0, 5.1..1000.0),
        ulps in -2..=2,
    ) {
        let bins = Bins::new(start, start + duration, 10.0).unwrap();
        let round = |t: f64| (t * 1e5).round_ties_even() / 1e5;
        let (start, stop) = (round(start), round(start + duration));
        let count = bins.count();
        let mut edges: Vec<_> =
            (0..count).map(|i| i as f64 * ((stop - start) / count as f64) + start).collect();
        edges.push(stop);
        let beside_edges = edges.iter().map(|&edge| {
            let below = (ulps..0).fold(edge, |t: f64, _| t.next_down());
            (0..ulps).fold(below, |t, _| t.next_up())
        });
        for t_ms in times.into_iter().chain(beside_edges) {
            let between = (0..count).find(|&i| edges[i] <= t_ms && t_ms < edges[i + 1]);
            let expected = if t_ms == stop { Some(count - 1) } else { between };
            prop_assert_eq!(bins.index(t_ms), expected);
        }
    }

    #[test]
    fn irregularity_does_not_depend_on_the_unit_of_time(times in train(), scale in 0.001..1000.0) {
        prop_assume!(times.len() > 2 && times[0] < times[times.len() - 1]);
        let scaled: Vec<_> = times.iter().map(|t| t * scale).collect();
        let (cv, scaled) = (coefficient_of_variation(&times), coefficient_of_variation(&scaled));
        prop_assert!((cv - scaled).abs() <= 1e-9 * cv + 1e-9);
    }

    #[test]
    fn rates_scale_with_spikes_and_time(
        times in train(), copies in 1_usize..5, scale in 0.1_f64..10.0
    ) {
        let rate_hz = |times: Vec<f64>, t_stop_ms: f64| -> f64 {
            let mut spike_trains = SpikeTrains::default();
            spike_trains.push(0, times);
            spike_trains.push(1, []);
            let segment = Segment { t_start_ms: 0.0, t_stop_ms, spike_trains, signals: vec![] };
            mean_rate_hz(&segment, |_| true).unwrap()
        };
        let copied = times.iter().copied().cycle().take(copies * times.len()).collect();
        let expected = copies as f64 / scale * rate_hz(times, 1000.0);
        prop_assert!((rate_hz(copied, 1000.0 * scale) - expected).abs() <= 1e-12 * expected);
    }

    #[test]
    fn the_circular_distance_is_symmetric_periodic_and_at_most_half_a_turn(
        a in -10.0..10.0, b in -10.0..10.0, turns in -3..3
    ) {
        let distance = circular_distance(a, b, PI);
        prop_assert!((0.0..=PI / 2.0 + 1e-12).contains(&distance));
        prop_assert_eq!(distance, circular_distance(b, a, PI));
        let turned = circular_distance(a + f64::from(turns) * PI, b, PI);
        prop_assert!((distance - turned).abs() < 1e-12);
        // sin² has period π and is known independently.
        prop_assert!((distance.sin() - (a - b).sin().abs()).abs() < 1e-12);
    }

    #[test]
    fn scores_grow_with_the_distance_up_to_the_greatest(
        scoring in scoring(), a in -200.0..200.0, b in -200.0..200.0
    ) {
        let score = |value| scoring.score(Some(value)).get();
        for value in [a, b] {
            let expected = (lack(&scoring, value) / scoring.norm()).min(scoring.max_score());
            prop_assert!((score(value) - expected).abs() < 1e-9);
            prop_assert!((0.0..=scoring.max_score()).contains(&score(value)));
        }
        if lack(&scoring, a) < lack(&scoring, b) {
            prop_assert!(score(a) <= score(b));
        }
        for value in [None, Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY)] {
            prop_assert_eq!(scoring.score(value).get(), scoring.max_score());
        }
    }
}
