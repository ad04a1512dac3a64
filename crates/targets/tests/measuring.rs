//! How targets are measured on a recording: which segments and cells count, and what is said when
//! there is no value.

use std::cell::RefCell;
use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::sync::{Arc, Weak};

use recording::{
    InMemory, LoadError, Recording, Segment, SegmentHeader, Sheet, Signal, SpikeTrains, Stimulus,
    StimulusValue,
};
use targets::TargetClass as C;
use targets::orientation::is_same_orientation;
use targets::size_tuning::is_suppressed;
use targets::{
    Missing, Rule, Scoring, Target, TargetClass, Value, Wanted, measure, measure_as_predecessor,
};

const SHEET: &str = "V1_Exc_L2/3";

/// Four cells: two prefer π/2, the second of them far from the centre, and two prefer 0.
fn sheet() -> Sheet {
    let positions_deg = vec![[0.0, 0.5], [2.0, 0.0], [0.1, 0.1], [-0.3, 0.2]];
    let orientations_rad = vec![FRAC_PI_2, FRAC_PI_2 + 0.05, PI - 0.05, 0.05];
    Sheet::new(SHEET, positions_deg, Some(orientations_rad))
}

fn spontaneous() -> Stimulus {
    Stimulus::new("InternalStimulus", &[("duration", 5000.0)])
}

fn grating(name: &str, contrast: f64, orientation: f64) -> Stimulus {
    let parameters =
        [("contrast", contrast), ("orientation", orientation), ("temporal_frequency", 2.0)];
    Stimulus::new(name, &parameters)
}

fn full_field(contrast: f64, orientation: f64) -> Stimulus {
    grating("FullfieldDriftingSinusoidalGrating", contrast, orientation)
}

fn disk() -> Stimulus {
    grating("DriftingSinusoidalGratingDisk", 100.0, FRAC_PI_2)
}

/// A segment of 2 s, or 5 s of rest, in which cells fire so many spikes at equal intervals.
fn shown(stimulus: Stimulus, spikes: &[(u32, u32)]) -> (SegmentHeader, Segment) {
    let t_stop_ms = stimulus.number("duration").unwrap_or(2000.0);
    let mut spike_trains = SpikeTrains::default();
    for &(cell, count) in spikes {
        let interval_ms = t_stop_ms / f64::from(count);
        spike_trains.push(cell, (0..count).map(|i| f64::from(i) * interval_ms));
    }
    let header = SegmentHeader { sheet: SHEET.to_owned(), stimulus, null: false };
    (header, Segment { t_start_ms: 0.0, t_stop_ms, spike_trains, signals: vec![] })
}

fn recording(segments: impl IntoIterator<Item = (SegmentHeader, Segment)>) -> InMemory {
    let mut recording = InMemory::new(vec![sheet()]);
    for (header, segment) in segments {
        recording.push(header, segment);
    }
    recording
}

fn target(class: TargetClass) -> Target {
    let wanted = match class.rule() {
        Rule::Range => Wanted::Range(1.0, 2.0),
        _ => Wanted::Number(1.0),
    };
    Target {
        name: class.to_string(),
        class,
        sheet_name: Some(SHEET.to_owned()),
        scoring: Scoring::new(class.rule(), wanted, None, 20.0).unwrap(),
    }
}

fn value(recording: &dyn Recording, class: TargetClass) -> Value {
    measure(recording, &[target(class)]).remove(0)
}

fn reason(recording: &dyn Recording, class: TargetClass) -> String {
    value(recording, class).unwrap_err().to_string()
}

#[test]
fn cells_are_known_by_their_index_whatever_was_recorded_when() {
    // Cell 1 was not recorded at rest, cell 0 comes last in another segment.
    let recording = recording([
        shown(spontaneous(), &[(0, 50), (2, 10)]),
        shown(full_field(100.0, FRAC_PI_2), &[(1, 30), (2, 3), (0, 10)]),
        shown(full_field(100.0, 0.0), &[(0, 6), (1, 2), (3, 100)]),
        shown(full_field(10.0, 0.0), &[(3, 100), (1, 30), (0, 10)]),
        shown(disk(), &[(1, 1), (0, 12), (2, 9)]),
    ]);
    assert_eq!(value(&recording, C::SpontActivity), Ok(6.0));
    assert_eq!(value(&recording, C::OrientationTuningPreference), Ok(5.0));
    assert_eq!(value(&recording, C::OrientationTuningOrthoHigh), Ok(0.8));
    assert_eq!(value(&recording, C::OrientationTuningOrthoLow), Ok(0.0));
    assert_eq!(value(&recording, C::SizeTuning), Ok(1.0), "only cell 0 is near the centre");
}

#[test]
fn blanks_do_not_count_and_of_several_trials_one_does() {
    let (mut blank, silence) = shown(full_field(100.0, 0.0), &[(0, 0), (1, 0)]);
    blank.null = true;
    let recording = recording([
        (blank.clone(), silence.clone()),
        shown(spontaneous(), &[(0, 20)]),
        shown(full_field(100.0, 0.0), &[(0, 4)]),
        shown(full_field(100.0, FRAC_PI_2), &[(0, 8)]),
        shown(full_field(100.0, PI), &[(0, 1)]),
        shown(full_field(100.0, 3.0 * FRAC_PI_2), &[(0, 9)]),
        (blank, silence),
    ]);
    assert_eq!(value(&recording, C::OrientationTuningPreference), Ok(9.0), "the last trial");
    assert_eq!(value(&recording, C::OrientationTuningOrthoHigh), Ok(0.5), "the first trial");
}

#[test]
fn bounds_are_in_or_out_as_defined() {
    assert!(is_same_orientation(0.0999, PI) && !is_same_orientation(0.1, 0.0));
    // The square of synchrony includes its sides.
    let mut corner = sheet();
    corner.positions_deg = Some(vec![[1.5, -1.5], [-1.5, 1.5], [1.6, 0.0], [0.0, -1.6]]);
    let mut recording = InMemory::new(vec![corner]);
    let (header, segment) = shown(spontaneous(), &[(0, 7), (1, 7), (2, 50), (3, 50)]);
    recording.push(header, segment);
    let synchrony = value(&recording, C::Synchrony).unwrap();
    assert!((synchrony - 1.0).abs() < 1e-12, "only the two equal trains in the corners count");
    // The circle of size tuning does not include its line.
    let mut circle = sheet();
    circle.positions_deg = Some(vec![[0.0, 1.0], [0.999, 0.0], [0.0, 0.0], [0.0, 0.0]]);
    let mut recording = InMemory::new(vec![circle]);
    for (spikes, stimulus) in [(20, disk()), (1, full_field(100.0, FRAC_PI_2)), (0, disk())] {
        let (header, segment) = shown(stimulus, &[(0, 1), (1, spikes)]);
        recording.push(header, segment);
    }
    assert_eq!(value(&recording, C::SizeTuning), Ok(1.0), "cell 1 at the first disk");
    // More than two spikes to the disk, and over 1.1 times as many as to a full field with some.
    assert!(is_suppressed(3, 1) && !is_suppressed(2, 1));
    assert!(is_suppressed(12, 10) && !is_suppressed(11, 10));
    assert!(!is_suppressed(5, 0));
}

#[test]
fn half_a_period_of_drift_is_rounded_to_even() {
    // 1250 ms are 2.5 periods of 500 ms: two, for which 625 ms apart is in phase.
    let (header, mut segment) = shown(full_field(100.0, FRAC_PI_2), &[]);
    segment.t_stop_ms = 1250.0;
    segment.spike_trains.push(0, [1.0, 621.0]);
    let value = value(&recording([(header, segment)]), C::ModulationRatio).unwrap();
    assert!(value > 1.99, "{value}");
}

/// Spikes of a cell whose rate is proportional to 1 + depth · cos(2π·2 Hz·t), by the inverse of its
/// integral.
fn sinusoidal(depth: f64, spikes: u32) -> Vec<f64> {
    let omega = TAU * 2.0 / 1000.0;
    let invert = |target: f64| {
        let (mut lo, mut hi) = (0.0, 2000.0);
        for _ in 0..60 {
            let t = f64::midpoint(lo, hi);
            if t + depth / omega * (omega * t).sin() < target { lo = t } else { hi = t }
        }
        lo
    };
    (0..spikes).map(|i| invert(2000.0 * (f64::from(i) + 0.5) / f64::from(spikes))).collect()
}

#[test]
fn the_modulation_of_a_sinusoidal_rate_is_its_depth() {
    for depth in [0.0, 0.3, 0.9] {
        let (header, mut segment) = shown(full_field(100.0, FRAC_PI_2), &[]);
        segment.spike_trains.push(0, sinusoidal(depth, 20_000));
        segment.spike_trains.push(2, [1.0, 501.0, 1001.0, 1501.0]);
        let value = value(&recording([(header, segment)]), C::ModulationRatio).unwrap();
        // Bins of width w attenuate an angular frequency ω by sin(ωw/2)/(ωw/2).
        let half_bin = TAU * 2.0 / 1000.0 * 10.0 / 2.0;
        let expected = depth * half_bin.sin() / half_bin;
        assert!((value - expected).abs() < 2e-3, "{value} is not {expected}");
    }
}

#[test]
fn amplitudes_of_cells_are_averaged_not_their_ratios() {
    // One cell fires 4 spikes in phase (amplitude 4), the other 12 spread evenly (amplitude 0).
    let phase_locked = [(0, 4), (1, 80)];
    let recording = recording([shown(full_field(100.0, FRAC_PI_2), &phase_locked)]);
    let value = value(&recording, C::ModulationRatio).unwrap();
    assert!((value - 2.0 * 4.0 / 84.0).abs() < 1e-12, "{value}");
}

/// Counts the loads, and whether segments with signals pile up in memory.
struct Watched {
    recording: InMemory,
    loads: RefCell<Vec<usize>>,
    alive: RefCell<Vec<Weak<Segment>>>,
}

impl Recording for Watched {
    fn sheets(&self) -> &[Sheet] {
        self.recording.sheets()
    }

    fn segments(&self) -> &[SegmentHeader] {
        self.recording.segments()
    }

    fn load(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.loads.borrow_mut().push(segment);
        let mut alive = self.alive.borrow_mut();
        assert!(alive.iter().all(|earlier| earlier.strong_count() == 0), "two segments at a time");
        let loaded = Arc::new(Segment::clone(&*self.recording.load(segment)?));
        alive.push(Arc::downgrade(&loaded));
        Ok(loaded)
    }

    fn explosion_detected(&self) -> bool {
        false
    }

    fn announced_rest_ms(&self) -> &[f64] {
        self.recording.announced_rest_ms()
    }
}

#[test]
fn each_segment_is_loaded_once_and_one_at_a_time() {
    let (header, mut rest) = shown(spontaneous(), &[(0, 50), (1, 40)]);
    for (name, values) in [("gsyn_exc", vec![1.0, 3.0]), ("g_in", vec![4.0, 12.0])] {
        let (name, unit) = (name.to_owned(), "uS".to_owned());
        let signal = Signal { name, unit, sampling_interval_ms: 1.0, neurons: vec![1], values };
        rest.signals.push(signal);
    }
    let watched = Watched {
        recording: recording([
            shown(Stimulus::new("InternalStimulus", &[("duration", 500.0)]), &[(0, 3)]),
            (header, rest),
            shown(full_field(100.0, 0.0), &[(0, 6), (1, 2)]),
            shown(full_field(100.0, FRAC_PI_2), &[(0, 6), (1, 2)]),
            shown(full_field(10.0, 0.0), &[(0, 6), (1, 2)]),
            shown(disk(), &[(0, 6), (1, 2)]),
        ]),
        loads: RefCell::default(),
        alive: RefCell::default(),
    };
    let measured = C::ALL.iter().copied().filter(|class| class.is_measured());
    let targets: Vec<_> = measured.clone().chain(measured).map(target).collect();
    let values = measure(&watched, &targets);
    assert_eq!(values[7], Ok(4.0), "the ratio of conductances");
    assert_eq!(values[..9], values[9..], "two targets of one class and sheet both count");
    assert!(values.iter().filter(|value| value.is_ok()).count() >= 16, "{values:?}");
    let mut loads = watched.loads.take();
    loads.sort_unstable();
    assert_eq!(loads, [1, 2, 3, 4, 5]);
}

fn rest(duration_ms: f64, spikes: u32) -> (SegmentHeader, Segment) {
    let stimulus = Stimulus::new("InternalStimulus", &[("duration", duration_ms)]);
    shown(stimulus, &[(0, spikes)])
}

#[test]
fn the_duration_of_spontaneous_activity_is_the_protocols() {
    let rate_hz = |periods: &[(f64, u32)]| {
        let periods = periods.iter().map(|&(duration_ms, spikes)| rest(duration_ms, spikes));
        value(&recording(periods), C::SpontActivity)
    };
    assert_eq!(rate_hz(&[(500.0, 9), (20_000.0, 40)]), Ok(2.0));
    assert_eq!(rate_hz(&[(20_000.0, 40), (5000.0, 5)]), Ok(1.0), "5 s is the one");
    assert_eq!(rate_hz(&[(6000.0, 6), (20_000.0, 40), (1029.0, 1)]), Ok(2.0), "the longest");
    // Multiples of 7 ms.
    assert_eq!(rate_hz(&[(147.0, 9), (4998.0, 2499)]), Ok(500.0));
    assert!(rate_hz(&[(500.0, 9), (999.0, 9)]).is_err());
}

#[test]
fn a_kick_is_no_spontaneous_activity() {
    let (mut header, kicked) = rest(5000.0, 700);
    let name = StimulusValue::Text("Kick".to_owned());
    header.stimulus.parameters.insert("direct_stimulation_name".to_owned(), name);
    let recording = recording([(header, kicked), rest(2000.0, 8)]);
    assert_eq!(value(&recording, C::SpontActivity), Ok(4.0));
}

/// The settling before it would be another state of the network.
#[test]
fn of_a_run_that_did_not_come_to_its_rest_no_other_is_taken() {
    let mut ended_early = recording([rest(1680.0, 99)]);
    ended_early.announce_rest(1680.0);
    ended_early.announce_rest(4998.0);
    assert_eq!(
        reason(&ended_early, C::SpontActivity),
        "V1_Exc_L2/3 has no segment of spontaneous activity (InternalStimulus of 4998 ms): the period \
         without a stimulus lasts 1680 ms"
    );
}

#[test]
fn the_predecessor_has_no_value_without_5_s_of_rest() {
    let gratings = || {
        [
            shown(full_field(100.0, FRAC_PI_2), &[(0, 10)]),
            shown(full_field(100.0, 0.0), &[(0, 5)]),
            shown(disk(), &[(0, 20)]),
        ]
    };
    let values = |duration_ms: f64| {
        let recording = recording(gratings().into_iter().chain([rest(duration_ms, 20)]));
        let targets =
            [C::SpontActivity, C::OrientationTuningPreference, C::SizeTuning, C::ModulationRatio]
                .map(target);
        let of_the_predecessor = measure_as_predecessor(&recording, &targets).unwrap();
        let scores = targets.iter().zip(&of_the_predecessor);
        let scores: Vec<_> = scores.map(|(t, v)| t.score_as_predecessor(v).get()).collect();
        (measure(&recording, &targets), of_the_predecessor, scores)
    };
    let (ours, predecessors, _) = values(5000.0);
    assert_eq!(ours, predecessors);
    assert!(ours.iter().all(Result::is_ok), "{ours:?}");
    let (ours, predecessors, scores) = values(4998.0);
    assert_eq!((&ours[1], &ours[2]), (&Ok(2.0), &Ok(1.0)));
    assert_eq!(predecessors[3], ours[3], "it looks at all gratings");
    assert_eq!(scores[..3], [20.0, 20.0, 20.0]);
    for missing in &predecessors[..3] {
        assert_eq!(
            missing.as_ref().unwrap_err().to_string(),
            "V1_Exc_L2/3 has no segment of spontaneous activity (InternalStimulus of 5000 ms): the \
             period without a stimulus lasts 4998 ms"
        );
    }
}

#[test]
fn a_missing_value_says_why() {
    let nothing = recording([]);
    assert_eq!(
        reason(&nothing, C::SpontActivity),
        "V1_Exc_L2/3 has no segment of spontaneous activity (InternalStimulus of 5000 ms, or the longest \
         of at least 1000 ms): no period without a stimulus was recorded"
    );
    assert_eq!(
        reason(&nothing, C::SizeTuning),
        "V1_Exc_L2/3 has no segment of a DriftingSinusoidalGratingDisk with contrast 100 %"
    );
    let quiet = recording([
        shown(spontaneous(), &[(0, 6), (1, 0), (2, 7)]),
        shown(full_field(100.0, 0.0), &[(0, 0), (1, 0)]),
        shown(full_field(100.0, FRAC_PI_2), &[(0, 3), (2, 5)]),
        shown(full_field(10.0, FRAC_PI_2), &[(0, 3), (2, 5)]),
    ]);
    assert_eq!(value(&quiet, C::Irregularity).map(|cv| cv < 1e-12), Ok(true), "of cell 2");
    assert_eq!(
        reason(&quiet, C::Synchrony),
        "fewer than two of the 2 recorded cells of V1_Exc_L2/3 within 1.5 degrees of the centre \
         have more than 5 intervals"
    );
    assert_eq!(
        reason(&quiet, C::OrientationTuningPreference),
        "the oriented cells of V1_Exc_L2/3 are silent at the orthogonal orientation, so the ratio \
         is not finite"
    );
    assert_eq!(
        reason(&quiet, C::OrientationTuningOrthoLow),
        "V1_Exc_L2/3 has no segment of a FullfieldDriftingSinusoidalGrating with contrast 10 % at \
         the orientation 0.0000 rad"
    );
    assert_eq!(
        reason(&quiet, C::ConductanceRatio),
        "no inhibitory conductance was recorded from the sheet V1_Exc_L2/3"
    );
    let twice = recording([shown(spontaneous(), &[(0, 9)]), shown(spontaneous(), &[(0, 9)])]);
    assert_eq!(
        reason(&twice, C::Irregularity),
        "V1_Exc_L2/3 has 2 segments of spontaneous activity (InternalStimulus of 5000 ms), not one"
    );
    let brief = recording([rest(500.0, 9), rest(700.0, 9)]);
    assert!(
        reason(&brief, C::Irregularity).ends_with("those without a stimulus last 500 ms, 700 ms")
    );
    let nobody = recording([shown(spontaneous(), &[])]);
    assert_eq!(reason(&nobody, C::SpontActivity), "no cell of the sheet V1_Exc_L2/3 was recorded");
}

#[test]
fn a_target_that_cannot_be_measured_says_why() {
    let recording = recording([]);
    let missing = |target| measure(&recording, &[target]).remove(0).unwrap_err();
    let mut target = target(C::Irregularity);
    target.sheet_name = Some("V2".to_owned());
    let no_sheet = Missing::new("V2 is not among the sheets (V1_Exc_L2/3)");
    assert_eq!(missing(target.clone()), no_sheet);
    target.sheet_name = None;
    assert_eq!(missing(target.clone()), Missing::new("the target names no sheet"));
    target.class = C::TargetValue;
    let not_measured = Missing::new("a TargetValue is not measured on the recording");
    assert_eq!(missing(target), not_measured);
}

/// Data that a damaged file may hold: no panic, no giant allocation, no value.
#[test]
fn nonsense_has_no_value() {
    for t_stop_ms in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e300] {
        let mut segments = vec![
            shown(spontaneous(), &[(0, 9), (1, 9), (700, 9)]),
            shown(full_field(100.0, FRAC_PI_2), &[(0, 9), (1, 9), (700, 9)]),
        ];
        for (_, segment) in &mut segments {
            segment.t_stop_ms = t_stop_ms;
        }
        let recording = recording(segments);
        for class in [C::Synchrony, C::ModulationRatio] {
            assert!(value(&recording, class).is_err(), "{class} of {t_stop_ms} ms");
        }
    }
}
