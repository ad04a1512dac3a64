//! Running the protocol.

use std::fmt;
use std::io;

use pulp::Arch;
use recording::{Segment, SegmentHeader, Sheet, Signal, SpikeTrains};

use crate::geometry::{CORTICAL, POPULATIONS, Population, SHEET_KEYS, SHEET_NAMES};
use crate::lanes::Aligned;
use crate::lgn::{Lgn, LgnSpikes, Scene};
use crate::network::Network;
use crate::neurons::{Input, Neurons};
use crate::parameters::{ParameterError, Parameters};
use crate::protocol::{Presentation, presentations};
use crate::synapses::{Spike, Synapses};
use crate::time::{STEPS_PER_MS, WINDOW, WINDOW_MS};

/// A built network with its protocol, ready to run.
#[derive(Debug)]
pub struct Simulation {
    pub(crate) parameters: Parameters,
    pub(crate) network: Network,
    lgn: Lgn,
    presentations: Vec<Presentation>,
    pub(crate) seed: u64,
}

/// What a running simulation reports.
#[derive(Debug)]
pub enum Event {
    /// Biological time that has passed.
    Progress {
        /// Including blanks.
        simulated_ms: f64,
        /// Of the whole protocol.
        total_ms: f64,
    },
    /// One sheet's activity in the presentation that has just ended.
    Segment(SegmentHeader, Segment),
}

/// How a simulation went.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// What stopped it, if it did not run to its end.
    pub explosion: Option<Explosion>,
    /// Biological time that was simulated, including blanks.
    pub simulated_ms: f64,
    /// Spikes of all sheets, including the LGN and what was not recorded.
    pub spikes: u64,
    /// How many times a spike reached a synapse.
    pub synaptic_events: u64,
}

impl Summary {
    /// Whether the activity of the network ran away.
    pub fn explosion_detected(&self) -> bool {
        self.explosion.is_some()
    }
}

/// Activity above the limit of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Explosion {
    /// The sheet.
    pub sheet: &'static str,
    /// The mean rate of its neurons.
    pub rate_hz: f64,
    /// What the rate may be at most.
    pub threshold_hz: f64,
    /// The number of the presentation in [`Simulation::presentations`].
    pub presentation: usize,
    /// From when to when the rate was measured, in ms after the beginning of the presentation.
    pub interval_ms: [f64; 2],
}

impl fmt::Display for Explosion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sheet, rate_hz, threshold_hz, presentation, interval_ms: [from, to] } = self;
        write!(
            f,
            "{sheet} fired at {rate_hz:.1} Hz, more than {threshold_hz} Hz, from {from} to {to} ms of \
             presentation {presentation}"
        )
    }
}

/// How often rates are compared with the limits within a presentation.
const CHECK_MS: f64 = 200.0;
/// Conductances are recorded in so many cells along each side of a sheet's grid. With 100 cells
/// every 5 ms the ratio of spontaneous conductances is within 1 % of that of all cells.
const RECORDED_SIDE: usize = 10;

impl Simulation {
    /// Builds the network. `parameters` with its `pynn_seed` determines the network; `seed`
    /// determines the spikes of the LGN and the initial potentials. The number of threads, which
    /// build the network, does not change anything.
    ///
    /// # Errors
    /// When the network would be too large.
    pub fn build(
        parameters: &Parameters,
        seed: u64,
        threads: usize,
    ) -> Result<Self, ParameterError> {
        let network = Network::build(parameters, threads)?;
        Ok(Self {
            lgn: Lgn::new(parameters, &network),
            network,
            presentations: presentations(parameters),
            parameters: parameters.clone(),
            seed,
        })
    }

    /// The sheets, cortical ones first.
    pub fn sheets(&self) -> Vec<Sheet> {
        let um_per_deg = self.parameters.value("sheets.l4_cortex_exc.params.magnification_factor");
        let degrees = |um: &f32| f64::from(*um) / um_per_deg;
        let sheet = |(name, cells): (&&str, &Population)| {
            let positions = cells.x_um.iter().zip(&cells.y_um);
            let positions_deg = positions.map(|(x, y)| [degrees(x), degrees(y)]).collect();
            let orientations_rad = (!cells.orientation_rad.is_empty())
                .then(|| cells.orientation_rad.iter().map(|&o| f64::from(o)).collect());
            Sheet::new(*name, positions_deg, orientations_rad)
        };
        SHEET_NAMES.iter().zip(&self.network.populations).map(sheet).collect()
    }

    /// What will be presented, in order.
    pub fn presentations(&self) -> &[Presentation] {
        &self.presentations
    }

    /// The spikes of the LGN before this presentation, and during it, with how long these last.
    pub(crate) fn shown(
        &self,
        number: usize,
        presentation: &Presentation,
    ) -> [(LgnSpikes, f64); 2] {
        let Presentation { duration_ms, blank_ms, scene, .. } = *presentation;
        let spikes = |scene, duration_ms, part| {
            (self.lgn.spikes(scene, duration_ms, self.seed, 2 * number + part), duration_ms)
        };
        [spikes(Scene::Blank, blank_ms, 0), spikes(scene, duration_ms, 1)]
    }

    /// How many synapses the network has; in place of `num_samples_reduction` connections of the
    /// parameters there is one.
    pub fn synapse_count(&self) -> usize {
        self.network.outputs.iter().map(|outputs| outputs.synapse_count).sum()
    }

    /// Runs the protocol from its beginning, handing each segment over when its presentation has
    /// ended, so that memory is bounded by one presentation.
    ///
    /// If the mean rate of a sheet over 200 ms of a presentation is above the sheet's limit
    /// (`explosion_monitoring.threshold`), the simulation stops there and this presentation is not
    /// recorded. If the rate of `V1_Exc_L4` over a whole presentation is above its limit, the
    /// presentation is recorded and the others are skipped, as in mozaik.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn run(&self, sink: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<Summary> {
        let total_ms = self.presentations.iter().map(|p| p.duration_ms + p.blank_ms).sum();
        let mut running = Running::new(self);
        let mut explosion = None;
        for (number, presentation) in self.presentations.iter().enumerate() {
            let duration_ms = presentation.duration_ms;
            let [(blank, blank_ms), (shown, _)] = self.shown(number, presentation);
            running.blank(blank, blank_ms);
            let ended = running.present(shown, duration_ms, number, |simulated_ms| {
                sink(Event::Progress { simulated_ms, total_ms })
            })?;
            explosion = ended.err();
            if explosion.is_some() {
                break;
            }
            for (population, sheet) in SHEET_NAMES.into_iter().enumerate() {
                let header = SegmentHeader {
                    sheet: sheet.to_owned(),
                    stimulus: presentation.stimulus.clone(),
                    null: false,
                };
                sink(Event::Segment(header, running.segment(population, duration_ms)))?;
            }
            let whole = [0.0, duration_ms];
            let spikes = running.recorded[0].len();
            explosion = running.above_threshold(0, spikes, number, whole);
            if explosion.is_some() {
                break;
            }
        }
        Ok(Summary {
            explosion,
            simulated_ms: running.simulated_ms(),
            spikes: running.spikes,
            synaptic_events: running.synapses.events,
        })
    }
}

/// The state of a running simulation.
struct Running<'s> {
    simulation: &'s Simulation,
    arch: Arch,
    neurons: Neurons,
    synapses: Synapses<'s>,
    input: Input,
    rows: usize,
    row: usize,
    step: i32,
    /// The spikes of the present window.
    fired: Vec<Spike>,
    spikes: u64,
    thresholds_hz: [f64; CORTICAL],
    /// The spikes of the present presentation by population: cell, and ms in the presentation.
    recorded: [Vec<(u32, f32)>; POPULATIONS],
    /// Cells whose conductances are recorded, by cortical population.
    probed: [Vec<u32>; CORTICAL],
    /// Excitatory and inhibitory conductances, sample after sample.
    samples_us: [[Vec<f32>; 2]; CORTICAL],
    sample_windows: usize,
}

impl<'s> Running<'s> {
    fn new(simulation: &'s Simulation) -> Self {
        let Simulation { parameters, network, seed, .. } = simulation;
        let neurons = Neurons::new(parameters, network, *seed);
        let synapses = Synapses::new(parameters, network, &neurons);
        let places = network.neuron_count() * network.delay_slots;
        let interval_ms = parameters.value("recorders.conductance_interval");
        Self {
            arch: Arch::new(),
            synapses,
            neurons,
            input: Input { excitation: Aligned::zeros(places), inhibition: Aligned::zeros(places) },
            rows: network.delay_slots,
            row: 0,
            step: 0,
            fired: vec![],
            spikes: 0,
            thresholds_hz: SHEET_KEYS
                .map(|sheet| parameters.value(&format!("explosion_monitoring.threshold.{sheet}"))),
            recorded: Default::default(),
            probed: std::array::from_fn(|p| probed(network.populations[p].grid_side)),
            samples_us: Default::default(),
            sample_windows: (interval_ms / WINDOW_MS) as usize,
            simulation,
        }
    }

    fn simulated_ms(&self) -> f64 {
        f64::from(self.step / WINDOW as i32) * WINDOW_MS
    }

    /// Shows a blank screen without recording.
    fn blank(&mut self, mut lgn: LgnSpikes, duration_ms: f64) {
        for window in 0..(duration_ms / WINDOW_MS) as usize {
            self.advance(&mut lgn, window, false);
        }
    }

    /// Shows and records one stimulus.
    fn present(
        &mut self,
        mut lgn: LgnSpikes,
        duration_ms: f64,
        number: usize,
        mut progress: impl FnMut(f64) -> io::Result<()>,
    ) -> io::Result<Result<(), Explosion>> {
        self.recorded.iter_mut().for_each(Vec::clear);
        self.samples_us.iter_mut().flatten().for_each(Vec::clear);
        let windows_per_check = (CHECK_MS / WINDOW_MS) as usize;
        let mut before = [0; CORTICAL];
        for window in 0..(duration_ms / WINDOW_MS) as usize {
            self.advance(&mut lgn, window, true);
            if (window + 1) % self.sample_windows == 0 {
                self.sample_conductances();
            }
            if (window + 1) % windows_per_check == 0 {
                progress(self.simulated_ms())?;
                let now_ms = (window + 1) as f64 * WINDOW_MS;
                for (population, before) in before.iter_mut().enumerate() {
                    let spikes = self.recorded[population].len();
                    let recent = spikes - std::mem::replace(before, spikes);
                    let interval = [now_ms - CHECK_MS, now_ms];
                    if let Some(explosion) =
                        self.above_threshold(population, recent, number, interval)
                    {
                        return Ok(Err(explosion));
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    /// Integrates one window and delivers its spikes.
    fn advance(&mut self, lgn: &mut LgnSpikes, window: usize, record: bool) {
        let Self { arch, neurons, synapses, input, recorded, fired, row, step, .. } = self;
        let network = &self.simulation.network;
        let start = window * WINDOW;
        fired.clear();
        let mut fire = |population: usize, cell: usize, offset: usize, time_steps: f64| {
            fired.push(Spike {
                population: population as u32,
                cell: cell as u32,
                offset: offset as u32,
            });
            if record {
                let time_ms = time_steps / STEPS_PER_MS as f64;
                recorded[population].push((cell as u32, time_ms as f32));
            }
        };
        let mut population = 0;
        for &(neuron, after_steps) in neurons.advance(*arch, input, *row) {
            while neuron as usize >= network.first_neuron[population + 1] {
                population += 1;
            }
            let cell = neuron as usize - network.first_neuron[population];
            let time = start as f64 + f64::from(after_steps);
            fire(population, cell, usize::from(after_steps > 1.0), time);
        }
        lgn.window(start, |population, cell, at| {
            fire(population, cell, at as usize - start, at);
        });
        synapses.deliver(*arch, fired, *step, *row, input);
        self.spikes += fired.len() as u64;
        *step += WINDOW as i32;
        *row = (*row + WINDOW) % self.rows;
    }

    fn sample_conductances(&mut self) {
        for population in 0..CORTICAL {
            let first = self.simulation.network.first_neuron[population];
            let [exc, inh] = &mut self.samples_us[population];
            for &cell in &self.probed[population] {
                let [e, i] = self.neurons.conductances_ns(population, first + cell as usize);
                exc.push(e * 1.0e-3);
                inh.push(i * 1.0e-3);
            }
        }
    }

    fn above_threshold(
        &self,
        population: usize,
        spikes: usize,
        presentation: usize,
        interval_ms: [f64; 2],
    ) -> Option<Explosion> {
        let neurons = self.simulation.network.populations[population].len();
        let seconds = (interval_ms[1] - interval_ms[0]) / 1000.0;
        let rate_hz = spikes as f64 / neurons as f64 / seconds;
        let threshold_hz = self.thresholds_hz[population];
        let sheet = SHEET_NAMES[population];
        (rate_hz > threshold_hz).then_some(Explosion {
            sheet,
            rate_hz,
            threshold_hz,
            presentation,
            interval_ms,
        })
    }

    /// What was recorded of one sheet.
    fn segment(&self, population: usize, duration_ms: f64) -> Segment {
        let spikes = &self.recorded[population];
        let neurons = self.simulation.network.populations[population].len();
        let mut counts = vec![0_u32; neurons];
        for &(neuron, _) in spikes {
            counts[neuron as usize] += 1;
        }
        let mut next: Vec<usize> = counts
            .iter()
            .scan(0, |sum, &count| {
                let start = *sum;
                *sum += count as usize;
                Some(start)
            })
            .collect();
        let mut times_ms = vec![0.0; spikes.len()];
        for &(neuron, time_ms) in spikes {
            let place = &mut next[neuron as usize];
            times_ms[*place] = f64::from(time_ms);
            *place += 1;
        }
        let spike_trains =
            SpikeTrains::from_counts((0..neurons as u32).collect(), &counts, times_ms)
                .expect("the counts were counted");
        let signals = if population < CORTICAL { self.signals(population) } else { vec![] };
        Segment { t_start_ms: 0.0, t_stop_ms: duration_ms, spike_trains, signals }
    }

    fn signals(&self, population: usize) -> Vec<Signal> {
        let cells = &self.probed[population];
        let signal = |(name, samples): (&str, &Vec<f32>)| {
            let channel = |c: usize| samples.iter().skip(c).step_by(cells.len());
            Signal {
                name: name.to_owned(),
                unit: "uS".to_owned(),
                sampling_interval_ms: self.sample_windows as f64 * WINDOW_MS,
                neurons: cells.clone(),
                values: (0..cells.len()).flat_map(channel).map(|&us| f64::from(us)).collect(),
            }
        };
        ["gsyn_exc", "gsyn_inh"].into_iter().zip(&self.samples_us[population]).map(signal).collect()
    }
}

/// A regular choice of cells of a square grid.
fn probed(grid_side: usize) -> Vec<u32> {
    let side = RECORDED_SIDE.min(grid_side);
    let line = |i: usize| (2 * i + 1) * grid_side / (2 * side);
    (0..side * side).map(|i| (line(i / side) * grid_side + line(i % side)) as u32).collect()
}
