//! The neurons: adaptive exponential integrate-and-fire cells with conductance synapses (Brette &
//! Gerstner 2005, equations 1–3; `EIF_cond_exp_isfa_ista` of `PyNN`, `aeif_cond_exp` of NEST).
//!
//! ```text
//! C V̇ = −g_L (V − E_L) + g_L Δ_T exp((V − V_T)/Δ_T) − g_e (V − E_e) − g_i (V − E_i) − w
//! τ_w ẇ = a (V − E_L) − w
//! ```
//!
//! # The step
//!
//! One step of h = 0.25 ms takes the conductances as constant at their exact mean over the step,
//! g (1 − e⁻ˣ)/x with x = h/τ, so that the charge of each event is right. Two flows are then solved
//! one after the other: half of the first, the second, half of the first (Strang 1968, "On the
//! construction and comparison of difference schemes"). The error of a step is of the order of h³.
//!
//! The first is all but the exponential. With y = ½ h/C times the total conductance and d = ½ h/C
//! times the sum of the currents at V = 0, the halves are backward and forward Euler, together the
//! trapezoidal rule, which is stable for any conductance:
//!
//! ```text
//! m = (V + d)/(1 + y)        V(h) = m′ + d − y m′
//! ```
//!
//! The second, from m to m′, is the exponential alone:
//!
//! ```text
//! V̇ = (g_L/C) Δ_T exp((V − V_T)/Δ_T)      with z = exp(−(V − V_T)/Δ_T) this is ż = −g_L/C
//! m′ = m − Δ_T ln(1 − E)                  where E = (h g_L/C) exp((m − V_T)/Δ_T)
//! ```
//!
//! If E ≥ 1 the potential becomes infinite within the step, after the share 1/E of it. That is the
//! spike: from `V_peak`, several times `Δ_T` above `V_T`, to infinity takes no time to speak of.
//! (The exponential together with a constant current is linear in z too, and becomes infinite
//! within the step if E₀ (eᵃ − 1)/a ≥ 1, where E₀ is E at its beginning and a the rise of V by the
//! current in units of `Δ_T`. E is E₀ eᵃᐟ², which is the same up to a²/24.) The logarithm is taken
//! as E + E²/2 + E³/2; what that lacks near E = 1 is made up in the next step, where the spike
//! falls early. Where E > ½ both flows are fast, and the step is made in three.
//!
//! A neuron is refractory for `refr_T` from the end of that step of NEST's grid of 0.1 ms in which
//! it spiked, which is 0.05 ms later on average. This ends within a step, of which the neuron makes
//! the share that is left: y, d and E are smaller by this share.
//!
//! Against steps of 0.01 ms, at 2 to 100 Hz, the error of a neuron's rate is −0.4 to +0.2 %, and
//! below 2.5 % where `V_reset` is 3 mV above `V_T`, as in a few cells of layer 2/3. It is −0.3 to
//! −2.9 % if a spike ends its step and refractory periods are whole steps, and −3 to −7 % in steps
//! of 0.1 ms with the exponential at their beginning and a spike where V exceeds `V_peak`.
//!
//! # The loops
//!
//! They work in scaled variables that save operations: `u = (V − E_e) log₂e/Δ_T`, so that `E_e` is
//! 0 and the exponential a power of two; ½ h/C times each mean conductance; and `½ h/C log₂e/Δ_T`
//! times each current. Neurons are taken over a whole window, so that their state stays in
//! registers. Where E is negligible for a whole vector it is not computed; so that vectors of any
//! width give the same bits it is 0 wherever it is that small.

use std::f32::consts::LOG2_E;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::geometry::{CORTICAL, SHEET_KEYS};
use crate::lanes::{Aligned, Lanes, any, exp2, exp2_in_range};
use crate::network::{Network, PADDING};
use crate::parameters::Parameters;
use crate::random::{Purpose, Stream};
use crate::time::{GRID_MS, STEP_MS, WINDOW};

/// Where E is smaller than 2 to this power it is left out, which is 2 · 10⁻⁴ mV in a step.
const LEAST_EXPONENT: f32 = -12.0;
/// Where E is larger the step is made in small ones.
const CLOSE: f32 = 0.5;
/// Their number.
const SMALL_STEPS: usize = 3;
/// E does not become larger than 2 to this power; there is a spike long before.
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
    spikes: Vec<(u32, f32)>,
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

    /// Thresholds and potentials of cells of this population in mV, before the first step.
    pub fn beginning_mv(&self, population: usize, cells: Range<usize>) -> [Vec<f32>; 2] {
        let cell = &self.types[population];
        let factor = libm::log2f(2.0 * cell.leak);
        let mv = |scaled: f32| scaled / cell.per_mv + cell.e_exc_mv;
        let thresholds = self.threshold[cells.clone()].iter().map(|&at| mv(at + factor));
        [thresholds.collect(), self.potential[cells].iter().map(|&u| mv(u)).collect()]
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
    /// Returns the neurons that spiked, in their order, and when: in steps after the beginning of
    /// the window, in (0, [`WINDOW`]].
    pub fn advance(&mut self, arch: Arch, input: &mut Input, row: usize) -> &[(u32, f32)] {
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
        let (exc, next_exc) = input.excitation[rows.clone()].split_at_mut(n);
        let (inh, next_inh) = input.inhibition[rows].split_at_mut(n);
        let vectors = n / S::F32_LANES;
        let [exc, next_exc, inh, next_inh] =
            [exc, next_exc, inh, next_inh].map(|row| &mut S::as_mut_simd_f32s(row).0[..vectors]);
        let potential = &mut S::as_mut_simd_f32s(&mut neurons.potential).0[..vectors];
        let adaptation = &mut S::as_mut_simd_f32s(&mut neurons.adaptation).0[..vectors];
        let excitation = &mut S::as_mut_simd_f32s(&mut neurons.excitation).0[..vectors];
        let inhibition = &mut S::as_mut_simd_f32s(&mut neurons.inhibition).0[..vectors];
        let wait = &mut S::as_mut_simd_f32s(&mut neurons.wait).0[..vectors];
        let threshold = &S::as_simd_f32s(&neurons.threshold).0[..vectors];
        let lanes = |values| Lanes { simd, values };
        let none = simd.splat_f32s(0.0);
        neurons.spikes.clear();
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
                let mut spiked = cells.step(cell, limit, [exc[k], inh[k]].map(lanes), 0.0);
                spiked |= cells.step(cell, limit, [next_exc[k], next_inh[k]].map(lanes), 1.0);
                (exc[k], inh[k], next_exc[k], next_inh[k]) = (none, none, none, none);
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
                            neurons.spikes.push(((k * S::F32_LANES + lane) as u32, after_steps));
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
    /// For how many steps they stay refractory.
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
        [input_exc, input_inh]: [Lanes<S>; 2],
        before: f32,
    ) -> bool {
        let simd = threshold.simd;
        let constant = |value: f32| Lanes::splat(simd, value);
        let (u, w) = (self.potential, self.adaptation);
        let exc = self.excitation.mul_add(cell.decay_exc, input_exc);
        let inh = self.inhibition.mul_add(cell.decay_inh, input_inh);
        let total = exc + inh + (1.0 + cell.leak);
        let drive = inh.mul_add(cell.inhibition_reversal, cell.leak_current) - w;
        let waits = self.wait.greater(constant(0.0));
        let refractory = any(simd, waits);
        let mut now = Now { total, drive, free: constant(1.0), threshold };
        if refractory {
            now.shorten((now.free - self.wait).max(constant(0.0)));
            self.wait = (self.wait - constant(1.0)).max(constant(0.0));
        }
        // Not on the way to the exponential, which takes longest.
        let damping = constant(1.0) / now.total;
        let middle = (now.drive + u) * damping;
        let exponent = middle - threshold;
        let near = exponent.greater(constant(LEAST_EXPONENT));
        let towards_rest = u.mul_add(cell.subthreshold, -cell.rest * cell.subthreshold);
        self.adaptation = w.mul_add(cell.decay_w, towards_rest);
        (self.excitation, self.inhibition) = (exc, inh);
        if !any(simd, near) {
            self.potential = now.end(middle, constant(0.0));
            return false;
        }
        let e = exp2_in_range(exponent.min(constant(0.0))).only(near) * now.free;
        self.potential = now.end(middle, e);
        let close = e.greater(now.free * CLOSE);
        if !any(simd, close) {
            return false;
        }
        let (after, within) = now.in_small_steps(u);
        let within = within.only(close);
        let spike = within.greater(constant(0.0));
        let after = constant(cell.reset).or(spike, after);
        self.potential = after.or(close, self.potential);
        self.adaptation = self.adaptation + constant(cell.spike_w).only(spike);
        self.wait = (within + (cell.refractory_steps - 1.0)).or(spike, self.wait);
        self.fired = (within + before).or(spike, self.fired);
        any(simd, spike)
    }
}

/// What acts on neurons in a step.
#[derive(Clone, Copy)]
struct Now<S: Simd> {
    /// 1 + y.
    total: Lanes<S>,
    /// d.
    drive: Lanes<S>,
    /// The share of the step that the neurons make.
    free: Lanes<S>,
    threshold: Lanes<S>,
}

impl<S: Simd> Now<S> {
    /// Makes this share of the step of it.
    #[inline(always)]
    fn shorten(&mut self, share: Lanes<S>) {
        let one = Lanes::splat(self.threshold.simd, 1.0);
        self.total = share.mul_add(self.total - one, one);
        self.drive = self.drive * share;
        self.free = self.free * share;
    }

    /// The potential at the end, from that in the middle and E.
    #[inline(always)]
    fn end(&self, middle: Lanes<S>, e: Lanes<S>) -> Lanes<S> {
        let higher = (e * e) * e.mul_add(0.5 * LOG2_E, 0.5 * LOG2_E);
        let risen = e.mul_add(LOG2_E, middle) + higher;
        self.total.negate_mul_add(risen, risen.mul_add(2.0, self.drive))
    }

    /// The potential at the end from that at the beginning, and when in the step the first spike
    /// is, or 0.
    #[inline(always)]
    fn in_small_steps(mut self, mut u: Lanes<S>) -> (Lanes<S>, Lanes<S>) {
        let simd = u.simd;
        let constant = |value: f32| Lanes::splat(simd, value);
        let mut begun = constant(1.0) - self.free;
        self.shorten(constant(1.0 / SMALL_STEPS as f32));
        let damping = constant(1.0) / self.total;
        let mut within = constant(0.0);
        for _ in 0..SMALL_STEPS {
            let middle = (self.drive + u) * damping;
            let exponent = (middle - self.threshold).min(constant(LARGEST_EXPONENT));
            let e = exp2(exponent) * self.free;
            u = self.end(middle, e);
            let spike = (begun + self.free / e).only(e.greater(constant(1.0)));
            within = within.or(within.greater(constant(0.0)), spike);
            begun = begun + self.free;
        }
        (u, within)
    }
}

#[cfg(test)]
mod tests;
