/// The spike trains of the recorded neurons of one sheet during one segment.
///
/// Trains are numbered in the order of the data store. A train's number is the sheet index of its
/// neuron only where every neuron was recorded: use [`SpikeTrains::neuron`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpikeTrains {
    neurons: Vec<u32>,
    /// Train `i` is `times_ms[ends[i - 1]..ends[i]]`.
    ends: Vec<usize>,
    times_ms: Vec<f64>,
}

/// Arrays that do not describe spike trains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
}

impl SpikeTrains {
    /// Spike trains from flat arrays: `neurons[i]` is the sheet index of train `i`, which has
    /// `counts[i]` spikes; `times_ms` holds the trains one after another.
    ///
    /// # Errors
    /// When the lengths contradict each other.
    pub fn from_counts(
        neurons: Vec<u32>,
        counts: &[u32],
        times_ms: Vec<f64>,
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
        Ok(Self { neurons, ends, times_ms })
    }

    /// Appends the train of one neuron.
    pub fn push(&mut self, neuron: u32, times_ms: impl IntoIterator<Item = f64>) {
        self.neurons.push(neuron);
        self.times_ms.extend(times_ms);
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
}
