//! Fits of size tuning against SciPy's differential evolution: see `make_size_tuning_golden.py`.

use inspection::fit_size_tuning;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    radii_deg: Vec<f64>,
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    rates_hz: Vec<f64>,
    relative_error: f64,
    suppression_index: f64,
    counter_suppression_index: f64,
}

#[test]
fn fits_are_at_least_as_good_as_scipys_and_say_the_same() {
    let golden: Golden =
        serde_json::from_str(include_str!("data/size_tuning.golden.json")).unwrap();
    let cells: Vec<_> = golden.cells.iter().map(|cell| cell.rates_hz.clone()).collect();
    let fits = fit_size_tuning(&golden.radii_deg, &cells);
    let mut same = 0;
    for (fit, golden) in fits.iter().flatten().zip(&golden.cells) {
        let better = golden.relative_error - fit.relative_error;
        assert!(better > -1e-6, "{} is not {}", fit.relative_error, golden.relative_error);
        // Another minimum has another curve.
        if better < 1e-6 {
            let pairs = [
                (fit.suppression_index, golden.suppression_index),
                (fit.counter_suppression_index, golden.counter_suppression_index),
            ];
            for (ours, theirs) in pairs {
                assert!((ours - theirs).abs() < 1e-2, "{fit:?}: {ours} is not {theirs}");
            }
            same += 1;
        }
    }
    assert!(same >= 8, "{same} of {} fits are SciPy's", golden.cells.len());
}

#[test]
fn a_curve_of_the_model_is_found_again() {
    let radii: Vec<f64> = (1..=16).map(|i| 0.2 * f64::from(i)).collect();
    let part = |r: f64, scale: f64| libm::erf(r / scale).powi(2);
    let response = |r: f64| 20.0 * part(r, 0.7) - 14.0 * part(r, 1.5) + 5.0 * part(r, 3.0) + 1.0;
    let fits = fit_size_tuning(&radii, &[radii.iter().map(|&r| response(r)).collect()]);
    let fit = fits[0].as_ref().unwrap();
    assert!(fit.relative_error < 1e-4, "{fit:?}");
    for i in 0..=32 {
        let r = 0.1 * f64::from(i);
        assert!((fit.rate_hz(r) - response(r)).abs() < 0.02, "{fit:?} at {r}");
    }
}

#[test]
fn what_cannot_be_fitted_is_not_and_a_constant_is() {
    assert_eq!(fit_size_tuning(&[1.0, 2.0, 3.0], &[vec![1.0, 2.0, 1.0]]), [None]);
    let radii: Vec<f64> = (1..=9).map(f64::from).collect();
    let fits = fit_size_tuning(&radii, &[vec![0.0; 9], vec![4.0; 9]]);
    for fit in fits.iter().flatten() {
        assert!(fit.relative_error == 0.0 && fit.suppression_index.abs() < 1e-6, "{fit:?}");
    }
    assert_eq!(fits.iter().flatten().count(), 2);
}
