//! One step: how srun is asked for it, and what its end means.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use simulation::SimulationDirectory;

use super::allocation::Place;
use crate::slurm::environment;
use crate::slurm::job_state::{ExitCodes, JobState};

/// What a shell, and srun, adds to the number of a signal that ended a task.
const BY_SIGNAL: u32 = 128;
/// So much of a log's end is looked at for what srun says.
const LOG_END_BYTES: u64 = 8192;

/// srun for a simulation in this place, with its number of tasks.
pub fn command(
    allocation: u64,
    place: &Place,
    tasks: usize,
    name: &str,
    directory: &SimulationDirectory,
) -> io::Result<Command> {
    let Place { node, cores, memory } = place;
    let path = directory.path();
    let log = OpenOptions::new().create(true).append(true).open(directory.log())?;
    let mut command = Command::new("srun");
    environment::clear_for_a_step(&mut command);
    command
        .args([
            format!("--jobid={allocation}"),
            format!("--nodelist={node}"),
            "--nodes=1".to_owned(),
            // One task: what starts the ranks is the simulation's own launcher.
            "--ntasks=1".to_owned(),
            "--exact".to_owned(),
            format!("--cpus-per-task={cores}"),
            // Without a size of their own simulations share what the job has.
            format!("--mem={}", memory.map_or("0".to_owned(), |memory| format!("{memory}M"))),
            "--mpi=none".to_owned(),
            "--export=ALL".to_owned(),
            format!("--job-name={name}"),
            format!("--chdir={}", path.display()),
            // Relative to it, because srun replaces `%` in a path.
            "--output=output.log".to_owned(),
            "--open-mode=append".to_owned(),
        ])
        .args(environment::of_one_node(tasks, Some((node, *cores))))
        .arg("bash")
        .arg(directory.job_script())
        .current_dir(path)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    Ok(command)
}

/// How long a simulation's log is now; what srun says afterwards is of its next attempt.
pub fn log_length(directory: &SimulationDirectory) -> u64 {
    std::fs::metadata(directory.log()).map_or(0, |log| log.len())
}

/// What the end of srun means, where the simulation itself left no word.
pub fn end(
    status: ExitStatus,
    directory: &SimulationDirectory,
    log_began: u64,
) -> (JobState, ExitCodes) {
    let said = said_by_srun(directory, log_began).unwrap_or_default();
    let mut codes = ExitCodes::default();
    let state = meaning(&said, status.success());
    match (status.code(), status.signal()) {
        (Some(code), _) if code > BY_SIGNAL as i32 => codes.signal = code as u32 - BY_SIGNAL,
        (Some(code), _) => codes.code = code as u32,
        (None, signal) => codes.signal = signal.unwrap_or_default() as u32,
    }
    (state, codes)
}

fn meaning(said: &str, is_success: bool) -> JobState {
    let says = |words: &[&str]| words.iter().any(|words| said.contains(words));
    if says(&["Out Of Memory", "oom-kill", "oom_kill"]) {
        JobState::OutOfMemory
    } else if says(&["Node failure", "DUE TO NODE FAILURE"]) {
        JobState::NodeFail
    } else if says(&["CANCELLED AT"]) {
        JobState::Cancelled
    } else if is_success {
        JobState::Completed
    } else {
        JobState::Failed
    }
}

/// The lines of srun and of Slurm's daemon in the end of a log.
fn said_by_srun(directory: &SimulationDirectory, log_began: u64) -> io::Result<String> {
    let mut log = File::open(directory.log())?;
    let length = log.metadata()?.len();
    // A log that became too long was cut meanwhile.
    let from = if log_began > length { 0 } else { log_began };
    log.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_END_BYTES))))?;
    let mut bytes = vec![];
    log.take(LOG_END_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let is_slurms = |line: &&str| line.starts_with("srun: ") || line.starts_with("slurmstepd");
    Ok(text.lines().filter(is_slurms).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Slurm 22.05.8 says.
    #[test]
    fn what_srun_says_tells_how_a_step_ended() {
        for (said, state) in [
            ("srun: error: n1: task 0: Exited with exit code 3", JobState::Failed),
            ("srun: error: n1: task 0: Killed", JobState::Failed),
            ("srun: error: n1: task 0: Out Of Memory", JobState::OutOfMemory),
            (
                "slurmstepd-n2: error: *** STEP 1.3 ON n2 CANCELLED AT 2026-11-30T02:23:53 ***",
                JobState::Cancelled,
            ),
        ] {
            assert_eq!(meaning(said, false), state, "{said}");
        }
        assert_eq!(meaning("", true), JobState::Completed);
    }

    #[test]
    fn only_what_slurm_wrote_in_this_attempt_counts() {
        let place = tempfile::tempdir().unwrap();
        let directory = SimulationDirectory::new(place.path().to_owned());
        std::fs::write(directory.log(), "srun: error: n1: task 0: Out Of Memory\n").unwrap();
        let began = log_length(&directory);
        let more = "Out Of Memory, thinks the simulator\nsrun: error: n1: task 0: Killed\n";
        let log = std::fs::read_to_string(directory.log()).unwrap() + more;
        std::fs::write(directory.log(), log).unwrap();
        let status = ExitStatus::from_raw(137 << 8);
        let (state, codes) = end(status, &directory, began);
        assert_eq!((state, codes.signal), (JobState::Failed, 9));
    }
}
