//! Measuring every target that a recording can show: four sheets of 1000 cells, and the protocol
//! of an optimization.

use std::f64::consts::{FRAC_PI_2, PI};
use std::iter;

use divan::Bencher;
use recording::{InMemory, Segment, SegmentHeader, Sheet, Signal, SpikeTrains, Stimulus};
use targets::{DISK, FULL_FIELD, Rule, SPONTANEOUS, Scoring, Target, TargetClass, Wanted, measure};

const SHEETS: [&str; 4] = ["V1_Exc_L4", "V1_Inh_L4", "V1_Exc_L2/3", "V1_Inh_L2/3"];
const CELLS: u32 = 1000;
/// Cells whose conductances were recorded.
const PROBED: u32 = 70;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 20)]
fn all_targets_of_four_sheets(bencher: Bencher<'_, '_>) {
    let (recording, targets) = (recording(), targets());
    for value in measure(&recording, &targets) {
        value.expect("the recording shows every target");
    }
    bencher.bench(|| measure(&recording, &targets));
}

/// The classes that are measured, on each sheet.
fn targets() -> Vec<Target> {
    let classes = TargetClass::ALL.iter().filter(|class| class.is_measured());
    let target = |(&class, sheet): (&TargetClass, &str)| {
        let wanted = match class.rule() {
            Rule::Range => Wanted::Range(1.0, 2.0),
            _ => Wanted::Number(1.0),
        };
        Target {
            name: class.to_string(),
            class,
            sheet_name: Some(sheet.to_owned()),
            scoring: Scoring::new(class.rule(), wanted, None, 20.0).expect("it fits the rule"),
        }
    };
    classes.flat_map(|class| SHEETS.map(|sheet| (class, sheet))).map(target).collect()
}

fn recording() -> InMemory {
    let mut numbers = Numbers(1);
    let sheets = SHEETS.map(|name| {
        let positions_deg = (0..CELLS).map(|_| [numbers.next(), numbers.next()]);
        let positions_deg = positions_deg.map(|place| place.map(|x| 4.0 * x - 2.0)).collect();
        let orientations_rad = (0..CELLS).map(|_| PI * numbers.next()).collect();
        Sheet::new(name, positions_deg, Some(orientations_rad))
    });
    let mut recording = InMemory::new(sheets.to_vec());
    let grating = |name, contrast, orientation| {
        let drift = [("temporal_frequency", 2.0), ("duration", 2000.0)];
        let shown = [("contrast", contrast), ("orientation", orientation)];
        Stimulus::new(name, &[shown, drift].concat())
    };
    let presented = [
        Stimulus::new(SPONTANEOUS, &[("duration", 5000.0)]),
        grating(FULL_FIELD, 100.0, FRAC_PI_2),
        grating(FULL_FIELD, 100.0, 0.0),
        grating(FULL_FIELD, 10.0, 0.0),
        grating(DISK, 100.0, FRAC_PI_2),
    ];
    for stimulus in presented {
        for sheet in SHEETS {
            let segment = segment(&stimulus, &mut numbers);
            let (sheet, stimulus) = (sheet.to_owned(), stimulus.clone());
            recording.push(SegmentHeader { sheet, stimulus, null: false }, segment);
        }
    }
    recording
}

/// Poisson spikes at about 10 Hz, and conductances every millisecond.
fn segment(stimulus: &Stimulus, numbers: &mut Numbers) -> Segment {
    let t_stop_ms = stimulus.number("duration").expect("every stimulus has a duration");
    let mut spike_trains = SpikeTrains::default();
    for cell in 0..CELLS {
        let mut t_ms = 0.0;
        let times_ms = iter::from_fn(|| {
            t_ms -= 100.0 * (1.0 - numbers.next()).ln();
            (t_ms < t_stop_ms).then_some(t_ms)
        });
        spike_trains.push(cell, times_ms);
    }
    let signals = ["gsyn_exc", "gsyn_inh"].map(|name| Signal {
        name: name.to_owned(),
        unit: "uS".to_owned(),
        sampling_interval_ms: 1.0,
        neurons: (0..PROBED).collect(),
        values: (0..PROBED * t_stop_ms as u32).map(|_| 0.01 * numbers.next()).collect(),
    });
    Segment { t_start_ms: 0.0, t_stop_ms, spike_trains, signals: signals.to_vec() }
}

/// Numbers of 0 to 1 from a linear congruential generator (Knuth's MMIX), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
