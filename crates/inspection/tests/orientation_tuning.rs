//! Which cells and sheets are tuned to orientation.

use std::f64::consts::{LN_2, PI};

use inspection::inspect;
use recording::{InMemory, Recording, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};

const ORIENTATIONS: u32 = 10;

/// Cells with these preferences fire so many spikes in 10 s at each orientation, by cell and by how
/// far the grating is from what the cell prefers (rad).
fn recorded(cells: u32, spikes: impl Fn(u32, u32, f64) -> u32) -> InMemory {
    let preferred_rad = |cell: u32| PI * f64::from(cell) / f64::from(cells);
    let places = vec![[0.0, 0.0]; cells as usize];
    let sheet = Sheet::new("V1", places, Some((0..cells).map(preferred_rad).collect()));
    let mut recording = InMemory::new(vec![sheet]);
    for i in 0..ORIENTATIONS {
        let orientation = PI * f64::from(i) / f64::from(ORIENTATIONS);
        let mut spike_trains = SpikeTrains::default();
        for cell in 0..cells {
            let difference = orientation - preferred_rad(cell);
            let distance = difference.rem_euclid(PI).min((-difference).rem_euclid(PI));
            let count = spikes(cell, i, distance);
            spike_trains.push(cell, (0..count).map(|k| 10.0 * f64::from(k)));
        }
        let stimulus = [("contrast", 100.0), ("orientation", orientation)];
        let stimulus = Stimulus::new("FullfieldDriftingSinusoidalGrating", &stimulus);
        let header = SegmentHeader { sheet: "V1".to_owned(), stimulus, null: false };
        let segment =
            Segment { t_start_ms: 0.0, t_stop_ms: 10_000.0, spike_trains, signals: vec![] };
        recording.push(header, segment);
    }
    recording
}

fn bell(distance_rad: f64) -> f64 {
    20.0 + 400.0 * (-0.5 * (distance_rad / 0.4).powi(2)).exp()
}

#[test]
fn tuned_cells_have_a_half_width_and_the_others_are_counted() {
    // Every third cell fires by turns, whatever it prefers.
    let recording =
        recorded(
            30,
            |cell, i, distance| {
                if cell % 3 == 0 { 100 + 200 * (i % 2) } else { bell(distance) as u32 }
            },
        );
    let found = inspect(&recording, &recording.sheets()[0]);
    let tuning = &found.orientation_tuning[0];
    assert_eq!((tuning.cells_with_a_curve, tuning.half_width_deg.distribution.n), (30, 20));
    assert!(tuning.half_width_deg.neurons.iter().all(|cell| cell % 3 != 0));
    let half_width = (0.4 * (2.0 * LN_2).sqrt()).to_degrees();
    let mean = tuning.half_width_deg.distribution.mean.unwrap();
    assert!((mean - half_width).abs() < 0.1, "{mean} is not {half_width}");
}

#[test]
fn a_sheet_of_cells_with_very_different_rates_is_tuned_all_the_same() {
    let gain = |cell: u32| [0.05, 0.2, 3.0][cell as usize / 3 % 3];
    let recording = recorded(30, |cell, _, distance| (gain(cell) * bell(distance)) as u32);
    let found = inspect(&recording, &recording.sheets()[0]);
    let tuning = &found.orientation_tuning[0];
    let fit = tuning.fit.unwrap();
    assert!(fit.explained_variance < 0.5 && tuning.explained_between_bins.unwrap() > 0.9);
}

#[test]
fn a_sheet_that_is_not_tuned_has_no_half_width() {
    // Rates as by chance: multiples of 7 modulo 31.
    let recording = recorded(30, |cell, i, _| 100 + 7 * (cell * ORIENTATIONS + i) % 31);
    let found = inspect(&recording, &recording.sheets()[0]);
    let tuning = &found.orientation_tuning[0];
    assert_eq!(tuning.fit, None);
    assert!(tuning.explained_between_bins.is_none_or(|share| share < 0.5));
}
