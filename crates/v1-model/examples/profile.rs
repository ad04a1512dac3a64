//! Where the time of one simulation goes: CPU seconds of each phase.
//!
//! ```text
//! cargo run --release -p v1-model --example profile -- [SEED [THREADS [PATH=VALUE]...]]
//! ```

use std::error::Error;
use std::fs;

use v1_model::{Event, Parameters, Simulation};

/// CPU time of this process, from Linux's scheduler.
fn cpu_s() -> f64 {
    let nanoseconds = |task: fs::DirEntry| -> Option<f64> {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.filter_map(nanoseconds).sum::<f64>() * 1.0e-9
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| arguments.get(i).map_or(Ok(1), |text| text.parse::<usize>());
    let mut overrides = vec![];
    for argument in arguments.iter().skip(2) {
        let (path, value) = argument.split_once('=').ok_or("an override is PATH=VALUE")?;
        overrides.push((path, value.parse::<f64>()?));
    }
    let parameters = Parameters::with_overrides(overrides)?;

    let start_s = cpu_s();
    let simulation = Simulation::build(&parameters, number(0)? as u64, number(1)?)?;
    let built_s = cpu_s();
    let mut recorded = 0;
    let summary = simulation.run(&mut |event| {
        if let Event::Segment(_, segment) = event {
            recorded += segment.spike_trains.spike_count();
        }
        Ok(())
    })?;
    let ran_s = cpu_s();
    println!("build       {:.3} s (only the calling thread counts)", built_s - start_s);
    println!("simulation  {:.3} s for {} ms", ran_s - built_s, summary.simulated_ms);
    println!("synapses    {}", simulation.synapse_count());
    println!("spikes      {} ({recorded} recorded)", summary.spikes);
    println!("events      {:.4e}", summary.synaptic_events as f64);
    if let Some(explosion) = summary.explosion {
        println!("exploded    {explosion}");
    }
    Ok(())
}
