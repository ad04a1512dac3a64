//! The network: cells and their outgoing synapses.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::connectivity::{PROJECTIONS, Partners, Wiring};
use crate::gabor::{GaborShape, ReceptiveFields};
use crate::geometry::{CORTICAL, POPULATIONS, Population, populations};
use crate::parameters::{ParameterError, Parameters};
use crate::time::{STEP_MS, WINDOW};

/// The synapses of one presynaptic population.
#[derive(Debug)]
pub struct Outputs {
    /// The projections of this population, as numbers in [`PROJECTIONS`].
    pub projections: Vec<usize>,
    /// The synapses of neuron `i` in the `p`-th of these projections are
    /// `ways[starts[i * projections.len() + p]..starts[… + 1]]`.
    pub starts: Vec<u32>,
    /// Where a spike arrives: delay in steps · cortical neurons + postsynaptic neuron, as the way
    /// from the place before (at first 0), or [`ON_THE_WAY`] of it. Places ascend in each
    /// projection of a neuron, which brings together what lies together in the input. A connection
    /// that was drawn several times is listed as often.
    pub ways: Vec<u16>,
    /// How many synapses there are.
    pub synapse_count: usize,
}

/// Marks a part of a way that is too long for one number; no synapse is at its end.
pub const ON_THE_WAY: u16 = u16::MAX;

/// Cells and synapses.
#[derive(Debug)]
pub struct Network {
    /// The cells.
    pub populations: [Population; POPULATIONS],
    /// Cortical neurons are numbered through, and those of population `p` begin with number
    /// `first_neuron[p]`. Each population is padded to a multiple of [`PADDING`]; the last number
    /// is the end.
    pub first_neuron: [usize; CORTICAL + 1],
    /// The synapses, by presynaptic population.
    pub outputs: [Outputs; POPULATIONS],
    /// How many steps ahead input must be stored: more than the longest delay and one window.
    pub delay_slots: usize,
}

/// A multiple of the number of lanes of every instruction set.
pub const PADDING: usize = 16;
/// The targets of one projection are drawn in chunks of this size, by whichever thread is free.
const CHUNK: usize = 125;
/// Limits of memory: 1.6 GB of synapses, 1 GB of input underway.
const MOST_SYNAPSES: f64 = 4.0e8;
const MOST_SLOTS: f64 = 1.25e8;

impl Network {
    /// Places the cells and draws all connections, on this many threads. The result does not depend
    /// on their number.
    ///
    /// # Errors
    /// When the network would need more memory than a simulation should take.
    pub fn build(parameters: &Parameters, threads: usize) -> Result<Self, ParameterError> {
        let populations = populations(parameters);
        let shape = GaborShape::new(parameters);
        let fields = [0, 1].map(|layer4| ReceptiveFields::new(shape, &populations[layer4]));
        let wirings: Vec<Wiring<'_>> = (0..PROJECTIONS.len())
            .map(|number| Wiring::new(parameters, &populations, &fields, number))
            .collect();
        let mut first_neuron = [0; CORTICAL + 1];
        for p in 0..CORTICAL {
            first_neuron[p + 1] = first_neuron[p] + populations[p].len().next_multiple_of(PADDING);
        }
        let delay_slots = check_memory(parameters, &wirings, first_neuron[CORTICAL])?;
        let partners = draw_all(&wirings, threads);
        let outputs = std::array::from_fn(|source| {
            outputs(source, &populations, &first_neuron, &wirings, &partners)
        });
        drop(wirings);
        Ok(Self { populations, first_neuron, outputs, delay_slots })
    }

    /// How many cortical neurons there are, with padding.
    pub fn neuron_count(&self) -> usize {
        self.first_neuron[CORTICAL]
    }
}

fn check_memory(
    parameters: &Parameters,
    wirings: &[Wiring<'_>],
    neurons: usize,
) -> Result<usize, ParameterError> {
    let too_large = |path: &str, why: String| {
        let (path, value) = (path.to_owned(), parameters.value(path));
        ParameterError::OutOfRange { path, value, why }
    };
    let synapses: f64 = wirings.iter().map(Wiring::expected_synapses).sum();
    if synapses > MOST_SYNAPSES {
        let why = format!("{synapses:.0} synapses; at most {MOST_SYNAPSES:.0} can be simulated");
        return Err(too_large("num_samples_reduction", why));
    }
    let longest_ms = wirings.iter().map(Wiring::longest_delay_ms).fold(0.0, f64::max);
    let slots = (longest_ms / f64::from(STEP_MS)).ceil() + 2.0;
    if slots * neurons as f64 > MOST_SLOTS {
        let why = format!("delays reach {longest_ms:.0} ms, too long for {neurons} neurons");
        return Err(too_large("delay_linear_scaler", why));
    }
    Ok((slots as usize + WINDOW).next_multiple_of(WINDOW))
}

/// The partners of every projection, target after target.
fn draw_all(wirings: &[Wiring<'_>], threads: usize) -> Vec<Vec<Partners>> {
    let tasks: Vec<(usize, usize)> = wirings
        .iter()
        .enumerate()
        .flat_map(|(w, wiring)| {
            (0..wiring.target_count()).step_by(CHUNK).map(move |first| (w, first))
        })
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![]);
    let work = || {
        let mut drawn = vec![];
        while let Some(&(w, first)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let last = (first + CHUNK).min(wirings[w].target_count());
            drawn.push((w, first, wirings[w].draw(first..last)));
        }
        done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut drawn);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // What no thread can be had for is done by this one.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|&(w, first, _)| (w, first));
    let mut all: Vec<Vec<Partners>> = wirings.iter().map(|_| vec![]).collect();
    for (w, _, partners) in done {
        all[w].push(partners);
    }
    all
}

/// Sorts the synapses of one population by presynaptic neuron.
fn outputs(
    source: usize,
    populations: &[Population; POPULATIONS],
    first_neuron: &[usize],
    wirings: &[Wiring<'_>],
    partners: &[Vec<Partners>],
) -> Outputs {
    let projections: Vec<usize> =
        (0..PROJECTIONS.len()).filter(|&number| PROJECTIONS[number].source == source).collect();
    let width = projections.len();
    let mut starts = vec![0_u32; populations[source].len() * width + 1];
    for (p, &number) in projections.iter().enumerate() {
        for &cell in partners[number].iter().flat_map(|chunk| &chunk.sources) {
            starts[cell as usize * width + p + 1] += 1;
        }
    }
    for row in 1..starts.len() {
        starts[row] += starts[row - 1];
    }
    let mut ends = starts.clone();
    let mut synapses = vec![0; starts.last().map_or(0, |&all| all as usize)];
    let neurons = first_neuron[CORTICAL];
    for (p, &number) in projections.iter().enumerate() {
        let first = first_neuron[PROJECTIONS[number].target];
        let mut target = 0;
        for chunk in &partners[number] {
            let mut sources = chunk.sources.iter();
            for &count in &chunk.counts {
                for &cell in sources.by_ref().take(count as usize) {
                    let delay = wirings[number].delay_steps(cell as usize, target);
                    let end = &mut ends[cell as usize * width + p];
                    synapses[*end as usize] = delay * neurons as u32 + (first + target) as u32;
                    *end += 1;
                }
                target += 1;
            }
        }
    }
    let synapse_count = synapses.len();
    let mut ways = Vec::with_capacity(synapse_count + starts.len());
    let mut first = 0;
    for end in &mut starts[1..] {
        let places = &mut synapses[first..*end as usize];
        places.sort_unstable();
        first = *end as usize;
        let mut before = 0;
        for &mut place in places {
            let mut way = place - before;
            while way >= u32::from(ON_THE_WAY) {
                ways.push(ON_THE_WAY);
                way -= u32::from(ON_THE_WAY);
            }
            ways.push(way as u16);
            before = place;
        }
        *end = ways.len() as u32;
    }
    ways.shrink_to_fit();
    Outputs { projections, starts, ways, synapse_count }
}
