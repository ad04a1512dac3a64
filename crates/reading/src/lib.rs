//! What the user gives: two files in a model's directory, `mozopt.toml` (how the search is run) and
//! `param_optim/config_optimisation` (what is searched, and the targets), and the parameters of the
//! model itself. Everything is read, checked and joined into a frozen
//! [`configuration::Configuration`]; every mistake is found, not only the first, and says where it
//! is and what to do.

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

mod config_optimisation;
mod examined;
mod fidelities;
mod files;
mod mistake;
mod model;
mod parameters;
mod seeds;
mod settings;
mod simulated_model;
mod simulator;

pub use config_optimisation::{ConfigOptimisation, SCHEMA as CONFIG_OPTIMISATION_SCHEMA};
pub use examined::{Examined, Loaded, load};
pub use fidelities::FidelitySettings;
pub use files::{CONFIG_OPTIMISATION, read_settings, read_targets};
pub use mistake::{Mistake, Notice, Place, Source, suggestion};
pub use model::{DefaultValue, ModelParameters, MozaikParameters, Unfit};
pub use seeds::{drive_both, has_known_seed};
pub use settings::{Settings, SimulatorSettings};
