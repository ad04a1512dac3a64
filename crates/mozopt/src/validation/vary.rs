//! What differs between the simulations of one candidate.

use clap::ValueEnum;
use configuration::{Simulator, SimulatorKind};
use reading::drive_both;
use serde::Serialize;

/// What differs between the simulations of one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vary {
    /// The noise of the simulation
    Simulation,
    /// The network, too: if it has a separate seed, that gets a new value
    Model,
}

/// What draws the network of the embedded model.
const NETWORK_OF_V1: &str = "pynn_seed";

impl Vary {
    /// The parameters of the model that get the simulation's seed, too.
    pub fn further_seeds(self, simulator: &Simulator) -> Vec<String> {
        match (self, simulator.kind) {
            (Self::Simulation, _) => vec![],
            (Self::Model, SimulatorKind::V1) => vec![NETWORK_OF_V1.to_owned()],
            (Self::Model, _) => simulator.network_seeds.clone(),
        }
    }

    /// A note if something else varies than the user may expect.
    pub fn notice(self, simulator: &Simulator) -> Option<String> {
        let asked = self == Self::Model;
        match (&simulator.mozaik, simulator.kind) {
            (_, SimulatorKind::V1) => None,
            (None, _) => asked.then(|| {
                "the command gets one seed, and decides itself whether its network varies"
                    .to_owned()
            }),
            (Some(_), _) if !simulator.network_seeds.is_empty() => None,
            (Some(mozaik), _) => match &*mozaik.seed_parameters {
                [] => {
                    Some("no seed of the model is known: its simulations do not differ".to_owned())
                }
                seeds if drive_both(seeds) => {
                    Some("one seed controls both: network and noise vary together".to_owned())
                }
                seeds => asked.then(|| {
                    let seeds = seeds.join(", ");
                    format!(
                        "the model has no model_seed: the network varies if {seeds} controls it"
                    )
                }),
            },
        }
    }
}
