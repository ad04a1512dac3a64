//! What an optimization has used: cores, time in the queue, and disk.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use configuration::{Configuration, ExecutorKind, FidelityNumber};
use indicatif::DecimalBytes;
use jiff::Timestamp;
use journal::{OptimizationDirectory, State, Watch};
use printable::duration;
use serde::Serialize;

/// The known usage of the simulations of an optimization whose outcome is known.
#[derive(Debug, Serialize)]
pub struct Usage {
    /// Cores that simulations had, times hours: [`State::core_hours`].
    pub core_hours: f64,
    /// The same of each version of the simulation, where there are cheaper ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fidelities: Vec<OfFidelity>,
    /// Seconds from a simulation's submission to its beginning.
    pub queue_seconds: Option<Spread>,
    /// Seconds from the beginning of a simulation's job to its end.
    pub run_seconds: Option<Spread>,
    /// The share of the slots' time in which they had a simulation that ran, while a controller
    /// watched, until the last outcome: 0 to 1.
    pub utilisation: Option<f64>,
    /// The share of their cores' time in which simulations computed, where that is known: 0 to 1.
    pub cpu_efficiency: Option<f64>,
    /// The most memory that one process of a simulation had, bytes.
    pub peak_memory: Option<u64>,
    /// The memory that a simulation asks Slurm for, as it is written.
    pub memory_asked: Option<String>,
    /// What the optimization's directory takes on the disk, bytes.
    pub disk_bytes: u64,
}

/// What simulations of one version have used.
#[derive(Debug, PartialEq, Serialize)]
pub struct OfFidelity {
    /// What the version is called.
    pub fidelity: String,
    /// How many simulations have an outcome.
    pub simulations: usize,
    /// How many of them failed.
    pub failed: usize,
    /// Cores that they had, times hours.
    pub core_hours: f64,
}

/// Fewer core-hours than this are given in seconds.
const LITTLE: f64 = 0.1;

/// `full: 12 simulations, 1 failed, 3.40 core-hours`.
impl fmt::Display for OfFidelity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fidelity, simulations, failed, core_hours } = self;
        let s = if *simulations == 1 { "" } else { "s" };
        write!(f, "{fidelity}: {simulations} simulation{s}, {failed} failed, ")?;
        if *core_hours < LITTLE {
            return write!(f, "{:.1} core-seconds", 3600.0 * core_hours);
        }
        write!(f, "{core_hours:.2} core-hours")
    }
}

/// What the simulations of each version have used; nothing where there is only the full one.
pub fn of_fidelities(configuration: &Configuration, state: &State) -> Vec<OfFidelity> {
    let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
    let of = |number: FidelityNumber| {
        let fidelity = configuration.fidelity_name(number)?.to_owned();
        let own = || state.run_here().filter(|(record, _)| record.fidelity == number);
        let asked = configuration.cores(number, limits) as f64;
        let core_seconds: f64 = own().map(|(_, result)| result.core_seconds(asked)).sum();
        Some(OfFidelity {
            fidelity,
            simulations: own().count(),
            failed: own().filter(|(_, result)| result.outcome.is_failure()).count(),
            core_hours: core_seconds / 3600.0,
        })
    };
    configuration.fidelity_numbers().filter_map(of).collect()
}

/// How large numbers are.
#[derive(Debug, PartialEq, Serialize)]
pub struct Spread {
    /// As many are smaller as are larger.
    pub median: f64,
    /// The largest.
    pub max: f64,
}

/// A simulation's time on its machine.
#[derive(Debug, Clone, Copy)]
struct Run {
    from: Timestamp,
    to: Timestamp,
}

impl Usage {
    /// Up to now.
    pub fn of(
        directory: &OptimizationDirectory,
        configuration: &Configuration,
        state: &State,
    ) -> Self {
        let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
        let (mut runs, mut waited) = (vec![], vec![]);
        // Imported ones were simulated by others.
        for (record, result) in state.run_here() {
            let (Some(from), Some(to)) = (result.started, result.finished) else { continue };
            runs.push(Run { from, to });
            waited.extend(record.submitted.map(|submitted| seconds(submitted, from)));
        }
        Self {
            core_hours: state.core_hours(configuration),
            fidelities: of_fidelities(configuration, state),
            queue_seconds: Spread::of(waited),
            run_seconds: Spread::of(runs.iter().map(|run| seconds(run.from, run.to)).collect()),
            utilisation: utilisation(&state.watches, &runs),
            cpu_efficiency: cpu_efficiency(configuration, state),
            peak_memory: state.run_here().filter_map(|(_, result)| result.peak_memory).max(),
            memory_asked: match limits.executor {
                ExecutorKind::Slurm | ExecutorKind::Srun => limits.slurm.mem.clone(),
                ExecutorKind::Local => None,
            },
            disk_bytes: on_disk(directory.path()),
        }
    }

    /// The same in lines for a person.
    pub fn in_words(&self) -> String {
        let clock =
            |seconds: f64| duration(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        let mut text = String::new();
        if let (Some(run), Some(queue)) = (&self.run_seconds, &self.queue_seconds) {
            text.push_str(&format!(
                "simulations ran {} (median; the longest {}) after {} in the queue (the longest {})\n",
                clock(run.median),
                clock(run.max),
                clock(queue.median),
                clock(queue.max),
            ));
            let busy = self.utilisation.map(|share| format!(", slots busy {:.0} %", 100.0 * share));
            let busy = busy.unwrap_or_default();
            let computed =
                self.cpu_efficiency.map(|share| format!(", cores busy {:.0} %", 100.0 * share));
            let computed = computed.unwrap_or_default();
            text.push_str(&format!("{:.2} core-hours{busy}{computed}; ", self.core_hours));
        }
        text.push_str(&format!("{} on disk\n", DecimalBytes(self.disk_bytes)));
        for fidelity in &self.fidelities {
            text.push_str(&format!("{fidelity}\n"));
        }
        if let (Some(asked), Some(peak)) = (&self.memory_asked, self.peak_memory) {
            let peak = DecimalBytes(peak);
            text.push_str(&format!(
                "each asks for {asked} of memory; the largest process had {peak}\n"
            ));
        }
        text
    }
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Option<Self> {
        numbers.sort_by(f64::total_cmp);
        let median = *numbers.get(numbers.len() / 2)?;
        Some(Self { median, max: *numbers.last()? })
    }
}

/// How long simulations computed, in the time of the cores that they had.
fn cpu_efficiency(configuration: &Configuration, state: &State) -> Option<f64> {
    let limits = state.limits.as_ref().unwrap_or(&configuration.limits);
    let (mut computed, mut had) = (0.0, 0.0);
    for (record, result) in state.run_here() {
        let Some(seconds) = result.cpu_seconds else { continue };
        computed += seconds;
        had += result.core_seconds(configuration.cores(record.fidelity, limits) as f64);
    }
    (had > 0.0).then(|| computed / had)
}

/// Clocks of machines differ a little: no time is negative.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn utilisation(watches: &[Watch], runs: &[Run]) -> Option<f64> {
    let mut there = 0.0;
    let mut busy = 0.0;
    for watch in watches {
        there += watch.slots as f64 * seconds(watch.from, watch.to);
        let within = |run: &Run| seconds(run.from.max(watch.from), run.to.min(watch.to));
        busy += runs.iter().map(within).sum::<f64>();
    }
    (there > 0.0).then(|| busy / there)
}

/// What a directory takes on the disk, bytes; what vanishes meanwhile takes nothing.
fn on_disk(directory: &Path) -> u64 {
    let Ok(entries) = directory.read_dir() else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => 512 * metadata.blocks() + on_disk(&entry.path()),
            Ok(metadata) => 512 * metadata.blocks(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(from: i64, to: i64) -> Run {
        Run { from: at(from), to: at(to) }
    }

    #[test]
    fn slots_count_while_a_controller_watches() {
        let watch = |from, to, slots| Watch { from: at(from), to: at(to), slots };
        // Two slots for 10 s, one of them idle for 5 s.
        let runs = [run(0, 10), run(5, 10)];
        assert_eq!(utilisation(&[watch(0, 10, 2)], &runs), Some(0.75));
        // The controller was dead from 4 to 8.
        let watches = [watch(0, 4, 2), watch(8, 10, 2)];
        assert_eq!(utilisation(&watches, &runs), Some((4.0 + 2.0 + 2.0) / 12.0));
        assert_eq!(utilisation(&[watch(3, 3, 2)], &[]), None);
    }

    #[test]
    fn clocks_that_differ_give_no_negative_times() {
        assert!(seconds(at(7), at(6)).abs() < f64::EPSILON);
    }

    #[test]
    fn the_disk_use_is_that_of_du() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("a")).unwrap();
        std::fs::write(directory.path().join("a/b"), vec![1; 100_000]).unwrap();
        std::fs::write(directory.path().join("c"), "short").unwrap();
        let du = std::process::Command::new("du").arg("-sk").arg(directory.path()).output();
        let du = String::from_utf8(du.unwrap().stdout).unwrap();
        let kilobytes: u64 = du.split_whitespace().next().unwrap().parse().unwrap();
        let itself = 512 * directory.path().metadata().unwrap().blocks();
        assert_eq!(on_disk(directory.path()) + itself, 1024 * kilobytes);
    }
}
