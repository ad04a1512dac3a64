//! What the search will take: room on the disk, time, cores.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use configuration::{Configuration, ExecutorKind, FidelityNumber};
use printable::duration;
use reading::Examined;

use super::shell;
use crate::{Findings, Status};

const ABOUT: &str = "budget";
/// A data store of a full model has about as much; each simulation that runs needs one.
const STORE_BYTES: u64 = 1 << 30;

/// Looks at the disk, and estimates the costs.
pub fn look(examined: &Examined, output: &Path, findings: &mut Findings) {
    let Some(loaded) = &examined.loaded else { return };
    look_at_disk(&loaded.configuration, output, findings);
    look_at_quota(findings);
    estimate(&loaded.configuration, findings);
}

fn look_at_disk(configuration: &Configuration, output: &Path, findings: &mut Findings) {
    if let Err(error) = durable::has_room(output) {
        let message = format!("{} cannot be written: {error}", output.display());
        let help = "choose another directory with --output";
        return findings.add_with_help(ABOUT, Status::Problem, message, help);
    }
    let Ok(disk) = rustix::fs::statvfs(output) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let limits = &configuration.limits;
    let stores = configuration.expected_slots(limits) + limits.keep_best;
    let needed = STORE_BYTES.saturating_mul(stores as u64);
    let gigabytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let message = format!("{:.1} GB free in {}", gigabytes(free), output.display());
    if free < needed && configuration.simulator.kind != configuration::SimulatorKind::V1 {
        let help =
            format!("{stores} data stores of a full model need about {:.0} GB", gigabytes(needed));
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    } else {
        findings.add(ABOUT, Status::Ok, message);
    }
}

/// `quota` ends with an error if a limit is exceeded.
fn look_at_quota(findings: &mut Findings) {
    let quota = shell::output(Command::new("timeout").args(["10", "quota", "-q"]));
    if let Ok(output) = quota
        && !output.status.success()
        && !output.stdout.trim_ascii().is_empty()
    {
        let message = String::from_utf8_lossy(&output.stdout).trim().replace('\n', "; ");
        findings.add(ABOUT, Status::Warning, format!("quota: {message}"));
    }
}

/// The largest number of simulations, and their core-hours if each takes its whole time limit.
fn estimate(configuration: &Configuration, findings: &mut Findings) {
    let limits = &configuration.limits;
    let offspring = configuration.optimizer.offspring_size as u64;
    let planned = offspring.saturating_mul(limits.max_ngen);
    let simulations = limits.max_simulations.map_or(planned, |limit| limit.min(planned));
    let cores = configuration.cores(FidelityNumber::FULL, &configuration.limits) as u64;
    let slots = configuration.expected_slots(limits);
    let rounds = simulations.div_ceil(offspring) * offspring.div_ceil(slots as u64);
    let limit = Duration::from_secs(limits.time_limit.seconds());
    let longest = limit.saturating_mul(rounds.try_into().unwrap_or(u32::MAX));
    let core_hours = simulations as f64 * cores as f64 * limit.as_secs_f64() / 3600.0;
    findings.add(
        ABOUT,
        Status::Note,
        format!(
            "up to {simulations} simulations of {cores} core{}, {} at the same time; at their time \
             limit ({}) they take {} and {core_hours:.0} core-hours: measure one with --simulate",
            if cores == 1 { "" } else { "s" },
            slots,
            limits.time_limit,
            duration(longest),
        ),
    );
    let here = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    if limits.executor == ExecutorKind::Local && cores.saturating_mul(slots as u64) > here {
        let message = format!(
            "{slots} simulations of {cores} cores at the same time, but this machine has {here}"
        );
        let help = "set slots, threads and ranks to fit this machine";
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    }
}
