/// The spike trains of the recorded neurons of one sheet during one segment.
///
/// Trains are numbered in the order of the data store. A train's number is the sheet index of its
/// neuron only where every neuron was recorded: use [`SpikeTrains::neuron`].
///
/// The times of a train are finite and ascend, whatever order they came in: simulators hand over
/// spikes in the order of their threads, and an interval between two of them that is negative is no
/// interval.
///
/// # Examples
///
/// ```
/// use recording::SpikeTrains;
///
/// // Neurons 7, 3 and 9 were recorded; the second of them was silent.
/// let times_ms = vec![4.2, 1.0, 0.5];
/// let trains = SpikeTrains::from_counts(vec![7, 3, 9], &[2, 0, 1], times_ms)?;
/// assert_eq!(trains.train(0), [1.0, 4.2]);
/// assert_eq!((trains.neuron(1), trains.train(1)), (3, &[][..]));
/// assert_eq!((trains.len(), trains.spike_count()), (3, 3));
///
/// let contradiction = SpikeTrains::from_counts(vec![7], &[2], vec![1.0]).unwrap_err();
/// assert_eq!(contradiction.to_string(), "the spike counts add up to 2, but there are 1 spikes");
/// # Ok::<(), recording::SpikeTrainsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpikeTrains {
    neurons: Vec<u32>,
    /// Train `i` is `times_ms[ends[i - 1]..ends[i]]`.
    ends: Vec<usize>,
    times_ms: Vec<f64>,
}

/// Arrays that do not describe spike trains.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpikeTrainsError {
    /// One spike count is needed for each neuron.
    #[error("{neurons} neurons but {counts} spike counts")]
    CountsDiffer {
        /// How many neurons were given.
        neurons: usize,
        /// How many spike counts were given.
        counts: usize,
    },
    /// The counts must add up to the number of spikes.
    #[error("the spike counts add up to {sum}, but there are {spikes} spikes")]
    SumDiffers {
        /// The sum of the counts.
        sum: usize,
        /// The number of spike times.
        spikes: usize,
    },
    /// A spike is at some time.
    #[error("the train of neuron {neuron} has a spike at {time_ms} ms")]
    NoTime {
        /// The sheet index of the train's neuron.
        neuron: u32,
        /// Infinite, or not a number.
        time_ms: f64,
    },
}

impl SpikeTrains {
    /// Spike trains from flat arrays: `neurons[i]` is the sheet index of train `i`, which has
    /// `counts[i]` spikes; `times_ms` holds the trains one after another, each in any order.
    ///
    /// # Errors
    /// When the lengths contradict each other, or a time is infinite or not a number.
    pub fn from_counts(
        neurons: Vec<u32>,
        counts: &[u32],
        mut times_ms: Vec<f64>,
    ) -> Result<Self, SpikeTrainsError> {
        if neurons.len() != counts.len() {
            let (neurons, counts) = (neurons.len(), counts.len());
            return Err(SpikeTrainsError::CountsDiffer { neurons, counts });
        }
        let mut sum = 0;
        let ends: Vec<usize> = counts
            .iter()
            .map(|&count| {
                sum += count as usize;
                sum
            })
            .collect();
        if sum != times_ms.len() {
            return Err(SpikeTrainsError::SumDiffers { sum, spikes: times_ms.len() });
        }
        let mut start = 0;
        for (&neuron, &end) in neurons.iter().zip(&ends) {
            let train = &mut times_ms[start..end];
            if let Some(&time_ms) = train.iter().find(|time_ms| !time_ms.is_finite()) {
                return Err(SpikeTrainsError::NoTime { neuron, time_ms });
            }
            sort(train);
            start = end;
        }
        Ok(Self { neurons, ends, times_ms })
    }

    /// Appends the train of one neuron, whose times are finite.
    pub fn push(&mut self, neuron: u32, times_ms: impl IntoIterator<Item = f64>) {
        self.neurons.push(neuron);
        let start = self.times_ms.len();
        self.times_ms.extend(times_ms);
        sort(&mut self.times_ms[start..]);
        self.ends.push(self.times_ms.len());
    }

    /// How many neurons were recorded.
    pub fn len(&self) -> usize {
        self.neurons.len()
    }

    /// Whether no neuron was recorded.
    pub fn is_empty(&self) -> bool {
        self.neurons.is_empty()
    }

    /// The spikes of all trains together.
    pub fn spike_count(&self) -> usize {
        self.times_ms.len()
    }

    /// The sheet index of train `i`.
    pub fn neuron(&self, i: usize) -> usize {
        self.neurons[i] as usize
    }

    /// The sheet index of every train.
    pub fn neurons(&self) -> &[u32] {
        &self.neurons
    }

    /// The spike times of train `i` in ms, ascending.
    pub fn train(&self, i: usize) -> &[f64] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.times_ms[start..self.ends[i]]
    }

    /// Every train with the sheet index of its neuron.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (usize, &[f64])> {
        (0..self.len()).map(|i| (self.neuron(i), self.train(i)))
    }

    /// All spike times in ms, one train after another.
    pub fn times_ms(&self) -> &[f64] {
        &self.times_ms
    }
}

/// Nearly every train is in order already.
fn sort(train: &mut [f64]) {
    if !train.is_sorted() {
        train.sort_unstable_by(f64::total_cmp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trains_keep_their_neuron_and_their_spikes() {
        let mut trains = SpikeTrains::default();
        trains.push(7, [1.0, 2.5]);
        trains.push(3, []);
        trains.push(9, [0.5]);
        let listed: Vec<_> =
            trains.iter().map(|(neuron, times)| (neuron, times.to_vec())).collect();
        assert_eq!(listed, [(7, vec![1.0, 2.5]), (3, vec![]), (9, vec![0.5])]);
        let flat = SpikeTrains::from_counts(vec![7, 3, 9], &[2, 0, 1], vec![1.0, 2.5, 0.5]);
        assert_eq!(flat, Ok(trains));
    }

    #[test]
    fn contradicting_lengths_are_refused() {
        let differ = SpikeTrains::from_counts(vec![1], &[], vec![]);
        assert_eq!(differ, Err(SpikeTrainsError::CountsDiffer { neurons: 1, counts: 0 }));
        let sum = SpikeTrains::from_counts(vec![1], &[3], vec![0.0]);
        assert_eq!(sum, Err(SpikeTrainsError::SumDiffers { sum: 3, spikes: 1 }));
    }

    #[test]
    fn times_ascend_whatever_order_they_came_in() {
        let mixed = SpikeTrains::from_counts(vec![4, 2], &[3, 2], vec![9.0, 1.0, 5.0, 2.0, -1.0]);
        let mut trains = SpikeTrains::default();
        trains.push(4, [5.0, 9.0, 1.0]);
        trains.push(2, [2.0, -1.0]);
        assert_eq!(trains.times_ms(), [1.0, 5.0, 9.0, -1.0, 2.0]);
        assert_eq!(mixed, Ok(trains));
    }

    #[test]
    fn a_spike_is_at_some_time() {
        for time_ms in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let trains = SpikeTrains::from_counts(vec![4, 2], &[1, 2], vec![1.0, 2.0, time_ms]);
            let said = trains.unwrap_err().to_string();
            assert_eq!(said, format!("the train of neuron 2 has a spike at {time_ms} ms"));
        }
    }
}
