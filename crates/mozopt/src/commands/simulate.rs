//! `mozopt simulate`: the embedded model of V1, run alone.

use std::io;
use std::path::{Path, PathBuf};

use console::style;
use mozaik_datastore::{Layout, Run, StoreWriter};
use recording::store::Writer;
use recording::{Segment, SegmentHeader, Sheet};
use serde_json::{Map, Value};
use v1_model::{Event, Parameters};

use simulation::{SIMULATION_VARIABLE, Simulation};

use crate::cli::{NeoVersion, SimulateArguments};
use crate::commands::print;
use crate::failure::{FINISHED, Failure};

const PARAMETERS_ARE_LISTED: &str =
    "`mozopt simulate --parameters` lists all parameters with their ranges";

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
    let output = arguments.mozaik_store.clone().or(arguments.output.clone());
    let output = output.unwrap_or_else(|| beside.join("datastore"));

    let model = v1_model::Simulation::build(&parameters, seed, threads)
        .map_err(|error| Failure::bad_input(error, PARAMETERS_ARE_LISTED))?;
    let broken = |error: io::Error| {
        let message = format!("cannot write the data store {}: {error}", output.display());
        Failure::failed(message, "is the disk full, or the directory not writable?")
    };
    let mut writer = if arguments.mozaik_store.is_some() {
        DataStore::create_mozaik(&output, &model.sheets(), arguments.neo, &parameters)
    } else {
        Writer::create(&output, &model.sheets()).map(DataStore::Own)
    }
    .map_err(broken)?;
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

/// A data store that is being written.
enum DataStore {
    Own(Writer),
    Mozaik(StoreWriter),
}

impl DataStore {
    fn create_mozaik(
        directory: &Path,
        sheets: &[Sheet],
        neo: NeoVersion,
        parameters: &Parameters,
    ) -> io::Result<Self> {
        let layout = match neo {
            NeoVersion::Neo12 => Layout::Neo12,
            NeoVersion::Neo14 => Layout::Neo14,
        };
        let run = Run {
            parameters: serde_json::to_string_pretty(&tree(parameters))?,
            experiments: v1_model::experiments(parameters),
            model: "mozopt's embedded model of V1".to_owned(),
        };
        StoreWriter::create(directory, sheets, layout, run).map(Self::Mozaik)
    }

    fn push(&mut self, header: &SegmentHeader, segment: &Segment) -> io::Result<()> {
        match self {
            Self::Own(writer) => writer.push(header, segment),
            Self::Mozaik(writer) => writer.push(header, segment),
        }
    }

    fn finish(self, explosion_detected: bool) -> io::Result<()> {
        match self {
            Self::Own(writer) => writer.finish(explosion_detected),
            Self::Mozaik(writer) => writer.finish(explosion_detected),
        }
    }
}

/// The parameters as mozaik nests them; as JSON without truth values they are a Python dict too.
fn tree(parameters: &Parameters) -> Map<String, Value> {
    let mut tree = Map::new();
    for (path, value) in parameters.iter() {
        insert(&mut tree, path, value);
    }
    tree
}

fn insert(tree: &mut Map<String, Value>, path: &str, value: f64) {
    let Some((name, below)) = path.split_once('.') else {
        tree.insert(path.to_owned(), value.into());
        return;
    };
    let branch = tree.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(branch) = branch {
        insert(branch, below, value);
    }
}

/// Every parameter as `--set` takes it, with what it is. Paths are too long for a table: most are
/// broken in one of 120 columns.
fn listed(parameters: &Parameters) -> String {
    let mut text = String::new();
    for ((path, value), (_, default)) in parameters.iter().zip(Parameters::defaults().iter()) {
        let Some(what) = Parameters::description(path) else { continue };
        let unit = if what.unit.is_empty() { String::new() } else { format!(" {}", what.unit) };
        text.push_str(&format!("{}={value}{unit}", style(path).bold()));
        if value != default {
            text.push_str(&format!(" (default {default}{unit})"));
        }
        text.push_str(&format!("\n    {}; {}{unit}\n", what.meaning, what.bounds()));
    }
    text
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
        .map_err(|error| Failure::bad_input(error, PARAMETERS_ARE_LISTED))
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
        let listed = format!(
            "{release}=0.5 (default 0.7)\n    share of the available resources that a spike uses; \
             0 to 1\n"
        );
        assert!(text.contains(&listed), "{text}");
        let refractory = "l4_cortex_exc.params.cell.params.refr_T=2 ms\n    refractory period; \
                          0.5 to 1000 ms\n";
        assert!(text.contains(refractory), "{text}");
        // What is tied to it changes too.
        assert_eq!(text.matches("0.5 (default 0.7)").count(), 13);
    }
}
