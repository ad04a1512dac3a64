//! What another simulator needs to simulate the same network: connections, cells, input.

use crate::connectivity::{PROJECTIONS, Wiring};
use crate::gabor::{GaborShape, ReceptiveFields};
use crate::geometry::{CORTICAL, SHEET_NAMES};
use crate::network::{Network, ON_THE_WAY};
use crate::neurons::Neurons;
use crate::parameters::Parameters;
use crate::simulation::Simulation;
use crate::time::{STEPS_PER_MS, WINDOW, WINDOW_MS};

/// The connections of one projection. One that was drawn several times is listed as often.
#[derive(Debug, Clone, PartialEq)]
pub struct Connections {
    /// Where its parameters are, for example `sheets.l4_cortex_exc.L4ExcL4ExcConnection`.
    pub path: &'static str,
    /// The presynaptic sheet.
    pub source_sheet: &'static str,
    /// The postsynaptic sheet.
    pub target_sheet: &'static str,
    /// The presynaptic cell of each connection.
    pub sources: Vec<u32>,
    /// The postsynaptic cell of each connection.
    pub targets: Vec<u32>,
    /// The delay of each connection, before it is rounded to steps.
    pub delays_ms: Vec<f32>,
    /// The conductance that a rested synapse would add if all its resources were released.
    pub weight_ns: f64,
}

/// What differs between the cells of one cortical sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    /// `V_T` of each cell.
    pub thresholds_mv: Vec<f32>,
    /// The potential of each cell at the beginning.
    pub potentials_mv: Vec<f32>,
}

impl Simulation {
    /// The connections, projection after projection.
    pub fn connections(&self) -> impl Iterator<Item = Connections> {
        let (parameters, network) = (&self.parameters, &self.network);
        let shape = GaborShape::new(parameters);
        let fields = [0, 1].map(|layer4| ReceptiveFields::new(shape, &network.populations[layer4]));
        (0..PROJECTIONS.len()).map(move |number| {
            let wiring = Wiring::new(parameters, &network.populations, &fields, number);
            connections(parameters, network, &wiring, number)
        })
    }

    /// The cells of this cortical sheet; `None` for those of the LGN.
    pub fn cells(&self, sheet: &str) -> Option<Cells> {
        let population = SHEET_NAMES[..CORTICAL].iter().position(|&name| name == sheet)?;
        let neurons = Neurons::new(&self.parameters, &self.network, self.seed);
        let first = self.network.first_neuron[population];
        let cells = first..first + self.network.populations[population].len();
        let [thresholds_mv, potentials_mv] = neurons.beginning_mv(population, cells);
        Some(Cells { thresholds_mv, potentials_mv })
    }

    /// Calls `spiked` with sheet, cell and time in ms from the beginning of the simulation for each
    /// spike of the LGN, in the order of time.
    pub fn lgn_spikes(&self, mut spiked: impl FnMut(&'static str, usize, f64)) {
        let mut began_ms = 0.0;
        for (number, presentation) in self.presentations().iter().enumerate() {
            let shown = self.shown(number, presentation);
            for (mut spikes, duration_ms) in shown {
                for window in 0..(duration_ms / WINDOW_MS) as usize {
                    spikes.window(window * WINDOW, |population, cell, at_steps| {
                        let at_ms = began_ms + at_steps / STEPS_PER_MS as f64;
                        spiked(SHEET_NAMES[population], cell, at_ms);
                    });
                }
                began_ms += duration_ms;
            }
        }
    }
}

fn connections(
    parameters: &Parameters,
    network: &Network,
    wiring: &Wiring<'_>,
    number: usize,
) -> Connections {
    let projection = PROJECTIONS[number];
    let outputs = &network.outputs[projection.source];
    let width = outputs.projections.len();
    let own = outputs.projections.iter().position(|&other| other == number).unwrap_or(0);
    let neurons = network.neuron_count() as u32;
    let first = network.first_neuron[projection.target] as u32;
    let base_weight = parameters.value(&format!("{}.base_weight", projection.path));
    let mut all = Connections {
        path: projection.path,
        source_sheet: SHEET_NAMES[projection.source],
        target_sheet: SHEET_NAMES[projection.target],
        sources: vec![],
        targets: vec![],
        delays_ms: vec![],
        weight_ns: 1000.0 * base_weight * parameters.value("num_samples_reduction"),
    };
    for source in 0..network.populations[projection.source].len() {
        let ends = &outputs.starts[source * width + own..][..2];
        let mut place = 0;
        for &way in &outputs.ways[ends[0] as usize..ends[1] as usize] {
            place += u32::from(way);
            if way != ON_THE_WAY {
                let target = place % neurons - first;
                all.sources.push(source as u32);
                all.targets.push(target);
                all.delays_ms.push(wiring.delay_ms(source, target as usize));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_exported() {
        let small = [
            ("sheets.l4_cortex_exc.params.sx", 600.0),
            ("experiments.spontaneous_duration", 200.0),
            ("experiments.grating_duration", 100.0),
        ];
        let parameters = Parameters::with_overrides(small).unwrap();
        let simulation = Simulation::build(&parameters, 1, 1).unwrap();
        let connections: Vec<Connections> = simulation.connections().collect();
        let count: usize = connections.iter().map(|c| c.sources.len()).sum();
        assert_eq!(count, simulation.synapse_count());
        let sheets = simulation.sheets();
        let cells = |name: &str| sheets.iter().find(|s| s.name == name).unwrap().neuron_count();
        for all in &connections {
            assert!(all.sources.iter().all(|&cell| (cell as usize) < cells(all.source_sheet)));
            assert!(all.targets.iter().all(|&cell| (cell as usize) < cells(all.target_sheet)));
            assert!(all.delays_ms.iter().all(|&ms| (0.5..20.0).contains(&ms)));
        }
        let within = &connections[0];
        assert_eq!(within.sources.len(), cells("V1_Exc_L4") * 125);
        assert!((within.weight_ns - 0.6).abs() < 1.0e-9);

        let excitatory = simulation.cells("V1_Exc_L4").unwrap();
        let n = cells("V1_Exc_L4");
        assert_eq!((excitatory.thresholds_mv.len(), excitatory.potentials_mv.len()), (n, n));
        assert!(excitatory.thresholds_mv.iter().all(|mv| (-61.0..-53.0).contains(mv)));
        assert!(excitatory.potentials_mv.iter().all(|mv| (-70.01..-53.99).contains(mv)));
        assert_eq!(simulation.cells("X_ON"), None);

        // The spikes of the LGN are those that the simulation records.
        let mut exported = [vec![], vec![]];
        simulation.lgn_spikes(|sheet, cell, at_ms| {
            exported[usize::from(sheet == "X_OFF")].push((cell, at_ms));
        });
        let mut began_ms = 0.0;
        let mut presentation = 0;
        simulation
            .run(&mut |event| {
                if let crate::Event::Segment(header, segment) = event
                    && header.sheet.starts_with("X_")
                {
                    let off = usize::from(header.sheet == "X_OFF");
                    let shown = &simulation.presentations()[presentation];
                    let from_ms = began_ms + shown.blank_ms;
                    let until_ms = from_ms + shown.duration_ms;
                    let within = |at: &&(usize, f64)| at.1 > from_ms && at.1 <= until_ms;
                    let count = exported[off].iter().filter(within).count();
                    assert_eq!(count, segment.spike_trains.spike_count());
                    if off == 1 {
                        (began_ms, presentation) = (until_ms, presentation + 1);
                    }
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(presentation, 7);
    }
}
