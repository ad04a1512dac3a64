//! `mozopt simulate`: the embedded model of V1, run alone.

use std::io;
use std::path::{Path, PathBuf};

use recording::store::Writer;
use v1_model::{Event, Parameters};

use simulation::{SIMULATION_VARIABLE, Simulation};

use crate::cli::SimulateArguments;
use crate::commands::print;
use crate::failure::{FINISHED, Failure};
use crate::report::{amount, table};

/// Simulates and writes a data store.
pub fn simulate(arguments: &SimulateArguments) -> Result<u8, Failure> {
    let named = std::env::var_os(SIMULATION_VARIABLE).map(PathBuf::from);
    let file = arguments.simulation.clone().or(named);
    let simulation = file.as_deref().map(read).transpose()?;
    let parameters = parameters(simulation.as_ref(), arguments)?;
    if arguments.parameters {
        print(&listed(&parameters))?;
        return Ok(FINISHED);
    }
    let seed = arguments.seed.or(simulation.as_ref().map(|s| s.seed)).unwrap_or(1);
    let threads = arguments.threads.map(usize::from);
    let threads = threads.or(simulation.as_ref().map(|s| s.threads)).unwrap_or(1);
    let beside = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let output = arguments.output.clone().unwrap_or_else(|| beside.join("datastore"));

    let model = v1_model::Simulation::build(&parameters, seed, threads)
        .map_err(|error| Failure::bad_input(error, "change that parameter"))?;
    let broken = |error: io::Error| {
        let message = format!("cannot write the data store {}: {error}", output.display());
        Failure::failed(message, "is the disk full, or the directory not writable?")
    };
    let mut writer = Writer::create(&output, &model.sheets()).map_err(broken)?;
    let mut tenths_said = 0;
    let summary = model
        .run(&mut |event| match event {
            Event::Progress { simulated_ms, total_ms } => {
                let tenths = (10.0 * simulated_ms / total_ms) as u32;
                if tenths > tenths_said {
                    tenths_said = tenths;
                    say!("simulated {simulated_ms:.0} of {total_ms:.0} ms");
                }
                Ok(())
            }
            Event::Segment(header, segment) => writer.push(&header, &segment),
        })
        .map_err(broken)?;
    writer.finish(summary.explosion_detected()).map_err(broken)?;
    if let Some(explosion) = &summary.explosion {
        say!("exploded: {explosion}");
    } else {
        say!(
            "{} spikes, {:.1} million synaptic events; data store: {}",
            summary.spikes,
            summary.synaptic_events as f64 / 1e6,
            output.display()
        );
    }
    Ok(FINISHED)
}

/// Every parameter with its value, its default where that differs, and what it is.
fn listed(parameters: &Parameters) -> String {
    let mut rows = table(&["parameter", "value", "unit", "range", "what it is"]);
    for ((path, value), (_, default)) in parameters.iter().zip(Parameters::defaults().iter()) {
        let value = if value == default {
            value.to_string()
        } else {
            format!("{value} (default {default})")
        };
        let Some(what) = Parameters::description(path) else { continue };
        let [low, high] = what.range.map(amount);
        rows.add_row([path, &value, what.unit, &format!("{low} – {high}"), what.meaning]);
    }
    format!("{rows}\n")
}

fn read(path: &Path) -> Result<Simulation, Failure> {
    Simulation::read(path).map_err(|error| {
        let message = format!("cannot read {}: {error}", path.display());
        Failure::bad_input(message, "name the simulation.json of a simulation")
    })
}

fn parameters(
    simulation: Option<&Simulation>,
    arguments: &SimulateArguments,
) -> Result<Parameters, Failure> {
    let protocol = arguments.protocol.as_ref().or(simulation.map(|s| &s.protocol));
    let protocol = protocol.cloned().unwrap_or_default();
    let presented = v1_model::protocol(protocol.name()).ok_or_else(|| {
        let known: Vec<_> = v1_model::protocols().collect();
        let message = format!("the embedded model has no protocol {protocol}");
        Failure::bad_input(message, format!("its protocols are {}", known.join(", ")))
    })?;
    let written = simulation.iter().flat_map(|simulation| &simulation.parameters);
    let written = written.filter_map(|(path, value)| Some((path.as_str(), value.as_f64()?)));
    let set = arguments.set.iter().map(|(path, value)| (path.as_str(), *value));
    Parameters::with_overrides(presented.iter().copied().chain(written).chain(set))
        .map_err(|error| Failure::bad_input(error, "check the changed parameters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parameters_are_listed_with_what_was_changed() {
        let release = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.short_term_plasticity.U";
        let parameters = Parameters::with_overrides([(release, 0.5)]).unwrap();
        let text = listed(&parameters);
        for path in Parameters::paths() {
            assert!(text.contains(path), "{path}");
        }
        let line = text.lines().find(|line| line.contains(release)).unwrap();
        assert!(line.contains("0.5 (default 0.7)") && line.contains("0 – 1"), "{line}");
        // What is tied to it changes too.
        assert_eq!(text.matches("0.5 (default 0.7)").count(), 13);
    }
}
