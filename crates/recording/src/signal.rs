/// One analog variable, sampled at a fixed interval in some neurons of a sheet.
///
/// # Examples
///
/// ```
/// use recording::Signal;
///
/// let conductance = Signal {
///     name: "gsyn_exc".to_owned(),
///     unit: "uS".to_owned(),
///     sampling_interval_ms: 5.0,
///     neurons: vec![40, 12],
///     values: vec![0.01, 0.02, 0.03, 0.0, 0.0, 0.01],
/// };
/// assert_eq!(conductance.sample_count(), 3);
/// assert_eq!(conductance.channels().last(), Some((12, &[0.0, 0.0, 0.01][..])));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// For example `gsyn_exc`.
    pub name: String,
    /// For example `uS`.
    pub unit: String,
    /// The time between two samples.
    pub sampling_interval_ms: f64,
    /// The sheet index of each channel's neuron.
    pub neurons: Vec<u32>,
    /// The samples, one channel after another: shape (neurons, samples).
    pub values: Vec<f64>,
}

impl Signal {
    /// How many samples each channel has.
    pub fn sample_count(&self) -> usize {
        self.values.len().checked_div(self.neurons.len()).unwrap_or(0)
    }

    /// Every channel's samples with the sheet index of its neuron.
    pub fn channels(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let samples = self.sample_count();
        let channel = move |(i, &neuron): (usize, &u32)| {
            (neuron as usize, &self.values[i * samples..(i + 1) * samples])
        };
        self.neurons.iter().enumerate().map(channel)
    }
}
