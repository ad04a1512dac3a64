use crate::{Signal, SpikeTrains, Stimulus};

/// What a segment is, without its data.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentHeader {
    /// The sheet that was recorded.
    pub sheet: String,
    /// What was presented.
    pub stimulus: Stimulus,
    /// Whether this is the blank before the presentation (mozaik's "null" segment), which carries
    /// the description of the stimulus that follows it.
    pub null: bool,
}

/// The activity of one sheet during one presentation.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The beginning of the presentation, usually 0.
    pub t_start_ms: f64,
    /// The end of the presentation.
    pub t_stop_ms: f64,
    /// The spikes of the recorded neurons.
    pub spike_trains: SpikeTrains,
    /// Conductances and membrane potentials, where recorded.
    pub signals: Vec<Signal>,
}

impl Segment {
    /// How long the presentation lasted.
    pub fn duration_ms(&self) -> f64 {
        self.t_stop_ms - self.t_start_ms
    }

    /// The same spikes, without the signals.
    #[must_use]
    pub fn without_signals(&self) -> Self {
        let Self { t_start_ms, t_stop_ms, ref spike_trains, signals: _ } = *self;
        Self { t_start_ms, t_stop_ms, spike_trains: spike_trains.clone(), signals: vec![] }
    }

    /// The recorded variable that has one of these names.
    pub fn signal(&self, names: &[&str]) -> Option<&Signal> {
        self.signals.iter().find(|signal| names.contains(&signal.name.as_str()))
    }
}
