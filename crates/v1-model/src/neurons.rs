//! The neurons: adaptive exponential integrate-and-fire cells with conductance synapses (Brette &
//! Gerstner 2005, equations 1–3; `EIF_cond_exp_isfa_ista` of `PyNN`, `aeif_cond_exp` of NEST).
//!
//! ```text
//! C V̇ = −g_L (V − E_L) + g_L Δ_T exp((V − V_T)/Δ_T) − g_e (V − E_e) − g_i (V − E_i) − w
//! τ_w ẇ = a (V − E_L) − w
//! ```
//!
//! One step of h = 0.1 ms takes the conductances as constant at their exact mean over the step,
//! g (1 − e⁻ˣ)/x with x = h/τ, so that the charge of each event is right. V advances by
//! h·V̇ / (1 + y), where y is ½ h/C times the total conductance: the trapezoidal rule for all but
//! the exponential, which is stable for any conductance.
//!
//! The loops work in scaled variables that save operations: `u = (V − E_e) log₂e/Δ_T`, so that
//! `E_e` is 0 and the exponential a power of two; ½ h/C times each mean conductance; and
//! `½ h/C log₂e/Δ_T` times each current. The rule is then u ← 2 (d + u)/(1 + y) − u with the sum d
//! of the currents at `E_e`.

use std::f32::consts::LOG2_E;

use pulp::{Arch, Simd, WithSimd};

use crate::geometry::{CORTICAL, SHEET_KEYS};
use crate::lanes::{Aligned, Lanes, exp2};
use crate::network::{Network, PADDING};
use crate::parameters::Parameters;
use crate::random::{Purpose, Stream};
use crate::time::{STEP_MS, WINDOW};

/// The cells of one sheet, in scaled units.
#[derive(Debug, Clone, Copy)]
struct CellType {
    first: usize,
    count: usize,
    /// Scaled potential per mV.
    per_mv: f32,
    e_exc_mv: f32,
    reset: f32,
    peak: f32,
    inhibition_reversal: f32,
    leak: f32,
    leak_current: f32,
    decay_exc: f32,
    decay_inh: f32,
    decay_w: f32,
    /// a times the part of the way to its goal that w goes in one step.
    subthreshold: f32,
    rest: f32,
    spike_w: f32,
    refractory_steps: i32,
    /// Scaled conductance per nS at the end of the step.
    exc_per_ns: f32,
    inh_per_ns: f32,
}

/// The state of all cortical neurons.
#[derive(Debug)]
pub struct Neurons {
    types: [CellType; CORTICAL],
    potential: Aligned<f32>,
    adaptation: Aligned<f32>,
    excitation: Aligned<f32>,
    inhibition: Aligned<f32>,
    /// The step from which on the neuron is not refractory any more.
    release: Aligned<i32>,
    threshold: Aligned<f32>,
}

/// What arrives in the next steps: one row of scaled conductances per step and sign, used in turn.
#[derive(Debug)]
pub struct Input {
    /// Rows of one value for each neuron.
    pub excitation: Aligned<f32>,
    /// Rows of one value for each neuron.
    pub inhibition: Aligned<f32>,
}

/// Neurons are updated in groups that fit into the first-level cache with their input.
const GROUP: usize = 512;

impl CellType {
    fn new(parameters: &Parameters, sheet: &str, first: usize, count: usize) -> Self {
        let value = |name: &str| {
            parameters.value(&format!("sheets.{sheet}.params.cell.params.{name}")) as f32
        };
        let per_mv = LOG2_E / value("Delta_T");
        let e_exc_mv = value("E_exc");
        let scaled = |mv: f32| (mv - e_exc_mv) * per_mv;
        let per_ns = 0.5 * STEP_MS / value("C_m");
        let leak = per_ns * value("g_L");
        let decay = |tau: &str| libm::expf(-STEP_MS / value(tau));
        let mean_over_step = |tau: &str| {
            let x = STEP_MS / value(tau);
            -libm::expm1f(-x) / x
        };
        Self {
            first,
            count,
            per_mv,
            e_exc_mv,
            reset: scaled(value("V_reset")),
            peak: scaled(value("V_peak")),
            inhibition_reversal: scaled(value("E_inh")),
            leak,
            leak_current: leak * scaled(value("E_L")),
            decay_exc: decay("tau_syn_exc"),
            decay_inh: decay("tau_syn_inh"),
            decay_w: decay("tau_w"),
            subthreshold: per_ns * value("a") * (1.0 - decay("tau_w")),
            rest: scaled(value("E_L")),
            // b in pA is nS · mV.
            spike_w: per_ns * value("b") * per_mv,
            refractory_steps: libm::roundf(value("refr_T") / STEP_MS) as i32,
            exc_per_ns: per_ns * mean_over_step("tau_syn_exc"),
            inh_per_ns: per_ns * mean_over_step("tau_syn_inh"),
        }
    }
}

impl Neurons {
    /// Neurons at the beginning: potentials uniform between −70 and −54 mV, no conductances.
    pub fn new(parameters: &Parameters, network: &Network, seed: u64) -> Self {
        let n = network.neuron_count();
        let network_seed = parameters.value("pynn_seed") as u64;
        let types = std::array::from_fn(|p| {
            let (first, count) = (network.first_neuron[p], network.populations[p].len());
            CellType::new(parameters, SHEET_KEYS[p], first, count)
        });
        let (mut potential, mut threshold) = (vec![], vec![]);
        for (p, cell) in types.iter().enumerate() {
            let value = |name: &str| {
                let sheet = SHEET_KEYS[p];
                parameters.value(&format!("sheets.{sheet}.params.cell.params.{name}"))
            };
            let scaled = |mv: f64| (mv as f32 - cell.e_exc_mv) * cell.per_mv;
            let mut start = Stream::new(seed, Purpose::InitialPotentials(p), 0);
            let mut spread = Stream::new(network_seed, Purpose::Thresholds(p), 0);
            // Raised by this, a threshold includes the factor of the exponential.
            let factor = libm::log2f(cell.leak * LOG2_E);
            // Places that pad a sheet to full vectors hold cells that nothing reaches or leaves.
            for _ in network.first_neuron[p]..network.first_neuron[p + 1] {
                potential.push(scaled(-70.0 + 16.0 * start.uniform()));
                let deviation = value("V_th_sd") * spread.normal().clamp(-3.0, 3.0);
                threshold.push(scaled(value("V_th") + deviation) - factor);
            }
        }
        Self {
            types,
            potential: Aligned::new(potential.into_iter()),
            adaptation: Aligned::zeros(n),
            excitation: Aligned::zeros(n),
            inhibition: Aligned::zeros(n),
            release: Aligned::zeros(n),
            threshold: Aligned::new(threshold.into_iter()),
        }
    }

    /// The scaled conductance that a spike of weight 1 nS adds in this population.
    pub fn input_per_ns(&self, population: usize, inhibitory: bool) -> f32 {
        let cell = &self.types[population];
        if inhibitory { cell.inh_per_ns } else { cell.exc_per_ns }
    }

    /// The excitatory and inhibitory conductances of a neuron of this population in nS.
    pub fn conductances_ns(&self, population: usize, neuron: usize) -> [f32; 2] {
        let cell = &self.types[population];
        [self.excitation[neuron] / cell.exc_per_ns, self.inhibition[neuron] / cell.inh_per_ns]
    }

    /// Integrates one window that begins with step number `step`; its input is taken from the rows
    /// `row`, `row` + 1, … and cleared.
    pub fn advance(&mut self, arch: Arch, input: &mut Input, row: usize, step: i32) {
        arch.dispatch(Advance { neurons: self, input, row, step });
    }

    /// Calls `spiked` with population, neuron and step of each spike in the window that began with
    /// step number `step`.
    #[inline(always)]
    pub fn spikes(&self, step: i32, mut spiked: impl FnMut(usize, usize, i32)) {
        for (population, cell) in self.types.iter().enumerate() {
            let since_spike = cell.refractory_steps + 1;
            let mut first = cell.first;
            for chunk in self.release[first..first + cell.count].chunks(32) {
                let recent = |&release: &i32| release >= step + since_spike;
                if chunk.iter().fold(false, |any, release| any | recent(release)) {
                    for (i, release) in chunk.iter().enumerate().filter(|(_, r)| recent(r)) {
                        spiked(population, first + i, release - since_spike);
                    }
                }
                first += chunk.len();
            }
        }
    }
}

/// The arguments of [`Neurons::advance`].
struct Advance<'a> {
    neurons: &'a mut Neurons,
    input: &'a mut Input,
    row: usize,
    step: i32,
}

impl WithSimd for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { neurons, input, row, step } = self;
        let n = neurons.potential.len();
        for cell in &neurons.types {
            let end = cell.first + cell.count.next_multiple_of(PADDING);
            for first in (cell.first..end).step_by(GROUP) {
                let group = first..(first + GROUP).min(end);
                let mut state = Group {
                    potential: &mut neurons.potential[group.clone()],
                    adaptation: &mut neurons.adaptation[group.clone()],
                    excitation: &mut neurons.excitation[group.clone()],
                    inhibition: &mut neurons.inhibition[group.clone()],
                    release: &mut neurons.release[group.clone()],
                    threshold: &neurons.threshold[group.clone()],
                };
                for offset in 0..WINDOW {
                    let place = (row + offset) * n + first..(row + offset) * n + group.end;
                    let exc = &mut input.excitation[place.clone()];
                    let inh = &mut input.inhibition[place];
                    state.advance(simd, cell, step + offset as i32, exc, inh);
                }
            }
        }
    }
}

/// The state of some neurons of one type.
struct Group<'a> {
    potential: &'a mut [f32],
    adaptation: &'a mut [f32],
    excitation: &'a mut [f32],
    inhibition: &'a mut [f32],
    release: &'a mut [i32],
    threshold: &'a [f32],
}

impl Group<'_> {
    /// One step.
    #[inline(always)]
    fn advance<S: Simd>(
        &mut self,
        simd: S,
        cell: &CellType,
        step: i32,
        input_exc: &mut [f32],
        input_inh: &mut [f32],
    ) {
        let constant = |value: f32| Lanes::splat(simd, value);
        let lanes = |values: S::f32s| Lanes { simd, values };
        let potential = S::as_mut_simd_f32s(self.potential).0;
        let n = potential.len();
        let adaptation = &mut S::as_mut_simd_f32s(self.adaptation).0[..n];
        let excitation = &mut S::as_mut_simd_f32s(self.excitation).0[..n];
        let inhibition = &mut S::as_mut_simd_f32s(self.inhibition).0[..n];
        let release = &mut S::as_mut_simd_i32s(self.release).0[..n];
        let threshold = &S::as_simd_f32s(self.threshold).0[..n];
        let input_exc = &mut S::as_mut_simd_f32s(input_exc).0[..n];
        let input_inh = &mut S::as_mut_simd_f32s(input_inh).0[..n];
        let now = simd.splat_i32s(step);
        let after_spike = simd.splat_i32s(step + cell.refractory_steps + 1);
        let (reset, peak) = (constant(cell.reset), constant(cell.peak));
        for k in 0..n {
            let exc = lanes(excitation[k]) * cell.decay_exc + lanes(input_exc[k]);
            let inh = lanes(inhibition[k]) * cell.decay_inh + lanes(input_inh[k]);
            input_exc[k] = simd.splat_f32s(0.0);
            input_inh[k] = simd.splat_f32s(0.0);
            excitation[k] = exc.values;
            inhibition[k] = inh.values;
            let (u, w) = (lanes(potential[k]), lanes(adaptation[k]));
            // Not on the way to the exponential, which takes longest.
            let damping = constant(2.0) / (exc + inh + (1.0 + cell.leak));
            let passive = inh * cell.inhibition_reversal + cell.leak_current - w + u;
            let next = (passive + exp2(u - lanes(threshold[k]))) * damping - u;
            let refractory = simd.greater_than_i32s(release[k], now);
            let next = reset.or(refractory, next);
            let spike = next.greater(peak);
            potential[k] = reset.or(spike, next).values;
            let w = w * cell.decay_w + (u - constant(cell.rest)) * cell.subthreshold;
            adaptation[k] = (w + constant(cell.spike_w).only(spike)).values;
            // A masked store, which the compiler makes of a selection here, is slow on many
            // machines.
            let released = simd.select_i32s(spike, after_spike, simd.splat_i32s(0));
            release[k] = simd.max_i32s(released, release[k]);
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;
    use serde_json::Value;

    use super::*;
    use crate::synapses::{Plasticity, Resources};

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    }

    /// A small network without connections, whose excitatory cells of layer 4 have these
    /// parameters.
    fn unconnected(cell: &[(String, f64)]) -> (Parameters, Network) {
        let fixed = [
            ("sheets.l4_cortex_exc.params.density", 25.0),
            ("sheets.l4_cortex_exc.params.cell.params.V_th_sd", 0.0),
            ("num_samples_reduction", 1.0e6),
        ];
        let cell = cell.iter().map(|(path, value)| (path.as_str(), *value));
        let parameters = Parameters::with_overrides(cell.chain(fixed)).unwrap();
        let network = Network::build(&parameters, 1).unwrap();
        (parameters, network)
    }

    #[test]
    fn a_neuron_with_depressing_synapses_follows_nest() {
        let reference: Value =
            serde_json::from_str(include_str!("../tests/data/nest_single_neuron.json")).unwrap();
        let per_ms = 10.0;
        for case in reference["cases"].as_array().unwrap() {
            let cell: Vec<(String, f64)> = case["cell"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| {
                    let name = if name == "t_ref" { "refr_T" } else { name };
                    let path = format!("sheets.l4_cortex_exc.params.cell.params.{name}");
                    (path, value.as_f64().unwrap())
                })
                .collect();
            let (parameters, network) = unconnected(&cell);
            let mut neurons = Neurons::new(&parameters, &network, 1);
            let kind = neurons.types[0];
            neurons.potential[0] = (-70.0 - kind.e_exc_mv) * kind.per_mv;

            let times_ms = numbers(&case["times_ms"]);
            let steps = (times_ms.last().unwrap() * per_ms) as usize;
            let n = network.neuron_count();
            let rows = steps + 100;
            let mut input = Input {
                excitation: Aligned::zeros(n * rows),
                inhibition: Aligned::zeros(n * rows),
            };
            for (sign, inhibitory) in [("excitatory", false), ("inhibitory", true)] {
                let synapse = &reference["synapses"][sign];
                let value = |name: &str| synapse[name].as_f64().unwrap();
                let plasticity = Plasticity {
                    utilization: value("U") as f32,
                    tau_rec_ms: value("tau_rec") as f32,
                    tau_psc_ms: value("tau_psc") as f32,
                };
                let mut resources = Resources::RESTED;
                for emitted_ms in numbers(&synapse["spikes_ms"]) {
                    let arrival = ((emitted_ms + value("delay")) * per_ms).round() as usize;
                    let released =
                        plasticity.release(&mut resources, (emitted_ms * per_ms).round() as i32);
                    let row =
                        if inhibitory { &mut input.inhibition } else { &mut input.excitation };
                    row[arrival * n] +=
                        released * value("weight") as f32 * neurons.input_per_ns(0, inhibitory);
                }
            }

            let (mut spikes_ms, mut worst_g, mut deviations_mv) = (vec![], 0.0_f64, vec![]);
            let mut samples = 0..times_ms.len();
            for step in (0..steps).step_by(WINDOW) {
                neurons.advance(Arch::new(), &mut input, step, step as i32);
                neurons.spikes(step as i32, |population, neuron, step| {
                    if (population, neuron) == (0, 0) {
                        spikes_ms.push(f64::from(step + 1) / per_ms);
                    }
                });
                if (step + WINDOW).is_multiple_of(10) {
                    let sample = samples.next().unwrap();
                    assert_eq!(times_ms[sample] * per_ms, (step + WINDOW) as f64);
                    let next = (step + WINDOW) * n;
                    let g_ex = neurons.excitation[0] * kind.decay_exc + input.excitation[next];
                    let g_in = neurons.inhibition[0] * kind.decay_inh + input.inhibition[next];
                    for (g, name) in
                        [(g_ex / kind.exc_per_ns, "g_ex"), (g_in / kind.inh_per_ns, "g_in")]
                    {
                        let expected = case[name][sample].as_f64().unwrap();
                        worst_g = worst_g.max((f64::from(g) - expected).abs());
                    }
                    let v = f64::from(neurons.potential[0] / kind.per_mv + kind.e_exc_mv);
                    deviations_mv.push((v - case["V_m"][sample].as_f64().unwrap()).abs());
                }
            }
            assert!(worst_g < 2.0e-4, "{worst_g:e} nS");
            deviations_mv.sort_by(f64::total_cmp);
            let median_mv = deviations_mv[deviations_mv.len() / 2];
            assert!(median_mv < 0.2, "{median_mv} mV");
            // The exponential is taken at the beginning of each step, so spikes are 0.2 to 0.5 ms
            // late.
            let expected_ms = numbers(&case["spikes_ms"]);
            let late = |spike_ms: &&f64| {
                expected_ms.iter().any(|expected| (0.05..0.65).contains(&(**spike_ms - expected)))
            };
            let matched = spikes_ms.iter().filter(late).count();
            // An inhibitory cell at 100 Hz loses one spike in 59 and then fires at other times.
            assert!(spikes_ms.len().abs_diff(expected_ms.len()) <= 1, "{spikes_ms:?}");
            let needed = if case["name"] == "inhibitory" { 0.75 } else { 1.0 };
            assert!(matched as f64 >= needed * spikes_ms.len() as f64, "{matched}: {spikes_ms:?}");
        }
    }

    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        let (parameters, network) = unconnected(&[]);
        let n = network.neuron_count();
        let mut drive = Stream::new(1, Purpose::Cells(0), 0);
        let mut random_input = || {
            let events = (0..n * WINDOW).map(|_| (drive.uniform() * 0.03) as f32);
            Aligned::new(events.collect::<Vec<_>>().into_iter())
        };
        let [mut wide, mut narrow] = [1, 1].map(|seed| Neurons::new(&parameters, &network, seed));
        let mut spikes = 0;
        for step in (0..2000).step_by(WINDOW) {
            let (excitation, inhibition) = (random_input(), random_input());
            let copy = |row: &Aligned<f32>| Aligned::new(row.iter().copied());
            let mut same = Input { excitation: copy(&excitation), inhibition: copy(&inhibition) };
            let mut input = Input { excitation, inhibition };
            wide.advance(Arch::new(), &mut input, 0, step);
            Advance { neurons: &mut narrow, input: &mut same, row: 0, step }.with_simd(Scalar);
            wide.spikes(step, |_, _, _| spikes += 1);
        }
        assert!(spikes > 1000, "{spikes}");
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&wide.potential), bits(&narrow.potential));
        assert_eq!(bits(&wide.adaptation), bits(&narrow.adaptation));
        assert_eq!(wide.release[..], narrow.release[..]);
    }
}
