//! Synaptic conductances.

use recording::Signal;

use crate::presentations::Presentations;
use crate::{Missing, Value};

/// What PyNN and NEST call the inhibitory conductance.
pub const INHIBITORY: [&str; 2] = ["gsyn_inh", "g_in"];
/// What PyNN and NEST call the excitatory conductance.
pub const EXCITATORY: [&str; 2] = ["gsyn_exc", "g_ex"];

/// The mean over time of each recorded cell, averaged over cells, in the signal's unit. `None` if
/// it has no samples.
///
/// # Examples
///
/// ```
/// use recording::Signal;
/// use targets::conductance::mean_over_cells;
///
/// let signal = |neurons: Vec<u32>, values: Vec<f64>| Signal {
///     name: "gsyn_inh".to_owned(),
///     unit: "uS".to_owned(),
///     sampling_interval_ms: 5.0,
///     neurons,
///     values,
/// };
/// let two_cells = signal(vec![0, 1], vec![1.0, 3.0, 4.0, 8.0]);
/// assert_eq!(mean_over_cells(&two_cells), Some(4.0));
/// assert_eq!(mean_over_cells(&signal(vec![], vec![])), None);
/// ```
pub fn mean_over_cells(signal: &Signal) -> Option<f64> {
    let samples = signal.sample_count();
    let means = signal.channels().map(|(_, values)| values.iter().sum::<f64>() / samples as f64);
    (samples > 0).then(|| means.sum::<f64>() / signal.neurons.len() as f64)
}

/// `ConductanceRatio`: mean inhibitory over mean excitatory conductance at rest.
pub(crate) fn conductance_ratio(presentations: &mut Presentations<'_>) -> Value {
    let segment = presentations.spontaneous_with_signals()?;
    let sheet = &presentations.sheet.name;
    let mean = |names: &[&str], kind: &str| {
        segment.signal(names).and_then(mean_over_cells).ok_or_else(|| {
            Missing::new(format!("no {kind} conductance was recorded from the sheet {sheet}"))
        })
    };
    let (inhibitory, excitatory) =
        (mean(&INHIBITORY, "inhibitory")?, mean(&EXCITATORY, "excitatory")?);
    if excitatory == 0.0 {
        let reason =
            format!("the excitatory conductance of {sheet} is 0, so the ratio is not finite");
        return Err(Missing::new(reason));
    }
    Ok(inhibitory / excitatory)
}
