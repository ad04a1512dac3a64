//! Memory does not grow with the number of pairs of cells.

use peak_alloc::PeakAlloc;
use recording::{InMemory, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};
use targets::{Rule, Scoring, Target, TargetClass, Wanted, measure};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

#[test]
fn synchrony_of_14_000_cells_needs_little_memory() {
    const CELLS: u32 = 14_000;
    // Every cell fires with one of 100 periods, so that correlations are neither 0 nor 1.
    let period_ms = |cell: u32| 100.0 + f64::from(cell % 100);
    let mut spike_trains = SpikeTrains::default();
    for cell in 0..CELLS {
        let spikes = (5000.0 / period_ms(cell)) as u32;
        spike_trains.push(cell, (0..spikes).map(|i| f64::from(i) * period_ms(cell)));
    }
    let sheet = Sheet::new("V1_Exc_L4", vec![[0.0, 0.0]; CELLS as usize], None);
    let mut recording = InMemory::new(vec![sheet]);
    let header = SegmentHeader {
        sheet: "V1_Exc_L4".to_owned(),
        stimulus: Stimulus::new("InternalStimulus", &[("duration", 5000.0)]),
        null: false,
    };
    let segment = Segment { t_start_ms: 0.0, t_stop_ms: 5000.0, spike_trains, signals: vec![] };
    recording.push(header, segment);
    let target = Target {
        name: "synchrony".to_owned(),
        class: TargetClass::Synchrony,
        sheet_name: Some("V1_Exc_L4".to_owned()),
        scoring: Scoring::new(Rule::TargetValue, Wanted::Number(0.0), None, 20.0).unwrap(),
    };
    ALLOCATED.reset_peak_usage();
    let values = measure(&recording, &[target]);
    let peak_mb = ALLOCATED.peak_usage_as_mb();
    println!("peak {peak_mb} MB");
    // By numpy.corrcoef of the 100 different trains, each 140 times.
    let value = values[0].as_ref().unwrap();
    assert!((value / 0.036_658_066_552_947_25 - 1.0).abs() < 1e-10, "{value}");
    // A matrix of correlations would be 1568 MB, the histograms of all cells 56 MB.
    assert!(peak_mb < 20.0, "{peak_mb} MB");
}
