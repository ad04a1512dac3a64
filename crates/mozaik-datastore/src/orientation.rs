use recording::Sheet;

use crate::analysis::PerNeuronValue;
use crate::block::NeuronAnnotations;

/// What preferred orientations are called, best first: as the afferents have it, or the map.
const NAMES: [&str; 2] = ["LGNAfferentOrientation", "ORMapOrientation"];

/// The preferred orientation of every neuron of a sheet, in radians: by an analysis, else by the
/// annotations of the neurons.
pub(crate) fn orientations_rad(
    sheet: &Sheet,
    analyses: &[PerNeuronValue],
    annotations: &NeuronAnnotations,
) -> Option<Vec<f64>> {
    let analysed = |name: &&str| {
        analyses.iter().find(|result| result.sheet == sheet.name && result.name == **name)
    };
    if let Some(result) = NAMES.iter().find_map(analysed) {
        let index = crate::neuron_index::NeuronIndex::new(&sheet.neuron_ids);
        let mut orientations = vec![f64::NAN; sheet.neuron_count()];
        for (&id, &orientation) in result.neuron_ids.iter().zip(&result.values) {
            if let Ok(neuron) = index.index(id) {
                orientations[neuron as usize] = orientation;
            }
        }
        return Some(orientations);
    }
    NAMES.iter().find_map(|&name| annotations.get(name).cloned())
}
