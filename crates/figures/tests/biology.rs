//! Every figure of one simulation is valid Vega-Lite, is drawn without a warning, and says what it
//! shows.

use std::f64::consts::{FRAC_PI_2, PI};

use figures::{BiologyKind, Engine, Figure, Theme};
use inspection::{SheetInspection, inspect};
use recording::{
    InMemory, Recording, Segment, SegmentHeader, Sheet, Signal, SpikeTrains, Stimulus,
};
use serde_json::Value;

const CELLS: u32 = 30;

fn sheet(name: &str) -> Sheet {
    let places = (0..CELLS).map(|i| [0.05 * f64::from(i) - 0.7, 0.1]);
    // Every third cell prefers the vertical.
    let preferred = |i| if i % 3 == 0 { FRAC_PI_2 } else { PI * f64::from(i) / f64::from(CELLS) };
    Sheet::new(name, places.collect(), Some((0..CELLS).map(preferred).collect()))
}

/// Cell i fires regularly at this rate, each with another phase.
fn segment(duration_ms: f64, rate_hz: impl Fn(u32) -> f64, signals: Vec<Signal>) -> Segment {
    let mut spike_trains = SpikeTrains::default();
    for cell in 0..CELLS {
        let interval_ms = 1000.0 / rate_hz(cell);
        let phase = f64::from(cell) / f64::from(CELLS);
        let times = (0..).map(|k| (f64::from(k) + phase) * interval_ms);
        spike_trains.push(cell, times.take_while(|&t| t <= duration_ms));
    }
    Segment { t_start_ms: 0.0, t_stop_ms: duration_ms, spike_trains, signals }
}

fn signal(name: &str, unit: &str, value: f64) -> Signal {
    let values = (0..2 * 500).map(|i| value * (1.0 + 0.3 * f64::from(i).sin())).collect();
    let (name, unit) = (name.to_owned(), unit.to_owned());
    Signal { name, unit, sampling_interval_ms: 10.0, neurons: vec![3, 7], values }
}

/// What two sheets do, one of them without orientations, in part of the full protocol.
fn inspected(stimuli: usize) -> Vec<SheetInspection> {
    let unoriented = Sheet { orientations_rad: None, ..sheet("X_ON <b>") };
    let mut recording = InMemory::new(vec![unoriented, sheet("V1_Exc_L4")]);
    let mut shown: Vec<(Stimulus, Segment)> = vec![];
    let signals = vec![
        signal("gsyn_exc", "uS", 0.001),
        signal("gsyn_inh", "uS", 0.005),
        signal("v", "mV", -60.0),
    ];
    let resting = Stimulus::new("InternalStimulus", &[("duration", 5000.0)]);
    shown.push((resting, segment(5000.0, |cell| 1.0 + 0.5 * f64::from(cell), signals)));
    let common = [("temporal_frequency", 2.0), ("duration", 2000.0)];
    for contrast in [100.0, 10.0] {
        let shows = [("contrast", contrast), common[0], common[1]];
        for i in 0..6 {
            let orientation = PI * f64::from(i) / 6.0;
            let stimulus = [&shows[..], &[("orientation", orientation)]].concat();
            let rate = |cell: u32| {
                let preferred = PI * f64::from(cell) / f64::from(CELLS);
                4.0 + 0.2 * contrast * (orientation - preferred).cos().powi(4)
            };
            let stimulus = Stimulus::new("FullfieldDriftingSinusoidalGrating", &stimulus);
            shown.push((stimulus, segment(2000.0, rate, vec![])));
        }
        for i in 1..10 {
            let radius = 0.3 * f64::from(i);
            let disk = [&shows[..], &[("orientation", FRAC_PI_2), ("radius", radius)]].concat();
            let rate = |cell| 2.0 + f64::from(cell) * radius * (-radius).exp();
            let stimulus = Stimulus::new("DriftingSinusoidalGratingDisk", &disk);
            shown.push((stimulus, segment(2000.0, rate, vec![])));
        }
    }
    for (stimulus, segment) in shown.into_iter().take(stimuli) {
        for sheet in ["X_ON <b>", "V1_Exc_L4"] {
            let sheet = sheet.to_owned();
            let header = SegmentHeader { sheet, stimulus: stimulus.clone(), null: false };
            recording.push(header, segment.clone());
        }
    }
    recording.sheets().iter().map(|sheet| inspect(&recording, sheet)).collect()
}

fn made(sheets: &[SheetInspection]) -> Vec<Figure> {
    BiologyKind::ALL.iter().filter_map(|kind| kind.figure(sheets).ok()).collect()
}

#[test]
fn every_figure_is_valid_vega_lite_and_is_drawn_with_its_numbers() {
    let schema: Value =
        serde_json::from_str(include_str!("../vega/vega-lite-schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let engine = Engine::new().unwrap();
    let figures = made(&inspected(usize::MAX));
    assert_eq!(figures.len(), BiologyKind::ALL.len());
    for figure in figures {
        for theme in [Theme::Light, Theme::Dark] {
            let specification = figure.specification(theme);
            let errors: Vec<_> = validator
                .iter_errors(&specification)
                .map(|error| error.instance_path().to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", figure.name);
            let drawing = engine.svg(&specification).unwrap();
            assert!(drawing.warnings.is_empty(), "{}: {:?}", figure.name, drawing.warnings);
            assert!(drawing.svg.contains(figure.title), "{}", figure.name);
            let says_n = drawing.svg.contains("n = ") || drawing.svg.contains(", error ");
            assert!(says_n, "{} does not say how many", figure.name);
        }
    }
}

#[test]
fn of_a_simulation_that_ended_early_there_is_what_can_be_drawn() {
    let engine = Engine::new().unwrap();
    let at_rest = ["raster", "distributions", "signals"];
    let tuning = ["orientation_tuning", "orientation_selectivity"];
    // Nothing; spontaneous activity; one orientation, which no cell prefers; six and a disk; two
    // disks; all of one contrast and two gratings of the other.
    let steps: [(usize, &[&str]); 6] = [
        (0, &[]),
        (1, &at_rest),
        (2, &[at_rest[0], at_rest[1], at_rest[2], tuning[0]]),
        (8, &[at_rest[0], at_rest[1], at_rest[2], tuning[0], tuning[1], "modulation"]),
        (
            9,
            &[
                at_rest[0],
                at_rest[1],
                at_rest[2],
                tuning[0],
                tuning[1],
                "size_tuning",
                "modulation",
            ],
        ),
        (
            18,
            &[
                at_rest[0],
                at_rest[1],
                at_rest[2],
                tuning[0],
                tuning[1],
                "size_tuning",
                "size_tuning_cells",
                "contrast_response",
                "modulation",
            ],
        ),
    ];
    for (stimuli, expected) in steps {
        let figures = made(&inspected(stimuli));
        for figure in &figures {
            engine.svg(&figure.specification(Theme::Light)).unwrap();
        }
        let names: Vec<_> = figures.iter().map(|figure| figure.name).collect();
        assert_eq!(names, expected, "{stimuli} stimuli");
    }
}
