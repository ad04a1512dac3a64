//! The command line.

mod data_store;
mod figures;
mod inspect;
mod model;
mod trouble;
mod validate;

use configuration::{LimitChange, Objectives, TimeLimit};
use reading::Settings;
use simulation::{Attempt, CandidateNumber, Protocol};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use data_store::*;
pub use figures::*;
pub use inspect::*;
pub use model::*;
pub use trouble::*;
pub use validate::*;

const EXIT_CODES: &str = "Exit codes: 0 finished, 1 failed, 2 bad input, 3 stopped by the user.";

/// Fit spiking models of visual cortex: find the parameters that make a model behave like the brain
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct CommandLine {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// In a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum Command {
    /// Start an optimization
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Continue an optimization that was stopped, killed or finished
    #[command(after_help = RESUME_EXAMPLES)]
    Resume(ResumeArguments),
    /// Run an optimization's controller as a Slurm job
    #[command(after_help = SUBMIT_EXAMPLES)]
    Submit(SubmitArguments),
    /// Stop an optimization and cancel its simulations
    #[command(after_help = "Results are kept; continue with `mozopt resume`.")]
    Stop(StopArguments),
    /// Show the progress of an optimization
    Status(StatusArguments),
    /// Find out what is wrong with an optimization, and what to do
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArguments),
    /// Cut off what is damaged of an optimization's journal
    #[command(after_help = REPAIR_EXAMPLES)]
    Repair(RepairArguments),
    /// Take outcomes back that were the machine's fault, so that they are simulated again
    #[command(after_help = FORGET_EXAMPLES)]
    Forget(ForgetArguments),
    /// Show one candidate: parameters, values, scores, why it failed, how to run it again
    #[command(after_help = "Example:\n  mozopt show 17 examples/v1")]
    Show(ShowArguments),
    /// Export parameters and results for other programs
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArguments),
    /// Draw the figures of an optimization
    #[command(after_help = FIGURES_EXAMPLES)]
    Figures(FiguresArguments),
    /// Write everything about an optimization into one HTML file
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArguments),
    /// Show an optimization live in the browser, and steer it
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArguments),
    /// Measure and score the targets on existing data stores
    #[command(after_help = EVALUATE_EXAMPLES)]
    Evaluate(EvaluateArguments),
    /// List what a data store contains, or export it for NumPy and pandas
    #[command(after_help = DATASTORE_EXAMPLES)]
    Datastore(DatastoreArguments),
    /// Show the biology of one simulation: activity, tuning curves and their fits, as numbers and
    /// figures
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArguments),
    /// Run the full protocol on the best candidates with several seeds, and compare it with the
    /// search
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate(ValidateArguments),
    /// Prepare a mozaik model for a search
    #[command(after_help = PREPARE_EXAMPLES)]
    Prepare(PrepareArguments),
    /// Find problems before a search starts
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArguments),
    /// Show a mozaik model's parameters as mozaik resolves them
    #[command(after_help = PARAMETERS_EXAMPLES)]
    Parameters(ParametersArguments),
    /// Print the JSON Schema of a configuration file
    Schema(SchemaArguments),
    /// Run the embedded model of V1 alone
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArguments),
    /// Simulate and evaluate inside a job (called by job.sh)
    Job(JobArguments),
}

const SUBMIT_EXAMPLES: &str = "\
Examples:
  mozopt submit .                                  start the search that this directory describes
  mozopt submit 20260301-101500_Optimization       continue this one
  mozopt submit . --time 24h --option=--partition=long --option=--mem=2G
  mozopt submit . --nodes 4 --time 24h             fill four whole nodes (executor srun)

Shortly before its time limit the controller ends and leaves its simulations running; a waiting job
takes over. With the executor srun, simulations end with the nodes of their controller, and the next
runs them again. See docs/slurm.md.";

const RUN_EXAMPLES: &str = "\
Examples:
  mozopt run examples/v1                    the search that the directory describes
  mozopt run examples/v1 --max-ngen 3       a short search
  mozopt run . --output /scratch/searches --json > best.json
  mozopt run . --warm-start 20261101-101500_Optimization    learn from an earlier search

DIRECTORY contains param_optim/config_optimisation (what is searched) and mozopt.toml (how). Every
setting of mozopt.toml has a flag of the same name, which overrides it. Ctrl-C stops when the running
simulations have finished; a second Ctrl-C cancels them. Continue with `mozopt resume`.

Exit codes: 0 finished, 1 failed, 2 bad input, 3 stopped by the user.";

const RESUME_EXAMPLES: &str = "\
Examples:
  mozopt resume                              the latest optimization in this directory
  mozopt resume examples/v1 --max-ngen 40    continue beyond the limit that ended it
  mozopt resume . --again crashed            simulate again what crashed, then continue

Exit codes: 0 finished, 1 failed, 2 bad input, 3 stopped by the user.";

const EXPORT_EXAMPLES: &str = "\
Examples:
  mozopt export examples/v1                          the best parameters as JSON
  mozopt export examples/v1 --format csv -o all.csv  every candidate: parameters, values, scores
  mozopt export examples/v1 --format front           the trade-offs between target classes
  mozopt export . --format params -o param_best      the model's parameter files with the best values
  python run.py nest 1 param_best/defaults best      run the model with them, with any protocol";

const EVALUATE_EXAMPLES: &str = "\
Examples:
  mozopt evaluate results/Model_run_____ --config param_optim/config_optimisation
  mozopt evaluate old_optimization/ --config . --jobs 8     every store in it, as a table
  mozopt evaluate results/* --config . --json > values.json
  mozopt evaluate results/Model_run_____ --config . --predecessor

mozaik's stores are read whatever versions of neo, NumPy and Python wrote them; nothing in them is
executed. mozopt fixes some defects of the predecessor, which --predecessor reproduces;
docs/evaluation.md lists them.

Exit codes: 0 all stores evaluated, 1 a store could not be read (the others were evaluated), 2 bad input.";

const DATASTORE_EXAMPLES: &str = "\
Examples:
  mozopt datastore results/Model_run_____              sheets, segments, spikes, sizes, writer
  mozopt datastore STORE --export npz -o exported      NumPy: np.load('exported/V1_Exc_L4.npz')
  mozopt datastore STORE --export csv --sheet V1_Exc_L4 -o exported";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  mozopt simulate simulations/000017/simulation.json
  mozopt simulate --output /tmp/v1 --seed 3 --set sheets.l4_cortex_exc.AfferentConnection.base_weight=6e-4";

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The directory with mozopt.toml and `param_optim/config_optimisation`: the model's or a
    /// separate one
    #[arg(value_name = "DIRECTORY", default_value = ".")]
    pub directory: PathBuf,
    /// The file with parameters, centroid and targets [default: `param_optim/config_optimisation`]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to create the optimization's directory [default: the model's directory]
    #[arg(long, short, value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
    /// Start with earlier results: an optimization, a table of simulations (.csv, as written by
    /// `export`), or a further starting point (.json, as written by `export`); `small=PATH` takes
    /// them for simulations of the fidelity `small`; may be repeated
    #[arg(long, value_name = "PATH")]
    pub warm_start: Vec<PathBuf>,
    /// Print the result as one JSON object to stdout
    #[arg(long)]
    pub json: bool,
    /// Do not show progress
    #[arg(long, short)]
    pub quiet: bool,
    /// The settings of mozopt.toml.
    #[command(flatten)]
    pub settings: Box<Settings>,
}

impl RunArguments {
    /// The search that this directory describes.
    pub fn on(directory: PathBuf) -> Self {
        Self {
            directory,
            config: None,
            output: None,
            warm_start: vec![],
            json: false,
            quiet: false,
            settings: Box::default(),
        }
    }
}

/// Arguments of `submit`.
#[derive(Debug, Args)]
pub struct SubmitArguments {
    /// The directory of an optimization, to continue it, or a directory with mozopt.toml, to start
    /// one
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How many nodes the controller takes to run simulations on, whole ones; with executor =
    /// "srun" [default: 1]
    #[arg(long, value_name = "N")]
    pub nodes: Option<NonZeroU32>,
    /// How long one controller runs before the next takes over
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub time: TimeLimit,
    /// An option of sbatch for the controller, word for word; may be repeated [default: the
    /// partition and account of the simulations]
    #[arg(long = "option", value_name = "OPTION", allow_hyphen_values = true)]
    pub options: Vec<String>,
}

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub struct StopArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// Print the result as one JSON object to stdout
    #[arg(long)]
    pub json: bool,
    /// Do not show progress
    #[arg(long, short)]
    pub quiet: bool,
    /// Simulate all candidates again whose outcome is of this class, as if the optimizer had never
    /// been told; may be repeated
    #[arg(long, value_enum, value_name = "CLASS")]
    pub again: Vec<FailureClass>,
    /// The limits to change, which stay in force until they are changed again.
    #[command(flatten)]
    pub limits: LimitChange,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The candidate's number
    pub candidate: CandidateNumber,
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// What to export
    #[arg(long, value_enum, default_value = "json")]
    pub format: ExportFormat,
    /// The candidate whose parameters to export [default: the best]
    #[arg(long, value_name = "N")]
    pub candidate: Option<CandidateNumber>,
    /// The objectives; only for `front` [default: those of the search]
    #[arg(long, value_enum)]
    pub objectives: Option<Objectives>,
    /// Write to this file instead of stdout; for `params`, the new directory
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// What to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A candidate's parameters as a JSON object
    Json,
    /// A candidate's parameters as mozaik's command line takes them
    Overrides,
    /// A mozaik model's parameter files with a candidate's values, for use without mozopt
    Params,
    /// All candidates with parameters, values and scores
    Csv,
    /// The candidates that no other dominates: their objectives and parameters
    Front,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// The configuration file
    #[arg(value_enum)]
    pub file: SchemaFile,
}

/// The configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFile {
    /// What is searched
    #[value(name = "config_optimisation")]
    ConfigOptimisation,
    /// How the search runs
    #[value(name = "mozopt.toml")]
    MozoptToml,
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// The simulation.json to simulate [default: the file named by `MOZOPT_SIMULATION`, otherwise
    /// the model's defaults]
    #[arg(value_name = "SIMULATION_JSON")]
    pub simulation: Option<PathBuf>,
    /// Set a parameter; may be repeated
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub set: Vec<(String, f64)>,
    /// The seed [default: the file's, otherwise 1]
    #[arg(long)]
    pub seed: Option<u64>,
    /// The number of threads [default: the file's, otherwise 1]
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
    /// The protocol: optimization, full, spontaneous, `orientation_tuning` or `size_tuning`
    /// [default: the file's, otherwise optimization]
    #[arg(long, value_name = "NAME")]
    pub protocol: Option<Protocol>,
    /// The data store's directory [default: datastore, next to the file]
    #[arg(long, short, value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
    /// Write a data store of mozaik into this directory instead: pickles of neo's objects
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "output")]
    pub mozaik_store: Option<PathBuf>,
    /// The version of neo that is to load it
    #[arg(
        long,
        value_enum,
        value_name = "VERSION",
        requires = "mozaik_store",
        default_value = "0.14"
    )]
    pub neo: NeoVersion,
    /// List the model's parameters, with what they are here, and simulate nothing
    #[arg(long)]
    pub parameters: bool,
}

/// Versions of neo whose pickles differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NeoVersion {
    /// Up to 0.12, with `NumPy` 1
    #[value(name = "0.12")]
    Neo12,
    /// 0.13 and newer, with `NumPy` 2
    #[value(name = "0.14")]
    Neo14,
}

fn assignment(text: &str) -> Result<(String, f64), String> {
    let (path, value) = text.split_once('=').ok_or("write PATH=VALUE")?;
    let value: f64 = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
    Ok((path.to_owned(), value))
}

/// Arguments of `job`.
#[derive(Debug, Args)]
pub struct JobArguments {
    /// Run the simulation again in this new directory, and keep its data store
    #[arg(long, value_name = "DIRECTORY")]
    pub again: Option<PathBuf>,
    /// The attempt that this job was submitted for
    #[arg(long, value_name = "N", hide = true)]
    pub attempt: Option<Attempt>,
    /// What that directory is relative to
    #[arg(long, value_name = "DIRECTORY", default_value = ".", hide = true)]
    pub from: PathBuf,
}
