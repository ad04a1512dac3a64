use crate::error::Problem;

/// From the simulator's ids of a sheet's neurons to their sheet indexes.
#[derive(Debug, Clone, Default)]
pub(crate) struct NeuronIndex {
    /// Sorted by id.
    indexes: Vec<(i64, u32)>,
}

impl NeuronIndex {
    /// The neurons of a sheet by sheet index.
    pub(crate) fn new(neuron_ids: &[i64]) -> Self {
        let mut indexes: Vec<_> = neuron_ids.iter().copied().zip(0..).collect();
        indexes.sort_unstable();
        Self { indexes }
    }

    /// The sheet index of a neuron.
    pub(crate) fn index(&self, id: i64) -> Result<u32, Problem> {
        let place = self.indexes.binary_search_by_key(&id, |&(id, _)| id);
        place.map(|place| self.indexes[place].1).map_err(|_| {
            let size = self.indexes.len();
            Problem::contents(format!("the neuron {id} is not among the {size} of its sheet"))
        })
    }
}
