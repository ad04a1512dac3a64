//! Conductances and membrane potentials.

use recording::{Segment, Signal};
use serde::Serialize;
use targets::conductance::{EXCITATORY, INHIBITORY, mean_over_cells};

/// How many cells are shown.
const MOST_SHOWN: usize = 3;

/// A variable that was recorded from some cells of a sheet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalTrace {
    /// Its name, as `gsyn_exc`.
    pub name: String,
    /// Its unit, as the recording has it.
    pub unit: String,
    /// The time between two samples.
    pub sampling_interval_ms: f64,
    /// How many cells it was recorded from.
    pub cells: usize,
    /// The mean over time and cells.
    pub mean: Option<f64>,
    /// The mean over cells at each time.
    pub mean_trace: Vec<f64>,
    /// Some cells.
    pub examples: Vec<ExampleTrace>,
}

/// A variable in one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExampleTrace {
    /// The cell's sheet index.
    pub neuron: usize,
    /// The samples.
    pub values: Vec<f64>,
}

impl SignalTrace {
    /// All variables of a segment.
    pub fn all_of(segment: &Segment) -> Vec<Self> {
        let signals = segment.signals.iter();
        signals.filter(|signal| signal.sample_count() > 0).map(Self::of).collect()
    }

    fn of(signal: &Signal) -> Self {
        let cells = signal.neurons.len();
        let mut mean_trace = vec![0.0; signal.sample_count()];
        for (_, values) in signal.channels() {
            for (mean, value) in mean_trace.iter_mut().zip(values) {
                *mean += value / cells as f64;
            }
        }
        let example =
            |(neuron, values): (usize, &[f64])| ExampleTrace { neuron, values: values.to_vec() };
        Self {
            name: signal.name.clone(),
            unit: signal.unit.clone(),
            sampling_interval_ms: signal.sampling_interval_ms,
            cells,
            mean: mean_over_cells(signal),
            mean_trace,
            examples: signal.channels().take(MOST_SHOWN).map(example).collect(),
        }
    }

    /// Whether this is the excitatory conductance.
    pub fn is_excitatory(&self) -> bool {
        EXCITATORY.contains(&self.name.as_str())
    }

    /// Whether this is the inhibitory conductance.
    pub fn is_inhibitory(&self) -> bool {
        INHIBITORY.contains(&self.name.as_str())
    }
}

/// Mean inhibitory over mean excitatory conductance.
pub fn conductance_ratio(segment: &Segment) -> Option<f64> {
    let mean = |names: &[&str]| segment.signal(names).and_then(mean_over_cells);
    let ratio = mean(&INHIBITORY)? / mean(&EXCITATORY)?;
    ratio.is_finite().then_some(ratio)
}
