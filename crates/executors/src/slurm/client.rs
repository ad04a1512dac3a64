//! Slurm's commands, in their text formats: `--json` of Slurm 22.05 lists other jobs than those
//! asked for, and reports wrong exit codes. Each runs under a time limit, for a controller that is
//! frozen answers nobody.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::environment;
use super::job_state::{ExitCodes, JobState};

/// Longer than Slurm itself waits for an answer, twice.
const QUERY_LIMIT: Duration = Duration::from_secs(40);
/// A submission that is given up has to be looked for: better wait.
const SUBMISSION_LIMIT: Duration = Duration::from_mins(1);
/// Slurm's default of `MessageTimeout`.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// More than the queue of any cluster.
const MOST_PRINTED_BYTES: u64 = 64 << 20;

/// A command of Slurm that did not do what it should.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    /// It could not be started.
    #[error("{command} cannot be started ({error}): is Slurm installed on this machine?")]
    NotThere {
        /// The command.
        command: &'static str,
        /// What the system said.
        error: String,
    },
    /// It was killed.
    #[error("{command} gave no answer in {} s", limit.as_secs())]
    NoAnswer {
        /// The command.
        command: &'static str,
        /// How long it had time.
        limit: Duration,
    },
    /// sbatch ended well, and did not say the job's number.
    #[error("sbatch printed `{answer}` instead of a job's number")]
    NoNumber {
        /// The end of what it printed.
        answer: String,
    },
    /// It failed, with these words.
    #[error("{words}")]
    Failed {
        /// What it wrote to stderr, in one line.
        words: String,
    },
}

impl Trouble {
    /// Whether a submission that met this may have arrived nevertheless.
    pub fn leaves_doubt(&self) -> bool {
        // Every other failure is an answer of the controller's, or of sbatch itself.
        const NO_ANSWER: [&str; 6] =
            ["contact slurm controller", "timed out", "Socket", "onnection", "Zero Bytes", "send"];
        match self {
            Self::NotThere { .. } => false,
            Self::NoAnswer { .. } | Self::NoNumber { .. } => true,
            Self::Failed { words } => NO_ANSWER.iter().any(|text| words.contains(text)),
        }
    }

    /// Whether a submission that met this may be accepted later as it is.
    pub fn passes(&self) -> bool {
        // A limit on a single job does not pass.
        matches!(self, Self::Failed { words } if words.contains("temporarily")
            || words.contains("QOS policy") && !words.contains("PerJob"))
    }

    /// Whether it is the cluster that accepts nothing now: a partition is closed for maintenance,
    /// or another cluster cannot be reached.
    pub fn is_of_the_cluster(&self) -> bool {
        matches!(self, Self::Failed { words } if words.contains("(inactive or drain)")
            || words.contains("can't be reached now") && !words.contains("known by database"))
    }

    /// Whether the cluster has no accounting.
    pub fn is_no_accounting(&self) -> bool {
        matches!(self, Self::Failed { words } if words.contains("accounting storage is disabled"))
    }
}

/// A job in squeue's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: JobState,
    /// How long it has run, without the time it was suspended.
    pub has_run: Duration,
    /// The nodes it has or had.
    pub nodes: String,
    /// Why it waits, or why it ended.
    pub reason: String,
}

/// A job in the accounting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounted {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: JobState,
    /// How it ended.
    pub codes: ExitCodes,
    /// The nodes it had.
    pub nodes: String,
}

/// Hands a job to Slurm and returns its number.
pub fn submit(arguments: &[String]) -> Result<u64, Trouble> {
    number_in(&run("sbatch", arguments, SUBMISSION_LIMIT)?)
}

/// The number in an answer of sbatch: its last line that is one. A site's wrapper may greet, or say
/// good-bye; with several clusters the number is followed by `;cluster`.
pub(super) fn number_in(answer: &str) -> Result<u64, Trouble> {
    let number = |line: &str| line.trim().split(';').next()?.parse().ok();
    answer.lines().rev().find_map(number).ok_or_else(|| {
        let last = answer.trim().lines().last().unwrap_or_default();
        Trouble::NoNumber { answer: last.to_owned() }
    })
}

/// All jobs of this user, those that ended a short time ago included.
pub fn queue() -> Result<Vec<Queued>, Trouble> {
    let user = rustix::process::getuid().as_raw().to_string();
    let format = "%A|%T|%M|%N|%j|%r";
    let arguments = ["-h", "-r", "-t", "all", "-u", &user, "-o", format];
    let (list, errors) = run_and_hear("squeue", arguments, QUERY_LIMIT)?;
    // Where the user's name cannot be looked up, squeue lists nothing and ends well.
    if list.trim().is_empty() && errors.contains("error") {
        return Err(Trouble::Failed { words: in_one_line(&errors) });
    }
    Ok(all_queued(&list))
}

/// The jobs in squeue's list, without lines that name none.
pub fn all_queued(list: &str) -> Vec<Queued> {
    list.lines().filter_map(queued).collect()
}

fn queued(line: &str) -> Option<Queued> {
    let [id, state, time, nodes, name, reason] = fields(line, '|')?;
    Some(Queued {
        id: id.parse().ok()?,
        name: name.to_owned(),
        state: state.parse().ok()?,
        has_run: elapsed(time).unwrap_or_default(),
        nodes: nodes.to_owned(),
        reason: reason.to_owned(),
    })
}

/// A step in squeue's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedStep {
    /// Job and number: `7.3`.
    pub id: String,
    /// Its node.
    pub node: String,
    /// Its name.
    pub name: String,
}

/// All steps of this user that run.
pub fn steps() -> Result<Vec<QueuedStep>, Trouble> {
    let user = rustix::process::getuid().as_raw().to_string();
    let list = run("squeue", ["-h", "-s", "-u", &user, "-o", "%i|%N|%j"], QUERY_LIMIT)?;
    Ok(all_steps(&list))
}

/// The steps in squeue's list, without lines that name none.
pub fn all_steps(list: &str) -> Vec<QueuedStep> {
    let step = |line: &str| {
        let [id, node, name] = fields(line, '|')?.map(str::to_owned);
        id.contains('.').then_some(QueuedStep { id, node, name })
    };
    list.lines().filter_map(step).collect()
}

/// Sends a signal to steps that the queue has just listed under names of ours, or kills them.
pub fn end_steps(ids: &[String], signal: Option<&str>) -> Result<(), Trouble> {
    if ids.is_empty() {
        return Ok(());
    }
    let signal = signal.map(|signal| format!("--signal={signal}"));
    run("scancel", signal.iter().chain(ids), QUERY_LIMIT).map(drop)
}

/// What the accounting says about jobs with these numbers.
pub fn accounting_of(ids: &[u64]) -> Result<Vec<Accounted>, Trouble> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    accounting(&["-j".to_owned(), comma_separated(ids)])
}

/// What the accounting says about jobs with these names that were submitted since then.
pub fn accounting_of_names(
    names: &[&str],
    since: jiff::Timestamp,
) -> Result<Vec<Accounted>, Trouble> {
    let since = since.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S");
    accounting(&["--name".to_owned(), names.join(","), "-S".to_owned(), since.to_string()])
}

fn accounting(which: &[String]) -> Result<Vec<Accounted>, Trouble> {
    let format = "JobIDRaw,State,ExitCode,DerivedExitCode,NodeList,JobName";
    let mut options = ["-n", "-P", "-X", "--delimiter=|", "-o", format].map(str::to_owned).to_vec();
    // The one command that does not read the variable.
    options.extend(environment::cluster().map(|cluster| format!("--clusters={cluster}")));
    let list = run("sacct", options.iter().chain(which), QUERY_LIMIT)?;
    Ok(all_accounted(&list))
}

/// The jobs in sacct's list, without lines that name none.
pub fn all_accounted(list: &str) -> Vec<Accounted> {
    list.lines().filter_map(accounted).collect()
}

fn accounted(line: &str) -> Option<Accounted> {
    let [id, state, codes, derived, nodes, name] = fields(line, '|')?;
    let (code, signal) = exit_codes(codes)?;
    Some(Accounted {
        id: id.parse().ok()?,
        name: name.to_owned(),
        // "CANCELLED by 1000"
        state: state.split_whitespace().next()?.parse().ok()?,
        codes: ExitCodes {
            code,
            signal,
            worst_signal: exit_codes(derived).map_or(0, |(_, signal)| signal),
        },
        nodes: nodes.to_owned(),
    })
}

/// How a job ended that squeue still lists.
pub fn exit_codes_of(id: u64) -> Result<ExitCodes, Trouble> {
    Ok(exit_codes_in(&show(&["-o", "-d", "job", &id.to_string()])?).unwrap_or_default())
}

/// How a job ended, in scontrol's line.
pub(super) fn exit_codes_in(job: &str) -> Option<ExitCodes> {
    let fields: HashMap<_, _> =
        job.split_whitespace().filter_map(|field| field.split_once('=')).collect();
    let codes = |name: &str| fields.get(name).and_then(|codes| exit_codes(codes));
    let (code, signal) = codes("ExitCode")?;
    let worst_signal = codes("DerivedExitCode").map_or(0, |(_, signal)| signal);
    Some(ExitCodes { code, signal, worst_signal })
}

/// Cancels jobs that the queue has just listed under names of ours: numbers that were learnt
/// earlier can be lost with a controller's memory, and given to somebody else's jobs. Jobs that are
/// gone meanwhile are an error, too; whether the others were cancelled is seen in the queue.
pub fn cancel(ids: &[u64]) -> Result<(), Trouble> {
    if ids.is_empty() {
        return Ok(());
    }
    let user = ["-u".to_owned(), rustix::process::getuid().as_raw().to_string()];
    let ids = ids.iter().map(u64::to_string);
    run("scancel", user.into_iter().chain(ids), QUERY_LIMIT).map(drop)
}

/// What `scontrol show` says.
pub fn show(what: &[&str]) -> Result<String, Trouble> {
    let (options, what): (Vec<_>, Vec<_>) = what.iter().partition(|word| word.starts_with('-'));
    run("scontrol", options.into_iter().chain([&"show"]).chain(what), QUERY_LIMIT)
}

/// How long the cluster's commands wait for an answer.
pub fn message_timeout() -> Duration {
    let settings = show(&["config"]).unwrap_or_default();
    message_timeout_in(&settings).unwrap_or(MESSAGE_TIMEOUT)
}

/// The same, in the cluster's settings.
pub(super) fn message_timeout_in(settings: &str) -> Option<Duration> {
    let seconds = settings.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "MessageTimeout").then(|| value.trim().split(' ').next()?.parse().ok())?
    });
    seconds.map(Duration::from_secs)
}

fn comma_separated(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// The last field may hold the delimiter.
fn fields<const N: usize>(line: &str, delimiter: char) -> Option<[&str; N]> {
    line.splitn(N, delimiter).collect::<Vec<_>>().try_into().ok()
}

/// `7:0` is exit code 7, `0:11` is signal 11.
fn exit_codes(text: &str) -> Option<(u32, u32)> {
    let (code, signal) = text.split_once(':')?;
    Some((code.parse().ok()?, signal.parse().ok()?))
}

/// Slurm's `1-02:03:04`, `02:03:04` or `3:04`.
fn elapsed(text: &str) -> Option<Duration> {
    let (days, time) = text.split_once('-').unwrap_or(("0", text));
    let mut seconds = 0_u64;
    for part in time.split(':') {
        seconds = part.parse::<u64>().ok()?.checked_add(seconds.checked_mul(60)?)?;
    }
    let days: u64 = days.parse().ok()?;
    Some(Duration::from_secs(days.checked_mul(86400)?.checked_add(seconds)?))
}

fn run(
    name: &'static str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    limit: Duration,
) -> Result<String, Trouble> {
    run_and_hear(name, arguments, limit).map(|(printed, _)| printed)
}

/// Runs a command, and gives what it printed to stdout and to stderr.
fn run_and_hear(
    name: &'static str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    limit: Duration,
) -> Result<(String, String), Trouble> {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    environment::clear(&mut command);
    // Ctrl-C in the terminal is for the controller, not for a submission on its way.
    command.process_group(0);
    let failed =
        |error: std::io::Error| Trouble::NotThere { command: name, error: error.to_string() };
    // Threads may have run out: that is known before anything was submitted.
    let (stdout, stderr) = (Reader::new().map_err(failed)?, Reader::new().map_err(failed)?);
    let mut child = command.spawn().map_err(failed)?;
    let (stdout, stderr) = (stdout.read(child.stdout.take()), stderr.read(child.stderr.take()));
    let status = wait(&mut child, limit).map_err(failed)?;
    let text = |text: JoinHandle<String>| text.join().unwrap_or_default();
    let (stdout, stderr) = (text(stdout), text(stderr));
    match status {
        None => Err(Trouble::NoAnswer { command: name, limit }),
        Some(status) if status.success() => Ok((stdout, stderr)),
        Some(status) => {
            let words = in_one_line(&stderr);
            let words = if words.is_empty() { format!("{name}: {status}") } else { words };
            Err(Trouble::Failed { words })
        }
    }
}

pub(super) fn in_one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}

/// Waits for a command, and kills it after the limit.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reads what a command prints, in a thread of its own.
struct Reader<R> {
    pipe: Sender<R>,
    text: JoinHandle<String>,
}

impl<R: Read + Send + 'static> Reader<R> {
    fn new() -> std::io::Result<Self> {
        let (pipe, given) = mpsc::channel();
        let read = move || given.recv().map(read_all).unwrap_or_default();
        Ok(Self { pipe, text: thread::Builder::new().spawn(read)? })
    }

    fn read(self, from: Option<R>) -> JoinHandle<String> {
        // Without anything to read there is no text.
        let _ = from.map(|from| self.pipe.send(from));
        self.text
    }
}

fn read_all(from: impl Read) -> String {
    let mut bytes = vec![];
    // What was read before an error is all there is.
    let _ = from.take(MOST_PRINTED_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The lines are those of Slurm 22.05.8.

    #[test]
    fn steps_are_told_from_their_job() {
        let list = "1.0|n1|mozopt-000003-1-ab\n1.batch|n1|batch\n1|n1|x\n\n1.2|n2";
        let step = |id: &str, name: &str| QueuedStep {
            id: id.to_owned(),
            node: "n1".to_owned(),
            name: name.to_owned(),
        };
        assert_eq!(all_steps(list), [step("1.0", "mozopt-000003-1-ab"), step("1.batch", "batch")]);
    }

    #[test]
    fn a_line_of_squeue_is_read_whatever_stands_in_its_reason() {
        let line = "16|PENDING|0:00||mozopt-000003-1-ab|ReqNodeNotAvail, UnavailableNodes:n3";
        let job = queued(line).unwrap();
        assert_eq!((job.id, job.state), (16, JobState::Pending));
        assert_eq!(job.reason, "ReqNodeNotAvail, UnavailableNodes:n3");
        assert_eq!(queued("16|PENDING|0:00"), None);
    }

    #[test]
    fn accounts_tell_state_and_exit_code() {
        let job = accounted("2|CANCELLED by 0|0:15|0:0|n1|tok-1").unwrap();
        assert_eq!((job.state, job.codes.signal), (JobState::Cancelled, 15));
        let job = accounted("7|COMPLETED|0:0|0:125|n1|tok-1").unwrap();
        assert_eq!(job.codes.worst_signal, 125);
    }

    #[test]
    fn the_last_line_of_an_answer_that_is_a_number_counts() {
        for answer in
            ["17\n", "17;north\n", "== Example cluster 2026 ==\n17;north\nbye\n", "3\n 17 "]
        {
            assert_eq!(number_in(answer).unwrap(), 17, "{answer}");
        }
        for answer in ["", "Submitted batch job\n", "17 jobs\n"] {
            assert!(number_in(answer).unwrap_err().leaves_doubt(), "{answer}");
        }
    }

    #[test]
    fn running_times_are_read_in_all_their_forms() {
        let read = ["0:07", "12:34", "02:03:04", "1-02:03:04"].map(|text| elapsed(text).unwrap());
        assert_eq!(read.map(|time| time.as_secs()), [7, 754, 7384, 93784]);
        assert_eq!(elapsed("INVALID"), None);
    }

    #[test]
    fn only_a_submission_without_an_answer_is_in_doubt() {
        let doubt = |words: &str| Trouble::Failed { words: words.to_owned() }.leaves_doubt();
        let error = "sbatch: error: Batch job submission failed: ";
        assert!(doubt(&format!("{error}Unable to contact slurm controller (connect failure)")));
        assert!(doubt(&format!("{error}Socket timed out on send/recv operation")));
        assert!(!doubt(&format!("{error}Invalid partition name specified")));
        assert!(!doubt("sbatch: error: Invalid --time specification"));
    }

    #[test]
    fn a_command_without_an_answer_is_given_up() {
        let began = Instant::now();
        let answer = run("sleep", ["60"], Duration::from_millis(50));
        assert!(matches!(answer, Err(Trouble::NoAnswer { .. })), "{answer:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
