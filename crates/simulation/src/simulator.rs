//! The simulator as a process of the job: begun, watched, and ended with all that it has begun.

use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use configuration::EXPERIMENT_VARIABLE;
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid,
};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::allowed_cores::AllowedCores;
use crate::directory::SimulationDirectory;
use crate::experiment_script::FILE as EXPERIMENT_FILE;
use crate::log;
use crate::process::end_with_this_thread;
use crate::script::program;
use crate::simulation::{SIMULATION_VARIABLE, Simulation};

/// The environment variable that holds the step of Slurm in which the job runs, if it does: a
/// launcher that the simulator has inside the job starts another one.
const SLURM_STEP_VARIABLE: &str = "MOZOPT_SLURM_STEP";
/// How often the length of the log is looked at, and how long signals to all processes of a job may
/// be on their way.
const A_MOMENT: Duration = Duration::from_secs(1);
/// How often the cores of its processes are looked at: until all ranks have begun.
const LOOKS_AT_CORES: u32 = 60;

/// Runs the simulator to its end; `None` if this job was told to end before.
///
/// A request to end that reaches this process reaches the simulator too, wherever the executor
/// sends it.
pub fn simulate(
    directory: &SimulationDirectory,
    simulation: &Simulation,
    cores: &AllowedCores,
) -> io::Result<Option<ExitStatus>> {
    let mut command = if let Some(line) = &simulation.command {
        let mut shell = Command::new("bash");
        shell.args(["-c", line]).current_dir(&simulation.model_directory);
        shell
    } else {
        let mut embedded = Command::new(program()?);
        embedded.arg("simulate").current_dir(directory.path());
        embedded
    };
    let optimization = directory.path().join(&simulation.configuration);
    command
        .env(SIMULATION_VARIABLE, directory.simulation())
        .env(EXPERIMENT_VARIABLE, optimization.with_file_name(EXPERIMENT_FILE))
        .env_remove(SLURM_STEP_VARIABLE)
        .stdin(Stdio::null());
    if let Some(step) = slurm_step() {
        command.env(SLURM_STEP_VARIABLE, step);
    }
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT])?;
    // Whatever the simulator leaves behind becomes a child of this process.
    set_child_subreaper(Some(getpid()))?;
    // What the simulator itself has started is ended by whoever comes next.
    end_with_this_thread(&mut command);
    let mut child = command.spawn()?;
    watch(directory.log(), cores.clone());
    let mut told_to_end = false;
    loop {
        if let Some(status) = child.try_wait()? {
            kill_children();
            // What tells this process to end may have ended the simulator first.
            if was_ended_from_outside(status) && !told_to_end {
                thread::sleep(A_MOMENT);
            }
            let told = signals.pending().any(|signal| signal != SIGCHLD);
            told_to_end |= told && !status.success();
            return Ok((!told_to_end).then_some(status));
        }
        if signals.wait().any(|signal| signal != SIGCHLD) {
            told_to_end = true;
            kill_process(Pid::from_child(&child), Signal::TERM)?;
        }
    }
}

/// Whether a simulator that ended so was ended by somebody else, it or a process that it began: by
/// a signal that nobody sends to himself.
pub(crate) fn was_ended_from_outside(status: ExitStatus) -> bool {
    let signals = [Signal::KILL, Signal::TERM, Signal::HUP, Signal::INT].map(Signal::as_raw);
    let by_shell = status.code().map(|code| code - 128);
    status.signal().or(by_shell).is_some_and(|signal| signals.contains(&signal))
}

/// The step of Slurm that this process runs in, as `srun` says it to what it starts: job and
/// number.
fn slurm_step() -> Option<String> {
    let variable = |name| std::env::var(name).ok();
    variable("SLURM_STEP_NUM_TASKS")?;
    Some(format!("{}.{}", variable("SLURM_JOB_ID")?, variable("SLURM_STEP_ID")?))
}

/// Keeps the log from filling the disk, as long as this process lives, and notes the cores that
/// the simulator may use.
fn watch(log: PathBuf, cores: AllowedCores) {
    let watch = move || {
        // Within the first second it may be over.
        thread::sleep(A_MOMENT / 4);
        for looks in 0.. {
            if looks < LOOKS_AT_CORES {
                cores.look();
            }
            thread::sleep(A_MOMENT);
            // If it cannot be shortened now, it is tried again.
            let _ = log::bound(&log);
        }
    };
    if let Err(error) = thread::Builder::new().name("log".to_owned()).spawn(watch) {
        // Nobody may be reading any more.
        let _ = writeln!(io::stderr(), "the log is not kept short: {error}");
    }
}

/// Ends what the simulator left running: it would take cores from the simulations that follow.
fn kill_children() {
    let this = std::process::id();
    let path = format!("/proc/{this}/task/{this}/children");
    loop {
        let children = std::fs::read_to_string(&path).unwrap_or_default();
        let pids: Vec<_> = children
            .split_whitespace()
            .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
            .collect();
        if pids.is_empty() {
            break;
        }
        for pid in pids {
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::empty());
        }
    }
}
