//! Arguments of the commands about models written with mozaik.

use reading::Settings;
use std::path::PathBuf;

use clap::Args;

pub const PARAMETERS_EXAMPLES: &str = "\
Examples:
  mozopt parameters param/defaults                               every parameter of the model
  mozopt parameters param/defaults sheets.l4_cortex_exc.K        one: value, type, place, what refers to it
  mozopt parameters param/defaults sheets.l4_cortex_exc.K 1000   every parameter, with K = 1000
  mozopt parameters param/defaults sheets.l4_cortex_exc.K 1000 sheets.l4_cortex_exc.params
  mozopt parameters param/defaults name \"'MyModel'\" --json       a string needs its own quotes

Paths and values are those of mozaik's command line. Nothing in the files is executed.";

/// Arguments of `parameters`.
#[derive(Debug, Args)]
pub struct ParametersArguments {
    /// The root parameter file
    pub file: PathBuf,
    /// Values to replace, as pairs of PATH and VALUE; a single PATH at the end shows that parameter
    #[arg(value_name = "PATH VALUE", allow_negative_numbers = true)]
    pub overrides: Vec<String>,
    /// The model's directory, in which mozaik starts and to which paths in the files are relative
    /// [default: the working directory, or a directory above FILE in which the files are found]
    #[arg(long, value_name = "DIRECTORY")]
    pub model_dir: Option<PathBuf>,
    /// Print JSON to stdout
    #[arg(long)]
    pub json: bool,
}

pub const PREPARE_EXAMPLES: &str = "\
Examples:
  mozopt prepare ~/models/LSV1M --dry-run           what would be written
  mozopt prepare ~/models/LSV1M                     param_optim/, mozopt.toml and the experiment script
  mozopt prepare ~/models/LSV1M --into search       the same in a separate directory
  mozopt prepare . --param param_spont --model-class model.SelfSustainedPushPull

The parameter files are copied with their comments. The copies include each other, and all their sheets
record what the targets need. Parameters, ranges and targets are proposals for you to adjust.";

/// Arguments of `prepare`.
#[derive(Debug, Args)]
pub struct PrepareArguments {
    /// The model's directory, in which mozaik starts
    #[arg(value_name = "MODEL_DIR")]
    pub model_directory: PathBuf,
    /// Where to write the files [default: the model's directory]
    #[arg(long, value_name = "DIRECTORY")]
    pub into: Option<PathBuf>,
    /// The directory of the model's parameter files
    #[arg(long, value_name = "NAME", default_value = "param")]
    pub param: String,
    /// The root parameter file in it
    #[arg(long, value_name = "FILE", default_value = "defaults")]
    pub root: String,
    /// The directory of the parameter files for the search
    #[arg(long, value_name = "NAME", default_value = "param_optim")]
    pub param_optim: String,
    /// Module and class of the model [default: found as the class derived from mozaik's Model]
    #[arg(long, value_name = "MODULE.CLASS")]
    pub model_class: Option<String>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Replace files that differ, and keep the earlier ones with a ~ at the end of their names
    #[arg(long)]
    pub force: bool,
}

pub const CHECK_EXAMPLES: &str = "\
Examples:
  mozopt check                        the search of this directory, without simulating
  mozopt check ~/models/LSV1M --simulate
  mozopt check . --json | jq '.checks[] | select(.status != \"ok\")'

Checks the configuration, every parameter in the model's tree, what is recorded and presented for the
targets, the prelude and Python's imports, NEST's modules and cell models, the MPI launcher, disk space,
time and cores. --simulate also runs the centroid once, with the executor of the search.

Exit codes: 0 ready, 1 the simulation failed or a target has no value, 2 something must be fixed.";

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The directory with mozopt.toml and `param_optim/config_optimisation`
    #[arg(default_value = ".")]
    pub directory: PathBuf,
    /// The file with parameters, centroid and targets [default: `param_optim/config_optimisation`]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to create the optimization's directory [default: the directory itself]
    #[arg(long, short, value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
    /// Simulate the centroid once, and report time, memory, size of the data store and every value
    #[arg(long)]
    pub simulate: bool,
    /// Print JSON to stdout
    #[arg(long)]
    pub json: bool,
    /// The settings of mozopt.toml.
    #[command(flatten)]
    pub settings: Box<Settings>,
}
