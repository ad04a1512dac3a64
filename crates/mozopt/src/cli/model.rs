//! Arguments of the commands about models written with mozaik.

use reading::Settings;
use std::path::PathBuf;

use clap::Args;

pub const PARAMETERS_EXAMPLES: &str = "\
Examples:
  mozopt parameters param/defaults                               every parameter of the model
  mozopt parameters param/defaults sheets.l4_cortex_exc.K        one: value, type, place, who refers to it
  mozopt parameters param/defaults sheets.l4_cortex_exc.K 1000   every parameter, with K = 1000
  mozopt parameters param/defaults sheets.l4_cortex_exc.K 1000 sheets.l4_cortex_exc.params
  mozopt parameters param/defaults name \"'MyModel'\" --json       a string has quotes of its own

Paths and values are those of mozaik's command line. Nothing in the files is executed.";

/// Arguments of `parameters`.
#[derive(Debug, Args)]
pub struct ParametersArguments {
    /// The root parameter file
    pub file: PathBuf,
    /// Values to replace, as pairs of PATH and VALUE; a single PATH at the end shows that parameter
    #[arg(value_name = "PATH VALUE", allow_negative_numbers = true)]
    pub overrides: Vec<String>,
    /// The model's directory, in which mozaik is started: what the files name is relative to it
    /// [default: the working directory, or else a directory above FILE in which the files are
    /// found]
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
  mozopt prepare ~/models/LSV1M --into search       the same in a directory of its own
  mozopt prepare . --param param_spont --model-class model.SelfSustainedPushPull

The parameter files are copied with their comments; in the copies, files include each other there, and
all sheets record what the targets need. Parameters, ranges and targets are proposals to be adjusted.";

/// Arguments of `prepare`.
#[derive(Debug, Args)]
pub struct PrepareArguments {
    /// The model's directory, in which mozaik is started
    #[arg(value_name = "MODEL_DIR")]
    pub model_directory: PathBuf,
    /// Where the files go [default: the model's directory]
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
    /// Module and class of the model [default: the class derived from mozaik's Model that is found]
    #[arg(long, value_name = "MODULE.CLASS")]
    pub model_class: Option<String>,
    /// Show what would be written
    #[arg(long)]
    pub dry_run: bool,
    /// Replace files that differ; the earlier ones are kept with a ~ at their end
    #[arg(long)]
    pub force: bool,
}

pub const CHECK_EXAMPLES: &str = "\
Examples:
  mozopt check                        the search of this directory, without simulating
  mozopt check ~/models/LSV1M --simulate
  mozopt check . --json | jq '.checks[] | select(.status != \"ok\")'

Looks at the configuration, at every parameter in the model's tree, at what is recorded and presented
for the targets, at the prelude and what Python can import, at NEST's modules and cell models, at the MPI
launcher, at disk, time and cores. --simulate also runs the centroid once, through the executor that the
search would use.

Exit codes: 0 nothing is in the way, 1 the simulation failed or a target has no value, 2 something would go
wrong.";

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The directory with mozopt.toml and `param_optim/config_optimisation`
    #[arg(default_value = ".")]
    pub directory: PathBuf,
    /// The file with parameters, centroid and targets [default: `param_optim/config_optimisation`]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the optimization's directory would go [default: the directory itself]
    #[arg(long, short, value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
    /// Simulate the centroid once: time, memory, size of the data store, every value
    #[arg(long)]
    pub simulate: bool,
    /// Print JSON to stdout
    #[arg(long)]
    pub json: bool,
    /// The settings of mozopt.toml.
    #[command(flatten)]
    pub settings: Box<Settings>,
}
