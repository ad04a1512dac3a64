//! The network, for NEST, and what NEST makes of it.
//!
//! Arrays are files of little-endian numbers, one after another; `network.json` says what is what.

use std::fs;
use std::path::Path;

use recording::{InMemory, Segment, SegmentHeader, Signal, SpikeTrains};
use serde_json::{Value, json};
use v1_model::{Event, Parameters, Simulation};

use crate::{Outcome, values};

const CELL: [&str; 15] = [
    "C_m",
    "g_L",
    "E_L",
    "V_reset",
    "V_peak",
    "Delta_T",
    "a",
    "b",
    "tau_w",
    "E_exc",
    "E_inh",
    "tau_syn_exc",
    "tau_syn_inh",
    "refr_T",
    "V_th",
];
const KEYS: [&str; 4] = ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"];

/// Writes the network, and what the model makes of it: spikes, and the values of the targets.
pub fn export(simulation: &Simulation, parameters: &Parameters, directory: &Path) -> Outcome<()> {
    fs::create_dir_all(directory)?;
    let value = |path: &str| parameters.get(path);
    let sheets = simulation.sheets();
    let mut described = vec![];
    for (number, sheet) in sheets.iter().enumerate() {
        let mut parameters = serde_json::Map::new();
        if let Some(cells) = simulation.cells(&sheet.name) {
            for name in CELL {
                let path = format!("sheets.{}.params.cell.params.{name}", KEYS[number]);
                parameters.insert(name.to_owned(), value(&path).into());
            }
            let numbers = cells.thresholds_mv.iter().chain(&cells.potentials_mv);
            write(directory, &format!("cells_{number}"), numbers.map(|mv| mv.to_le_bytes()))?;
        }
        described.push(json!({
            "name": sheet.name, "cells": sheet.neuron_count(), "parameters": parameters,
        }));
    }
    let mut projections = vec![];
    for (number, all) in simulation.connections().enumerate() {
        let ends = all.sources.iter().chain(&all.targets).map(|cell| cell.to_le_bytes());
        let delays = all.delays_ms.iter().map(|ms| ms.to_le_bytes());
        write(directory, &format!("projection_{number}"), ends.chain(delays))?;
        let plasticity = |name: &str| value(&format!("{}.short_term_plasticity.{name}", all.path));
        projections.push(json!({
            "path": all.path,
            "source": all.source_sheet,
            "target": all.target_sheet,
            "connections": all.sources.len(),
            "weight_ns": all.weight_ns,
            "U": plasticity("U"),
            "tau_rec": plasticity("tau_rec"),
            "tau_psc": plasticity("tau_psc"),
        }));
    }
    let (mut times, mut cells) = (vec![], vec![]);
    simulation.lgn_spikes(|sheet, cell, at_ms| {
        let before = if sheet == "X_OFF" { sheets[4].neuron_count() } else { 0 };
        times.push(at_ms);
        cells.push((before + cell) as u32);
    });
    write(directory, "lgn_times", times.iter().map(|ms| ms.to_le_bytes()))?;
    write(directory, "lgn_cells", cells.iter().map(|cell| cell.to_le_bytes()))?;

    let from_ms = beginnings_ms(simulation);
    let mut recording = InMemory::new(sheets.clone());
    let mut segments = 0;
    let (mut times, mut cells) = (vec![], vec![]);
    let mut probed = serde_json::Map::new();
    let summary = simulation.run(&mut |event| {
        let Event::Segment(header, segment) = event else { return Ok(()) };
        let began_ms = from_ms[segments / sheets.len()];
        let number = segments % sheets.len();
        segments += 1;
        if number < KEYS.len() {
            for (cell, train) in segment.spike_trains.iter() {
                times.extend(train.iter().map(|ms| began_ms + ms));
                let neuron = (first_neuron(&sheets, number) + cell) as u32;
                cells.extend(std::iter::repeat_n(neuron, train.len()));
            }
            if let Some(signal) = segment.signals.first() {
                probed.insert(header.sheet.clone(), signal.neurons.clone().into());
            }
        }
        recording.push(header, segment);
        Ok(())
    })?;
    write(directory, "model_times", times.iter().map(|ms| ms.to_le_bytes()))?;
    write(directory, "model_cells", cells.iter().map(|cell| cell.to_le_bytes()))?;
    let shown = simulation.presentations().iter().zip(&from_ms);
    let presentations: Vec<Value> = shown
        .map(|(shown, from)| json!({ "from_ms": from, "to_ms": from + shown.duration_ms }))
        .collect();
    let network = json!({
        "sheets": described,
        "projections": projections,
        "presentations": presentations,
        "sample_ms": value("recorders.conductance_interval"),
        "probed": probed,
        "events": summary.synaptic_events,
        "simulated_ms": summary.simulated_ms,
        "values": values::of(&recording)?,
    });
    fs::write(directory.join("network.json"), network.to_string())?;
    Ok(())
}

/// What NEST left in this directory, as a recording.
pub fn recording_of_nest(simulation: &Simulation, directory: &Path) -> Outcome<InMemory> {
    let network: Value =
        serde_json::from_str(&fs::read_to_string(directory.join("network.json"))?)?;
    let interval_ms = network["sample_ms"].as_f64().ok_or("network.json has no sample_ms")?;
    let times = read(directory, "nest_times", f64::from_le_bytes)?;
    let neurons = read(directory, "nest_cells", u32::from_le_bytes)?;
    let sheets = simulation.sheets();
    let mut recording = InMemory::new(sheets.clone());
    let mut conductances = vec![];
    for sheet in 0..KEYS.len() {
        conductances.push(read(directory, &format!("nest_g_{sheet}"), f32::from_le_bytes)?);
    }
    for (shown, from_ms) in simulation.presentations().iter().zip(beginnings_ms(simulation)) {
        let duration_ms = shown.duration_ms;
        for (number, sheet) in sheets[..KEYS.len()].iter().enumerate() {
            let first = first_neuron(&sheets, number);
            let mut trains = vec![vec![]; sheet.neuron_count()];
            for (&at_ms, &neuron) in times.iter().zip(&neurons) {
                let cell = (neuron as usize).wrapping_sub(first);
                if at_ms > from_ms && at_ms <= from_ms + duration_ms && cell < trains.len() {
                    trains[cell].push(at_ms - from_ms);
                }
            }
            let mut spike_trains = SpikeTrains::default();
            for (cell, train) in trains.into_iter().enumerate() {
                spike_trains.push(cell as u32, train);
            }
            let probed = network["probed"][&sheet.name].as_array().ok_or("no probed cells")?;
            let probed: Vec<u32> =
                probed.iter().filter_map(Value::as_u64).map(|cell| cell as u32).collect();
            // Sample after sample: excitation of all probed cells, then inhibition.
            let all = &conductances[number];
            let skipped = (from_ms / interval_ms).round() as usize;
            let samples = (duration_ms / interval_ms) as usize;
            let signal = |name: &str, sign: usize| Signal {
                name: name.to_owned(),
                unit: "uS".to_owned(),
                sampling_interval_ms: interval_ms,
                neurons: probed.clone(),
                values: (0..probed.len())
                    .flat_map(|cell| (0..samples).map(move |sample| (cell, skipped + sample)))
                    .map(|(cell, sample)| {
                        let place = (2 * sample + sign) * probed.len() + cell;
                        1.0e-3 * f64::from(all.get(place).copied().unwrap_or_default())
                    })
                    .collect(),
            };
            let header = SegmentHeader {
                sheet: sheet.name.clone(),
                stimulus: shown.stimulus.clone(),
                null: false,
            };
            let signals = vec![signal("gsyn_exc", 0), signal("gsyn_inh", 1)];
            let (t_start_ms, t_stop_ms) = (0.0, duration_ms);
            recording.push(header, Segment { t_start_ms, t_stop_ms, spike_trains, signals });
        }
    }
    Ok(recording)
}

/// When each presentation begins, after its blank screen.
fn beginnings_ms(simulation: &Simulation) -> Vec<f64> {
    let mut now_ms = 0.0;
    let begin = |shown: &v1_model::Presentation| {
        let from_ms = now_ms + shown.blank_ms;
        now_ms = from_ms + shown.duration_ms;
        from_ms
    };
    simulation.presentations().iter().map(begin).collect()
}

/// Cortical neurons are numbered through.
fn first_neuron(sheets: &[recording::Sheet], number: usize) -> usize {
    sheets[..number].iter().map(|sheet| sheet.neuron_count()).sum()
}

fn write<const N: usize>(
    directory: &Path,
    name: &str,
    numbers: impl Iterator<Item = [u8; N]>,
) -> Outcome<()> {
    let bytes: Vec<u8> = numbers.flatten().collect();
    Ok(fs::write(directory.join(name).with_extension("bin"), bytes)?)
}

fn read<const N: usize, T>(
    directory: &Path,
    name: &str,
    number: impl Fn([u8; N]) -> T,
) -> Outcome<Vec<T>> {
    let bytes = fs::read(directory.join(name).with_extension("bin"))?;
    Ok(bytes.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect())
}
