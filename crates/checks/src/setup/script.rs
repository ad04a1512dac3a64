//! The experiment script, which knows its Python, its mozaik, and what it would present: it is
//! asked with `--check`, and answers in JSON.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tempfile::TempDir;

use configuration::{EXPERIMENT_VARIABLE, Mozaik, Simulator};
use simulation::EXPERIMENT_FILE;
use simulation::Protocol;

use super::shell;

/// What argparse says to an option that an earlier version of the script does not have.
const UNKNOWN_OPTION: &str = "unrecognized arguments";
/// Once in each answer.
const OF_EACH_ANSWER: &str = "\"num_processes\"";

/// One answer. What is missing, since the script is of another version or was edited, and what
/// cannot be understood is unknown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The version of Python.
    #[serde(deserialize_with = "known")]
    pub python: Option<String>,
    /// mozaik's version and place.
    #[serde(deserialize_with = "known")]
    pub mozaik: Installed,
    /// The version of PyNN.
    #[serde(rename = "pyNN", deserialize_with = "known")]
    pub pynn: Option<String>,
    /// The version of neo.
    #[serde(deserialize_with = "known")]
    pub neo: Option<String>,
    /// The version of NumPy.
    #[serde(deserialize_with = "known")]
    pub numpy: Option<String>,
    /// The MPI library of Python.
    #[serde(deserialize_with = "known")]
    pub mpi: Option<String>,
    /// About NEST.
    #[serde(deserialize_with = "known")]
    pub nest: Nest,
    /// NEST's extension modules: `None` for one that was loaded, else why it was not.
    #[serde(deserialize_with = "known")]
    pub nest_modules: IndexMap<String, Option<String>>,
    /// Whether NEST has these cell models, now that the modules are loaded.
    #[serde(deserialize_with = "known")]
    pub nest_models: BTreeMap<String, bool>,
    /// The keys at the root of the parameter tree on which the model class insists.
    #[serde(deserialize_with = "known")]
    pub required_parameters: Option<Vec<String>>,
    /// For each rank the cores that it may use.
    #[serde(deserialize_with = "known")]
    pub affinities: Option<Vec<Vec<usize>>>,
    /// Every stimulus of the protocol, in order, with its parameters.
    #[serde(deserialize_with = "known")]
    pub presented: Option<Vec<BTreeMap<String, Value>>>,
    /// What the script warns of.
    #[serde(deserialize_with = "known")]
    pub warnings: Vec<String>,
    /// What did not work, and why.
    #[serde(deserialize_with = "known")]
    pub errors: IndexMap<String, String>,
}

/// Where a package is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Installed {
    /// Its version.
    #[serde(deserialize_with = "known")]
    pub version: Option<String>,
    /// Its directory.
    #[serde(deserialize_with = "known")]
    pub path: Option<String>,
}

/// About NEST.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Nest {
    /// Its version.
    #[serde(deserialize_with = "known")]
    pub version: Option<String>,
    /// Of how many processes its network is.
    #[serde(deserialize_with = "known")]
    pub num_processes: Option<usize>,
    /// Whether it was built with MPI.
    #[serde(deserialize_with = "known")]
    pub has_mpi: Option<bool>,
}

fn known<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    value: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(value)?).unwrap_or_default())
}

/// What came of asking.
pub struct Answers {
    /// Usually one; of processes that do not know of each other one each.
    pub all: Vec<Answer>,
    /// How many there seem to be: those of several processes may be mixed up in one another.
    pub count: usize,
    /// Whether it was given up.
    pub timed_out: bool,
    /// The exit code, if it ended by itself.
    pub exit_code: Option<i32>,
    /// Why it failed, as far as its output shows.
    pub reason: String,
    /// Whether the script is of an earlier version, which could not be asked everything.
    pub earlier_version: bool,
}

/// The experiment script of a model, ready to be asked.
pub struct Script<'a> {
    simulator: &'a Simulator,
    mozaik: &'a Mozaik,
    directory: &'a Path,
    threads: usize,
    /// In a directory of its own with the name that it has in a search, by which it may import
    /// itself.
    place: TempDir,
}

impl<'a> Script<'a> {
    /// Puts the script into a new directory in `place`.
    pub fn new(
        text: &str,
        simulator: &'a Simulator,
        mozaik: &'a Mozaik,
        directory: &'a Path,
        threads: usize,
        place: &Path,
    ) -> io::Result<Self> {
        let place = tempfile::Builder::new().prefix(".mozopt-check-").tempdir_in(place)?;
        simulation::write_experiment(text, place.path())?;
        Ok(Self { simulator, mozaik, directory, threads, place })
    }

    /// Asks one process everything.
    pub fn ask(&self, cell_models: &[&str]) -> io::Result<Answers> {
        let line = self.mozaik.python_line();
        let mut earlier = String::from("--check");
        if let Some(class) = &self.mozaik.model_class {
            earlier.push_str(&format!(" --model-class {}", shell::quoted(class)));
        }
        let protocol = match &self.mozaik.script {
            Some(script) => format!("--script {}", shell::quoted(script)),
            None => format!("--protocol {}", shell::quoted(Protocol::default().name())),
        };
        let file = shell::quoted(&self.mozaik.parameters_file);
        let mut options = format!("{earlier} {protocol} --parameters-file {file}");
        let modules: Vec<_> = self.mozaik.nest_modules.iter().map(String::as_str).collect();
        for (option, names) in [("--nest-modules", &*modules), ("--nest-models", cell_models)] {
            if !names.is_empty() {
                options.push_str(&format!(" {option} {}", shell::quoted(&names.join(","))));
            }
        }
        let asked = self.run(&line, &options)?;
        if asked.all.is_empty() && asked.reason.contains(UNKNOWN_OPTION) {
            return Ok(Answers { earlier_version: true, ..self.run(&line, &earlier)? });
        }
        Ok(asked)
    }

    /// Asks as many processes as the launcher starts.
    pub fn ask_launched(&self) -> io::Result<Answers> {
        self.run(self.simulator.command.as_deref().unwrap_or_default(), "--check")
    }

    fn run(&self, line: &str, options: &str) -> io::Result<Answers> {
        // As in job.sh: after the prelude, where a user may have set something else.
        let lines = format!(
            "export OMP_NUM_THREADS={threads}\n\
             {prelude}\n\
             export OMPI_MCA_hwloc_base_binding_policy=\"${{OMPI_MCA_hwloc_base_binding_policy-none}}\"\n\
             export PRTE_MCA_hwloc_default_binding_policy=\"${{PRTE_MCA_hwloc_default_binding_policy-none}}\"\n\
             export {EXPERIMENT_VARIABLE}={script}\n\
             {line} {options}\n",
            threads = self.threads,
            prelude = self.simulator.prelude.as_deref().unwrap_or_default(),
            script = shell::quoted(&self.place.path().join(EXPERIMENT_FILE).display().to_string()),
        );
        let output = shell::run(&lines, self.directory)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let answers = answers_in(&printed);
        Ok(Answers {
            count: answers.len().max(printed.matches(OF_EACH_ANSWER).count()),
            all: answers,
            timed_out: shell::timed_out(&output),
            exit_code: output.status.code(),
            reason: shell::reason(&String::from_utf8_lossy(&output.stderr)),
            earlier_version: false,
        })
    }
}

/// The JSON objects of a text, which begin at the beginning of a line; a prelude may print as well.
fn answers_in(printed: &str) -> Vec<Answer> {
    let mut answers = vec![];
    let mut rest = printed;
    while let Some(start) =
        rest.starts_with('{').then_some(0).or_else(|| rest.find("\n{").map(|end| end + 1))
    {
        let mut documents = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<Value>();
        let answer =
            documents.next().and_then(Result::ok).filter(|value| !value["python"].is_null());
        let end = answer.as_ref().map_or(1, |_| documents.byte_offset());
        answers.extend(answer.and_then(|answer| serde_json::from_value(answer).ok()));
        rest = &rest[start + end..];
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::answers_in;

    #[test]
    fn answers_are_found_among_other_lines_and_may_lack_anything() {
        let printed = "loading modules\n{not json\n{\"python\": \"3.11.7\", \"warnings\": null, \
                       \"nest\": {\"version\": 3, \"num_processes\": 2}}\nbye\n{\"python\": \"3\"}{\"python\": \"3\"}";
        let answers = answers_in(printed);
        assert_eq!(answers.len(), 3, "two copies may write one line: {answers:?}");
        assert_eq!(answers[0].python.as_deref(), Some("3.11.7"));
        assert_eq!((answers[0].nest.num_processes, answers[0].nest.has_mpi), (Some(2), None));
        assert_eq!(answers[0].nest.version, None, "what cannot be understood is unknown");
        assert!(answers[0].presented.is_none() && answers[0].warnings.is_empty());
    }
}
