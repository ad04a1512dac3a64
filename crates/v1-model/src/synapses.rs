//! Synapses: short-term depression, and delivery of spikes to the neurons' input.

use pulp::{Arch, Simd, WithSimd};

use crate::connectivity::PROJECTIONS;
use crate::geometry::{POPULATIONS, is_inhibitory};
use crate::lanes::exp;
use crate::network::{Network, ON_THE_WAY, Outputs};
use crate::neurons::{Input, Neurons};
use crate::parameters::Parameters;
use crate::time::STEP_MS;

/// Tsodyks & Markram's depression (Tsodyks, Uziel & Markram 2000, equations 3–6, with `τ_fac` = 0,
/// as in NEST's `tsodyks_synapse`). What a spike releases depends only on the presynaptic neuron's
/// history, so the state is kept there and not at each synapse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plasticity {
    /// U.
    pub utilization: f32,
    /// The time constant of recovery.
    pub tau_rec_ms: f32,
    /// The time constant of the current.
    pub tau_psc_ms: f32,
}

/// The resources of one neuron's synapses; what is neither available nor active is inactive.
#[derive(Debug, Clone, Copy)]
pub struct Resources {
    available: f32,
    active: f32,
    last_step: i32,
}

impl Resources {
    /// Long after the last spike.
    pub const RESTED: Self = Self { available: 1.0, active: 0.0, last_step: -1_000_000 };
}

impl Plasticity {
    fn new(parameters: &Parameters, path: &str) -> Self {
        let value =
            |name: &str| parameters.value(&format!("{path}.short_term_plasticity.{name}")) as f32;
        let (tau_rec_ms, tau_psc_ms) = (value("tau_rec"), value("tau_psc"));
        // The solution divides by the difference of the time constants: equal ones are told apart.
        let equal = (tau_rec_ms - tau_psc_ms).abs() < 0.01 * tau_rec_ms;
        let tau_psc_ms = if equal { 0.99 * tau_rec_ms } else { tau_psc_ms };
        Self { utilization: value("U"), tau_rec_ms, tau_psc_ms }
    }

    /// The share of the resources that a spike in this step releases.
    #[inline(always)]
    pub fn release(&self, resources: &mut Resources, step: i32) -> f32 {
        let h = (step - resources.last_step) as f32 * STEP_MS;
        let still_active = exp(-h / self.tau_psc_ms);
        let still_inactive = exp(-h / self.tau_rec_ms);
        let through = ((still_inactive - 1.0) * self.tau_rec_ms
            - (still_active - 1.0) * self.tau_psc_ms)
            / (self.tau_psc_ms - self.tau_rec_ms);
        let Resources { available, active, .. } = *resources;
        let inactive = 1.0 - available - active;
        let available = available + through * active + (1.0 - still_inactive) * inactive;
        let released = self.utilization * available;
        *resources = Resources {
            available: available - released,
            active: active * still_active + released,
            last_step: step,
        };
        released
    }
}

/// The outgoing synapses of one population, with their state.
#[derive(Debug)]
struct Axons<'n> {
    outputs: &'n Outputs,
    inhibitory: bool,
    /// For each projection the number of its plasticity, and its weight in scaled conductance.
    projections: Vec<(usize, f32)>,
    plasticities: Vec<Plasticity>,
    /// Neuron after neuron, one for each plasticity.
    resources: Vec<Resources>,
}

/// A spike of a cell of any population.
#[derive(Debug, Clone, Copy)]
pub struct Spike {
    /// The population.
    pub population: u32,
    /// The cell in it.
    pub cell: u32,
    /// In which step of the window it was fired.
    pub offset: u32,
}

/// All synapses with their state.
#[derive(Debug)]
pub struct Synapses<'n> {
    axons: [Axons<'n>; POPULATIONS],
    neuron_count: usize,
    /// How many synapses were reached by a spike.
    pub events: u64,
}

impl<'n> Synapses<'n> {
    /// Rested synapses.
    pub fn new(parameters: &Parameters, network: &'n Network, neurons: &Neurons) -> Self {
        let axons = std::array::from_fn(|population| {
            let outputs = &network.outputs[population];
            let inhibitory = is_inhibitory(population);
            let mut plasticities = vec![];
            let mut projections = vec![];
            for &number in &outputs.projections {
                let projection = &PROJECTIONS[number];
                let plasticity = Plasticity::new(parameters, projection.path);
                let known = plasticities.iter().position(|p| *p == plasticity);
                let shared = known.unwrap_or_else(|| {
                    plasticities.push(plasticity);
                    plasticities.len() - 1
                });
                let base_weight = parameters.value(&format!("{}.base_weight", projection.path));
                // In place of each `num_samples_reduction` connections one is simulated.
                let weight_ns = 1000.0 * base_weight * parameters.value("num_samples_reduction");
                let scaled = neurons.input_per_ns(projection.target, inhibitory);
                projections.push((shared, weight_ns as f32 * scaled));
            }
            let states = network.populations[population].len() * plasticities.len();
            Axons {
                outputs,
                inhibitory,
                projections,
                plasticities,
                resources: vec![Resources::RESTED; states],
            }
        });
        Self { axons, neuron_count: network.neuron_count(), events: 0 }
    }

    /// Delivers spikes of the window that begins with step number `step` and takes its input from
    /// row `row`.
    pub fn deliver(
        &mut self,
        arch: Arch,
        spikes: &[Spike],
        step: i32,
        row: usize,
        input: &mut Input,
    ) {
        arch.dispatch(Deliver { synapses: self, spikes, step, row, input });
    }
}

/// The arguments of [`Synapses::deliver`].
struct Deliver<'a, 'n> {
    synapses: &'a mut Synapses<'n>,
    spikes: &'a [Spike],
    step: i32,
    row: usize,
    input: &'a mut Input,
}

impl WithSimd for Deliver<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { synapses, spikes, step, row, input } = self;
        for &Spike { population, cell, offset } in spikes {
            let axons = &mut synapses.axons[population as usize];
            let target: &mut [f32] =
                if axons.inhibitory { &mut input.inhibition } else { &mut input.excitation };
            let kinds = axons.plasticities.len();
            let resources = &mut axons.resources[cell as usize * kinds..][..kinds];
            let mut released = [0.0; PROJECTIONS.len()];
            for ((released, resources), plasticity) in
                released.iter_mut().zip(resources).zip(&axons.plasticities)
            {
                *released = plasticity.release(resources, step + offset as i32);
            }
            let width = axons.projections.len();
            let starts = &axons.outputs.starts[cell as usize * width..][..=width];
            let origin = (row + offset as usize) * synapses.neuron_count;
            let size = target.len();
            for (ends, &(plasticity, weight)) in starts.windows(2).zip(&axons.projections) {
                let conductance = released[plasticity] * weight;
                let mut place = origin;
                for &way in &axons.outputs.ways[ends[0] as usize..ends[1] as usize] {
                    place += way as usize;
                    // After the last row of the input comes its first.
                    place = if place < size { place } else { place - size };
                    if way == ON_THE_WAY {
                        continue;
                    }
                    target[place] += conductance;
                    synapses.events += 1;
                }
            }
        }
    }
}
