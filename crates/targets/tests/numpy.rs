//! The statistics against NumPy and Elephant: see `make_numpy_reference.py`.

use serde::Deserialize;
use targets::histogram::Bins;
use targets::isi::{coefficient_of_variation, has_enough_intervals};
use targets::modulation::Harmonic;
use targets::synchrony::mean_correlation;

#[derive(Deserialize)]
struct Reference {
    t_stop_ms: f64,
    spikes_ms: Vec<Vec<f64>>,
    counts: Vec<Vec<usize>>,
    elephant_cv: Vec<Option<f64>>,
    mean_correlation: f64,
    modulation_k: usize,
    modulation: f64,
}

impl Reference {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("data/numpy.reference.json")).unwrap()
    }

    fn bins(&self) -> Bins {
        Bins::new(0.0, self.t_stop_ms, 10.0).unwrap()
    }
}

#[track_caller]
fn assert_close(ours: f64, reference: f64) {
    assert!((ours - reference).abs() <= 1e-12 * reference.abs(), "{ours} is not {reference}");
}

#[test]
fn spikes_are_counted_as_by_numpy_histogram() {
    for reference in Reference::all() {
        let bins = reference.bins();
        for (spikes_ms, expected) in reference.spikes_ms.iter().zip(&reference.counts) {
            let mut counts = vec![0; bins.count()];
            for bin in spikes_ms.iter().filter_map(|&t_ms| bins.index(t_ms)) {
                counts[bin] += 1;
            }
            assert_eq!(counts, *expected);
        }
    }
}

#[test]
fn irregularity_is_that_of_elephant() {
    for reference in Reference::all() {
        for (spikes_ms, expected) in reference.spikes_ms.iter().zip(reference.elephant_cv) {
            match expected {
                Some(expected) => assert_close(coefficient_of_variation(spikes_ms), expected),
                None => assert!(!has_enough_intervals(spikes_ms)),
            }
        }
    }
}

#[test]
fn the_mean_correlation_is_that_of_numpy_corrcoef() {
    for reference in Reference::all() {
        let trains = reference.spikes_ms.iter().map(Vec::as_slice);
        let ours = mean_correlation(trains, &reference.bins()).unwrap();
        assert_close(ours, reference.mean_correlation);
    }
}

#[test]
fn modulation_is_that_of_numpy_fft() {
    for reference in Reference::all() {
        let harmonic = Harmonic::new(reference.bins(), reference.modulation_k);
        let amplitudes = reference.spikes_ms.iter().map(|times| harmonic.amplitudes(times));
        let (first, mean) = amplitudes.fold((0.0, 0.0), |sum, a| (sum.0 + a.0, sum.1 + a.1));
        assert_close(2.0 * first / mean, reference.modulation);
    }
}
