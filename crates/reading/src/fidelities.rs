//! `[[fidelity]]` of `mozopt.toml`: cheaper versions of the simulation, checked against the model.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use configuration::{
    Algorithm, FULL, Fidelity, Parameter, Simulator, SimulatorKind, SlurmSettings, TimeLimit,
};
use indexmap::IndexMap;
use mozaik_parameters::Value;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use simulation::Protocol;

use crate::mistake::{Mistake, Source};
use crate::model::{ModelParameters, MozaikParameters, Unfit};
use crate::settings::{Settings, SimulatorSettings};
use crate::simulated_model::{Parts, SimulatedModel};

/// A cheaper version of the simulation. What it tells about the full one is learnt; results are
/// those of full simulations.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FidelitySettings {
    /// What it is called: letters, digits, _ and -
    pub name: String,
    /// Values of the model's parameters, searched or not: `{ "sheets.exc.params.density" = 150 }`
    pub overrides: BTreeMap<String, Json>,
    /// What is presented to the model [default: what the full simulation presents]
    pub protocol: Option<String>,
    /// Threads of each simulation [default: those of the full one]
    pub threads: Option<NonZeroUsize>,
    /// How long a simulation may run [default: as long as the full one]
    pub time_limit: Option<TimeLimit>,
    /// Resources on Slurm that differ from those of the full simulation
    pub slurm: SlurmSettings,
    /// What differs of the simulator; with another `kind` it is another simulator altogether, which
    /// gets those of the searched parameters that it has
    pub simulator: SimulatorSettings,
}

/// What the cheaper versions are cheaper than.
pub struct Full<'a> {
    /// The directory of `mozopt.toml`.
    pub directory: &'a Path,
    /// The settings.
    pub settings: &'a Settings,
    /// Where they are written, if they are.
    pub source: Option<&'a Source>,
    /// What simulates.
    pub simulator: &'a Simulator,
    /// Where simulations start.
    pub model_directory: &'a Path,
    /// The model's parameters.
    pub model: &'a ModelParameters,
    /// The searched parameters.
    pub parameters: &'a [Parameter],
}

impl Full<'_> {
    /// All cheaper versions, and what is wrong with them.
    pub fn fidelities(&self) -> (Vec<Fidelity>, Vec<Mistake>) {
        let given = &self.settings.fidelity;
        let (mut fidelities, mut mistakes): (Vec<Fidelity>, _) = (vec![], vec![]);
        let algorithm = self.settings.optimizer.algorithm.unwrap_or(Algorithm::Composite);
        if !given.is_empty() && algorithm != Algorithm::Composite {
            let message = "only the composite algorithm learns from cheaper simulations";
            let help = "leave out `algorithm`, or every [[fidelity]]";
            mistakes.push(self.mistake(message, help, "[[fidelity]]", "not used"));
        }
        for one in given {
            let taken = fidelities.iter().any(|other| other.name == one.name);
            match self.fidelity(one, taken) {
                Ok(fidelity) => fidelities.push(fidelity),
                Err(found) => mistakes.extend(found),
            }
        }
        (fidelities, mistakes)
    }

    fn fidelity(&self, given: &FidelitySettings, taken: bool) -> Result<Fidelity, Vec<Mistake>> {
        let one = |mistake| vec![mistake];
        let name = &given.name;
        self.check_name(name, taken).map_err(one)?;
        if let Some(protocol) = &given.protocol {
            let wrong = |why: String| vec![self.mistake(why, "name a protocol", protocol, "here")];
            protocol.parse::<Protocol>().map_err(wrong)?;
        }
        let own = self.own_model(given)?;
        let (simulator, directory, model) = match &own {
            Some(own) => (&own.simulator, own.directory.as_path(), &own.parameters),
            None => (self.simulator, self.model_directory, self.model),
        };
        let another = simulator.kind != self.simulator.kind;
        let overrides = self.overrides(given, simulator, model)?;
        let nothing_else = given.protocol.is_none() && given.threads.is_none() && own.is_none();
        if overrides.is_empty() && nothing_else {
            let message = format!("the fidelity `{name}` is the same as the full simulation");
            let help = "say what makes it cheaper: `overrides`, `protocol` or another simulator";
            return Err(one(self.mistake(message, help, name, "what differs?")));
        }
        let parameters = self.parameters_of(given, model, another).map_err(one)?;
        let threads = given.threads.or(self.settings.execution.threads.filter(|_| !another));
        Ok(Fidelity {
            name: name.clone(),
            overrides,
            simulator: simulator.clone(),
            model_directory: directory.to_owned(),
            parameters,
            protocol: given.protocol.clone(),
            threads: threads.map_or(1, usize::from),
            time_limit: given.time_limit,
            slurm: given.slurm.clone(),
        })
    }

    fn check_name(&self, name: &str, taken: bool) -> Result<(), Mistake> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let why = if name.is_empty() {
            "a [[fidelity]] has no name".to_owned()
        } else if name == FULL {
            format!("a [[fidelity]] is called `{FULL}`, as the full simulation is")
        } else if taken {
            format!("two [[fidelity]] are called `{name}`")
        } else if name.len() > 60 || !name.chars().all(plain) {
            format!("`{name}` is not the name of a fidelity: letters, digits, _ and -")
        } else {
            return Ok(());
        };
        let place = if name.is_empty() { "[[fidelity]]" } else { name };
        Err(self.mistake(why, "give it a name of its own, such as `small`", place, "here"))
    }

    /// What it simulates, where that is not the full simulation's model.
    fn own_model(&self, given: &FidelitySettings) -> Result<Option<SimulatedModel>, Vec<Mistake>> {
        let (full, own) = (&self.settings.simulator, &given.simulator);
        if *own == SimulatorSettings::default() {
            return Ok(None);
        }
        let fixed = [
            ("experiment", own.experiment.is_some()),
            ("simulation_seed", own.simulation_seed.is_some()),
        ];
        if let Some((key, _)) = fixed.into_iter().find(|(_, given)| *given) {
            let message = format!("`{key}` cannot differ between versions of the simulation");
            return Err(vec![self.mistake(message, "set it in [simulator]", key, "here")]);
        }
        let another = own.kind.is_some_and(|kind| kind != self.simulator.kind);
        let settings = if another {
            let simulation_seed = full.simulation_seed;
            SimulatorSettings { simulation_seed, ..own.clone() }
        } else {
            full.clone().overridden_by(own.clone())
        };
        Parts::of(self.directory, &settings).whole().map(Some)
    }

    /// The values that it gives the model.
    fn overrides(
        &self,
        given: &FidelitySettings,
        simulator: &Simulator,
        model: &ModelParameters,
    ) -> Result<IndexMap<String, Json>, Vec<Mistake>> {
        let mut flat = IndexMap::new();
        given.overrides.iter().for_each(|(path, value)| flatten(path, value, &mut flat));
        let seeds = simulator.seeds();
        let mut mistakes = vec![];
        for (path, value) in &flat {
            let unfit = if seeds.contains(path) {
                Some(unfit(format!("`{path}` is a seed of the model, which mozopt sets itself")))
            } else {
                accepts(model, path, value).err()
            };
            mistakes.extend(unfit.map(|Unfit { message, label, help }| {
                let message = format!("`overrides` of the fidelity `{}`: {message}", given.name);
                let help = help.unwrap_or_else(|| "check the path and the value".to_owned());
                self.mistake(message, help, path, &label)
            }));
        }
        if mistakes.is_empty() && simulator.kind == SimulatorKind::V1 {
            let numbers = flat.iter().filter_map(|(path, value)| Some((&**path, value.as_f64()?)));
            if let Err(error) = v1_model::Parameters::with_overrides(numbers) {
                let help = "check the changed parameters";
                mistakes.push(self.mistake(error, help, &given.name, "in this fidelity"));
            }
        }
        if mistakes.is_empty() { Ok(flat) } else { Err(mistakes) }
    }

    /// The searched parameters that its model has, where these are not all.
    fn parameters_of(
        &self,
        given: &FidelitySettings,
        model: &ModelParameters,
        another: bool,
    ) -> Result<Option<Vec<String>>, Mistake> {
        let searched = self.parameters.iter().map(|parameter| &parameter.path);
        let known: Vec<_> =
            searched.filter(|path| !another || model.default(path).is_ok()).collect();
        let vary = known.iter().any(|path| !given.overrides.contains_key(*path));
        if !vary && !self.parameters.is_empty() {
            let name = &given.name;
            let message =
                format!("the fidelity `{name}` depends on none of the searched parameters");
            let help = "its simulator must have parameters of the same paths";
            return Err(self.mistake(message, help, name, "learns nothing"));
        }
        let all = known.len() == self.parameters.len();
        Ok((!all).then(|| known.into_iter().cloned().collect()))
    }

    /// A mistake where these words stand in `mozopt.toml`.
    fn mistake(
        &self,
        message: impl std::fmt::Display,
        help: impl std::fmt::Display,
        words: &str,
        label: &str,
    ) -> Mistake {
        let place = self.source.and_then(|source| {
            let first = source.text.find("[[fidelity]]")?;
            let start = first + source.text[first..].find(words)?;
            let help = Some(help.to_string());
            Some(source.error(start..start + words.len(), message.to_string(), label, help))
        });
        place.unwrap_or_else(|| Mistake::new(message, help))
    }
}

/// Dotted keys without quotes are tables to TOML.
fn flatten(path: &str, value: &Json, flat: &mut IndexMap<String, Json>) {
    match value {
        Json::Object(entries) => {
            for (key, value) in entries {
                flatten(&format!("{path}.{key}"), value, flat);
            }
        }
        value => {
            flat.insert(path.to_owned(), value.clone());
        }
    }
}

fn unfit(message: String) -> Unfit {
    Unfit { message, label: "cannot be set".to_owned(), help: None }
}

/// Whether the model has this parameter and takes such a value.
fn accepts(model: &ModelParameters, path: &str, value: &Json) -> Result<(), Unfit> {
    if !(value.is_number() || value.is_boolean() || value.is_string()) {
        let message = format!("`{path}` is neither a number nor true, false or a text");
        return Err(unfit(message));
    }
    match model {
        ModelParameters::Unknown => Ok(()),
        ModelParameters::Mozaik(model) => mozaik_accepts(model, path, value),
        ModelParameters::Numbers(_) => {
            let default = model.default(path)?;
            let Some(number) = value.as_f64() else {
                return Err(unfit(format!("`{path}` is a number in the model, not {value}")));
            };
            let whole = default.is_some_and(|default| default.integer);
            if whole && number.fract() != 0.0 {
                return Err(unfit(format!("`{path}` is a whole number in the model, not {value}")));
            }
            Ok(())
        }
    }
}

fn mozaik_accepts(model: &MozaikParameters, path: &str, value: &Json) -> Result<(), Unfit> {
    let failed = |error: mozaik_parameters::Error| Unfit {
        message: error.problem.to_string(),
        label: "cannot be set".to_owned(),
        help: error.problem.advice(),
    };
    let at = mozaik_parameters::Path::from(path);
    model.tree.root().entry(&at).map_err(failed)?;
    let present = model.resolved.root().value(&at).map_err(failed)?;
    let other = match value {
        Json::Bool(value) => Value::Boolean(*value),
        Json::String(text) => Value::Text(text.clone()),
        number => number.as_i64().map_or(Value::Float(0.0), Value::Integer),
    };
    if present.accepts(&other) {
        return Ok(());
    }
    Err(unfit(format!("`{path}` is {} in the model, which {value} cannot replace", present.kind())))
}
