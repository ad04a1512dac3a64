//! `mozopt.toml`: HOW the search runs. Every setting is also a flag of `mozopt run`: one type
//! serves as both, and flags override the file.

use std::num::NonZeroUsize;

use clap::Args;
use configuration::{
    Algorithm, ExecutorKind, LimitChange, Mode, Objectives, SimulationSeed, SimulatorKind,
    SlurmSettings, TimeLimit, Variant,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::fidelities::FidelitySettings;
use crate::mistake::{Mistake, Source, suggestion};

/// The contents of `mozopt.toml`. Every missing setting has a default.
#[derive(Debug, Clone, Default, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "mozopt.toml")]
pub struct Settings {
    /// What simulates the model.
    #[command(flatten)]
    pub simulator: SimulatorSettings,
    /// Where and how simulations run.
    #[command(flatten)]
    pub execution: ExecutionSettings,
    /// The resources of each simulation on Slurm (`executor = "slurm"`).
    #[command(flatten)]
    pub slurm: SlurmSettings,
    /// How parameters are proposed, and when to stop.
    #[command(flatten)]
    pub optimizer: OptimizerSettings,
    /// What to keep of a simulation after its evaluation.
    #[command(flatten)]
    pub keep: KeepSettings,
    /// Cheaper versions of the simulation, from which a `composite` search learns about the full
    /// one.
    #[arg(skip)]
    pub fidelity: Vec<FidelitySettings>,
}

/// What simulates the model.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Simulator")]
pub struct SimulatorSettings {
    /// The simulator: `v1`, the embedded spiking model of V1; `mozaik`, a model written with
    /// mozaik; or `command`, your own program
    #[arg(long, value_enum)]
    pub kind: Option<SimulatorKind>,
    /// The shell line that simulates: it reads the file named by `$MOZOPT_SIMULATION` and writes
    /// `datastore/` or `values.json`; only for `kind = "command"`
    #[arg(long, value_name = "LINE")]
    pub command: Option<String>,
    /// The model's parameters, relative to its directory: for `mozaik` the root parameter file
    /// [default: `param_optim/defaults`], for `command` a JSON file with the default of every
    /// parameter
    #[arg(long, value_name = "FILE")]
    pub parameters: Option<String>,
    /// The model's directory, in which simulations start, relative to mozopt.toml [default: the
    /// directory of mozopt.toml]
    #[arg(long, value_name = "DIRECTORY")]
    pub model_dir: Option<String>,
    /// The module and class of the model, such as `model.SelfSustainedPushPull`; only for `kind =
    /// "mozaik"`
    #[arg(long, value_name = "MODULE.CLASS")]
    pub model_class: Option<String>,
    /// Your own run script, relative to the model's directory, which gets mozaik's command line;
    /// only for `kind = "mozaik"` [default: the experiment script]
    #[arg(long, value_name = "FILE")]
    pub script: Option<String>,
    /// Your changed copy of the experiment script, relative to mozopt.toml; only for `kind =
    /// "mozaik"` [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub experiment: Option<String>,
    /// The command that runs Python, such as `apptainer exec mozaik.sif python`; only for `kind =
    /// "mozaik"` [default: python]
    #[arg(long, value_name = "COMMAND")]
    pub python: Option<String>,
    /// The command that starts the MPI processes, such as `mpirun -np {ranks}` or `srun --mpi=pmix
    /// -n {ranks}`; only for `kind = "mozaik"` [default: none]
    #[arg(long, value_name = "COMMAND")]
    pub launcher: Option<String>,
    /// MPI processes of each simulation; only for `kind = "mozaik"` [default: 1]
    #[arg(long, value_name = "N")]
    pub ranks: Option<NonZeroUsize>,
    /// Extension modules that NEST loads before the model is built, like
    /// `nest.Install("stepcurrentmodule")` in a run script; only for `kind = "mozaik"` [default:
    /// none]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub nest_modules: Option<Vec<String>>,
    /// The parameters that get the simulation's seed; only for `kind = "mozaik"` [default:
    /// `simulation_seed` if the model has it, otherwise `mozaik_seed` and `pynn_seed`]
    #[arg(long, value_name = "PATH,…", value_delimiter = ',')]
    pub seeds: Option<Vec<String>>,
    /// Shell lines to run before each simulation (`module load …`, `conda activate …`)
    #[arg(long, value_name = "LINES")]
    pub prelude: Option<String>,
    /// The seed of all simulations, or `drawn` for a new seed each time [default: drawn]
    #[arg(long, value_name = "SEED")]
    pub simulation_seed: Option<SimulationSeed>,
}

/// Where and how simulations run.
#[derive(Debug, Clone, Default, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Execution")]
pub struct ExecutionSettings {
    /// What runs the simulations [default: local]
    #[arg(long, value_enum)]
    pub executor: Option<ExecutorKind>,
    /// How many simulations run at the same time [default: with `local` cores / (ranks × threads),
    /// at least 1; with `slurm` the candidates of a generation]
    #[arg(long, value_name = "N")]
    pub slots: Option<NonZeroUsize>,
    /// Threads of each simulation [default: 1]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// How long a simulation may run, from its start: `90s`, `45m`, `20h` [default: 20h]
    #[arg(long, value_name = "TIME")]
    pub time_limit: Option<TimeLimit>,
    /// When to propose: `generational` waits for every outcome of a generation; `asynchronous`
    /// proposes whenever a slot is free, which leaves none idle but needs some more simulations
    /// [default: generational with `local`, asynchronous with `slurm`]
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
    /// Further attempts at a simulation after faults that are not the model's [default: 2]
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,
    /// The pause before the first further attempt; grows sixfold with each fault of a simulation,
    /// up to 15 minutes [default: 5s]
    #[arg(long, value_name = "TIME")]
    pub retry_pause: Option<TimeLimit>,
}

/// How parameters are proposed, and when to stop.
#[derive(Debug, Clone, Default, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Optimizer")]
pub struct OptimizerSettings {
    /// The algorithm [default: composite]
    #[arg(long, value_enum)]
    pub algorithm: Option<Algorithm>,
    /// The variant of CMA-ES: `active` also learns from bad candidates and treats bounds without
    /// bias; `bluepyopt` reproduces the predecessor exactly; only for `cma-es` [default: active]
    #[arg(long, value_enum)]
    pub variant: Option<Variant>,
    /// Which targets form one objective: those of a `class` on all sheets, those of a `sheet`, or
    /// each `target` alone; only for `multi-objective` [default: class]
    #[arg(long, value_enum)]
    pub objectives: Option<Objectives>,
    /// Candidates of a generation [default: 4 + ⌊3 ln n⌋ for n parameters; for generational
    /// `composite` searches, which need fewer simulations with small generations, the least
    /// multiple of the slots that is at least 6]
    #[arg(long, value_name = "N")]
    pub offspring_size: Option<NonZeroUsize>,
    /// The seed of the search [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The spread of the first generation around the centroid, where each range spans [-1, 1]
    /// [default: 0.3]
    #[arg(long, value_name = "X")]
    pub sigma: Option<f64>,
    /// Stop after this many generations [default: 200]
    #[arg(long, value_name = "N")]
    pub max_ngen: Option<u64>,
    /// Stop after this many simulations [default: no limit]
    #[arg(long, value_name = "N")]
    pub max_simulations: Option<u64>,
    /// Stop proposing after this time, such as `36h` or `7d`, and wait for running simulations
    /// [default: no limit]
    #[arg(long, value_name = "TIME")]
    pub max_time: Option<TimeLimit>,
    /// Stop proposing once the simulations have taken this many core-hours [default: no limit]
    #[arg(long, value_name = "X")]
    pub max_core_hours: Option<f64>,
    /// Repetitions, with new seeds, of a candidate that meets all targets, and of the best at the
    /// end; 0 for none [default: 5]
    #[arg(long, value_name = "N")]
    pub validate_best: Option<u32>,
}

/// What to keep of a simulation after its evaluation. Values, scores and parameters always stay.
#[derive(Debug, Clone, Default, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Keep")]
pub struct KeepSettings {
    /// Keep the data stores of the N best candidates [default: 1]
    #[arg(long = "keep-best", value_name = "N")]
    pub best: Option<usize>,
    /// Keep the data stores of failed simulations [default: false]
    #[arg(long = "keep-failures", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub failures: Option<bool>,
    /// Keep every data store [default: false]
    #[arg(long = "keep-all", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub all: Option<bool>,
}

impl SimulatorSettings {
    /// Replaces what the others give.
    #[must_use]
    pub fn overridden_by(self, other: Self) -> Self {
        Self {
            kind: other.kind.or(self.kind),
            command: other.command.or(self.command),
            parameters: other.parameters.or(self.parameters),
            model_dir: other.model_dir.or(self.model_dir),
            model_class: other.model_class.or(self.model_class),
            script: other.script.or(self.script),
            experiment: other.experiment.or(self.experiment),
            python: other.python.or(self.python),
            launcher: other.launcher.or(self.launcher),
            ranks: other.ranks.or(self.ranks),
            nest_modules: other.nest_modules.or(self.nest_modules),
            seeds: other.seeds.or(self.seeds),
            prelude: other.prelude.or(self.prelude),
            simulation_seed: other.simulation_seed.or(self.simulation_seed),
        }
    }
}

impl Settings {
    /// Reads the text of a `mozopt.toml`.
    pub fn parse(source: &Source) -> Result<Self, Mistake> {
        let settings: Self = toml::from_str(&source.text).map_err(|error| {
            let span = error.span().unwrap_or(0..source.text.len().min(1));
            source.error(span, in_words(error.message()), "here", misspelt_key(error.message()))
        })?;
        Ok(settings)
    }

    /// The limits that are given.
    pub fn limits(&self) -> LimitChange {
        let Self { execution, slurm, optimizer, keep, .. } = self;
        LimitChange {
            max_ngen: optimizer.max_ngen,
            max_simulations: optimizer.max_simulations,
            max_time: optimizer.max_time,
            max_core_hours: optimizer.max_core_hours,
            validate_best: optimizer.validate_best,
            executor: execution.executor,
            slots: execution.slots,
            time_limit: execution.time_limit,
            retries: execution.retries,
            retry_pause: execution.retry_pause,
            keep_best: keep.best,
            keep_failures: keep.failures,
            keep_all: keep.all,
            slurm: slurm.clone(),
        }
    }

    /// Replaces what `flags` give.
    #[must_use]
    pub fn overridden_by(self, flags: Self) -> Self {
        let (e, o, k) = (self.execution, self.optimizer, self.keep);
        let (fe, fo, fk) = (flags.execution, flags.optimizer, flags.keep);
        Self {
            simulator: self.simulator.overridden_by(flags.simulator),
            execution: ExecutionSettings {
                executor: fe.executor.or(e.executor),
                slots: fe.slots.or(e.slots),
                threads: fe.threads.or(e.threads),
                time_limit: fe.time_limit.or(e.time_limit),
                mode: fe.mode.or(e.mode),
                retries: fe.retries.or(e.retries),
                retry_pause: fe.retry_pause.or(e.retry_pause),
            },
            slurm: self.slurm.overridden_by(flags.slurm),
            optimizer: OptimizerSettings {
                algorithm: fo.algorithm.or(o.algorithm),
                variant: fo.variant.or(o.variant),
                objectives: fo.objectives.or(o.objectives),
                offspring_size: fo.offspring_size.or(o.offspring_size),
                seed: fo.seed.or(o.seed),
                sigma: fo.sigma.or(o.sigma),
                max_ngen: fo.max_ngen.or(o.max_ngen),
                max_simulations: fo.max_simulations.or(o.max_simulations),
                max_time: fo.max_time.or(o.max_time),
                max_core_hours: fo.max_core_hours.or(o.max_core_hours),
                validate_best: fo.validate_best.or(o.validate_best),
            },
            keep: KeepSettings {
                best: fk.best.or(k.best),
                failures: fk.failures.or(k.failures),
                all: fk.all.or(k.all),
            },
            fidelity: if flags.fidelity.is_empty() { self.fidelity } else { flags.fidelity },
        }
    }
}

/// The parser's message in words that are not Rust's.
fn in_words(message: &str) -> String {
    [
        ("unknown field", "unknown key"),
        ("unknown variant", "unknown word"),
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected usize", "expected a whole number"),
        ("expected a nonzero usize", "expected a whole number above 0"),
        ("expected f64", "expected a number"),
    ]
    .iter()
    .fold(message.to_owned(), |message, (rust, words)| message.replace(rust, words))
}

/// Serde names the unknown key and lists the known ones, each between backticks.
fn misspelt_key(message: &str) -> Option<String> {
    let mut words = message.split('`').skip(1).step_by(2);
    let given = words.next().filter(|_| message.starts_with("unknown"))?;
    suggestion(given, words)
}

#[cfg(test)]
mod tests {
    use configuration::Drawn;

    use super::*;

    #[test]
    fn a_flag_replaces_the_file() {
        let text =
            "[optimizer]\nmax_ngen = 5\nseed = 3\n[simulator]\nsimulation_seed = \"drawn\"\n";
        let file = Settings::parse(&Source::new("mozopt.toml", text)).unwrap();
        assert_eq!(file.simulator.simulation_seed, Some(SimulationSeed::Drawn(Drawn::Drawn)));
        let mut flags = Settings::default();
        flags.optimizer.max_ngen = Some(7);
        let both = file.overridden_by(flags);
        assert_eq!((both.optimizer.max_ngen, both.optimizer.seed), (Some(7), Some(3)));
    }

    #[test]
    fn a_misspelt_key_is_an_error_with_a_suggestion() {
        let text = "[optimizer]\nmax_negn = 5\n";
        let error = Settings::parse(&Source::new("mozopt.toml", text)).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `max_ngen`?"));
        let place = error.place.unwrap();
        assert_eq!((&*place.name, &text[place.span]), ("mozopt.toml", "max_negn"));
    }
}
