//! Single neurons against NEST, and against small steps.

use pulp::Scalar;
use serde_json::Value;

use super::*;
use crate::synapses::{Plasticity, Resources};
use crate::time::STEPS_PER_MS;

const STEPS_PER_S: usize = 1000 * STEPS_PER_MS;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// A network without connections and without spread of thresholds, with `cells` excitatory
/// cells in layer 4.
fn unconnected(cells: f64, changed: &[(String, f64)]) -> (Parameters, Network) {
    let fixed = [
        ("sheets.l4_cortex_exc.params.density", cells / 4.0),
        ("sheets.l4_cortex_exc.params.cell.params.V_th_sd", 0.0),
        ("sheets.l4_cortex_inh.params.cell.params.V_th_sd", 0.0),
        ("num_samples_reduction", 1.0e6),
    ];
    let changed = changed.iter().map(|(path, value)| (path.as_str(), *value));
    let parameters = Parameters::with_overrides(changed.chain(fixed)).unwrap();
    let network = Network::build(&parameters, 1).unwrap();
    (parameters, network)
}

impl Neurons {
    fn start_at(&mut self, population: usize, potential_mv: f32) {
        let cell = self.types[population];
        let scaled = (potential_mv - cell.e_exc_mv) * cell.per_mv;
        self.potential[cell.first..cell.first + cell.count].fill(scaled);
    }
}

#[test]
fn a_neuron_with_depressing_synapses_follows_nest() {
    let reference: Value =
        serde_json::from_str(include_str!("../../tests/data/nest_single_neuron.json")).unwrap();
    let per_ms = STEPS_PER_MS as f64;
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
        let (parameters, network) = unconnected(100.0, &cell);
        let mut neurons = Neurons::new(&parameters, &network, 1);
        let kind = neurons.types[0];
        neurons.start_at(0, -70.0);

        let times_ms = numbers(&case["times_ms"]);
        let steps = (times_ms.last().unwrap() * per_ms) as usize;
        let n = network.neuron_count();
        let rows = steps + 100;
        let mut input =
            Input { excitation: Aligned::zeros(n * rows), inhibition: Aligned::zeros(n * rows) };
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
                let step = (emitted_ms * per_ms).round() as i32;
                let released = plasticity.release(&mut resources, step);
                let row = if inhibitory { &mut input.inhibition } else { &mut input.excitation };
                let scaled = neurons.input_per_ns(0, inhibitory);
                row[arrival * n] += released * value("weight") as f32 * scaled;
            }
        }

        let (mut spikes_ms, mut worst_g, mut deviations_mv) = (vec![], 0.0_f64, vec![]);
        let mut samples = 0..times_ms.len();
        for step in (0..steps).step_by(WINDOW) {
            let spikes = neurons.advance(Arch::new(), &mut input, step);
            let mine = spikes.iter().filter(|(neuron, _)| *neuron == 0);
            spikes_ms.extend(mine.map(|(_, after)| (step as f64 + f64::from(*after)) / per_ms));
            if (step + WINDOW).is_multiple_of(STEPS_PER_MS) {
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
        assert!(median_mv < 0.05, "{median_mv} mV");
        // An inhibitory cell at 90 Hz fires one spike more or less where it nearly fires.
        let most = usize::from(case["name"] == "inhibitory");
        let expected_ms = numbers(&case["spikes_ms"]);
        assert!(spikes_ms.len().abs_diff(expected_ms.len()) <= most, "{spikes_ms:?}");
        let near = |spike_ms: &&f64| {
            expected_ms.iter().any(|expected_ms| (*spike_ms - expected_ms).abs() < 0.25)
        };
        let matched = spikes_ms.iter().filter(near).count() as f64;
        let needed = if case["name"] == "inhibitory" { 0.8 } else { 1.0 };
        assert!(matched >= needed * spikes_ms.len() as f64, "{matched}: {spikes_ms:?}");
    }
}

/// A cell as a reference integrates it, in mV, nS, pF, pA and ms.
struct Reference<'a> {
    parameters: &'a Parameters,
    sheet: &'a str,
}

impl Reference<'_> {
    fn value(&self, name: &str) -> f64 {
        self.parameters.value(&format!("sheets.{}.params.cell.params.{name}", self.sheet))
    }

    /// How many spikes the cell fires: the Runge–Kutta rule of fourth order in steps of 0.01 ms,
    /// and of 0.0002 ms where the potential runs away. As in NEST a cell is held at its reset until
    /// `refr_T` after the end of the step of 0.1 ms in which it spiked.
    fn spike_count(&self, arrivals_ns: &[[f32; 2]]) -> usize {
        let grid_ms = 1.0 / STEPS_PER_MS as f64;
        let [capacity, leak, rest] = ["C_m", "g_L", "E_L"].map(|name| self.value(name));
        let [steepness, limit, peak] = ["Delta_T", "V_th", "V_peak"].map(|name| self.value(name));
        let [e_exc, e_inh, reset] = ["E_exc", "E_inh", "V_reset"].map(|name| self.value(name));
        let taus = ["tau_syn_exc", "tau_syn_inh", "tau_w"].map(|name| self.value(name));
        let (refractory_ms, jump) = (self.value("refr_T"), self.value("b"));
        let slope = |v: f64, [exc, inh, w]: [f64; 3]| {
            let v = v.min(peak);
            let spike = leak * steepness * ((v - limit) / steepness).exp();
            (spike - leak * (v - rest) - exc * (v - e_exc) - inh * (v - e_inh) - w) / capacity
        };
        let (mut v, mut state, mut released_ms, mut count) = (-70.0, [0.0_f64; 3], 0.0, 0);
        for (step, arrival_ns) in arrivals_ns.iter().enumerate() {
            state[0] += f64::from(arrival_ns[0]);
            state[1] += f64::from(arrival_ns[1]);
            let (mut now_ms, end_ms) = (step as f64 * grid_ms, (step + 1) as f64 * grid_ms);
            while now_ms < end_ms - 1.0e-9 {
                let held = now_ms < released_ms - 1.0e-9;
                let fine_ms = match (v - limit) / steepness {
                    _ if held => released_ms - now_ms,
                    above if above > 2.0 => 2.0e-4,
                    above if above > -1.0 => 1.0e-3,
                    _ => 1.0e-2,
                };
                let h = fine_ms.min(end_ms - now_ms);
                let decayed = |part: f64| -> [f64; 3] {
                    std::array::from_fn(|i| state[i] * (-part * h / taus[i]).exp())
                };
                let (middle, end) = (decayed(0.5), decayed(1.0));
                if !held {
                    let k1 = slope(v, state);
                    let k2 = slope(v + 0.5 * h * k1, middle);
                    let k3 = slope(v + 0.5 * h * k2, middle);
                    let k4 = slope(v + h * k3, end);
                    v += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
                }
                (state, now_ms) = (end, now_ms + h);
                if v >= peak {
                    count += 1;
                    v = reset;
                    state[2] += jump;
                    released_ms = (now_ms * 10.0 - 1.0e-6).ceil() / 10.0 + refractory_ms;
                }
            }
        }
        count
    }
}

/// Poisson input in each step, in nS.
fn arrivals_ns(exc_hz: f64, seed: u64, steps: usize) -> Vec<[f32; 2]> {
    let mut stream = Stream::new(seed, Purpose::Cells(0), exc_hz as u64);
    let mut count = |rate_hz: f64| {
        let nothing = (-rate_hz / STEPS_PER_S as f64).exp();
        let (mut events, mut product) = (0.0, stream.uniform());
        while product > nothing {
            (events, product) = (events + 1.0, product * stream.uniform());
        }
        events
    };
    (0..steps).map(|_| [1.5 * count(exc_hz), 4.0 * count(150.0)]).collect()
}

/// Over 20 s, twice and a half as long, the errors were −0.3 to +0.2 %.
#[test]
fn rates_are_those_of_small_steps() {
    // Cells of layer 2/3 with a low threshold, which spike again soon after their reset.
    let low = ("sheets.l23_cortex_exc.params.cell.params.V_th".to_owned(), -60.0);
    let (parameters, network) = unconnected(100.0, &[low]);
    let mut neurons = Neurons::new(&parameters, &network, 1);
    let n = network.neuron_count();
    let steps = 8 * STEPS_PER_S;
    // Population, events per second, cells: 2, 10, 50 and 100 Hz.
    let drives = [
        (0, 459.0, 40),
        (0, 631.0, 10),
        (0, 988.0, 4),
        (0, 1307.0, 4),
        (1, 331.0, 13),
        (1, 443.0, 6),
        (1, 682.0, 3),
        (1, 858.0, 3),
        (2, 500.0, 6),
    ];
    let (mut total, mut expected_total) = (0.0, 0.0);
    let mut next = network.first_neuron;
    let mut cells = vec![];
    for (drive, &(population, exc_hz, count)) in drives.iter().enumerate() {
        for seed in 0..count {
            cells.push((drive, next[population], arrivals_ns(exc_hz, seed, steps)));
            next[population] += 1;
        }
        neurons.start_at(population, -70.0);
    }
    let mut input =
        Input { excitation: Aligned::zeros(n * WINDOW), inhibition: Aligned::zeros(n * WINDOW) };
    let mut counts = vec![0; n];
    for step in (0..steps).step_by(WINDOW) {
        for (drive, neuron, arrivals_ns) in &cells {
            for offset in 0..WINDOW {
                let [exc, inh] = arrivals_ns[step + offset];
                let scaled = |inhibitory| neurons.input_per_ns(drives[*drive].0, inhibitory);
                input.excitation[offset * n + neuron] = exc * scaled(false);
                input.inhibition[offset * n + neuron] = inh * scaled(true);
            }
        }
        for (neuron, _) in neurons.advance(Arch::new(), &mut input, 0) {
            counts[*neuron as usize] += 1;
        }
    }
    for (drive, (population, ..)) in drives.iter().enumerate() {
        let (mut found, mut expected) = (0, 0);
        let reference = Reference { parameters: &parameters, sheet: SHEET_KEYS[*population] };
        for (_, neuron, arrivals_ns) in cells.iter().filter(|(of, ..)| *of == drive) {
            found += counts[*neuron];
            expected += reference.spike_count(arrivals_ns);
        }
        let (found, expected) = (f64::from(found), expected as f64);
        let error = found / expected - 1.0;
        assert!(error.abs() < 0.025, "{:?}: {found} spikes, {expected} expected", drives[drive]);
        total += found;
        expected_total += expected;
    }
    let error = total / expected_total - 1.0;
    assert!(error.abs() < 0.005, "{total} spikes, {expected_total} expected");
}

#[test]
fn the_width_of_vectors_changes_no_bit() {
    let (parameters, network) = unconnected(100.0, &[]);
    let n = network.neuron_count();
    let mut drive = Stream::new(1, Purpose::Cells(0), 0);
    let mut random_input = || {
        let events = (0..n * WINDOW).map(|_| (drive.uniform() * 0.06) as f32);
        Aligned::new(events.collect::<Vec<_>>().into_iter())
    };
    let [mut wide, mut narrow] = [1, 1].map(|seed| Neurons::new(&parameters, &network, seed));
    let mut spikes = 0;
    for _ in 0..400 {
        let (excitation, inhibition) = (random_input(), random_input());
        let copy = |row: &Aligned<f32>| Aligned::new(row.iter().copied());
        let mut same = Input { excitation: copy(&excitation), inhibition: copy(&inhibition) };
        let mut input = Input { excitation, inhibition };
        spikes += wide.advance(Arch::new(), &mut input, 0).len();
        Advance { neurons: &mut narrow, input: &mut same, row: 0 }.with_simd(Scalar);
        assert_eq!(wide.spikes, narrow.spikes);
    }
    assert!(spikes > 1000, "{spikes}");
    let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&wide.potential), bits(&narrow.potential));
    assert_eq!(bits(&wide.adaptation), bits(&narrow.adaptation));
    assert_eq!(bits(&wide.wait), bits(&narrow.wait));
}
