//! Whole simulations of a small network.

use proptest::prelude::*;
use recording::{Segment, SegmentHeader};
use v1_model::{Event, Parameters, Simulation, Summary};

const THRESHOLD: &str = "explosion_monitoring.threshold.l4_cortex_exc";

/// A quarter of the area and short stimuli, so that a simulation takes a moment.
const SMALL: [(&str, f64); 4] = [
    ("sheets.l4_cortex_exc.params.sx", 1000.0),
    ("experiments.settling_duration", 200.0),
    ("experiments.spontaneous_duration", 1000.0),
    ("experiments.grating_duration", 400.0),
];

fn run(
    overrides: &[(&str, f64)],
    seed: u64,
    threads: usize,
) -> (Vec<(SegmentHeader, Segment)>, Summary, Vec<f64>) {
    let all = SMALL.iter().chain(overrides).copied();
    let parameters = Parameters::with_overrides(all).unwrap();
    let simulation = Simulation::build(&parameters, seed, threads).unwrap();
    let (mut segments, mut progress) = (vec![], vec![]);
    let summary = simulation
        .run(&mut |event| {
            match event {
                Event::Segment(header, segment) => segments.push((header, segment)),
                Event::Progress { simulated_ms, .. } => progress.push(simulated_ms),
            }
            Ok(())
        })
        .unwrap();
    (segments, summary, progress)
}

#[test]
fn threads_do_not_change_a_spike_and_seeds_do() {
    let (alone, ..) = run(&[], 1, 1);
    let (together, ..) = run(&[], 1, 3);
    assert!(alone == together);
    let spikes = |(segments, ..): (Vec<(SegmentHeader, Segment)>, Summary, Vec<f64>)| {
        segments[6].1.spike_trains.clone()
    };
    assert!(spikes(run(&[], 2, 1)) != alone[6].1.spike_trains);
    assert!(spikes(run(&[("pynn_seed", 6.0)], 1, 1)) != alone[6].1.spike_trains);
}

#[test]
fn every_sheet_is_recorded_in_every_presentation() {
    let (segments, summary, progress) = run(&[], 1, 1);
    assert_eq!(segments.len(), 7 * 6);
    assert!(!summary.explosion_detected());
    assert_eq!(summary.simulated_ms, 200.0 + 1000.0 + 5.0 * (150.0 + 400.0));
    assert!(progress.is_sorted() && progress.last() == Some(&summary.simulated_ms));
    for (header, segment) in &segments {
        let mut spikes = segment.spike_trains.times_ms().iter();
        assert!(spikes.all(|&t| t > 0.0 && t <= segment.t_stop_ms), "{header:?}");
        assert!(segment.spike_trains.iter().all(|(_, train)| train.is_sorted()));
        let cortical = header.sheet.starts_with("V1");
        assert_eq!(segment.signals.len(), if cortical { 2 } else { 0 });
        for signal in &segment.signals {
            let samples = (segment.t_stop_ms / signal.sampling_interval_ms) as usize;
            assert_eq!((signal.neurons.len(), signal.sample_count()), (100, samples));
            assert!(signal.values.iter().all(|&us| (0.0..1.0).contains(&us)));
            assert!(signal.values.iter().any(|&us| us > 0.0));
        }
    }
    let lgn_spikes = segments[6 + 4].1.spike_trains.spike_count() as f64;
    let cells = segments[6 + 4].1.spike_trains.len() as f64;
    // 1 s at 10 Hz.
    assert!((lgn_spikes - 10.0 * cells).abs() < 4.0 * (10.0 * cells).sqrt());
}

#[test]
fn a_runaway_network_is_stopped_within_its_presentation() {
    let weight = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight";
    let (segments, summary, _) = run(&[(weight, 0.01)], 1, 1);
    let explosion = summary.explosion.unwrap();
    assert_eq!((explosion.sheet, explosion.presentation), ("V1_Exc_L4", 0));
    assert!(explosion.rate_hz > explosion.threshold_hz);
    assert!(explosion.to_string().starts_with("V1_Exc_L4 fired at "));
    assert_eq!(summary.simulated_ms, 200.0);
    assert!(segments.is_empty());
}

#[test]
fn what_was_recorded_before_an_explosion_is_kept() {
    // Spontaneous activity stays below this limit, the response to a grating does not.
    let other = ("explosion_monitoring.threshold.l23_cortex_exc", 60.0);
    let (segments, summary, _) = run(&[(THRESHOLD, 3.0), other], 1, 1);
    let explosion = summary.explosion.unwrap();
    assert!((2..7).contains(&explosion.presentation), "{explosion}");
    assert_eq!(segments.len(), 6 * explosion.presentation);
}

#[test]
fn a_presentation_with_too_high_a_mean_is_kept_and_the_rest_skipped() {
    // Shorter than the 200 ms after which rates are checked.
    let short = [("experiments.spontaneous_duration", 150.0), (THRESHOLD, 0.01)];
    let settled = [("experiments.settling_duration", 0.0)];
    let (segments, summary, _) = run(&[short.as_slice(), &settled].concat(), 1, 1);
    assert_eq!(summary.explosion.unwrap().interval_ms, [0.0, 150.0]);
    assert_eq!(segments.len(), 6);
    assert_eq!(segments[0].1.t_stop_ms, 150.0);
}

#[test]
fn a_failing_sink_ends_the_simulation() {
    let parameters = Parameters::with_overrides(SMALL).unwrap();
    let simulation = Simulation::build(&parameters, 1, 1).unwrap();
    let failed = simulation.run(&mut |_| Err(std::io::Error::other("disk full")));
    assert_eq!(failed.unwrap_err().to_string(), "disk full");
}

#[test]
fn networks_that_would_not_fit_are_refused() {
    let many = [("num_samples_reduction", 0.001)];
    let error = |overrides: &[(&str, f64)]| {
        let parameters = Parameters::with_overrides(overrides.iter().copied()).unwrap();
        Simulation::build(&parameters, 1, 1).unwrap_err().to_string()
    };
    assert!(error(&many).contains("synapses"));
    assert!(error(&[("delay_linear_scaler", 10.0)]).contains("too long"));
}

/// What decides how long a simulation takes is left alone.
const SIZES: [&str; 7] = [
    "sx",
    "density",
    "magnification_factor",
    "margin",
    "trials",
    "num_samples_reduction",
    "duration",
];

fn overrides() -> impl Strategy<Value = Vec<(&'static str, f64)>> {
    let paths: Vec<&str> =
        Parameters::paths().filter(|path| !SIZES.iter().any(|size| path.ends_with(size))).collect();
    let factor =
        prop_oneof![Just(0.0), Just(1.0), Just(-1.0), (-3.0..3.0).prop_map(|x| 10_f64.powf(x))];
    let one = (proptest::sample::select(paths), factor).prop_map(|(path, factor)| {
        let value = Parameters::defaults().get(path).unwrap() * factor;
        (path, if Parameters::is_integer(path) { value.round() } else { value })
    });
    proptest::collection::vec(one, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_parameters_are_accepted_can_be_simulated(overrides in overrides()) {
        let tiny = [
            ("sheets.l4_cortex_exc.params.sx", 400.0),
            ("sheets.l4_cortex_exc.params.density", 400.0),
            ("experiments.settling_duration", 200.5),
            ("experiments.spontaneous_duration", 40.0),
            ("experiments.grating_duration", 40.0),
            ("null_stimulus_period", 10.0),
        ];
        if let Ok(parameters) = Parameters::with_overrides(overrides.into_iter().chain(tiny))
            && let Ok(simulation) = Simulation::build(&parameters, 1, 1)
        {
            simulation
                .run(&mut |event| {
                    if let Event::Segment(header, segment) = event {
                        let signals = segment.signals.iter().flat_map(|signal| &signal.values);
                        for &us in signals {
                            assert!(us.is_finite() && us >= 0.0, "{header:?}: {us}");
                        }
                    }
                    Ok(())
                })
                .unwrap();
        }
    }
}
