//! A model as the settings of a simulator name it: what simulates, where, and its parameters.

use std::path::{Path, PathBuf};

use configuration::Simulator;

use crate::mistake::Mistake;
use crate::model::ModelParameters;
use crate::seeds::Seeds;
use crate::settings::SimulatorSettings;
use crate::simulator::{model_directory, simulator};

/// What can be made of the settings, and all that is wrong with them.
#[derive(Default)]
pub struct Parts {
    /// What simulates.
    pub simulator: Option<Simulator>,
    /// Where simulations start.
    pub directory: Option<PathBuf>,
    /// The model's parameters.
    pub parameters: Option<ModelParameters>,
    /// Every mistake.
    pub mistakes: Vec<Mistake>,
}

/// A model of which nothing is missing.
pub struct SimulatedModel {
    /// What simulates.
    pub simulator: Simulator,
    /// Where simulations start.
    pub directory: PathBuf,
    /// The model's parameters.
    pub parameters: ModelParameters,
}

impl Parts {
    /// Reads everything there is; paths are relative to `directory`.
    pub fn of(directory: &Path, settings: &SimulatorSettings) -> Self {
        let mut parts = Self::default();
        parts.simulator = parts.noting(simulator(settings));
        parts.directory = parts.noting(model_directory(directory, settings));
        if let (Some(simulator), Some(directory)) = (&parts.simulator, &parts.directory) {
            let parameters = ModelParameters::of(simulator, settings, directory);
            parts.parameters = parts.noting(parameters);
        }
        if let (Some(simulator), Some(ModelParameters::Mozaik(model))) =
            (&mut parts.simulator, &parts.parameters)
        {
            match Seeds::of(model, settings.seeds.as_deref(), simulator.seed) {
                Ok(Seeds { of_simulation, of_network }) => {
                    simulator.set_seeds(of_simulation, of_network);
                }
                Err(mistakes) => parts.mistakes.extend(mistakes),
            }
        }
        parts
    }

    /// The model, if there is no mistake.
    pub fn whole(self) -> Result<SimulatedModel, Vec<Mistake>> {
        match (self.simulator, self.directory, self.parameters) {
            (Some(simulator), Some(directory), Some(parameters)) if self.mistakes.is_empty() => {
                Ok(SimulatedModel { simulator, directory, parameters })
            }
            _ => Err(self.mistakes),
        }
    }

    fn noting<T>(&mut self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }
}
