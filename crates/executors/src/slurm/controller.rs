//! The controller itself as a job, and the end of everything that belongs to an optimization.

use std::fmt::Write as _;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::client::{self, Queued, Trouble};
use super::record::{Record, unique};
use configuration::{SlurmSettings, TimeLimit};
use simulation::SimulationDirectory;
use simulation::{Attempt, program, quoted};

const SCRIPT: &str = "controller.sh";
const RECORD: &str = "controller.json";
/// The exit code of a controller that left its simulations running for the one that follows.
pub const HANDED_OVER: u8 = 4;
/// How long before its time limit a controller hands over: longer than a command of Slurm may take.
const NOTICE_SECONDS: u64 = 300;
/// The same where the simulations run on the controller's nodes and end with it.
const SHORT_NOTICE_SECONDS: u64 = 60;
/// How long a job that was submitted may take to be listed.
const APPEARANCE: Duration = Duration::from_secs(10);
/// How long jobs may take to be gone.
const CANCELLATION: Duration = Duration::from_mins(2);

/// The job in which an optimization's controller runs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerJob {
    /// Its name, and that of the jobs which take over from it.
    pub name: String,
}

impl ControllerJob {
    /// The one of the optimization in this directory, if it has been submitted.
    pub fn of(directory: &Path) -> io::Result<Option<Self>> {
        match durable::read_json(&directory.join(RECORD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Writes the batch script; the name is on disk before anything is submitted. With a number of
    /// nodes it takes these, whole, for the simulations.
    pub fn prepare(
        directory: &Path,
        time: TimeLimit,
        nodes: Option<NonZeroU32>,
        slurm: &SlurmSettings,
        options: &[String],
    ) -> io::Result<Self> {
        let job = match Self::of(directory)? {
            Some(job) => job,
            None => Self { name: format!("mozopt-controller-{}", unique(directory)) },
        };
        let named = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("cannot write into {}: {error}", directory.display()),
            )
        };
        durable::write_json(&directory.join(RECORD), &job).map_err(named)?;
        let script = script(directory, &job.name, time, nodes, slurm, options)?;
        durable::write(&directory.join(SCRIPT), script.as_bytes()).map_err(named)?;
        Ok(job)
    }

    /// Submits the script and returns the job's number.
    pub fn submit(&self, directory: &Path) -> Result<u64, Trouble> {
        let script: PathBuf = directory.join(SCRIPT);
        let answer = client::submit(&["--parsable".to_owned(), script.display().to_string()]);
        if !matches!(answer, Err(Trouble::NoNumber { .. })) {
            return answer;
        }
        // It may have been accepted nevertheless.
        for _ in 0..APPEARANCE.as_secs() {
            if let Some(&id) = self.active()?.first() {
                return Ok(id);
            }
            thread::sleep(Duration::from_secs(1));
        }
        answer
    }

    /// The numbers of its jobs that wait or run.
    pub fn active(&self) -> Result<Vec<u64>, Trouble> {
        let queue = client::queue()?.into_iter();
        let ours = queue.filter(|queued| queued.name == self.name && !queued.state.is_final());
        Ok(ours.map(|queued| queued.id).collect())
    }

    /// Cancels it, and what would take over from it.
    pub fn cancel(&self) -> Result<(), Trouble> {
        client::cancel(&self.active()?)
    }
}

fn script(
    directory: &Path,
    name: &str,
    time: TimeLimit,
    nodes: Option<NonZeroU32>,
    slurm: &SlurmSettings,
    options: &[String],
) -> io::Result<String> {
    let minutes = time.seconds().div_ceil(60);
    // What runs on its own nodes ends with it in any case: until then it may end by itself.
    let notice = if nodes.is_some() { SHORT_NOTICE_SECONDS } else { NOTICE_SECONDS };
    let notice = notice.min(minutes * 60 / 4);
    let size = match nodes {
        // The others are of use when one of them fails.
        Some(nodes) => format!("--nodes={nodes} --exclusive --mem=0 --no-kill"),
        None => "--ntasks=1".to_owned(),
    };
    let mut script = format!(
        "#!/bin/bash\n\
         #SBATCH --job-name={name}\n\
         #SBATCH --chdir=\"{}\"\n\
         #SBATCH --output=controller.log\n\
         #SBATCH --open-mode=append\n\
         #SBATCH --no-requeue\n\
         #SBATCH {size}\n\
         #SBATCH --time={minutes}\n\
         #SBATCH --signal=B:USR1@{notice}\n",
        directory.display(),
    );
    let of_simulations = |setting: &Option<String>| setting.clone().filter(|_| nodes.is_some());
    let place = [
        ("partition", slurm.partition.clone()),
        ("account", slurm.account.clone()),
        ("nodelist", of_simulations(&slurm.nodelist)),
        ("exclude", of_simulations(&slurm.exclude)),
        ("constraint", of_simulations(&slurm.constraint)),
        ("hint", of_simulations(&slurm.hint)),
    ];
    for (option, value) in place {
        if let Some(value) = value {
            let _ = writeln!(script, "#SBATCH --{option}={value}");
        }
    }
    let theirs = slurm.options.iter().filter(|_| nodes.is_some());
    for option in theirs.chain(options) {
        let _ = writeln!(script, "#SBATCH {option}");
    }
    let _ = write!(
        script,
        r#"# Runs the optimization in this directory. Shortly before the time limit the controller leaves its
# simulations alone and ends; the next job finds them again. The next job is there from the beginning,
# so that it also takes over when this node fails. sbatch may be a script of the site that greets.
next=$(set -o pipefail
    for name in SBATCH_WAIT SBATCH_ARRAY_INX SBATCH_SIGNAL ${{!SLURM_@}}; do
        case $name in SLURM_JOB_ID) ;; SLURM_CONF* | SLURM_CLUSTERS | SLURM_JWT) ;; *) unset "$name" ;; esac
    done
    sbatch --parsable --dependency=afternotok:"$SLURM_JOB_ID" --kill-on-invalid-dep=yes {SCRIPT} |
    grep -E '^[0-9]+(;.*)?$' | tail -n 1) ||
    echo "no job will take over from this one: submit it again before the time limit"
{mozopt} resume . & controller=$!
leaves=
trap 'leaves=1; kill -USR1 $controller' USR1
# Cancelled: the simulations go on, and nothing takes over.
trap 'kill -USR1 $controller; scancel ${{next%%;*}}; next=' TERM
until wait $controller; code=$?; ! kill -0 $controller 2> /dev/null; do :; done
if [ $code = {HANDED_OVER} ] || [ -n "$leaves" ]; then exit {HANDED_OVER}; fi
[ -z "$next" ] || scancel ${{next%%;*}}
exit $code
"#,
        mozopt = quoted(&program()?),
    );
    Ok(script)
}

/// A simulation's job that waits or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLeft {
    /// Whose it is: its place among the simulations that were asked about.
    pub place: usize,
    /// The attempt that it is.
    pub attempt: Attempt,
    /// Its number.
    pub id: u64,
}

/// The jobs of these simulations that Slurm has and that have not ended. What cannot be read in a
/// directory is passed over.
///
/// # Errors
/// When Slurm does not answer.
pub fn jobs_left(directories: &[SimulationDirectory]) -> Result<Vec<JobLeft>, Trouble> {
    let queue = client::queue()?;
    let mut left = vec![];
    for (place, directory) in directories.iter().enumerate() {
        let Ok(Some(record)) = Record::read(directory) else { continue };
        let its = queue.iter().filter(|it| it.name == record.name && !it.state.is_final());
        left.extend(its.map(|job| JobLeft { place, attempt: record.attempt, id: job.id }));
    }
    Ok(left)
}

/// Cancels the jobs that these simulations have left, exactly those, and waits until they are gone.
/// Returns how many there were.
pub fn cancel_left(directories: Vec<SimulationDirectory>) -> io::Result<usize> {
    let mut records = vec![];
    for directory in directories {
        if let Some(record) = Record::read(&directory)? {
            // A submission that Slurm does not show yet is cancelled by the next controller.
            let record = Record { cancelled: true, ..record };
            record.write(&directory)?;
            records.push(record);
        }
    }
    let deadline = Instant::now() + CANCELLATION;
    let mut cancelled = None;
    loop {
        let queue = client::queue().map_err(io::Error::other)?;
        let is_left = |queued: &&Queued| {
            records.iter().any(|record| record.name == queued.name) && !queued.state.is_final()
        };
        let left: Vec<u64> = queue.iter().filter(is_left).map(|queued| queued.id).collect();
        let cancelled = *cancelled.get_or_insert(left.len());
        if left.is_empty() {
            return Ok(cancelled);
        }
        if Instant::now() > deadline {
            return Err(io::Error::other(format!("{} jobs do not end", left.len())));
        }
        // Whether this was heard the queue says.
        let _ = client::cancel(&left);
        thread::sleep(Duration::from_secs(1));
    }
}
