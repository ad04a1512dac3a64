/// A population of neurons that lie in one layer, as in mozaik. Neurons are known by their index in
/// the sheet, 0, 1, 2, ….
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// For example `V1_Exc_L4`.
    pub name: String,
    /// Where each neuron lies, (x, y) in degrees of visual field.
    pub positions_deg: Vec<[f64; 2]>,
    /// The preferred orientation of each neuron in radians, with period π. `None` where the sheet has
    /// no orientation map.
    pub orientations_rad: Option<Vec<f64>>,
}

impl Sheet {
    /// How many neurons the sheet has.
    pub fn neuron_count(&self) -> usize {
        self.positions_deg.len()
    }
}
