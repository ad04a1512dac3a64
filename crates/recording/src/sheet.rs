/// A population of neurons that lie in one layer, as in mozaik. Neurons are known by their index in
/// the sheet, 0, 1, 2, ….
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// For example `V1_Exc_L4`.
    pub name: String,
    /// What the simulator calls each neuron, by sheet index: in NEST, numbers that go through all
    /// sheets.
    pub neuron_ids: Vec<i64>,
    /// Where each neuron lies, (x, y) in degrees of visual field. `None` where that is not known.
    pub positions_deg: Option<Vec<[f64; 2]>>,
    /// The preferred orientation of each neuron in radians, with period π; NaN for a neuron that
    /// has none. `None` where the sheet has no orientation map.
    pub orientations_rad: Option<Vec<f64>>,
}

impl Sheet {
    /// A sheet whose neurons are numbered from 0.
    pub fn new(
        name: impl Into<String>,
        positions_deg: Vec<[f64; 2]>,
        orientations_rad: Option<Vec<f64>>,
    ) -> Self {
        Self {
            name: name.into(),
            neuron_ids: (0..positions_deg.len() as i64).collect(),
            positions_deg: Some(positions_deg),
            orientations_rad,
        }
    }

    /// How many neurons the sheet has.
    pub fn neuron_count(&self) -> usize {
        self.neuron_ids.len()
    }
}
