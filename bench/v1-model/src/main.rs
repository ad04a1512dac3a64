//! What a comparison of the embedded model of V1 with NEST needs of the model.
//!
//! ```text
//! v1-model-bench run SEED THREADS [PATH=VALUE]...       what building and simulating take
//! v1-model-bench export DIR SEED [PATH=VALUE]...        the network, the model's spikes and values
//! v1-model-bench values DIR SEED [PATH=VALUE]...        the values of NEST's spikes in DIR
//! ```

mod export;
mod values;

use std::error::Error;
use std::fs;
use std::path::Path;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use v1_model::{Parameters, Simulation};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &words[..] {
        ["run", seed, threads, changes @ ..] => {
            run(seed.parse()?, threads.parse()?, &parameters(changes)?)
        }
        ["export", directory, seed, changes @ ..] => {
            let simulation = Simulation::build(&parameters(changes)?, seed.parse()?, 1)?;
            export::export(&simulation, &parameters(changes)?, Path::new(directory))
        }
        ["values", directory, seed, changes @ ..] => {
            let simulation = Simulation::build(&parameters(changes)?, seed.parse()?, 1)?;
            let recording = export::recording_of_nest(&simulation, Path::new(directory))?;
            println!("{}", values::of(&recording)?);
            Ok(())
        }
        _ => Err("usage: v1-model-bench run|export|values … (see src/main.rs)".into()),
    }
}

fn parameters(changes: &[&str]) -> Outcome<Parameters> {
    let mut overrides = vec![];
    for change in changes {
        let (path, value) = change.split_once('=').ok_or("a change is PATH=VALUE")?;
        overrides.push((path, value.parse()?));
    }
    Ok(Parameters::with_overrides(overrides)?)
}

/// CPU time of all threads of this process.
fn cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1.0e-9
}

/// The most memory that this process has had.
fn peak_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok().map(|kb: f64| kb / 1024.0)
}

fn run(seed: u64, threads: usize, parameters: &Parameters) -> Outcome<()> {
    let start_s = cpu_s();
    let simulation = Simulation::build(parameters, seed, threads)?;
    let built_s = cpu_s();
    let summary = simulation.run(&mut |_| Ok(()))?;
    let ran_s = cpu_s();
    let sheets = simulation.sheets();
    let cells: usize = sheets[..4].iter().map(|sheet| sheet.neuron_count()).sum();
    println!(
        "{}",
        json!({
            "cells": cells,
            "synapses": simulation.synapse_count(),
            "simulated_ms": summary.simulated_ms,
            "spikes": summary.spikes,
            "events": summary.synaptic_events,
            "build_cpu_s": built_s - start_s,
            "simulate_cpu_s": ran_s - built_s,
            "peak_mb": peak_mb(),
        })
    );
    Ok(())
}
