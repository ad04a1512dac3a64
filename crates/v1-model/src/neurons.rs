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
use crate::lanes::{Aligned, Lanes, any, exp2};
use crate::network::{Network, PADDING};
use crate::parameters::Parameters;
use crate::random::{Purpose, Stream};
use crate::time::{GRID_MS, STEP_MS, WINDOW};

/// Keeps [`exp2`] in its range; E is above 1 long before.
const LARGEST_EXPONENT: f32 = 100.0;

/// The cells of one sheet, in scaled units.
#[derive(Debug, Clone, Copy)]
struct CellType {
    first: usize,
    count: usize,
    /// Scaled potential per mV.
    per_mv: f32,
    e_exc_mv: f32,
    reset: f32,
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
    refractory_steps: f32,
    /// Scaled conductance per nS at the beginning of the step.
    exc_per_ns: f32,
    inh_per_ns: f32,
    /// What is recorded, in nS, per scaled conductance.
    recorded_ns: [f32; 2],
}

/// The state of all cortical neurons.
#[derive(Debug)]
pub struct Neurons {
    types: [CellType; CORTICAL],
    potential: Aligned<f32>,
    adaptation: Aligned<f32>,
    excitation: Aligned<f32>,
    inhibition: Aligned<f32>,
    /// For how many steps the neuron stays refractory.
    wait: Aligned<f32>,
    threshold: Aligned<f32>,
    spikes: Vec<Spike>,
}

/// A spike of a cortical neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// The neuron.
    pub neuron: u32,
    /// When it was fired, in steps after the beginning of the window: in (0, [`WINDOW`]].
    pub after_steps: f32,
}

/// What arrives in the next steps: one row of scaled conductances per step and sign, used in turn.
#[derive(Debug)]
pub struct Input {
    /// Rows of one value for each neuron.
    pub excitation: Aligned<f32>,
    /// Rows of one value for each neuron.
    pub inhibition: Aligned<f32>,
}

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
        let mean_over = |duration_ms: f32, tau: &str| {
            let x = duration_ms / value(tau);
            -libm::expm1f(-x) / x
        };
        let recorded_ns = |tau: &str| 1.0 / (per_ns * mean_over(GRID_MS, tau));
        Self {
            first,
            count,
            per_mv,
            e_exc_mv,
            reset: scaled(value("V_reset")),
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
            refractory_steps: (value("refr_T") + 0.5 * GRID_MS) / STEP_MS,
            exc_per_ns: per_ns * mean_over(STEP_MS, "tau_syn_exc"),
            inh_per_ns: per_ns * mean_over(STEP_MS, "tau_syn_inh"),
            recorded_ns: [recorded_ns("tau_syn_exc"), recorded_ns("tau_syn_inh")],
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
            // Raised by this, a threshold includes the factor of E.
            let factor = libm::log2f(2.0 * cell.leak);
            for _ in 0..cell.count {
                potential.push(scaled(-70.0 + 16.0 * start.uniform()));
                let deviation = value("V_th_sd") * spread.normal().clamp(-3.0, 3.0);
                threshold.push(scaled(value("V_th") + deviation) - factor);
            }
            // Places that pad a sheet to full vectors hold cells that never fire.
            potential.resize(network.first_neuron[p + 1], cell.reset);
            threshold.resize(network.first_neuron[p + 1], f32::MAX);
        }
        Self {
            types,
            potential: Aligned::new(potential.into_iter()),
            adaptation: Aligned::zeros(n),
            excitation: Aligned::zeros(n),
            inhibition: Aligned::zeros(n),
            wait: Aligned::zeros(n),
            threshold: Aligned::new(threshold.into_iter()),
            spikes: vec![],
        }
    }

    /// The scaled conductance that a spike of weight 1 nS adds in this population.
    pub fn input_per_ns(&self, population: usize, inhibitory: bool) -> f32 {
        let cell = &self.types[population];
        if inhibitory { cell.inh_per_ns } else { cell.exc_per_ns }
    }

    /// The excitatory and inhibitory conductances of a neuron of this population in nS, as NEST
    /// samples them on its grid: just after what arrives there.
    pub fn conductances_ns(&self, population: usize, neuron: usize) -> [f32; 2] {
        let [exc, inh] = self.types[population].recorded_ns;
        [self.excitation[neuron] * exc, self.inhibition[neuron] * inh]
    }

    /// Integrates one window; its input is taken from the rows `row`, `row` + 1, … and cleared.
    /// Returns the spikes in the order of the neurons.
    pub fn advance(&mut self, arch: Arch, input: &mut Input, row: usize) -> &[Spike] {
        arch.dispatch(Advance { neurons: self, input, row });
        &self.spikes
    }
}

/// The arguments of [`Neurons::advance`].
struct Advance<'a> {
    neurons: &'a mut Neurons,
    input: &'a mut Input,
    row: usize,
}

impl WithSimd for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { neurons, input, row } = self;
        let n = neurons.potential.len();
        let rows = row * n..(row + WINDOW) * n;
        let input_exc = S::as_mut_simd_f32s(&mut input.excitation[rows.clone()]).0;
        let input_inh = S::as_mut_simd_f32s(&mut input.inhibition[rows]).0;
        let potential = S::as_mut_simd_f32s(&mut neurons.potential).0;
        let vectors = potential.len();
        let adaptation = &mut S::as_mut_simd_f32s(&mut neurons.adaptation).0[..vectors];
        let excitation = &mut S::as_mut_simd_f32s(&mut neurons.excitation).0[..vectors];
        let inhibition = &mut S::as_mut_simd_f32s(&mut neurons.inhibition).0[..vectors];
        let wait = &mut S::as_mut_simd_f32s(&mut neurons.wait).0[..vectors];
        let threshold = &S::as_simd_f32s(&neurons.threshold).0[..vectors];
        let (exc_first, exc_second) = input_exc.split_at_mut(vectors);
        let (inh_first, inh_second) = input_inh.split_at_mut(vectors);
        let (exc_second, inh_first) = (&mut exc_second[..vectors], &mut inh_first[..vectors]);
        let inh_second = &mut inh_second[..vectors];
        neurons.spikes.clear();
        let lanes = |values: S::f32s| Lanes { simd, values };
        let none = simd.splat_f32s(0.0);
        for cell in &neurons.types {
            let last = cell.first + cell.count.next_multiple_of(PADDING);
            for k in cell.first / S::F32_LANES..last / S::F32_LANES {
                let mut cells = Cells {
                    potential: lanes(potential[k]),
                    adaptation: lanes(adaptation[k]),
                    excitation: lanes(excitation[k]),
                    inhibition: lanes(inhibition[k]),
                    wait: lanes(wait[k]),
                    fired: lanes(none),
                };
                let limit = lanes(threshold[k]);
                let mut spiked =
                    cells.step(cell, limit, [exc_first[k], inh_first[k]].map(lanes), 0.0);
                spiked |= cells.step(cell, limit, [exc_second[k], inh_second[k]].map(lanes), 1.0);
                (exc_first[k], exc_second[k]) = (none, none);
                (inh_first[k], inh_second[k]) = (none, none);
                potential[k] = cells.potential.values;
                adaptation[k] = cells.adaptation.values;
                excitation[k] = cells.excitation.values;
                inhibition[k] = cells.inhibition.values;
                wait[k] = cells.wait.values;
                if spiked {
                    let mut fired = [0.0; PADDING];
                    cells.fired.store(&mut fired, 0);
                    for (lane, &after_steps) in fired.iter().enumerate() {
                        if after_steps > 0.0 {
                            let neuron = (k * S::F32_LANES + lane) as u32;
                            neurons.spikes.push(Spike { neuron, after_steps });
                        }
                    }
                }
            }
        }
    }
}

/// The state of some neurons of one type, in registers.
struct Cells<S: Simd> {
    potential: Lanes<S>,
    adaptation: Lanes<S>,
    excitation: Lanes<S>,
    inhibition: Lanes<S>,
    wait: Lanes<S>,
    /// When they spiked in this window, in steps; 0 if they did not.
    fired: Lanes<S>,
}

impl<S: Simd> Cells<S> {
    /// One step, the one after `before` steps of the window. Returns whether a neuron spiked.
    #[inline(always)]
    fn step(
        &mut self,
        cell: &CellType,
        threshold: Lanes<S>,
        input: [Lanes<S>; 2],
        before: f32,
    ) -> bool {
        let simd = threshold.simd;
        let constant = |value: f32| Lanes::splat(simd, value);
        let exc = self.excitation * cell.decay_exc + input[0];
        let inh = self.inhibition * cell.decay_inh + input[1];
        let (u, w) = (self.potential, self.adaptation);
        let total = exc + inh + (1.0 + cell.leak);
        let drive = inh * cell.inhibition_reversal + cell.leak_current - w;
        let middle = (drive + u) / total;
        let mut growth = exp2((middle - threshold).min(constant(LARGEST_EXPONENT)));
        let waits = self.wait.greater(constant(0.0));
        let refractory = any(simd, waits);
        let free = (constant(1.0) - self.wait).max(constant(0.0));
        if refractory {
            growth = growth * free;
        }
        let risen = middle + growth * ((growth + 1.0) * growth * (0.5 * LOG2_E) + LOG2_E);
        let mut next = risen + risen + drive - total * risen;
        if refractory {
            next = (u + free * (next - u)).or(waits, next);
            self.wait = (self.wait - constant(1.0)).max(constant(0.0));
        }
        self.potential = next;
        self.adaptation = w * cell.decay_w + (u - constant(cell.rest)) * cell.subthreshold;
        (self.excitation, self.inhibition) = (exc, inh);
        let spike = growth.greater(constant(1.0));
        let spiked = any(simd, spike);
        if spiked {
            let within = constant(1.0) - free + free / growth;
            self.potential = constant(cell.reset).or(spike, next);
            self.adaptation = self.adaptation + constant(cell.spike_w).only(spike);
            self.wait = (within + (cell.refractory_steps - 1.0)).or(spike, self.wait);
            self.fired = (within + before).or(spike, self.fired);
        }
        spiked
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
